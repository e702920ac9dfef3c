//! Regression tests for faults of other crates, each with the crate's name. Tests of limits are in `limits.rs`.
#![allow(clippy::restriction)]

mod support;

use futures_util::{FutureExt, StreamExt, TryStreamExt};
use sse_wire_http::Eventsource;
use std::time::Duration;
use support::{body, silent_after};

/// eventsource-stream 0.2 panics.
#[test]
fn a_byte_order_mark_at_the_start() {
    for input in [&["\u{FEFF}data: a\n\n"][..], &["\u{FEFF}", "data: a\n\n"]] {
        let events: Vec<_> =
            body(input.to_vec()).eventsource().try_collect().now_or_never().unwrap().unwrap();
        assert_eq!(events[0].data, "a");
    }
}

/// eventsource-stream 0.2 returns no further event.
#[test]
fn bytes_that_are_not_utf8() {
    let events = silent_after([&b"data: \xFF\n\ndata: b\n\n"[..]]).eventsource();
    let data: Vec<_> =
        events.map(|event| event.unwrap().data).take(2).collect().now_or_never().unwrap();
    assert_eq!(data, ["\u{FFFD}", "b"]);
}

/// eventsource-stream 0.2 waits for a byte that may never come.
#[test]
fn a_carriage_return_ends_a_line_at_once() {
    let mut events = silent_after(["data: a\r\r"]).eventsource();
    assert_eq!(events.next().now_or_never().unwrap().unwrap().unwrap().data, "a");
}

/// eventsource-stream 0.2 loses it.
#[test]
fn a_reconnection_time_in_a_block_of_its_own() {
    let mut events = silent_after(["retry: 2500\n\n"]).eventsource();
    assert!(events.next().now_or_never().is_none());
    assert_eq!(events.reconnection_time(), Some(Duration::from_millis(2500)));
}

#[cfg(feature = "client")]
mod client {
    use super::*;
    use http::{HeaderMap, Response};
    use sse_wire_http::{ClientError, EventSource, Incoming, Options, ReadyState, Refused};
    use std::convert::Infallible;
    use std::sync::{Arc, Mutex};

    /// eventsource-client 0.18 forgets it.
    #[tokio::test(start_paused = true)]
    async fn the_id_on_the_second_reconnection() {
        let headers = Arc::new(Mutex::new(Vec::<HeaderMap>::new()));
        let kept = Arc::clone(&headers);
        let connect = move |headers| {
            let mut kept = kept.lock().unwrap();
            kept.push(headers);
            let text = if kept.len() == 1 { "id: 7\ndata: a\n\n" } else { "" };
            let response = Response::builder().header("content-type", "text/event-stream");
            std::future::ready(Ok(response.body(body([text])).unwrap()))
        };
        let mut events = EventSource::new(connect, Options::new().attempts(3));
        while events.next().await.is_some() {}
        let headers = headers.lock().unwrap();
        let ids: Vec<_> = headers.iter().map(|headers| headers.get("last-event-id")).collect();
        assert_eq!(ids[0], None);
        assert_eq!(ids[1..].len(), 3);
        assert!(ids[1..].iter().all(|id| id.is_some_and(|id| id == "7")));
    }

    fn unavailable(
        _: HeaderMap,
    ) -> impl Future<Output = Result<Response<futures_util::stream::Empty<support::Chunk>>, Infallible>>
    {
        let response = Response::builder().status(503).body(futures_util::stream::empty());
        std::future::ready(Ok(response.unwrap()))
    }

    /// sseer 0.3 panics.
    #[tokio::test(start_paused = true)]
    async fn polled_again_after_a_503() {
        let mut events = EventSource::new(unavailable, Options::new().retries_refused(false));
        let error = events.next().await;
        assert!(matches!(error, Some(Err(ClientError::Refused { why: Refused::Status(503), .. }))));
        for _ in 0..3 {
            assert_eq!(events.next().await, None::<Result<Incoming, _>>);
        }
    }

    /// In reqwest-eventsource 0.6 one 503 is final.
    #[tokio::test(start_paused = true)]
    async fn a_503_is_not_final() {
        let mut events = EventSource::new(unavailable, Options::new());
        for _ in 0..20 {
            assert!(events.next().await.unwrap().is_err());
            assert_eq!(events.ready_state(), ReadyState::Connecting);
        }
    }

    /// In reqwest-eventsource 0.6 `max_retries` has no effect.
    #[tokio::test(start_paused = true)]
    async fn the_number_of_attempts() {
        let events = EventSource::new(unavailable, Options::new().attempts(4));
        let items: Vec<Result<Incoming, _>> = events.collect().await;
        assert_eq!(items.len(), 5);
    }
}

#[cfg(feature = "axum-v0.8")]
mod axum {
    use super::*;
    use sse_wire_http::OutEvent;
    use sse_wire_http::axum::Event;

    fn seen(event: Event) -> Vec<String> {
        let events = body([OutEvent::from(event).into_bytes()]).eventsource();
        events.map(|event| event.unwrap().data).collect().now_or_never().unwrap()
    }

    /// axum 0.8 sends two.
    #[test]
    fn crlf_in_data_is_one_line_end() {
        assert_eq!(seen(Event::default().data("a\r\nb")), ["a\nb"]);
    }

    /// axum 0.8 sends none.
    #[test]
    fn empty_data_are_an_event() {
        assert_eq!(seen(Event::default().data("")), [""]);
    }

    /// axum 0.8 panics.
    #[test]
    fn a_type_with_a_line_break() {
        assert_eq!(seen(Event::default().event("a\nb").id("a\0b").data("x")), ["x"]);
    }
}
