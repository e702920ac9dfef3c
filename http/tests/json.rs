//! Tests of `JsonStream`: values, the end marker, and how a stream can break off; and of `serde` for events.
#![cfg(feature = "json")]
#![allow(clippy::restriction)]

mod support;

use bytes::Bytes;
use futures_util::{FutureExt, Stream, StreamExt, stream};
use serde::Deserialize;
use sse_wire_http::{Error, EventStream, Eventsource, JsonError};
use std::fmt::Debug;
use std::time::Duration;
use support::{body, some_splits};

#[derive(Debug, Deserialize, PartialEq)]
struct Token {
    t: String,
}

/// The results: values as they are, errors as a word.
fn seen<E: Debug>(items: impl Stream<Item = Result<Token, JsonError<E>>>) -> Vec<String> {
    let items = items.map(|item| match item {
        Ok(Token { t }) => t,
        Err(JsonError::Json { data, .. }) => format!("not JSON: {data}"),
        Err(JsonError::Truncated) => "truncated".to_owned(),
        Err(JsonError::Stream(error)) => format!("{error:?}"),
        Err(_) => "unknown".to_owned(),
    });
    items.collect().now_or_never().expect("no item is waited for")
}

#[test]
fn values_come_until_the_end_marker_and_without_the_skipped_types() {
    let input = "event: ping\ndata: {}\n\ndata: {\"t\":\"a\"}\n\ndata: {\ndata: \"t\":\"b\"}\n\n\
                 event: ping\ndata: [DONE]\n\ndata: [DONE]\n\ndata: {\"t\":\"late\"}\n\n";
    for chunks in some_splits(input.as_bytes()).into_iter().step_by(7) {
        let values = body(chunks).eventsource().json::<Token>();
        let values = values.until("[DONE]").skip(|event_type| event_type == b"ping");
        assert_eq!(seen(values), ["a", "b"]);
    }
}

#[test]
fn after_the_end_marker_nothing_is_read() {
    let chunks = stream::iter([Ok::<_, &str>("data: {\"t\":\"a\"}\n\ndata: [DONE]\n\n")])
        .chain(stream::poll_fn(|_| panic!("polled after the end")));
    let mut values = chunks.eventsource().json::<Token>().until("[DONE]");
    assert!(values.next().now_or_never().unwrap().unwrap().is_ok());
    for _ in 0..3 {
        assert!(values.next().now_or_never().unwrap().is_none());
    }
}

#[test]
fn a_stream_that_ends_without_its_marker_is_truncated() {
    let until =
        |input: &'static str| seen(body([input]).eventsource().json::<Token>().until("[DONE]"));
    assert_eq!(until("data: {\"t\":\"a\"}\n\n"), ["a", "truncated"]);
    assert_eq!(until("data: {\"t\":\"a\"}\n\ndata: [DONE]\n"), ["a", "truncated"]);
    assert_eq!(until(""), ["truncated"]);
    assert_eq!(until("data: [DONE]\n\n"), [""; 0]);
}

#[test]
fn a_stream_without_a_marker_is_truncated_only_within_an_event() {
    let json = |input: &'static str| seen(body([input]).eventsource().json::<Token>());
    assert_eq!(json("data: {\"t\":\"a\"}\n\n"), ["a"]);
    assert_eq!(json("data: {\"t\":\"a\"}\n\n: bye\n"), ["a"]);
    assert_eq!(json(""), [""; 0]);
    assert_eq!(json("data: {\"t\":\"a\"}\n\ndata: {\"t\":"), ["a", "truncated"]);
    assert_eq!(json("data: {\"t\":\"a\"}\n"), ["truncated"]);
}

#[test]
fn what_is_not_the_expected_json_is_handed_out_and_the_stream_goes_on() {
    let input =
        "data: {\"error\":\"busy\"}\n\ndata: {\"t\":\"a\"}\n\ndata: \n\ndata: {\"t\":\"b\"}\n\n";
    let values = body([input]).eventsource().json::<Token>();
    assert_eq!(seen(values), ["not JSON: {\"error\":\"busy\"}", "a", "not JSON: ", "b"]);
}

#[test]
fn json_that_is_not_utf8_is_replaced() {
    let values = body([&b"data: {\"t\":\"\xFF\"}\n\n"[..]]).eventsource().json::<Token>();
    assert_eq!(seen(values), ["\u{FFFD}"]);
}

#[test]
fn an_event_that_is_too_long_costs_one_value_and_hides_no_truncation() {
    let input = format!("data: {}\n\ndata: {{\"t\":\"a\"}}\n\n", "x".repeat(80));
    let events = EventStream::with_limit(body([input.clone()]), 64);
    assert_eq!(seen(events.json::<Token>().until("[DONE]")), ["TooLong", "a", "truncated"]);
    let events = EventStream::with_limit(body([input]), 64);
    assert_eq!(seen(events.json::<Token>()), ["TooLong", "a"]);
}

#[test]
fn a_failure_is_told_once_and_not_as_truncation() {
    let chunks = stream::iter([Ok("data: {\"t\":\"a\"}\n\ndata: {"), Err("reset")]);
    let values = chunks.eventsource().json::<Token>().until("[DONE]");
    assert_eq!(seen(values), ["a", "Transport(\"reset\")"]);
}

#[test]
fn a_failure_after_which_the_stream_went_on_hides_no_truncation() {
    let chunks = stream::iter([Err("hiccup"), Ok("data: {\"t\":\"a\"}\n\n")]);
    let values = chunks.eventsource().json::<Token>().until("[DONE]");
    assert_eq!(seen(values), ["Transport(\"hiccup\")", "a", "truncated"]);
}

#[tokio::test(start_paused = true)]
async fn silence_is_no_end_and_no_truncation() {
    let chunks = support::silent_after(["data: {\"t\":\"a\"}\n\ndata: {"]).eventsource();
    let chunks = chunks.idle_timeout(Duration::from_secs(5));
    let mut values = chunks.json::<Token>().until("[DONE]");
    assert_eq!(values.next().await.unwrap().unwrap().t, "a");
    assert!(matches!(values.next().await, Some(Err(JsonError::Stream(Error::Idle)))));
    assert!(values.next().await.is_none());
}

#[cfg(feature = "client")]
mod client {
    use super::*;
    use http::Response;
    use sse_wire_http::{Backoff, ClientError, EventSource, Options};

    /// A client whose connections return these statuses and bodies.
    async fn client(answers: &'static [(u16, &'static str)]) -> Vec<String> {
        let mut answers = answers.iter();
        let connect = move |_| {
            let (status, text) = *answers.next().expect("no further connection");
            let response = Response::builder().status(status);
            let response = response.header("Content-Type", "text/event-stream");
            std::future::ready(Ok(response.body(body([text])).unwrap()))
        };
        let backoff = Backoff::new().reconnection_time(Duration::ZERO).floor(Duration::ZERO);
        let options = Options::new().backoff(backoff).reconnects_after_end(false);
        let values = EventSource::new(connect, options).json::<Token>().until("[DONE]");
        let values = values.map(|item| match item {
            Ok(Token { t }) => t,
            Err(JsonError::Truncated) => "truncated".to_owned(),
            Err(JsonError::Stream(ClientError::Refused { why, .. })) => format!("{why:?}"),
            Err(error) => error.to_string(),
        });
        values.collect().await
    }

    #[tokio::test(start_paused = true)]
    async fn values_end_with_the_marker() {
        assert_eq!(client(&[(200, "data: {\"t\":\"a\"}\n\ndata: [DONE]\n\n")]).await, ["a"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_without_the_marker_is_truncated() {
        assert_eq!(client(&[(200, "data: {\"t\":\"a\"}\n\n")]).await, ["a", "truncated"]);
        let cut = client(&[(200, "data: {\"t\":\"a\"}\n\ndata: {")]).await;
        assert_eq!(cut, ["a", "truncated"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_before_hides_no_truncation() {
        let answers = &[(503, ""), (200, "data: {\"t\":\"a\"}\n\n")];
        assert_eq!(client(answers).await, ["Status(503)", "a", "truncated"]);
        assert_eq!(client(&[(503, ""), (200, "")]).await, ["Status(503)", "truncated"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_final_refusal_is_no_truncation() {
        assert_eq!(client(&[(404, "")]).await, ["Status(404)"]);
    }
}

#[test]
fn an_event_deserializes_its_data() {
    let mut events = body(["data: [1, 2]\n\n"]).eventsource();
    let event = events.next().now_or_never().unwrap().unwrap().unwrap();
    assert_eq!(event.json::<[u8; 2]>().unwrap(), [1, 2]);
    assert!(event.json::<String>().is_err());
    let mut events = body(["data: \"a\"\n\n"]).eventsource().with_data::<Bytes>();
    let event = events.next().now_or_never().unwrap().unwrap().unwrap();
    assert_eq!(event.json::<&str>().unwrap(), "a");
}

#[cfg(feature = "serde")]
#[test]
fn events_survive_a_round_trip_through_serde() {
    use sse_wire_http::{Event, Text};
    let input = "event: tick\nid: é\nretry: 1500\ndata: a\ndata: b\n\ndata: c\n\n";
    let events: Vec<Event> =
        body([input]).eventsource().map(Result::unwrap).collect().now_or_never().unwrap();
    let json = serde_json::to_value(&events).unwrap();
    assert_eq!(
        json,
        serde_json::json!([
            { "event": "tick", "data": "a\nb", "id": "é", "retry": 1500 },
            { "event": "message", "data": "c", "id": "é", "retry": null },
        ])
    );
    assert_eq!(serde_json::from_value::<Vec<Event>>(json.clone()).unwrap(), events);
    let texts: Vec<Event<Text>> = serde_json::from_value(json.clone()).unwrap();
    assert_eq!(texts[0].data, "a\nb");
    assert_eq!(serde_json::to_value(&texts).unwrap(), json);

    let least: Event = serde_json::from_str(r#"{"data":"x"}"#).unwrap();
    assert_eq!(least, Event { data: "x".to_owned(), ..Event::default() });
    assert_eq!(least.event, "message");
}

/// A program that prints a chain of errors prints each text once.
#[test]
fn errors_say_each_cause_once() {
    let inner = std::io::Error::other("reset");
    let error = JsonError::Stream(sse_wire_http::Error::Transport(std::io::Error::other(inner)));
    let mut chain = Vec::new();
    let mut next: Option<&dyn std::error::Error> = Some(&error);
    while let Some(error) = next {
        chain.push(error.to_string());
        next = error.source();
    }
    assert_eq!(chain.join(": ").matches("reset").count(), 1, "{chain:?}");
}
