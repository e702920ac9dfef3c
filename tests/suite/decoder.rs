//! Tests of the decoder's guarantees other than the events: which parts are borrowed and which copied, the size limit,
//! the end of the stream, and the state kept for the next stream.

use crate::support::drive::{CALLS, Call, as_text, feed, feed_all};
use crate::support::oracle::{Output, event};
use sse_wire::{DecodeError, Decoder, LastEventIdError, MessageEvent, Progress, Tokenizer};
use std::time::Duration;

fn lies_in(part: &[u8], whole: &[u8]) -> bool {
    whole.as_ptr_range().contains(&part.as_ptr())
}

/// `next` borrows the type, the data and the event's own ID from the chunk, with fields in any order, ignored lines
/// between them, and any preceding input. Only the last event ID is copied.
#[test]
#[cfg_attr(
    any(not(target_pointer_width = "64"), sse_wire_small),
    ignore = "where short code counts, every event is copied"
)]
fn an_event_whole_in_its_chunk_is_borrowed() {
    let before = [
        &[][..],
        &["data: 1\n\n"],
        // Lines that were copied before.
        &["data: 1\nda", "ta: 2\n\n"],
        &["data: a\n\ndata: far too long for the buffer, so that it is skipped to its ", "end\n\n"],
        &["id: 6\n\n"],
        // The rest of a line end is in the same chunk as the event.
        &["data: 1\r\n\r"],
        &["data: 1\r", "\n\r"],
        &["data: 1\ndata: 2\r\n\r"],
        &[":\r"],
        &["\u{FEFF}"],
    ];
    let events = [
        "event: temp\nid: 7\ndata: 23.4\n\n",
        "event: temp\ndata: 23.4\nid: 7\n\n",
        "id: 7\nevent: temp\ndata: 23.4\n\n",
        "id: 7\ndata: 23.4\nevent: temp\n\n",
        "data: 23.4\nevent: temp\nid: 7\n\n",
        "data: 23.4\nid: 7\nevent: temp\n\n",
        "event: temp\r\nid: 7\r\ndata: 23.4\r\n\r\n",
        "event: temp\rid: 7\rdata: 23.4\r\r",
        "retry: 5\nevent: temp\n: note\nid: 7\nx: y\ndata: 23.4\n\n",
        "event:temp\nid:7\nretry: 5\ndata:23.4\nretry: 6\n\n",
        "event: temp\ndata: 23.4\nid: 7\n\ndata: next\n\n",
    ];
    for chunks in before {
        for event in events {
            let mut decoder = Decoder::new([0; 64]);
            for chunk in chunks {
                feed(&mut decoder, chunk.as_bytes(), Call::Next, as_text);
            }
            let rest_of_line_end =
                if chunks.last().is_some_and(|chunk| chunk.ends_with('\r')) { "\n" } else { "" };
            let stream = [rest_of_line_end, event].concat();
            let mut chunk = stream.as_bytes();
            let event = decoder.next(&mut chunk).unwrap().unwrap();
            let run = format!("{chunks:?} {stream:?}");
            assert_eq!(event.event_type(), b"temp", "{run}");
            assert_eq!(event.data(), b"23.4", "{run}");
            assert_eq!(event.own_id(), Some(&b"7"[..]), "{run}");
            assert!(lies_in(event.event_type(), stream.as_bytes()), "{run}");
            assert!(lies_in(event.data(), stream.as_bytes()), "{run}");
            assert!(lies_in(event.last_event_id(), stream.as_bytes()), "{run}");
            assert_eq!(decoder.last_event_id(), b"7");
            assert!(!lies_in(decoder.last_event_id(), stream.as_bytes()), "{run}");
        }
    }
}

/// An event without an ID has the decoder's last event ID.
#[test]
#[cfg_attr(
    any(not(target_pointer_width = "64"), sse_wire_small),
    ignore = "where short code counts, every event is copied"
)]
fn an_id_of_an_event_before_is_the_decoders() {
    let stream = b"id: 7\ndata: a\n\ndata: b\n\n";
    let mut buffer = [0; 64];
    let memory = buffer.as_ptr_range();
    let mut decoder = Decoder::new(&mut buffer);
    let mut chunk: &[u8] = stream;
    assert!(decoder.next(&mut chunk).is_some());
    let event = decoder.next(&mut chunk).unwrap().unwrap();
    assert_eq!((event.last_event_id(), event.own_id()), (&b"7"[..], None));
    assert!(memory.contains(&event.last_event_id().as_ptr()));
    assert!(lies_in(event.data(), stream));
}

/// The event is in the decoder's buffer if a chunk ends within it, if it has several data lines, or if it fits only
/// without the ignored lines.
#[test]
fn what_is_copied() {
    let long_comment = format!(": {}\nevent: temp\nid: 7\ndata: a\n\n", "x".repeat(100));
    let long_type = format!("event: {}", "x".repeat(60));
    for (chunks, data) in [
        (&["event: temp\nid: 7\nda", "ta: 23.4\n\n"][..], "23.4"),
        (&["event: temp\nid: 7\n", "data: 23.4\n\n"], "23.4"),
        (&["event: temp\nid: 7\ndata: 23.4\n", "\n"], "23.4"),
        (&["e", "vent: temp\nid: 7\ndata: 23.4\n\n"], "23.4"),
        (&[&long_type, "\nevent: temp\nid: 7\ndata: 23.4\n\n"], "23.4"),
        (&["event: temp\nid: 7\ndata: a\ndata: b\n\n"], "a\nb"),
        (&["data: a\nevent: temp\nid: 7\ndata: b\n\n"], "a\nb"),
        (&[&long_comment], "a"),
    ] {
        let mut buffer = [0; 112];
        let memory = buffer.as_ptr_range();
        let mut decoder = Decoder::new(&mut buffer);
        let (mut last, cut_off) = chunks.split_last().map(|(l, c)| (l.as_bytes(), c)).unwrap();
        for chunk in cut_off {
            assert!(decoder.next(&mut chunk.as_bytes()).is_none());
        }
        let event = decoder.next(&mut last).unwrap().unwrap();
        let parts = [event.event_type(), event.last_event_id(), event.data()];
        assert_eq!(parts, [b"temp", &b"7"[..], data.as_bytes()], "{chunks:?}");
        for part in parts {
            assert!(memory.contains(&part.as_ptr()), "{chunks:?}");
        }
    }
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

/// An event fits if its `data`, `event` and `id` lines, with one byte for each line end, and the last event ID leave 8
/// bytes free. Neither the chunks nor the method makes a difference.
#[test]
fn the_exact_size() {
    for (stream, last_event_id, lines, expected) in [
        ("event: temp\nid: 7\ndata: 23.4\n\n", "", 12 + 6 + 11, event("temp", "23.4", "7")),
        ("event: temp\r\nid: 7\r\ndata: 23.4\r\n\r\n", "", 29, event("temp", "23.4", "7")),
        ("event: temp\nid: 7\ndata: 23.4\n\n", "12345", 29, event("temp", "23.4", "7")),
        ("data: 23.4\n\n", "12345", 11, event("message", "23.4", "12345")),
        ("data\n\n", "12", 5, event("message", "", "12")),
        ("data:a\ndata:b\nevent:e\n\n", "1", 7 + 7 + 8, event("e", "a\nb", "1")),
        ("data:a\nid:2\ndata:b\nevent:e\n\n", "1", 27, event("e", "a\nb", "2")),
        // Replaced values count.
        (
            "event: aaaa\nevent: b\nid: 1234\nid: 5\ndata: 12345\n\n",
            "",
            48,
            event("b", "12345", "5"),
        ),
        // Ignored lines do not count, even if one alone is longer than the buffer.
        (
            ": a comment of more bytes than the buffer has\ndata: a\n\n",
            "",
            8,
            event("message", "a", ""),
        ),
        (
            "x: a field of more bytes than the buffer has\ndata: a\n\n",
            "",
            8,
            event("message", "a", ""),
        ),
        ("data: a\nretry: 0000000000000000000005\n\n", "", 8, event("message", "a", "")),
    ] {
        let exact = last_event_id.len() + lines + 8;
        for (size, expected) in [(exact - 1, Output::TooLong), (exact, expected)] {
            for call in CALLS {
                for length in 1..=stream.len() {
                    for at in [0, stream.len() / 3, stream.len() / 2] {
                        let mut buffer = vec![0; size];
                        let mut decoder = Decoder::new(&mut buffer[..]);
                        decoder.set_last_event_id(last_event_id.as_bytes()).unwrap();
                        let (first, second) = stream.as_bytes().split_at(at);
                        let chunks = [first].into_iter().chain(second.chunks(length));
                        let found: Vec<Output> = chunks
                            .flat_map(|chunk| feed(&mut decoder, chunk, call, as_text))
                            .collect();
                        let expected = std::slice::from_ref(&expected);
                        assert_eq!(found, expected, "{stream:?} {size} {call:?} {at} {length}");
                    }
                }
            }
        }
    }
}

/// The server computes the buffer size that its clients need.
#[test]
fn the_encoded_length_an_id_and_8_are_enough() {
    use sse_wire::{Event, event_id, event_type};
    let last_event_id = b"boot-4711";
    let plain = Event::new().data("23.4");
    for sent in [
        plain,
        plain.id(event_id!("8")).event_type(event_type!("temp")),
        plain.retry(Duration::from_millis(5)),
        plain.retry(Duration::MAX).id(event_id!("boot-4712")),
        plain.comment("a note\nof two lines").id(event_id!("")),
        Event::new().data("several\nlines\r\nof\n\ndata").id(event_id!("8")),
    ] {
        let mut out = vec![0; sent.encoded_len()];
        let stream = sent.encode(&mut out).unwrap();
        let mut buffer = vec![0; stream.len() + last_event_id.len() + 8];
        for call in CALLS {
            for length in 1..=stream.len() {
                let mut decoder = Decoder::new(&mut buffer[..]);
                decoder.set_last_event_id(last_event_id).unwrap();
                let chunks: Vec<&[u8]> = stream.chunks(length).collect();
                let found = feed_all(&mut decoder, &chunks, call, as_text);
                assert_eq!(found.len(), 1);
                assert_ne!(found, [Output::TooLong], "{sent:?} {call:?} {length}");
                assert_eq!(decoder.ignored_lines(), 0, "the `retry` line has fit, too");
            }
        }
    }
}

/// A client needs this in order not to receive the same event forever.
#[test]
fn id_and_retry_of_an_event_that_is_too_long_count() {
    let stream = b"id: 1\ndata: far too long for it\nretry: 9\nid: 2\n\ndata: b\n\n";
    for length in 1..=stream.len() {
        let mut decoder = Decoder::new([0; 24]);
        let mut found = Vec::new();
        for mut chunk in stream.chunks(length) {
            while let Some(result) = decoder.next(&mut chunk) {
                found.push(result.map(|event| event.data().to_vec()));
                if found.len() == 1 {
                    assert_eq!(decoder.last_event_id(), b"2");
                    assert_eq!(decoder.reconnection_time(), Some(Duration::from_millis(9)));
                    assert!(!decoder.is_mid_event());
                }
            }
        }
        assert_eq!(found, [Err(DecodeError::EventTooLong), Ok(b"b".to_vec())]);
    }
}

/// The flag is set as soon as the event is known to be too long, and until the blank line.
#[test]
fn is_too_long() {
    for (fits, not_any_more) in [
        ("data: 1234", "5"),
        ("event: 123", "4"),
        ("id: 123456", "7"),
        ("data: 1\nid", ":"),
        ("data: 1\ndata", ":"),
        ("id: 123\ndata: 1234\n\nid: 123", "4"),
    ] {
        for call in CALLS {
            // 10 bytes and a line end.
            let mut decoder = Decoder::new([0; 19]);
            feed(&mut decoder, fits.as_bytes(), call, as_text);
            assert!(!decoder.is_too_long(), "{fits:?}");
            assert_eq!(feed(&mut decoder, not_any_more.as_bytes(), call, as_text), []);
            assert!(decoder.is_too_long(), "{fits:?}, then {not_any_more:?}");
            assert_eq!(feed(&mut decoder, b"\r\ndata:", call, as_text), []);
            assert!(decoder.is_too_long(), "{fits:?}, then another line");
            assert_eq!(feed(&mut decoder, b"\r\n\r", call, as_text), [Output::TooLong]);
            assert!(!decoder.is_too_long(), "{fits:?}, after the blank line");
        }
    }
    let mut decoder = Decoder::new([0; 19]);
    feed(
        &mut decoder,
        b": a comment of any length, retry: and unknown fields too\n",
        Call::Next,
        as_text,
    );
    feed(
        &mut decoder,
        b"retry: 000000000000000000000000000000000000000000000001\n",
        Call::Next,
        as_text,
    );
    assert!(!decoder.is_too_long());
    feed(&mut decoder, b"data: far too long for the buffer", Call::Next, as_text);
    assert!(decoder.is_too_long());
    decoder.reconnect();
    assert!(!decoder.is_too_long());
}

/// Comments, and lines that the standard ignores: each stream has its own counters, which count a line when it ends.
#[test]
fn comments_and_ignored_lines_are_counted() {
    let stream =
        b": a\ndata: x\n:\nevent\nretry: 1x\nid: 1\x002\nother\nData: y\nretry\n\n:\r\n\r\n\
        retry: 5\nid\ndata\n\n:\n\nx";
    for call in CALLS {
        for length in 1..=stream.len() {
            let mut decoder = Decoder::new([0; 64]);
            for _ in 0..2 {
                for chunk in stream.chunks(length) {
                    feed(&mut decoder, chunk, call, as_text);
                }
                assert_eq!(decoder.comments(), 4, "{call:?} {length}");
                assert_eq!(decoder.ignored_lines(), 5, "{call:?} {length}");
                decoder.reconnect();
                assert_eq!((decoder.comments(), decoder.ignored_lines()), (0, 0));
            }
        }
    }
}

/// A `retry` line needs space in the buffer like any other. A line that does not fit is ignored.
#[test]
fn a_retry_line_that_does_not_fit_is_ignored() {
    for (size, retry, ignored) in [(8 + 8 + 10, Some(12), 0), (8 + 8 + 9, None, 1)] {
        for call in CALLS {
            for at in 0..10 {
                let mut buffer = vec![0; size];
                let mut decoder = Decoder::new(&mut buffer[..]);
                let (first, second) = b"data: a\nretry: 12\n\n".split_at(8 + at);
                assert_eq!(feed(&mut decoder, first, call, as_text), []);
                assert_eq!(feed(&mut decoder, second, call, as_text), [event("message", "a", "")]);
                assert_eq!(decoder.reconnection_time(), retry.map(Duration::from_millis));
                assert_eq!(decoder.ignored_lines(), ignored);
            }
        }
    }
}

/// With fewer than 8 bytes no field can be identified.
#[test]
fn a_buffer_that_is_too_small_for_any_event() {
    for size in 0..8 {
        for line in ["data", "event: e", "id: 1", "retry: 5", ":", "x"] {
            let mut buffer = vec![0; size];
            let mut decoder = Decoder::new(&mut buffer[..]);
            let stream = format!("\n\n{line}\n\n\n");
            let found = feed(&mut decoder, stream.as_bytes(), Call::Mixed, as_text);
            assert_eq!(found, [Output::TooLong], "{line:?} in {size} bytes");
            assert_eq!(decoder.last_event_id(), b"");
        }
    }
}

#[test]
fn last_event_id_from_elsewhere() {
    let mut decoder = Decoder::new([0; 19]);
    decoder.set_last_event_id(b"12345678901").unwrap();
    assert_eq!(decoder.set_last_event_id(b"123456789012"), Err(LastEventIdError::TooLong));
    for forbidden in [&b"1\n2"[..], b"1\r2", b"1\x002"] {
        let refused = decoder.set_last_event_id(forbidden);
        assert_eq!(refused, Err(LastEventIdError::ForbiddenByte));
    }
    assert_eq!(decoder.last_event_id(), b"12345678901");
    decoder.set_last_event_id(b"1").unwrap();
    let event = decoder.next(&mut &b"data: abc\n\n"[..]).unwrap().unwrap();
    assert_eq!((event.data(), event.last_event_id()), (&b"abc"[..], &b"1"[..]));
}

/// Setting the ID in the middle of an event loses no data of the event.
#[test]
fn last_event_id_in_mid_event() {
    let stream = b"event: tt\nid: 22\nevent: t\ndata: a\nretry: 1\nid: 3\ndata: b\nid: 3";
    for end in 0..stream.len() {
        for id in [&b""[..], b"long-id-1", b"7"] {
            for call in CALLS {
                let mut decoder = Decoder::new([0; 96]);
                decoder.set_last_event_id(b"123").unwrap();
                feed(&mut decoder, &stream[..end], call, as_text);
                decoder.set_last_event_id(id).unwrap();
                assert_eq!(decoder.last_event_id(), id);
                let found = feed(&mut decoder, &[&stream[end..], b"\n\n"].concat(), call, as_text);
                assert_eq!(found, [event("t", "a\nb", "3")], "set after {end} bytes");
            }
        }
    }
}

/// The same in buffers that are too small for everything: the event is returned complete, or is too long; a rejected ID
/// changes nothing; the empty ID, which needs no space, is never rejected.
#[test]
fn last_event_id_in_mid_event_at_every_buffer_size() {
    let stream = b"event: tt\nid: 22\nretry: 1\ndata: a\nid: 3\ndata: b\n\n";
    let (mut refused, mut too_long) = (0, 0);
    for size in 0..72 {
        for end in 0..stream.len() {
            for id in ["", "7", "long-id-1"] {
                for call in CALLS {
                    let mut buffer = vec![0; size];
                    let mut decoder = Decoder::new(&mut buffer[..]);
                    let _ = decoder.set_last_event_id(b"123");
                    assert_eq!(feed(&mut decoder, &stream[..end], call, as_text), []);
                    let before = decoder.last_event_id().to_vec();
                    let run = format!("{id:?} set after {end} bytes, buffer of {size}, {call:?}");
                    match decoder.set_last_event_id(id.as_bytes()) {
                        Ok(()) => assert_eq!(decoder.last_event_id(), id.as_bytes(), "{run}"),
                        Err(error) => {
                            assert_eq!(error, LastEventIdError::TooLong, "{run}");
                            assert_eq!(decoder.last_event_id(), before, "{run}");
                            assert_ne!(id, "", "{run}");
                            refused += 1;
                        }
                    }
                    let found = feed(&mut decoder, &stream[end..], call, as_text);
                    if found == [Output::TooLong] {
                        too_long += 1;
                    } else {
                        assert_eq!(found, [event("tt", "a\nb", "3")], "{run}");
                    }
                    // The line `id: 3` fits alone.
                    if size >= 6 + 8 {
                        assert_eq!(decoder.last_event_id(), b"3", "{run}");
                    }
                }
            }
        }
    }
    assert!(refused > 1000 && too_long > 1000, "{refused} refused, {too_long} too long");
}

/// All received parts of an event count, however they were split.
#[test]
fn a_last_event_id_that_does_not_fit_beside_an_event() {
    for chunks in [&["id: 7\r\n"][..], &["id: 7\r", "\n"], &["i", "d: 7\r\n"]] {
        let mut decoder = Decoder::new([0; 22]);
        for chunk in chunks {
            feed(&mut decoder, chunk.as_bytes(), Call::Next, as_text);
        }
        assert_eq!(decoder.set_last_event_id(b"123456789"), Err(LastEventIdError::TooLong));
        assert_eq!(decoder.last_event_id(), b"");
        decoder.set_last_event_id(b"12345678").unwrap();
        decoder.set_last_event_id(b"1").unwrap();
        let found = feed(&mut decoder, b"data\r\n\r\n", Call::Next, as_text);
        assert_eq!(found, [event("message", "", "7")], "{chunks:?}");
    }
}

/// Setting the ID drops an event that is pending in the buffer. The event never shows the wrong ID.
#[test]
fn setting_the_id_releases_the_event() {
    let mut decoder = Decoder::new([0; 22]);
    assert_eq!(decoder.decode(&mut &b"data: 1234567\n\n"[..]), Ok(Progress::Event));
    decoder.set_last_event_id(b"12345678901234").unwrap();
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

/// The ID of an event counts once the event is returned, even if the connection is lost right after it.
#[test]
fn reconnecting_keeps_the_id_of_the_event() {
    for call in CALLS {
        for chunks in [&["id: 7\ndata: a\n\n"][..], &["id: 7\n", "data: a\ndata: b\n\n"]] {
            let mut decoder = Decoder::new([0; 32]);
            for chunk in chunks {
                let mut chunk = chunk.as_bytes();
                match call {
                    Call::Decode => drop(decoder.decode(&mut chunk)),
                    _ => drop(decoder.next(&mut chunk)),
                }
            }
            assert_eq!(decoder.last_event_id(), b"7");
            decoder.reconnect();
            assert_eq!(decoder.last_event_id(), b"7");
        }
    }
}

/// Every type that can be a decoder's buffer.
#[test]
fn buffers() {
    fn check<B: sse_wire::Buffer>(buffer: B) -> B {
        let mut decoder = Decoder::new(buffer);
        let found = feed(&mut decoder, b"id: 1\ndata: a\ndata: b\n\n", Call::Mixed, as_text);
        assert_eq!(found, [event("message", "a\nb", "1")]);
        let found = feed(&mut decoder, b"data: too long beside an id\n\n", Call::Mixed, as_text);
        assert_eq!(found, [Output::TooLong]);
        decoder.into_buffer()
    }
    let mut array = check([0; 30]);
    check(&mut array);
    check(&mut array[..]);
    #[cfg(feature = "alloc")]
    {
        check(vec![0; 30].into_boxed_slice());
        check(sse_wire::GrowingBuffer::with_limit(30));
    }
}

#[test]
fn mid_event() {
    let mid = |stream: &str| {
        let mut decoder = Decoder::new([0; 32]);
        feed(&mut decoder, stream.as_bytes(), Call::Decode, as_text);
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

/// The values of an event's own lines, borrowed or copied.
#[test]
fn own_parts() {
    type Expected = (Option<&'static [u8]>, Option<&'static [u8]>, Option<u64>);
    let events: [(&str, Expected); 9] = [
        ("data: x\n\n", (None, None, None)),
        ("id: 1\nevent: a\nretry: 5\ndata: x\n\n", (Some(b"a"), Some(b"1"), Some(5))),
        ("data: y\n\n", (None, None, None)),
        ("id\nevent\ndata\n\n", (None, Some(b""), None)),
        ("retry: 6\n\ndata: z\n\n", (None, None, None)),
        ("id: 2\n\nevent: b\ndata: z\n\n", (Some(b"b"), None, None)),
        ("id: 1\x002\ndata: z\nretry: 7\nretry: x\n\n", (None, None, Some(7))),
        (
            "event: c\nid: 3\nevent: message\ndata: a\nid: 4\ndata: b\n\n",
            (Some(b"message"), Some(b"4"), None),
        ),
        ("retry: 7\nretry: 8\ndata: a\ndata: b\n\n", (None, None, Some(8))),
    ];
    let stream: String = events.iter().map(|(event, _)| *event).collect();
    for call in CALLS {
        for length in 1..=stream.len() {
            let mut decoder = Decoder::new([0; 96]);
            let mut expected = events.iter().map(|(_, expected)| *expected);
            for mut chunk in stream.as_bytes().chunks(length) {
                loop {
                    let event = match call {
                        Call::Decode => match decoder.decode(&mut chunk).unwrap() {
                            Progress::Event => decoder.event(),
                            Progress::NeedInput => None,
                        },
                        _ => decoder.next(&mut chunk).map(Result::unwrap),
                    };
                    let Some(event) = event else { break };
                    let retry = event.retry().map(|time| time.as_millis() as u64);
                    let found = (event.own_event_type(), event.own_id(), retry);
                    assert_eq!(Some(found), expected.next(), "{call:?} {length}");
                }
            }
            assert_eq!(expected.next(), None);
        }
    }
}

/// Errors have distinct messages, and `{:?}` shows the state of a decoder and the contents of a token.
#[test]
fn what_a_log_shows() {
    let messages = [
        DecodeError::EventTooLong.to_string(),
        DecodeError::OutOfMemory.to_string(),
        LastEventIdError::TooLong.to_string(),
        LastEventIdError::ForbiddenByte.to_string(),
        LastEventIdError::OutOfMemory.to_string(),
    ];
    for message in &messages {
        assert!(!message.is_empty());
        assert_eq!(messages.iter().filter(|other| *other == message).count(), 1, "{message}");
    }

    let mut decoder = Decoder::new([0; 64]);
    decoder.set_last_event_id(b"77").unwrap();
    feed(&mut decoder, b"retry: 5\nda", Call::Next, as_text);
    let text = format!("{decoder:?}");
    for part in ["bytes_in_use: 4", "is_mid_event: true", "reconnection_time: Some(5ms)"] {
        assert!(text.contains(part), "{text}");
    }
    // Events that differ in their own values alone are unequal, and look different.
    let lines = ["", "event: message\n", "id: 77\n", "retry: 5\n"];
    let events = lines.map(|line| {
        let mut decoder = Decoder::new([0; 64]);
        decoder.set_last_event_id(b"77").unwrap();
        let stream = format!("{line}data: a\n\n");
        format!("{:?}", decoder.next(&mut stream.as_bytes()).unwrap().unwrap())
    });
    for event in &events {
        assert_eq!(events.iter().filter(|other| *other == event).count(), 1, "{event}");
    }

    let token = Tokenizer::new().next(&mut &b"data: a\xFF\n"[..]).unwrap();
    let text = format!("{token:?}");
    for part in ["Data", "\"a\\xff\"", "end: true"] {
        assert!(text.contains(part), "{text}");
    }
    #[cfg(feature = "alloc")]
    {
        // The length limit of a slice.
        let text = format!("{:?}", sse_wire::GrowingBuffer::with_limit(usize::MAX));
        assert!(text.contains("allocated: 0"), "{text}");
        assert!(text.contains(&format!("limit: {}", isize::MAX)), "{text}");
    }
}

/// On a 64-bit target; `firmware/flash` has the figures for 32 bits.
#[test]
fn state_is_small() {
    let (tokenizer, decoder) = (size_of::<Tokenizer>(), size_of::<Decoder<[u8; 0]>>());
    assert!(tokenizer <= 16, "{tokenizer}");
    assert!(decoder <= 112, "{decoder}");
}

/// The first review still sees the large event, and the second does not: there are 64 events between them, by either
/// method. Setting the last event ID is not an event.
#[cfg(feature = "alloc")]
#[test]
fn a_growing_buffer_counts_each_event_once() {
    for call in [Call::Next, Call::Decode] {
        for event in ["data: xxxxxxxx\n\n", "data: x\ndata: y\n\n", "retry: 1\ndata: x\n\n"] {
            let mut decoder = Decoder::new(sse_wire::GrowingBuffer::with_limit(1 << 20));
            let large = format!("data: {}\ndata: x\n\n", "y".repeat(10_000));
            feed(&mut decoder, large.as_bytes(), call, as_text);
            let mut events = 1;
            while decoder.buffer().allocated() > 5000 {
                decoder.set_last_event_id(b"7").unwrap();
                assert_eq!(feed(&mut decoder, event.as_bytes(), call, as_text).len(), 1);
                events += 1;
                assert!(events < 100, "{call:?} {event:?}");
            }
            assert!((64..=65).contains(&events), "{call:?} {event:?}: {events}");
        }
    }
}

/// IDs are copied as 16 bytes where possible: tests lengths around 16, with and without bytes after the ID.
#[test]
fn ids_of_about_16_bytes() {
    for len in 0..40 {
        let id = "i".repeat(len);
        for event in [format!("data: a\nid: {id}\n\n"), format!("id: {id}\ndata: a\n\n")] {
            for size in event.len() + 8..event.len() + 40 {
                for call in CALLS {
                    for at in 0..event.len() {
                        let mut buffer = vec![b'?'; size];
                        let mut decoder = Decoder::new(&mut buffer[..]);
                        let (first, second) = event.as_bytes().split_at(at);
                        let mut found = feed(&mut decoder, first, call, as_text);
                        found.extend(feed(&mut decoder, second, call, as_text));
                        found.extend(feed(&mut decoder, b"data: b\n\n", call, as_text));
                        let expected = ["a", "b"].map(|data| self::event("message", data, &id));
                        assert_eq!(found, expected, "{event:?} in {size} bytes, split at {at}");
                        assert_eq!(decoder.last_event_id(), id.as_bytes());
                    }
                }
            }
        }
    }
}

/// A reconnection time belongs to the event whose lines contain it, even if a chunk ends after the line.
#[test]
fn retry_in_a_chunk_before() {
    for first in ["retry: 5\r", "retry: 5\n", "retry: 5\r\n", "\n\nretry: 5\n: note\n"] {
        let mut decoder = Decoder::new([0; 64]);
        assert!(decoder.next(&mut first.as_bytes()).is_none());
        let event = decoder.next(&mut &b"data: a\n\ndata: b\n\n"[..]).unwrap().unwrap();
        assert_eq!(event.retry(), Some(Duration::from_millis(5)), "{first:?}");
        let event = decoder.next(&mut &b"data: b\n\n"[..]).unwrap().unwrap();
        assert_eq!(event.retry(), None, "{first:?}");
    }
}

/// If the ID is set while the rest of a line is skipped, that line stays skipped.
#[test]
fn last_event_id_in_a_skipped_line() {
    let mut decoder = Decoder::new([0; 24]);
    assert!(decoder.next(&mut &b": a comment that does not fit"[..]).is_none());
    decoder.set_last_event_id(b"7").unwrap();
    let mut chunk: &[u8] = b"data: of the comment\ndata: a\n\n";
    let event = decoder.next(&mut chunk).unwrap().unwrap();
    assert_eq!((event.data(), event.last_event_id()), (&b"a"[..], &b"7"[..]));
    assert_eq!(decoder.comments(), 1);
}
