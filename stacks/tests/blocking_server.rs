//! Tests of the blocking server with this crate's blocking reader, its async reader, and curl.

#[path = "support/common.rs"]
mod common;
#[path = "support/server.rs"]
mod server;

use common::{Received, growing_buffer, run};
use embedded_io_adapters::std::FromStd;
use sse_wire::io::blocking::EventReader;
use stacks::blocking_server::{serve, serve_connection};
use stacks::feed::Feed;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// Starts a server whose threads end with the test's process.
fn start(feed: &Arc<Feed>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let feed = Arc::clone(feed);
    thread::spawn(move || serve(&listener, &feed));
    address
}

#[test]
fn the_blocking_reader_sees_events_as_they_are_sent() {
    let feed = server::feed();
    let mut connection = TcpStream::connect(start(&feed)).unwrap();
    connection.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    connection.write_all(b"GET /events HTTP/1.1\r\nHost: here\r\n\r\n").unwrap();
    let mut connection = BufReader::new(connection);
    let head: Vec<String> =
        (&mut connection).lines().map(Result::unwrap).take_while(|line| !line.is_empty()).collect();
    assert_eq!(head[0], "HTTP/1.1 200 OK");

    // The reader uses the buffer of the `BufReader`: `Buffered` is not needed.
    let mut reader = EventReader::new(FromStd::new(connection), growing_buffer());
    for (message, received) in server::messages() {
        message.push(&feed);
        let event = reader.next().unwrap().expect("the stream has ended");
        assert_eq!(Received::from(event), received);
    }
}

#[test]
fn events_arrive_as_they_are_sent() {
    let feed = server::feed();
    run(server::live_by_reader(start(&feed), &feed));
}

#[test]
fn curl_agrees() {
    let feed = server::feed();
    run(server::live_by_curl(start(&feed), "/events", &feed));
}

#[test]
fn continues_after_the_last_event_id() {
    let feed = server::feed();
    run(server::continues_after_the_last_event_id(start(&feed), &feed));
}

#[test]
fn reports_a_gap_until_it_is_received() {
    let feed = server::feed();
    run(server::reports_a_gap_until_it_is_received(start(&feed), &feed));
}

#[test]
fn ends_when_the_client_goes() {
    let feed = server::feed();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::scope(|scope| {
        let served = scope.spawn(|| serve_connection(&listener.accept().unwrap().0, &feed));
        run(server::visit(address, &feed));
        assert!(served.join().unwrap().is_err());
    });
}
