//! A program written for reqwest-eventsource 0.6. To switch, one line changes:
//!
//! ```text
//! use reqwest_eventsource::{Event, EventSource, RequestBuilderExt};
//! ```
#![cfg(feature = "reqwest-v0.13")]
#![allow(clippy::restriction)]

#[path = "support/server.rs"]
mod server;

use futures_util::StreamExt;
use sse_wire_http::reqwest::{EventSource, Incoming as Event, RequestBuilderExt};

/// Reads questions and answers until the server has no more.
async fn read(mut source: EventSource) -> Vec<String> {
    let mut log = Vec::new();
    while let Some(event) = source.next().await {
        match event {
            Ok(Event::Open) => log.push("connected".to_owned()),
            Ok(Event::Message(message)) if message.data == "[DONE]" => source.close(),
            Ok(Event::Message(message)) => {
                log.push(format!("{} {}: {}", message.id, message.event, message.data));
            }
            Err(error) => {
                log.push(format!("error: {error}"));
                source.close();
            }
        }
    }
    log
}

#[tokio::test]
async fn a_request_becomes_a_stream_of_events() {
    let server = server::Server::start(|_, request| {
        let key = request.header("authorization").unwrap();
        server::events(format!("event: key\nid: 1\ndata: {key}\n\ndata: [DONE]\n\ndata: late\n\n"))
    })
    .await;
    let client = reqwest::Client::new();
    let source = client.post(&server.url).bearer_auth("k").body("why?").eventsource().unwrap();
    assert_eq!(read(source).await, ["connected", "1 key: Bearer k"]);
    assert_eq!(server.seen()[0].body, "why?");
}

#[tokio::test]
async fn an_error_closes_the_stream() {
    let server = server::Server::start(|_, _| server::status(404)).await;
    let log = read(EventSource::get(&server.url)).await;
    assert_eq!(log, ["error: the response has the status 404, not 200"]);
}
