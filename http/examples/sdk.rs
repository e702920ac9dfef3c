//! An SDK for a language model that streams its answers. The program asks a mock, which is busy, cuts answers off and
//! hangs, prints the results for the user of the SDK, and exits.
#![allow(clippy::restriction, reason = "an example may panic")]

use axum::http::{HeaderMap, StatusCode};
use axum::{Json, response::IntoResponse, response::Response, routing::post};
use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::{Value, json};
use sse_wire_http::axum::{Event, Sse};
use sse_wire_http::reqwest::{EventSource, Options, RequestBuilderExt, RequestError};
use sse_wire_http::{JsonStream, ReadyState::Connecting};
use std::sync::atomic::{AtomicBool, Ordering};
use std::{convert::Infallible, time::Duration};

/// A part of an answer.
#[derive(Debug, serde::Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[allow(dead_code, reason = "the program prints them")]
enum Delta {
    Text { text: String },
    Usage { tokens: u32 },
}

/// Sends a prompt. The request is repeated if the model is busy, but not once the answer has begun.
fn ask(url: &str, key: &str, prompt: &str) -> Result<Answer, RequestError> {
    let request =
        reqwest::Client::new().post(url).bearer_auth(key).json(&json!({ "prompt": prompt }));
    let options = Options::new().limit(1024 * 1024).idle_timeout(Duration::from_secs(1));
    let options = options.attempts(4).reconnects_after_end(false);
    let events = request.eventsource_with(options)?.json().until("[DONE]");
    Ok(Answer(events.skip(|event_type| event_type == b"ping")))
}

/// An answer of the model.
struct Answer(JsonStream<Delta, EventSource>);
impl Answer {
    /// The next part, or the error. `None`: the answer is complete.
    async fn next(&mut self) -> Option<Result<Delta, String>> {
        let error = loop {
            match self.0.next().await? {
                Ok(delta) => return Some(Ok(delta)),
                Err(error) if self.0.events().ready_state() != Connecting => break error,
                Err(error) => println!("  ({error}, trying again)"),
            }
        };
        // A model that refuses a request gives the reason in the body, which may be long, or silent.
        let refused = stream::iter(self.0.events_mut().refused_response());
        let body = refused.flat_map(|refused| refused.into_body()).take(64);
        let body = body.take_until(tokio::time::sleep(Duration::from_secs(5)));
        let body: Vec<_> = body.try_collect().await.unwrap_or_default();
        Some(Err(format!("{error}; {}", String::from_utf8_lossy(&body.concat()))))
    }
}

/// The mock server.
async fn model(headers: HeaderMap, Json(request): Json<Value>) -> Response {
    static IS_BUSY: AtomicBool = AtomicBool::new(true);
    if headers["authorization"] != "Bearer right" {
        return (StatusCode::UNAUTHORIZED, "no such key").into_response();
    } else if IS_BUSY.swap(false, Ordering::Relaxed) {
        return (StatusCode::SERVICE_UNAVAILABLE, [("Retry-After", "1")]).into_response();
    }
    let data = |data| Ok::<_, Infallible>(Event::default().data(data));
    let ping = Ok(Event::default().event("ping").data("{}"));
    let start = stream::iter([ping, data(r#"{"type":"text","text":"Hello"}"#)]);
    let end = stream::iter([data(r#"{"type":"usage","tokens":1}"#), data("[DONE]")]);
    match request["prompt"].as_str() {
        Some("cut") => Sse::new(start).into_response(),
        Some("hang") => Sse::new(start.chain(stream::pending())).into_response(),
        _ => Sse::new(start.chain(end)).into_response(),
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/v1/answers", listener.local_addr()?);
    tokio::spawn(async { axum::serve(listener, post(model)).await });
    let prompts = [("hello", "right"), ("cut", "right"), ("hang", "right"), ("hello", "wrong")];
    for ((prompt, key), last) in prompts.into_iter().zip(["Usage", "cut", "silent", "no such"]) {
        println!("{prompt:?} to {url} with the {key} key");
        let (mut answer, mut latest) = (ask(&url, key, prompt)?, String::new());
        while let Some(delta) = answer.next().await {
            latest = format!("{delta:?}");
            println!("  {latest}");
        }
        assert!(latest.contains(last));
    }
    Ok(())
}
