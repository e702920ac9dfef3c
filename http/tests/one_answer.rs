//! Tests of requests with one answer, such as those to language models: which requests are repeated, and which are not.
#![cfg(all(feature = "client", feature = "json"))]
#![allow(clippy::restriction, reason = "tests may panic")]

use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use http::{HeaderMap, Response};
use sse_wire_http::{Backoff, ClientError, EventSource, JsonError, Options, ReadyState};
use std::cell::Cell;
use std::io;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

type Body = BoxStream<'static, io::Result<&'static str>>;

/// A client whose server returns these answers in turn, and the number of its requests.
fn client(
    answers: impl IntoIterator<Item = (u16, Body)>,
) -> (EventSource<impl sse_wire_http::Connect<Error = io::Error, Body = Body>>, Rc<Cell<u32>>) {
    let mut answers = Vec::from_iter(answers).into_iter();
    let requests = Rc::new(Cell::new(0));
    let count = Rc::clone(&requests);
    let connect = move |_: HeaderMap| {
        count.set(count.get() + 1);
        let (status, body) = answers.next().expect("one answer too few");
        let response =
            Response::builder().status(status).header("Content-Type", "text/event-stream");
        async move { Ok(response.body(body).unwrap()) }
    };
    let backoff = Backoff::new().floor(Duration::ZERO).reconnection_time(Duration::ZERO);
    let options = Options::new().backoff(backoff).idle_timeout(Duration::from_secs(10));
    (EventSource::new(connect, options.reconnects_after_end(false)), requests)
}

fn body(chunks: impl IntoIterator<Item = &'static str>) -> Body {
    stream::iter(Vec::from_iter(chunks).into_iter().map(Ok)).boxed()
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_complete_at_its_marker() {
    let (events, requests) = client([(200, body(["data: 1\n\ndata: [DONE]\n\n"]))]);
    let mut values = pin!(events.json::<u32>().until("[DONE]"));
    assert_eq!(values.next().await.unwrap().unwrap(), 1);
    assert!(values.next().await.is_none());
    assert_eq!(requests.get(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_cut_after_a_refusal_is_reported() {
    for (answer, values_before) in [("data: 1\n\n", 1), ("", 0)] {
        let (events, requests) = client([(503, body([])), (200, body([answer]))]);
        let mut values = pin!(events.json::<u32>().until("[DONE]"));
        let refused = values.next().await.unwrap().unwrap_err();
        assert!(matches!(refused, JsonError::Stream(ClientError::Refused { .. })), "{refused}");
        for _ in 0..values_before {
            assert_eq!(values.next().await.unwrap().unwrap(), 1);
        }
        assert!(matches!(values.next().await, Some(Err(JsonError::Truncated))));
        assert!(values.next().await.is_none());
        assert_eq!(requests.get(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_breaks_off_is_not_asked_for_again() {
    let broken = body(["data: 1\n\nda"]).chain(stream::iter([Err(io::Error::other("reset"))]));
    let silent = body(["data: 1\n\nda"]).chain(stream::pending());
    let cut = body(["data: 1\n\nda"]);
    for (answer, is_truncated) in [(broken.boxed(), false), (silent.boxed(), false), (cut, true)] {
        let (events, requests) = client([(200, answer)]);
        let mut values = events.json::<u32>();
        assert_eq!(values.next().await.unwrap().unwrap(), 1);
        // One error, with the reason.
        match values.next().await {
            Some(Err(JsonError::Stream(_))) => assert!(!is_truncated),
            Some(Err(JsonError::Truncated)) => assert!(is_truncated),
            other => panic!("{other:?}"),
        }
        assert_eq!(values.events().ready_state(), ReadyState::Closed);
        assert!(values.next().await.is_none());
        assert_eq!(requests.get(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_not_answered_in_time_is_not_repeated() {
    let requests = Cell::new(0);
    let connect = |_: HeaderMap| {
        requests.set(requests.get() + 1);
        std::future::pending::<io::Result<Response<Body>>>()
    };
    let options = Options::new().idle_timeout(Duration::from_secs(10)).reconnects_after_end(false);
    let mut values = EventSource::new(connect, options).json::<u32>().until("[DONE]");
    let silent = values.next().await.unwrap().unwrap_err();
    assert!(matches!(silent, JsonError::Stream(ClientError::Idle)), "{silent}");
    assert_eq!(values.events().ready_state(), ReadyState::Closed);
    assert!(values.next().await.is_none());
    assert_eq!(requests.get(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_request_without_an_event_stream_is_repeated() {
    let mut refusals = 0;
    let (events, requests) =
        client([(503, body([])), (429, body([])), (200, body(["data: 1\n\n"]))]);
    let mut values = events.json::<u32>();
    while let Some(value) = values.next().await {
        refusals += u32::from(value.is_err());
    }
    assert_eq!((refusals, requests.get()), (2, 3));
}
