//! What users lean on beside the events: what is borrowed and what is copied, the size limit, the
//! end of the stream, and what is carried to the next.
#![allow(clippy::restriction, reason = "tests may panic")]

mod support;

use sse_wire::{DecodeError, Decoder, LastEventIdError, MessageEvent, Progress};
use std::time::Duration;
use support::drive::{WAYS, Way, as_text, feed};
use support::oracle::Output;

fn lies_in(part: &[u8], whole: &[u8]) -> bool {
    whole.as_ptr_range().contains(&part.as_ptr())
}

#[test]
fn one_data_line_is_borrowed_from_the_chunk() {
    let stream = b"event: temp\nid: 7\ndata: 23.4\n\n";
    let mut decoder = Decoder::new([0; 64]);
    let mut chunk: &[u8] = stream;
    let event = decoder.next(&mut chunk).unwrap().unwrap();
    assert!(lies_in(event.event_type(), stream));
    assert!(lies_in(event.data(), stream));
    assert_eq!(event.last_event_id(), b"7");
    assert_eq!(decoder.last_event_id(), b"7");
    assert!(!lies_in(decoder.last_event_id(), stream), "the id is kept for later");
}

#[test]
fn what_the_end_of_a_chunk_cuts_is_copied() {
    let (mut first, second) = (&b"event: temp\nda"[..], b"ta: 23.4\n\n");
    let mut decoder = Decoder::new([0; 64]);
    assert!(decoder.next(&mut first).is_none());
    let event = decoder.next(&mut &second[..]).unwrap().unwrap();
    assert!(!lies_in(event.event_type(), second));
    assert_eq!(event.data(), b"23.4");
}

#[test]
fn a_line_of_a_long_event_that_is_whole_in_its_chunk_is_borrowed() {
    let first = format!("event: {}\nda", "x".repeat(600));
    let second = b"ta: 23.4\n\n";
    let mut decoder = Decoder::new([0; 1024]);
    assert!(decoder.next(&mut first.as_bytes()).is_none());
    let event = decoder.next(&mut &second[..]).unwrap().unwrap();
    assert_eq!(event.event_type(), "x".repeat(600).as_bytes());
    assert!(lies_in(event.data(), second));
}

#[test]
fn decode_copies_so_that_the_chunk_may_go() {
    let mut decoder = Decoder::new([0; 64]);
    {
        let stream = b"event: temp\ndata: 23.4\n\n".to_vec();
        assert_eq!(decoder.decode(&mut &stream[..]), Ok(Progress::Event));
    }
    let event: MessageEvent<'_> = decoder.event().unwrap();
    assert_eq!((event.event_type(), event.data()), (&b"temp"[..], &b"23.4"[..]));
    assert!(decoder.event().is_some(), "until the next call");
    assert_eq!(decoder.decode(&mut &b""[..]), Ok(Progress::NeedInput));
    assert!(decoder.event().is_none());
}

/// The size limit is on the event, not on what happens to be copied.
#[test]
fn the_limit_does_not_depend_on_the_cutting() {
    let stream = b"event: temp\nid: 7\ndata: 23.4\n\ndata: b\n\n";
    for size in [8, 9] {
        for length in 1..=stream.len() {
            let mut buffer = vec![0; size];
            let mut decoder = Decoder::new(&mut buffer[..]);
            let mut found = Vec::new();
            for chunk in stream.chunks(length) {
                found.extend(feed(&mut decoder, chunk, Way::Next, as_text));
            }
            let first = Output::Event {
                event_type: "temp".into(),
                data: "23.4".into(),
                last_event_id: "7".into(),
            };
            let first = if size == 9 { first } else { Output::TooLong };
            let second = Output::Event {
                event_type: "message".into(),
                data: "b".into(),
                last_event_id: "7".into(),
            };
            assert_eq!(found, [first, second], "buffer of {size}, chunks of {length}");
        }
    }
}

/// A type that is replaced counts while the line that replaces it is read, and no longer.
#[test]
fn the_limit_does_not_depend_on_where_a_type_is_replaced() {
    let stream = b"event: aaaa\nevent: b\nid: 1234\nid: 5\ndata: 12345\n\n";
    for (size, fits) in [(5, false), (6, false), (7, true), (8, true)] {
        for at in 0..stream.len() {
            let mut buffer = vec![0; size];
            let mut decoder = Decoder::new(&mut buffer[..]);
            let (first, second) = stream.split_at(at);
            let mut found = feed(&mut decoder, first, Way::Next, as_text);
            found.extend(feed(&mut decoder, second, Way::Next, as_text));
            let too_long = found == [Output::TooLong];
            assert_eq!((found.len(), too_long), (1, !fits), "buffer of {size}, cut at {at}");
        }
    }
}

/// What a client needs in order not to meet the same event for ever.
#[test]
fn id_and_retry_of_an_event_that_is_too_long_count() {
    let stream = b"id: 1\ndata: far too long for it\nretry: 9\nid: 2\n\ndata: b\n\n";
    for length in 1..=stream.len() {
        let mut decoder = Decoder::new([0; 12]);
        let mut errors = 0;
        for mut chunk in stream.chunks(length) {
            while let Some(result) = decoder.next(&mut chunk) {
                if result == Err(DecodeError::EventTooLong) {
                    errors += 1;
                    assert_eq!(decoder.last_event_id(), b"2");
                    assert_eq!(decoder.reconnection_time(), Some(Duration::from_millis(9)));
                    assert!(!decoder.is_mid_event());
                } else {
                    assert_eq!(result.unwrap().data(), b"b");
                }
            }
        }
        assert_eq!(errors, 1);
    }
}

#[test]
fn last_event_id_from_elsewhere() {
    let mut decoder = Decoder::new([0; 8]);
    decoder.set_last_event_id(b"12345678").unwrap();
    assert_eq!(decoder.set_last_event_id(b"123456789"), Err(LastEventIdError::TooLong));
    for forbidden in [&b"1\n2"[..], b"1\r2", b"1\x002"] {
        let refused = decoder.set_last_event_id(forbidden);
        assert_eq!(refused, Err(LastEventIdError::ForbiddenByte));
    }
    assert_eq!(decoder.last_event_id(), b"12345678");
    decoder.set_last_event_id(b"1").unwrap();
    let event = decoder.next(&mut &b"data: abc\n\n"[..]).unwrap().unwrap();
    assert_eq!((event.data(), event.last_event_id()), (&b"abc"[..], &b"1"[..]));
}

/// Setting the id in the middle of an event loses nothing of it.
#[test]
fn last_event_id_in_mid_event() {
    let stream = b"event: tt\nid: 22\nevent: t\ndata: ab\nid: 3";
    for end in 0..stream.len() {
        for id in [&b""[..], b"long-id-1", b"7"] {
            let mut decoder = Decoder::new([0; 32]);
            decoder.set_last_event_id(b"123").unwrap();
            feed(&mut decoder, &stream[..end], Way::Next, as_text);
            decoder.set_last_event_id(id).unwrap();
            assert_eq!(decoder.last_event_id(), id);
            let found = feed(&mut decoder, &[&stream[end..], b"\n\n"].concat(), Way::Next, as_text);
            let expected = Output::Event {
                event_type: "t".into(),
                data: "ab".into(),
                last_event_id: "3".into(),
            };
            assert_eq!(found, [expected], "set after {end} bytes");
        }
    }
}

/// What there is of an event counts, however it has come.
#[test]
fn a_last_event_id_that_does_not_fit_beside_an_event() {
    for chunks in [&["id: 7\r\n"][..], &["id: 7\r", "\n"], &["i", "d: 7\r\n"]] {
        let mut decoder = Decoder::new([0; 8]);
        for chunk in chunks {
            feed(&mut decoder, chunk.as_bytes(), Way::Next, as_text);
        }
        assert_eq!(decoder.set_last_event_id(b"12345678"), Err(LastEventIdError::TooLong));
        let found = feed(&mut decoder, b"data\r\n\r\n", Way::Next, as_text);
        let expected = Output::Event {
            event_type: "message".into(),
            data: "".into(),
            last_event_id: "7".into(),
        };
        assert_eq!(found, [expected], "{chunks:?}");
    }
}

/// Around the longest event that is put together beside the buffer.
#[test]
fn a_cut_event_of_about_512_bytes() {
    for len in 500..=524 {
        let data = "x".repeat(len - "event: e\ndata: \n\n".len());
        let stream = format!("event: e\ndata: {data}\n\n");
        for cut in (1..20).chain(len - 15..len) {
            for room in [len - 3, len - 2, len - 1, len, len + 1, len + 2, 4096] {
                for way in WAYS {
                    let mut buffer = vec![0; room];
                    let mut decoder = Decoder::new(&mut buffer[..]);
                    let (first, second) = stream.as_bytes().split_at(cut);
                    // The first one, so that the decoder is between two events.
                    let mut found = feed(&mut decoder, b"data: 1\n\n", way, as_text);
                    found.extend(feed(&mut decoder, first, way, as_text));
                    found.extend(feed(&mut decoder, second, way, as_text));
                    let event = |event_type: &str, data: &str| Output::Event {
                        event_type: event_type.into(),
                        data: data.into(),
                        last_event_id: "".into(),
                    };
                    let expected = [event("message", "1"), event("e", &data)];
                    assert_eq!(found, expected, "{len} bytes cut at {cut}, {room} B, {way:?}");
                }
            }
        }
    }
}

/// An event that waits in the buffer is gone once the id is set, and never shows the wrong one.
#[test]
fn setting_the_id_releases_the_event() {
    let mut decoder = Decoder::new([0; 8]);
    assert_eq!(decoder.decode(&mut &b"data: 1234567\n\n"[..]), Ok(Progress::Event));
    decoder.set_last_event_id(b"12345678").unwrap();
    assert!(decoder.event().is_none());
}

#[test]
fn reconnecting_releases_the_event() {
    let mut decoder = Decoder::new([0; 16]);
    assert_eq!(decoder.decode(&mut &b"data: a\n\n"[..]), Ok(Progress::Event));
    decoder.reconnect();
    assert!(decoder.event().is_none());
    assert_eq!(decoder.decode(&mut &b"data: a\n"[..]), Ok(Progress::NeedInput));
    decoder.reconnect();
    assert_eq!(decoder.decode(&mut &b"\n"[..]), Ok(Progress::NeedInput));
}

/// All that can be lent to a decoder as its buffer.
#[test]
fn buffers() {
    fn check<B: sse_wire::Buffer>(buffer: B) -> B {
        let mut decoder = Decoder::new(buffer);
        let found = feed(&mut decoder, b"id: 1\ndata: a\ndata: b\n\n", Way::Mixed, as_text);
        assert_eq!(found.len(), 1);
        let found = feed(&mut decoder, b"data: far too long\n\n", Way::Mixed, as_text);
        assert_eq!(found, [Output::TooLong]);
        decoder.into_buffer()
    }
    let mut array = check([0; 8]);
    check(&mut array);
    check(&mut array[..]);
    #[cfg(feature = "alloc")]
    {
        check(vec![0; 8].into_boxed_slice());
        check(sse_wire::GrowingBuffer::with_limit(8));
    }
}

#[test]
fn mid_event() {
    let mid = |stream: &str| {
        let mut decoder = Decoder::new([0; 16]);
        feed(&mut decoder, stream.as_bytes(), Way::Decode, as_text);
        decoder.is_mid_event()
    };
    for whole in ["", "\u{FEFF}", "data: a\n\n", "data: a\r", ": note\n", "retry: 1\n", "x: y\n"] {
        assert_eq!(mid(whole), whole == "data: a\r", "{whole:?}");
    }
    for cut in ["d", "data: a\n", "data\n", "event: a\n", "id\n", ": no", "data: a\n\nid", "x"] {
        assert!(mid(cut), "{cut:?}");
    }
    assert!(mid("data: far too long for the buffer\n"), "an event that is too long counts too");
    assert!(!mid("data: far too long for the buffer\n\n"));

    let mut decoder = Decoder::new([0; 16]);
    assert!(decoder.next(&mut &b"data: a\n\n"[..]).is_some());
    assert!(!decoder.is_mid_event(), "right after an event");
    assert!(decoder.next(&mut &b"data: a\ndata"[..]).is_none());
    decoder.reconnect();
    assert!(!decoder.is_mid_event(), "at the start of a stream");
}

#[test]
fn views_of_text() {
    let mut decoder = Decoder::new([0; 64]);
    let event =
        decoder.next(&mut &b"event: \xFFe\nid: \xC3\xA9\ndata: \xF0\x9F\x98x\xC0\x80\n\n"[..]);
    let event = event.unwrap().unwrap();
    assert!(event.event_type_str().is_err());
    assert_eq!(event.event_type_lossy().to_string(), "\u{FFFD}e");
    assert_eq!(event.last_event_id_str(), Ok("\u{E9}"));
    assert_eq!(event.last_event_id_lossy().to_string(), "\u{E9}");
    assert!(event.data_str().is_err());
    assert_eq!(event.data_lossy().to_string(), "\u{FFFD}x\u{FFFD}\u{FFFD}");
    assert_eq!(event.data(), b"\xF0\x9F\x98x\xC0\x80");
    assert!(format!("{event:?}").contains(r#"data: "\xf0\x9f\x98x\xc0\x80""#));
}

/// On a 64-bit target; `firmware/flash` has the figures for 32 bits.
#[test]
fn state_is_small() {
    assert!(size_of::<sse_wire::Tokenizer>() <= 4);
    let seam = if cfg!(sse_wire_small) { 0 } else { 512 + 80 };
    assert!(size_of::<Decoder<[u8; 0]>>() <= 88 + seam);
}

/// The first review still sees the large event, the second does not: 64 events, whatever their way
/// and whoever asks for them. Setting the last event ID is no event.
#[cfg(feature = "alloc")]
#[test]
fn a_growing_buffer_counts_each_event_once() {
    for way in [Way::Next, Way::Decode] {
        for event in ["data: xxxxxxxx\n\n", "data: x\ndata: y\n\n", "retry: 1\ndata: x\n\n"] {
            let mut decoder = Decoder::new(sse_wire::GrowingBuffer::with_limit(1 << 20));
            let large = format!("data: {}\ndata: x\n\n", "y".repeat(10_000));
            feed(&mut decoder, large.as_bytes(), way, as_text);
            let mut events = 1;
            while decoder.buffer().allocated() > 5000 {
                decoder.set_last_event_id(b"7").unwrap();
                assert_eq!(feed(&mut decoder, event.as_bytes(), way, as_text).len(), 1);
                events += 1;
                assert!(events < 100, "{way:?} {event:?}");
            }
            assert!((64..=65).contains(&events), "{way:?} {event:?}: {events}");
        }
    }
}
