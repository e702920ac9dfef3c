//! Tests of the edge-http server: close-delimited, with a plain socket; chunked, with edge-http's client and curl.

#[path = "support/common.rs"]
mod common;
#[path = "support/server.rs"]
mod server;

use async_io::Async;
use common::{Received, growing_buffer, run};
use edge_nal_std::Stack;
use sse_wire::{Decoder, EventSource, ReadyState};
use stacks::edge_http_client::read_events;
use stacks::edge_http_server::{serve, serve_connection};
use stacks::feed::Feed;
use std::net::{SocketAddr, TcpListener};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::spawn_local;

fn listen() -> (Async<TcpListener>, SocketAddr) {
    let listener = Async::<TcpListener>::bind(([127, 0, 0, 1], 0)).unwrap();
    let address = listener.get_ref().local_addr().unwrap();
    (listener, address)
}

fn start(feed: &Arc<Feed>) -> SocketAddr {
    let (listener, address) = listen();
    let feed = Arc::clone(feed);
    spawn_local(async move { serve(&listener, &feed).await });
    address
}

/// Receives every message, each pushed after the previous one was received, and closes the connection.
async fn live_by_edge_http(address: SocketAddr, path: &str, feed: &Feed) {
    let messages = server::messages();
    let mut seen: Vec<Received> = Vec::new();
    messages[0].0.push(feed);
    let mut source = EventSource::new(Decoder::new(growing_buffer()));
    let _ = source.connect(0);
    read_events(&Stack::new(), address, path, &mut source, |event| {
        seen.push(event.unwrap().into());
        let Some((message, _)) = messages.get(seen.len()) else {
            return ControlFlow::Break(());
        };
        message.push(feed);
        ControlFlow::Continue(())
    })
    .await
    .unwrap();
    assert_eq!(source.ready_state(), ReadyState::Closed);
    let expected: Vec<Received> = messages.into_iter().map(|(_, received)| received).collect();
    assert_eq!(seen, expected);
}

#[test]
fn close_delimited_events_arrive_as_they_are_sent() {
    let feed = server::feed();
    run(async { server::live_by_reader(start(&feed), &feed).await });
}

#[test]
fn close_delimited_curl_agrees() {
    let feed = server::feed();
    run(async { server::live_by_curl(start(&feed), "/events", &feed).await });
}

#[test]
fn close_delimited_continues_after_the_last_event_id() {
    let feed = server::feed();
    run(async { server::continues_after_the_last_event_id(start(&feed), &feed).await });
}

#[test]
fn close_delimited_reports_a_gap_until_it_is_received() {
    let feed = server::feed();
    run(async { server::reports_a_gap_until_it_is_received(start(&feed), &feed).await });
}

#[test]
fn close_delimited_ends_when_the_client_goes() {
    // Noticed without a write: there is no keep-alive in this time.
    let feed = Arc::new(Feed::new(7, Duration::from_secs(3600)));
    run(async {
        let (listener, address) = listen();
        let serve = async {
            let (connection, _) = listener.accept().await.unwrap();
            serve_connection(connection, Arc::clone(&feed)).await;
        };
        tokio::join!(serve, server::visit(address, &feed));
    });
}

#[test]
fn chunked_events_arrive_as_they_are_sent() {
    let feed = server::feed();
    run(async { live_by_edge_http(start(&feed), "/chunked", &feed).await });
}

#[test]
fn chunked_curl_agrees() {
    let feed = server::feed();
    run(async { server::live_by_curl(start(&feed), "/chunked", &feed).await });
}

#[test]
fn chunked_ends_when_the_client_goes() {
    let feed = server::feed();
    run(async {
        let (listener, address) = listen();
        let serve = async {
            let (connection, _) = listener.accept().await.unwrap();
            serve_connection(connection, Arc::clone(&feed)).await;
        };
        tokio::join!(serve, live_by_edge_http(address, "/chunked", &feed));
    });
}
