//! Tests of the codecs, with `FramedRead` and `FramedWrite`.
#![cfg(feature = "codec")]
#![allow(clippy::restriction)]

mod support;

use bytes::Bytes;
use futures_util::{FutureExt, SinkExt, StreamExt};
use sse_wire::{DecodeError, EventId, event_type};
use sse_wire_http::codec::{EventDecoder, EventEncoder};
use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use support::some_splits;
use tokio::io::{AsyncRead, ReadBuf};
use tokio_util::codec::{FramedRead, FramedWrite};

/// A reader that returns these chunks, and then the end.
struct Chunks(VecDeque<Bytes>);

impl AsyncRead for Chunks {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // An empty one would be the end.
        while self.0.front().is_some_and(Bytes::is_empty) {
            self.0.pop_front();
        }
        if let Some(chunk) = self.0.front_mut() {
            let len = chunk.len().min(buffer.remaining());
            buffer.put_slice(&chunk.split_to(len));
        }
        Poll::Ready(Ok(()))
    }
}

#[test]
fn every_event_comes_wherever_the_reads_end() {
    let input =
        "\u{FEFF}data: a\r\n\r\nevent: e\nid: 1\ndata: b\ndata: c\n\nid: 2\n\ndata: d\n\ndata: cut";
    for chunks in some_splits(input.as_bytes()) {
        let reader = Chunks(chunks.into());
        let mut events = FramedRead::new(reader, EventDecoder::<String>::new());
        for (name, data, id) in [("message", "a", ""), ("e", "b\nc", "1"), ("message", "d", "2")] {
            let event = events.next().now_or_never().unwrap().unwrap().unwrap().unwrap();
            assert_eq!((&*event.event, &*event.data, &*event.id), (name, data, id));
        }
        // The unfinished event is dropped, and is not an error.
        assert!(events.next().now_or_never().unwrap().is_none());
        assert!(events.decoder().decoder().is_mid_event());
    }
}

#[test]
fn events_that_come_in_one_read_are_all_there_at_the_end() {
    let input = "data: x\n\n".repeat(1000);
    let events = FramedRead::new(input.as_bytes(), EventDecoder::<Bytes>::new());
    let events: Vec<_> = events.collect().now_or_never().unwrap();
    assert_eq!(events.len(), 1000);
    assert!(events.into_iter().all(|event| event.unwrap().unwrap().data == "x"));
}

#[test]
fn an_event_that_is_too_long_costs_only_itself() {
    let input = format!("data: 1\n\ndata: {}\n\ndata: 2\n\n", "x".repeat(10_000));
    for size in [1, 7, 100, 20_000] {
        let chunks = input.as_bytes().chunks(size).map(Bytes::copy_from_slice).collect();
        let events = FramedRead::new(Chunks(chunks), EventDecoder::<String>::with_limit(64));
        let data = events.map(|event| event.unwrap().map(|event| event.data));
        let data: Vec<_> = data.collect().now_or_never().unwrap();
        let expected = [Ok("1".to_owned()), Err(DecodeError::EventTooLong), Ok("2".to_owned())];
        assert_eq!(data, expected);
    }
}

#[test]
fn what_a_long_event_took_is_given_back_before_a_wait() {
    use tokio_util::codec::Decoder;
    let mut decoder = EventDecoder::<String>::new();
    let long = "x".repeat(100_000);
    for (input, is_event) in [("data: ", false), (&long, false), ("\n\n", true)] {
        let mut input = bytes::BytesMut::from(input);
        assert_eq!(decoder.decode(&mut input).unwrap().is_some(), is_event);
    }
    assert!(decoder.decoder().buffer().allocated() >= 100_000);
    // No byte is left: `FramedRead` waits.
    assert!(decoder.decode(&mut bytes::BytesMut::new()).unwrap().is_none());
    assert!(decoder.decoder().buffer().allocated() <= 1024);
}

#[test]
fn an_error_of_the_reader_is_that_of_the_codec() {
    struct Broken;
    impl AsyncRead for Broken {
        fn poll_read(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            _: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            Poll::Ready(Err(io::Error::other("broken")))
        }
    }
    let mut events = FramedRead::new(Broken, EventDecoder::<String>::new());
    assert_eq!(events.next().now_or_never().unwrap().unwrap().unwrap_err().to_string(), "broken");
}

#[test]
fn events_are_encoded_one_after_another() {
    let mut frames = FramedWrite::new(Vec::new(), EventEncoder);
    let event = sse_wire::Event::new().event_type(event_type!("e")).data("a\r\nb");
    frames.send(event).now_or_never().unwrap().unwrap();
    frames
        .send(sse_wire::Event::new().id(EventId::from_u64(7)).data(""))
        .now_or_never()
        .unwrap()
        .unwrap();
    assert_eq!(frames.get_ref(), b"event: e\ndata: a\ndata: b\n\nid: 7\ndata: \n\n");
}

#[cfg(feature = "body")]
#[test]
fn events_that_are_encoded_already_are_written_as_they_are() {
    use tokio_util::codec::Encoder;
    let event = sse_wire_http::OutEvent::from(sse_wire::Event::new().data("x"));
    let mut out = bytes::BytesMut::from(": before\n");
    EventEncoder.encode(event, &mut out).unwrap();
    assert_eq!(out, ": before\ndata: x\n\n");
}
