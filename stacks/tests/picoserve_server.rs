//! Tests of the picoserve server. Its body ends with the connection, so a plain socket can read it.

#[path = "support/common.rs"]
mod common;
#[path = "support/server.rs"]
mod server;

use common::run;
use stacks::feed::Feed;
use stacks::picoserve_server::{serve, serve_connection};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::spawn_local;

async fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

async fn start(feed: &Arc<Feed>) -> SocketAddr {
    let (listener, address) = listen().await;
    let feed = Arc::clone(feed);
    spawn_local(async move { serve(&listener, &feed).await });
    address
}

#[test]
fn events_arrive_as_they_are_sent() {
    let feed = server::feed();
    run(async { server::live_by_reader(start(&feed).await, &feed).await });
}

#[test]
fn curl_agrees() {
    let feed = server::feed();
    run(async { server::live_by_curl(start(&feed).await, "/events", &feed).await });
}

#[test]
fn continues_after_the_last_event_id() {
    let feed = server::feed();
    run(async { server::continues_after_the_last_event_id(start(&feed).await, &feed).await });
}

#[test]
fn reports_a_gap_until_it_is_received() {
    let feed = server::feed();
    run(async { server::reports_a_gap_until_it_is_received(start(&feed).await, &feed).await });
}

#[test]
fn ends_when_the_client_goes() {
    // Noticed without a write: there is no keep-alive in this time.
    let feed = Arc::new(Feed::new(7, Duration::from_secs(3600)));
    run(async {
        let (listener, address) = listen().await;
        let serve = async {
            let (connection, _) = listener.accept().await.unwrap();
            serve_connection(connection, Arc::clone(&feed)).await;
        };
        tokio::join!(serve, server::visit(address, &feed));
    });
}
