//! A program written for `axum::response::sse`. To switch, one line changes:
//!
//! ```text
//! use axum::response::sse::{Event, KeepAlive, Sse};
//! ```
#![cfg(all(feature = "axum-v0.8", feature = "json"))]
#![allow(clippy::restriction)]

use axum::response::IntoResponse;
use axum::{Router, extract::Path, routing::get};
use futures_util::stream::{self, Stream, StreamExt};
use http_body_util::BodyExt;
use serde::Serialize;
use sse_wire_http::axum::{Event, KeepAlive, Sse};
use std::convert::Infallible;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

#[derive(Serialize)]
struct Step {
    left: u32,
}

async fn countdown(Path(from): Path<u32>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let steps = stream::iter((0..from).rev()).map(|left| {
        let event = Event::default().event("step").id(left.to_string());
        Ok(event.json_data(Step { left }).unwrap())
    });
    let end = stream::iter([Ok(Event::default().data("lift-off").comment("the end"))]);
    Sse::new(steps.chain(end))
        .keep_alive(KeepAlive::new().interval(Duration::from_secs(1)).text("waiting"))
}

async fn failing() -> impl IntoResponse {
    let events = stream::iter([Ok(Event::default().retry(Duration::from_secs(3))), Err("no more")]);
    Sse::new(events).keep_alive(KeepAlive::default())
}

#[tokio::test]
async fn handlers_answer_with_event_streams() {
    let app = Router::new().route("/from/{n}", get(countdown)).route("/failing", get(failing));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    tokio::spawn(async { axum::serve(listener, app).await.unwrap() });
    client.write_all(b"GET /from/1 HTTP/1.0\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.0 200 OK\r\n"), "{answer}");
    let events = "event: step\nid: 0\ndata: {\"left\":0}\n\ndata: lift-off\n: the end\n\n";
    assert!(answer.ends_with(events), "{answer}");

    let response = countdown(Path(2)).await.into_response();
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let expected = "event: step\nid: 1\ndata: {\"left\":1}\n\nevent: step\nid: 0\ndata: {\"left\":0}\n\n\
                    data: lift-off\n: the end\n\n";
    assert_eq!(body, expected);

    let mut body = failing().await.into_response().into_body();
    let frame = body.frame().await.unwrap().unwrap().into_data().unwrap();
    assert_eq!(frame, "retry: 3000\n\n");
    assert_eq!(body.frame().await.unwrap().unwrap_err().to_string(), "no more");
}
