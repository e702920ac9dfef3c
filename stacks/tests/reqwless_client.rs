//! Tests of the reqwless client with servers that send the stream in many splits, and of reqwless's pitfalls.

#[path = "support/client.rs"]
mod client;
#[path = "support/common.rs"]
mod common;

use async_io::Async;
use client::{Client, Served, Source, listen, source};
use common::{Received, growing_buffer, run};
use embedded_io_async::ErrorKind;
use reqwless::Error;
use reqwless::client::HttpClient;
use reqwless::request::Method;
use sse_wire::io::asynch::EventReader;
use sse_wire::{DecodeError, MessageEvent, Refused};
use stacks::feed::Feed;
use stacks::reqwless_client::{TokioNet, read_events};
use stacks::{StreamError, Target};
use std::net::{SocketAddr, TcpListener};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::yield_now;

struct Reqwless;

impl Client for Reqwless {
    type Error = StreamError<Error>;

    async fn read(
        &self,
        address: SocketAddr,
        source: &mut Source,
        mut on_event: impl FnMut(Received),
    ) -> Result<(), Self::Error> {
        let mut client = HttpClient::new(&TokioNet, &TokioNet);
        let mut target = Target::new(&format!("http://{address}/events")).unwrap();
        let mut on_event = |event: Result<MessageEvent<'_>, DecodeError>| {
            on_event(event.unwrap().into());
            ControlFlow::Continue(())
        };
        read_events(&mut client, &mut target, source, &mut on_event).await
    }
}

#[test]
fn splits_change_nothing() {
    run(client::splits_change_nothing(&Reqwless));
}

#[test]
fn events_arrive_as_they_are_sent() {
    run(client::events_arrive_as_they_are_sent(&Reqwless));
}

#[test]
fn continues_after_the_last_event_id() {
    run(client::continues_after_the_last_event_id(&Reqwless));
}

#[test]
fn other_responses_are_refused() {
    let [html, unavailable] = run(client::refused(&Reqwless)).try_into().unwrap();
    assert!(matches!(html, StreamError::Refused { why: Refused::ContentType, .. }));
    assert!(matches!(unavailable, StreamError::Refused { why: Refused::Status(503), .. }));
}

/// Pitfall: reqwless cannot read edge-http's chunked responses.
#[test]
fn chunked_with_a_capital_letter_is_not_understood() {
    run(async {
        let listener = Async::<TcpListener>::bind(([127, 0, 0, 1], 0)).unwrap();
        let address = listener.get_ref().local_addr().unwrap();
        let serve = async {
            let (connection, _) = listener.accept().await.unwrap();
            let feed = Arc::new(Feed::new(7, Duration::from_millis(10)));
            stacks::edge_http_server::serve_connection(connection, feed).await;
        };
        let read = async {
            let mut client = HttpClient::new(&TokioNet, &TokioNet);
            let mut target = Target::new(&format!("http://{address}/chunked")).unwrap();
            let mut end = |_: Result<MessageEvent<'_>, DecodeError>| ControlFlow::Break(());
            read_events(&mut client, &mut target, &mut source(), &mut end).await
        };
        let ((), end) = tokio::join!(serve, read);
        assert!(matches!(end, Err(StreamError::Connection(Error::Codec))), "{end:?}");
    });
}

/// Pitfall: a lost connection is an error or an end, depending on the position.
#[test]
fn a_lost_connection_is_an_error_or_an_end() {
    run(async {
        let (listener, address) = listen().await;
        let mut ends = Vec::new();
        for body in [&b"9\r\ndata: a\n\n\r\n"[..], b"9\r\ndata: a\n"] {
            let serve = async {
                let mut served = Served::accept(&listener).await;
                let head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\
                    Transfer-Encoding: chunked\r\n\r\n";
                served.write(&[head, body].concat(), 1000).await;
            };
            let mut source = source();
            let ((), end) = tokio::join!(serve, Reqwless.read(address, &mut source, drop));
            ends.push(end);
        }
        let aborted = Error::Network(ErrorKind::ConnectionAborted);
        let between_chunks = ends[0].as_ref().unwrap_err().to_string();
        assert_eq!(between_chunks, aborted.to_string());
        assert!(ends[1].is_ok(), "{:?}", ends[1]);
    });
}

/// Pitfall: the length of a chunk, `13`, comes in two parts, and the future that has read the first one is dropped.
#[test]
fn a_dropped_future_loses_the_stream() {
    run(async {
        let (listener, address) = listen().await;
        let url = format!("http://{address}/");
        let mut client = HttpClient::new(&TokioNet, &TokioNet);
        let mut buffer = [0; 1000];
        let accept = async {
            let mut served = Served::accept(&listener).await;
            let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1";
            served.write(head, 1000).await;
            served
        };
        let mut request = client.request(Method::GET, &url).await.unwrap();
        let (mut served, response) = tokio::join!(accept, request.send(&mut buffer));
        let mut reader = EventReader::new(response.unwrap().body().reader(), growing_buffer());

        tokio::select! {
            biased;
            event = reader.next() => panic!("{event:?}"),
            () = yield_now() => {}
        }
        served.write(b"3\r\ndata: thirteen..\n\n\r\n0\r\n\r\n", 1000).await;
        let event = reader.next().await.map(|event| event.map(Received::from));
        assert!(!matches!(event, Ok(Some(_))), "nothing was lost: {event:?}");
    });
}
