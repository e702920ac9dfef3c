//! Tests of `EventStream` and `EventsWith`: splits, types of data, the limit, the idle timeout, the end.
#![allow(clippy::restriction)]

mod support;

use bytes::Bytes;
use futures_util::stream::FusedStream;
use futures_util::{FutureExt, StreamExt, TryStreamExt, stream};
use sse_wire_http::{Error, Event, EventStream, Eventsource, Text};
use std::convert::Infallible;
use std::time::Duration;
use support::{body, every_split, silent_after, some_splits};

/// Type, data, id, retry in milliseconds.
type Expected = (&'static str, &'static str, &'static str, Option<u64>);

fn assert_is<D: AsRef<str>>(event: &Event<D>, expected: &Expected) {
    let retry = expected.3.map(Duration::from_millis);
    let event = (event.event.as_str(), event.data.as_ref(), event.id.as_str(), event.retry);
    assert_eq!(event, (expected.0, expected.1, expected.2, retry));
}

/// Decodes the chunks by each method.
fn assert_decodes(chunks: Vec<Bytes>, expected: &[Expected]) {
    let shown = format!("{chunks:?}");
    let strings = body(chunks.clone()).eventsource().try_collect::<Vec<_>>();
    let strings = strings.now_or_never().unwrap().unwrap();
    assert_eq!(strings.len(), expected.len(), "{shown}");
    for (event, expected) in strings.iter().zip(expected) {
        assert_is(event, expected);
    }

    let texts = body(chunks.clone()).eventsource().with_data::<Text>().try_collect::<Vec<_>>();
    let texts = texts.now_or_never().unwrap().unwrap();
    assert_eq!(texts.len(), expected.len(), "{shown}");
    for (event, expected) in texts.iter().zip(expected) {
        assert_is(event, expected);
    }

    let borrowed = body(chunks).events_with(1024, |event| {
        let data = event.data_lossy().to_string();
        let id = event.last_event_id_lossy().to_string();
        (event.event_type_lossy().to_string(), data, id, event.retry())
    });
    let borrowed: Vec<_> = borrowed.try_collect().now_or_never().unwrap().unwrap();
    let expected: Vec<_> = expected
        .iter()
        .map(|(name, data, id, retry)| {
            let retry = retry.map(Duration::from_millis);
            ((*name).to_owned(), (*data).to_owned(), (*id).to_owned(), retry)
        })
        .collect();
    assert_eq!(borrowed, expected, "{shown}");
}

#[test]
fn every_split_of_short_streams_gives_the_same_events() {
    let cases: [(&[u8], &[Expected]); 9] = [
        (b"data:a\n\ndata:\n\n", &[("message", "a", "", None), ("message", "", "", None)]),
        (b"\xEF\xBB\xBFdata:x\r\n\r\n", &[("message", "x", "", None)]),
        (b"event:e\rdata\r\r", &[("e", "", "", None)]),
        (b"id:1\n\ndata:\xFF\n\n", &[("message", "\u{FFFD}", "1", None)]),
        (b"retry:9\n\ndata\n\n", &[("message", "", "", None)]),
        (b"retry:9\ndata\n\n", &[("message", "", "", Some(9))]),
        (b":c\r\rdata:  a\r\r", &[("message", " a", "", None)]),
        (b"data:a\ndata:b\n\n", &[("message", "a\nb", "", None)]),
        (b"data:a\n\nda", &[("message", "a", "", None)]),
    ];
    for (input, expected) in cases {
        for chunks in every_split(input) {
            assert_decodes(chunks, expected);
        }
    }
}

#[test]
fn splits_of_a_longer_stream_give_the_same_events() {
    let input = "\u{FEFF}: hi\nretry: 20\n\nevent: tick\r\nid: é\r\ndata: ☃\r\n\r\nid: 2\rretry: 30\rdata: a\rdata\r\
                 data: b\r\rid\ndata: c\nid: x\0\nunknown: y\n\ndata: cut off";
    let expected = [
        ("tick", "☃", "é", None),
        ("message", "a\n\nb", "2", Some(30)),
        ("message", "c", "", None),
    ];
    for chunks in some_splits(input.as_bytes()) {
        assert_decodes(chunks, &expected);
    }
}

#[test]
fn data_as_bytes_are_a_slice_of_the_chunk() {
    let first = Bytes::from("data: whole\n\nid: 1\ndata: two\ndata: lines\n\ndata: cut in ");
    let second = Bytes::from("two\n\ndata:");
    let last = Bytes::from("\n\n");
    let ranges = [&first, &second, &last].map(|chunk| chunk.as_ptr_range());
    let lies_in_a_chunk = |data: &[u8]| ranges.iter().any(|range| range.contains(&data.as_ptr()));

    let chunks = [first.clone(), second, last];
    let mut events = body(chunks.clone()).eventsource().with_data::<Bytes>();
    let whole = events.next().now_or_never().unwrap().unwrap().unwrap();
    assert_eq!(whole.data, "whole");
    assert_eq!(whole.data.as_ptr(), first[6..].as_ptr());
    let joined = events.next().now_or_never().unwrap().unwrap().unwrap();
    assert_eq!(joined.data, "two\nlines");
    assert!(!lies_in_a_chunk(&joined.data));
    let cut = events.next().now_or_never().unwrap().unwrap().unwrap();
    assert_eq!(cut.data, "cut in two");
    assert!(!lies_in_a_chunk(&cut.data));
    let empty = events.next().now_or_never().unwrap().unwrap().unwrap();
    assert_eq!(empty.data, "");
    assert_eq!(events.next().now_or_never().unwrap(), None);
    // The copies are not part of the decoder's buffer, which is reused.
    assert_eq!((&joined.data[..], &cut.data[..]), (&b"two\nlines"[..], &b"cut in two"[..]));

    let mut events = body(chunks).eventsource().with_data::<Text>();
    let whole = events.next().now_or_never().unwrap().unwrap().unwrap();
    assert_eq!(whole.data.as_ptr(), first[6..].as_ptr());
    assert_eq!(whole.data.into_bytes(), "whole");
}

#[test]
fn empty_data_at_the_end_of_a_chunk_is_no_slice_out_of_bounds() {
    for input in ["data:\n\n", "data\n\n", "data: \r\r", "data\r\n\r\n"] {
        for chunks in every_split(input.as_bytes()) {
            let mut events = body(chunks).eventsource().with_data::<Bytes>();
            assert_eq!(events.next().now_or_never().unwrap().unwrap().unwrap().data, "");
            assert_eq!(events.next().now_or_never().unwrap(), None);
        }
    }
}

#[test]
fn each_type_of_data_has_what_it_promises() {
    let input = &b"data: a\xE2\x98z\n\n"[..];
    let first = |events: Vec<Event<String>>| events[0].data.clone();
    let events = body([input]).eventsource();
    assert_eq!(first(events.try_collect().now_or_never().unwrap().unwrap()), "a\u{FFFD}z");
    let mut text = body([input]).eventsource().with_data::<Text>();
    assert_eq!(text.next().now_or_never().unwrap().unwrap().unwrap().data, "a\u{FFFD}z");
    let mut bytes = body([input]).eventsource().with_data::<Bytes>();
    let event = bytes.next().now_or_never().unwrap().unwrap().unwrap();
    assert_eq!(event.data, &b"a\xE2\x98z"[..]);
    let mut vec = body([input]).eventsource().with_data::<Vec<u8>>();
    assert_eq!(vec.next().now_or_never().unwrap().unwrap().unwrap().data, b"a\xE2\x98z");
    let mut none = body(["event: e\nid: 4\ndata: x\n\n"]).eventsource().with_data::<()>();
    let event = none.next().now_or_never().unwrap().unwrap().unwrap();
    assert_eq!((event.event.as_str(), event.id.as_str()), ("e", "4"));
}

#[test]
fn chunks_may_be_of_any_type_with_bytes() {
    let chunks = stream::iter([Ok::<_, Infallible>(b"data: 1\n".to_vec()), Ok(b"\n".to_vec())]);
    let events: Vec<_> = chunks.eventsource().try_collect().now_or_never().unwrap().unwrap();
    assert_eq!(events[0].data, "1");
}

#[test]
fn a_type_and_an_id_that_are_not_utf8_are_replaced() {
    let mut events = body([&b"event: \xFF\nid: \xC3\ndata\n\ndata\n\n"[..]]).eventsource();
    for name in ["\u{FFFD}", "message"] {
        let event = events.next().now_or_never().unwrap().unwrap().unwrap();
        assert_eq!((event.event.as_str(), event.id.as_str()), (name, "\u{FFFD}"));
    }
    assert_eq!(events.last_event_id(), "\u{FFFD}");
}

#[test]
fn the_limit_costs_one_event_wherever_the_chunks_end() {
    let long = format!("data: small\n\nid: 5\ndata: {}\n\ndata: next\n\n", "x".repeat(80));
    let expected = [
        Ok(("small".to_owned(), String::new())),
        Err(Error::TooLong),
        Ok(("next".to_owned(), "5".to_owned())),
    ];
    for chunks in some_splits(long.as_bytes()) {
        let events = EventStream::with_limit(body(chunks.clone()), 64);
        let events = events.map_ok(|event| (event.data, event.id.into()));
        let events: Vec<Result<(String, String), _>> = events.collect().now_or_never().unwrap();
        assert_eq!(events, expected, "{chunks:?}");
        let events = body(chunks).events_with(64, |event| {
            (event.data_lossy().to_string(), event.last_event_id_lossy().to_string())
        });
        assert_eq!(events.collect::<Vec<_>>().now_or_never().unwrap(), expected);
    }
}

#[test]
fn the_limit_is_exact() {
    // 27 bytes of lines, and the eight bytes that stay free.
    let input = "data: 12345678901234567890\n\n";
    for chunks in some_splits(input.as_bytes()) {
        let mut fits = EventStream::with_limit(body(chunks.clone()), 35);
        assert!(fits.next().now_or_never().unwrap().unwrap().is_ok());
        let mut does_not = EventStream::with_limit(body(chunks), 34);
        assert_eq!(does_not.next().now_or_never().unwrap(), Some(Err(Error::TooLong)));
        assert_eq!(does_not.next().now_or_never().unwrap(), None);
    }
}

#[test]
fn a_block_without_data_sets_the_last_event_id_and_the_reconnection_time() {
    let mut events = silent_after(["id: 1\ndata: a\n\nid: 2\n\nretry: 70\n\n"]).eventsource();
    assert_eq!(events.last_event_id(), "");
    assert_eq!(events.reconnection_time(), None);
    assert_eq!(events.next().now_or_never().unwrap().unwrap().unwrap().id, "1");
    assert_eq!(events.last_event_id(), "1");
    assert_eq!(events.next().now_or_never(), None);
    assert_eq!(events.last_event_id(), "2");
    assert_eq!(events.reconnection_time(), Some(Duration::from_millis(70)));

    // It also counts at the end of the stream.
    let mut events = body(["id: 3\n\n"]).eventsource();
    assert_eq!(events.next().now_or_never().unwrap(), None);
    assert_eq!(events.last_event_id(), "3");
}

#[test]
fn the_end_dispatches_the_last_event_only_if_it_is_asked_to() {
    let cases = [
        ("data: x", Some("x")),
        ("data: x\n", Some("x")),
        ("data: x\r", Some("x")),
        ("data: x\r\n", Some("x")),
        ("data: x\ndata: y", Some("x\ny")),
        ("data", Some("")),
        ("", None),
        (": c", None),
        ("id: 3", None),
        ("\n", None),
    ];
    for (input, expected) in cases {
        for chunks in some_splits(input.as_bytes()) {
            let mut events = body(chunks.clone()).eventsource();
            assert_eq!(events.next().now_or_never().unwrap(), None);
            assert_eq!(events.decoder().is_mid_event(), !matches!(input, "" | "\n"), "{input:?}");

            let mut events = body(chunks).eventsource().dispatch_at_end();
            let event = events.next().now_or_never().unwrap();
            let data = event.map(|event| event.unwrap().data);
            assert_eq!(data.as_deref(), expected, "{input:?}");
            assert_eq!(events.next().now_or_never().unwrap(), None);
            assert!(events.is_terminated());
        }
    }
    // A complete stream has no further event.
    let events = body(["data: x\n\n"]).eventsource().dispatch_at_end();
    assert_eq!(events.collect::<Vec<_>>().now_or_never().unwrap().len(), 1);
}

#[test]
fn an_event_that_an_error_cuts_off_is_not_dispatched_at_the_end() {
    let chunks = stream::iter([Ok(Bytes::from("data: a\n\ndata: hal")), Err("reset")]);
    let events = chunks.eventsource().dispatch_at_end().map_ok(|event| event.data);
    let events: Vec<_> = events.collect().now_or_never().unwrap();
    assert_eq!(events, [Ok("a".to_owned()), Err(Error::Transport("reset"))]);
}

#[test]
fn a_stream_is_terminated_at_its_end_and_not_before() {
    let mut events = body(["data: 1\n\ndata: 2\n\n"]).eventsource();
    for _ in 0..2 {
        assert!(!events.is_terminated());
        assert!(events.next().now_or_never().unwrap().unwrap().is_ok());
    }
    assert!(!events.is_terminated());
    // A stream is not polled after its end: `stream::iter` would not mind, but this one panics.
    let mut is_over = false;
    let chunks = stream::poll_fn(move |_| {
        assert!(!std::mem::replace(&mut is_over, true), "polled after its end");
        std::task::Poll::Ready(None::<support::Chunk>)
    });
    let mut events = chunks.eventsource();
    for _ in 0..3 {
        assert_eq!(events.next().now_or_never().unwrap(), None);
        assert!(events.is_terminated());
    }
}

#[test]
fn the_stream_of_chunks_is_asked_again_after_an_error() {
    let chunks = stream::iter([Ok("id: 1\n\ndata: a\n"), Err("reset"), Ok("\n")]);
    let mut events = chunks.eventsource();
    assert_eq!(events.next().now_or_never().unwrap(), Some(Err(Error::Transport("reset"))));
    assert_eq!(events.last_event_id(), "1");
    assert_eq!(events.next().now_or_never().unwrap().unwrap().unwrap().data, "a");
    assert_eq!(events.next().now_or_never().unwrap(), None);
}

/// The error within is displayed, so the source is the next one.
#[test]
fn errors_have_the_source_of_the_error_that_they_display() {
    #[derive(Debug)]
    struct Reset(std::fmt::Error);

    impl std::fmt::Display for Reset {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("reset")
        }
    }

    impl std::error::Error for Reset {
        fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
            Some(&self.0)
        }
    }

    let error = Error::Transport(Reset(std::fmt::Error));
    assert!(error.to_string().contains("reset"));
    assert!(std::error::Error::source(&error).unwrap().is::<std::fmt::Error>());
    assert!(std::error::Error::source(&Error::<Reset>::TooLong).is_none());
}

#[test]
fn a_stream_begins_with_the_last_event_id_it_is_given() {
    let mut events = body(["data: a\n\nid: 9\ndata: b\n\n"]).eventsource();
    for id in ["a\nb", "a\rb", "a\0b"] {
        assert!(events.set_last_event_id(id).is_err());
        assert_eq!(events.last_event_id(), "");
    }
    events.set_last_event_id("8").unwrap();
    assert_eq!(events.last_event_id(), "8");
    for id in ["8", "9"] {
        assert_eq!(events.next().now_or_never().unwrap().unwrap().unwrap().id, id);
    }

    let mut events = EventStream::with_limit(body(["data\n\n"]), 32);
    assert!(events.set_last_event_id("x".repeat(33)).is_err());
    assert_eq!(events.next().now_or_never().unwrap().unwrap().unwrap().id, "");
}

#[test]
fn a_decoder_goes_on_with_another_stream() {
    let mut events = body(["id: 1\nretry: 5\n\ndata: a\nda"]).eventsource();
    assert_eq!(events.next().now_or_never().unwrap(), None);
    let mut events = EventStream::with_decoder(body(["ta: b\n\n"]), events.into_decoder());
    assert_eq!(events.last_event_id(), "1");
    assert_eq!(events.reconnection_time(), Some(Duration::from_millis(5)));
    let event = events.next().now_or_never().unwrap().unwrap().unwrap();
    assert_is(&event, &("message", "a\nb", "1", None));
}

#[test]
fn events_that_follow_one_another_share_their_type_and_id() {
    let events = body(["event: t\nid: 1\ndata\n\n", "event: t\ndata\n\n"]).eventsource();
    let events: Vec<_> = events.try_collect().now_or_never().unwrap().unwrap();
    assert_eq!(events[0].event.as_ptr(), events[1].event.as_ptr());
    assert_eq!(events[0].id.as_ptr(), events[1].id.as_ptr());
}

#[test]
fn a_received_event_can_be_sent_on() {
    let encode = |event: &Event<Vec<u8>>| {
        let mut out = Vec::new();
        sse_wire::Event::from(event).append_to(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    };
    let input = "data: a\n\nevent: e\nid: 7\nretry: 9\ndata: b\ndata: c\n\nevent: message\ndata\n\nid\ndata: d\n\n";
    let events = body([input]).eventsource().with_data::<Vec<u8>>();
    let events: Vec<_> = events.try_collect().now_or_never().unwrap().unwrap();
    let sent: Vec<_> = events.iter().map(encode).collect();
    // An event has the last event ID, also if an earlier event has set it.
    let expected = [
        "data: a\n\n",
        "event: e\nid: 7\nretry: 9\ndata: b\ndata: c\n\n",
        "id: 7\ndata: \n\n",
        "data: d\n\n",
    ];
    assert_eq!(sent, expected);

    // No stream has these, but a program can make them. They start no field.
    for bad in ["a\nb", "a\rb"] {
        let event = Event { event: bad.into(), data: vec![], id: bad.into(), retry: None };
        assert_eq!(encode(&event), "data: \n\n");
    }
    let nul = Event { event: "e".into(), data: vec![], id: "a\0".into(), retry: None };
    assert_eq!(encode(&nul), "event: e\ndata: \n\n");
}

#[cfg(feature = "tokio")]
mod idle {
    use super::*;
    use tokio::time::{Instant, advance, sleep};

    #[tokio::test(start_paused = true)]
    async fn comments_reset_the_idle_timeout() {
        let (sender, chunks) = support::channel();
        let start = Instant::now();
        tokio::spawn(async move {
            for _ in 0..3 {
                sleep(Duration::from_secs(9)).await;
                sender.send(":\n\n").unwrap();
            }
            sender.send("data: 1\n\n").unwrap();
            std::future::pending::<()>().await;
        });
        let mut events = chunks.eventsource().idle_timeout(Duration::from_secs(10));
        assert_eq!(events.next().await.unwrap().unwrap().data, "1");
        assert_eq!(start.elapsed().as_secs(), 27);
        assert_eq!(events.next().await, Some(Err(Error::Idle)));
        assert_eq!(start.elapsed().as_secs(), 37);
        assert!(events.is_terminated());
        assert_eq!(events.next().await, None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_reader_is_not_an_idle_stream() {
        let (sender, chunks) = support::channel();
        let mut events = chunks.eventsource().idle_timeout(Duration::from_secs(10));
        assert_eq!(events.next().now_or_never(), None);
        sender.send("data: 1\n\n").unwrap();
        // The timer has expired meanwhile, but a chunk is ready.
        advance(Duration::from_secs(60)).await;
        assert_eq!(events.next().await.unwrap().unwrap().data, "1");
        advance(Duration::from_secs(60)).await;
        assert_eq!(events.next().now_or_never(), None);
        sender.send("data: 2\n\n").unwrap();
        assert_eq!(events.next().await.unwrap().unwrap().data, "2");
    }

    #[tokio::test(start_paused = true)]
    async fn an_endless_timeout_is_no_overflow() {
        let mut events = silent_after(["data: 1\n\n"]).eventsource().idle_timeout(Duration::MAX);
        assert!(events.next().await.unwrap().is_ok());
        assert_eq!(events.next().now_or_never(), None);
    }
}
