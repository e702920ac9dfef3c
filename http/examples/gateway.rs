//! A gateway for a language model: an axum server that sends requests to a model with reqwest and rewrites each event.
//!
//! The memory for an event is limited, a slow client slows its model down, and a silent model times out. The program
//! sends a few requests to itself, prints the answers and exits. With `--serve` it keeps serving.
#![allow(clippy::restriction, reason = "an example may panic")]

use axum::extract::{Json, State};
use axum::http::{HeaderMap, Response, StatusCode, header::CONTENT_TYPE};
use axum::{Router, body::Body, body::Bytes, response::IntoResponse, routing::post};
use futures_util::{StreamExt, stream};
use sse_wire_http::axum::{Event, KeepAlive, Sse};
use sse_wire_http::reqwest::{Incoming, Options, RequestBuilderExt};
use sse_wire_http::sse_wire::{self, DecodeError, LAST_EVENT_ID, MessageEvent, event_type};
use sse_wire_http::{Rewritten, Sink};
use std::{convert::Infallible, time::Duration};

/// An event of the model.
#[derive(serde::Deserialize)]
struct Completion {
    choices: [Choice; 1],
}
/// The client gets only the delta.
#[derive(serde::Deserialize)]
struct Choice {
    delta: serde_json::Value,
}

/// The gateway for the model at this URL.
pub(crate) fn gateway(model: String) -> Router {
    let client = reqwest::Client::builder().read_timeout(Duration::from_secs(60)).build().unwrap();
    Router::new().route("/chat", post(chat)).with_state((client, model))
}

async fn chat(
    State((client, model)): State<(reqwest::Client, String)>,
    headers: HeaderMap,
    prompt: Bytes,
) -> Result<impl IntoResponse, (StatusCode, String)> {
    let mut request = client.post(model).header(CONTENT_TYPE, "application/json").body(prompt);
    if let Some(id) = headers.get(LAST_EVENT_ID) {
        request = request.header(LAST_EVENT_ID, id);
    }
    let answer = request.send().await.map_err(|e| (StatusCode::BAD_GATEWAY, e.to_string()))?;
    let answer = Response::<reqwest::Body>::from(answer);
    let head = sse_wire::Response::new(answer.status().as_u16());
    let head = answer.headers().iter().fold(head, |head, (name, value)| head.header(name, value));
    if head.check().is_err() {
        return Ok(answer.map(Body::new));
    }
    let events = Rewritten::new(answer.into_body(), 64 * 1024, rewrite);
    let events = events.keep_alive(KeepAlive::new().interval(Duration::from_secs(1)));
    Ok((sse_wire::RESPONSE_HEADERS, Body::new(events)).into_response())
}

pub(crate) fn rewrite(event: Result<MessageEvent<'_>, DecodeError>, client: &mut Sink<'_>) {
    let head = sse_wire::Event::new();
    let data = event.map(|event| event.data()).map_err(|error| error.to_string());
    if data == Ok(b"[DONE]") {
        client.send(&head.event_type(event_type!("done")).data(""));
        return client.end();
    }
    match data.and_then(|data| serde_json::from_slice(data).map_err(|error| error.to_string())) {
        Ok(Completion { choices: [choice] }) => client.send_json(&head, &choice.delta).unwrap(),
        Err(error) => client.send(&head.event_type(event_type!("error")).data(&error)),
    }
}

/// A model that repeats its prompt: `PAUSE` after a pause, and `LONG` in an event that is longer than the limit.
async fn model(Json(words): Json<Vec<String>>) -> impl IntoResponse {
    let tokens = stream::iter(words).then(async |word| {
        tokio::time::sleep(Duration::from_millis(if word == "PAUSE" { 1500 } else { 20 })).await;
        let word = word.replace("LONG", &"long ".repeat(20_000));
        serde_json::json!({ "choices": [{ "delta": { "content": word } }] }).to_string()
    });
    let data = tokens.chain(stream::iter(["[DONE]".into()]));
    Sse::new(data.map(|data| Ok::<_, Infallible>(Event::default().data(data))))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    println!(r#"the gateway is {url}/chat: POST ["some", "words"]"#);
    let app = gateway(format!("{url}/model")).route("/model", post(model));
    let server = tokio::spawn(async { axum::serve(listener, app).await });
    for prompt in [["one", "two"], ["PAUSE", "two"], ["LONG", "two"]] {
        let request = reqwest::Client::new().post(format!("{url}/chat")).json(&prompt);
        let mut answer = request.eventsource_with(Options::new().reconnects_after_end(false))?;
        let mut seen = String::new();
        while let Some(incoming) = answer.next().await {
            let Incoming::Message(event) = incoming? else { continue };
            seen += &format!("  {}: {}\n", event.event, event.data);
        }
        println!("{prompt:?}\n{seen}  {} keep-alives", answer.source().decoder().comments());
        assert!(seen.contains(prompt[0]) != seen.contains("error"));
        assert!(seen.contains("two") && seen.ends_with("done: \n"));
    }
    let serves = std::env::args().any(|arg| arg == "--serve");
    if serves { Ok(server.await??) } else { Ok(()) }
}
