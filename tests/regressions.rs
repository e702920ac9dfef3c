//! What other implementations got wrong, each with its name.
#![allow(clippy::restriction, reason = "tests may panic")]

mod support;

use sse_wire::{Decoder, Event, EventId, EventType};
use support::drive::{Way, as_text, cut, feed, feed_all};
use support::oracle::{self, Client, Output};

fn event(event_type: &str, data: &str, last_event_id: &str) -> Output {
    Output::Event {
        event_type: event_type.into(),
        data: data.into(),
        last_event_id: last_event_id.into(),
    }
}

fn decode(chunks: &[&[u8]]) -> Vec<Output> {
    feed_all(&mut Decoder::new([0; 256]), chunks, Way::Next, as_text)
}

/// eventsource-stream panics on a byte order mark, whole or cut.
#[test]
fn byte_order_mark() {
    let stream = b"\xEF\xBB\xBFdata: a\n\n";
    for at in 0..stream.len() {
        assert_eq!(decode(&cut(stream, &[at])), [event("message", "a", "")]);
    }
}

/// eventsource-stream withholds all later events after one bad byte; sse-stream ends the stream.
#[test]
fn bad_utf8_costs_nothing_but_itself() {
    let found = decode(&[b"data: a\xFFb\n\ndata: c\n\n", b"data: \xE2\x82\n\n", b"data: d\n\n"]);
    let expected = ["a\u{FFFD}b", "c", "\u{FFFD}", "d"].map(|data| event("message", data, ""));
    assert_eq!(found, expected);
}

/// sse-stream forgets the id with the event that brought it.
#[test]
fn id_persists() {
    let found = decode(&[b"id: 1\ndata: a\n\ndata: b\n\n", b"event: x\ndata: c\n\n"]);
    let expected = [event("message", "a", "1"), event("message", "b", "1"), event("x", "c", "1")];
    assert_eq!(found, expected);
}

/// sseer loses the last event ID on the second reconnection.
#[test]
fn id_survives_every_reconnection() {
    let mut decoder = Decoder::new([0; 64]);
    feed(&mut decoder, b"id: 1\ndata: a\n\n", Way::Next, as_text);
    for _ in 0..3 {
        decoder.reconnect();
        assert_eq!(decoder.last_event_id(), b"1");
        let found = feed(&mut decoder, b"data: b\n\ndata: cut o", Way::Next, as_text);
        assert_eq!(found, [event("message", "b", "1")]);
    }
}

/// sseer drops a block that has only a reconnection time.
#[test]
fn retry_alone() {
    let mut decoder = Decoder::new([0; 64]);
    assert_eq!(feed(&mut decoder, b"retry: 1500\n\n", Way::Next, as_text), []);
    assert_eq!(decoder.reconnection_time().unwrap().as_millis(), 1500);
}

/// sseer accepts a sign, and others what a parser of numbers accepts.
#[test]
fn retry_is_digits() {
    for value in ["+5", "-5", "5.0", " 5 ", "0x5", "5e3", "5_0", "", "\u{0665}", "5\0"] {
        let mut decoder = Decoder::new([0; 64]);
        let stream = format!("retry:{value}\n\n");
        for byte in stream.as_bytes().chunks(1) {
            feed(&mut decoder, byte, Way::Next, as_text);
        }
        assert_eq!(decoder.reconnection_time(), None, "{value:?}");
    }
}

/// eventsource-client takes a field that is named `comment` for a comment.
#[test]
fn comment_is_not_a_name() {
    let mut tokenizer = sse_wire::Tokenizer::new();
    assert_eq!(tokenizer.next(&mut &b"comment: x\n"[..]), None);
    assert_eq!(decode(&[b"comment: x\ndata: a\n\n"]), [event("message", "a", "")]);
}

/// tokio_sse_codec, async-sse, sse-codec: a CRLF that is cut makes a blank line.
#[test]
fn crlf_cut_in_two() {
    let stream = b"event: x\r\ndata: a\r\ndata: b\r\n\r\n";
    for at in 0..stream.len() {
        assert_eq!(decode(&cut(stream, &[at, 0, 0])), [event("x", "a\nb", "")], "cut at {at}");
    }
}

/// The same: `data` without a colon, and an empty `event`.
#[test]
fn lines_without_a_value() {
    let found = decode(&[b"data\n\ndata\ndata\n\nevent: x\nevent\ndata: a\n\nevent:\ndata: b\n\n"]);
    assert_eq!(found, ["", "\n", "a", "b"].map(|data| event("message", data, "")));
}

/// sse-core's memory never shrinks: a growing buffer gives back what 32 events did not need a quarter
/// of, and at a reconnection all but the id.
#[cfg(feature = "alloc")]
#[test]
fn memory_is_given_back() {
    use sse_wire::GrowingBuffer;

    let mut decoder = Decoder::new(GrowingBuffer::with_limit(1 << 20));
    assert_eq!(decoder.buffer().allocated(), 0);
    // In two chunks, so that the buffer is needed.
    let mut send = |len: usize| {
        let stream = format!(": note\n\nid: 1\ndata: {}", "x".repeat(len));
        assert_eq!(feed(&mut decoder, stream.as_bytes(), Way::Next, as_text), []);
        assert_eq!(feed(&mut decoder, b"\n\n\n", Way::Next, as_text).len(), 1);
        decoder.buffer().allocated()
    };
    assert!((500_000..=1 << 20).contains(&send(500_000)));
    let large = send(10);
    for _ in 2..32 {
        assert_eq!(send(30_000), large, "not yet 32 events");
    }
    for _ in 0..31 {
        assert_eq!(send(30_000), large, "the large event was among the 32 before");
    }
    assert!((60_000..=62_000).contains(&send(30_000)), "twice what they needed");
    for _ in 0..100 {
        assert!((60_000..=62_000).contains(&send(20_000)), "more than a quarter is needed");
    }

    decoder.reconnect();
    assert_eq!(decoder.buffer().allocated(), 1);
    assert_eq!(decoder.last_event_id(), b"1");
}

/// go-sse dispatches at the end of the stream.
#[test]
fn end_of_stream_does_not_dispatch() {
    for stream in ["data: a", "data: a\n", "id: 1\ndata: a\r", "id: 1\n"] {
        let mut decoder = Decoder::new([0; 64]);
        assert_eq!(feed(&mut decoder, stream.as_bytes(), Way::Next, as_text), []);
        assert!(decoder.is_mid_event());
        assert_eq!(decoder.last_event_id(), b"");
    }
}

/// fastify-sse, hono, h3, django-eventstream, fastapi, picoserve: a line break in a value starts a
/// field.
#[test]
fn nothing_is_injected() {
    for line_break in ["\n", "\r", "\r\n"] {
        let attack = format!("x{line_break}data: injected{line_break}{line_break}id: 6");
        assert!(EventType::new(&attack).is_err());
        assert!(EventId::new(&attack).is_err());
        assert!(EventType::from_bytes(attack.as_bytes()).is_err());
        assert!(EventId::from_bytes(attack.as_bytes()).is_err());

        let mut out = [0; 256];
        let bytes = Event::new().comment(&attack).data(&attack).encode(&mut out).unwrap();
        let data = "x\ndata: injected\n\nid: 6";
        let found = oracle::spec(&mut Client::default(), bytes);
        assert_eq!(found, [event("message", data, "")]);
    }
}

/// axum sends nothing for empty data.
#[test]
fn empty_data_is_an_event() {
    let mut out = [0; 16];
    let bytes = Event::new().data("").encode(&mut out).unwrap();
    assert_eq!(decode(&[bytes]), [event("message", "", "")]);
}
