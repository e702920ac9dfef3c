//! Tests of the edge-http client with servers that send the stream in many splits, and of edge-http's pitfalls.

#[path = "support/client.rs"]
mod client;
#[path = "support/common.rs"]
mod common;

use async_io::Async;
use client::{Client, Served, Source, listen};
use common::{Received, growing_buffer, run};
use edge_http::Method;
use edge_http::io::Error;
use edge_http::io::client::Connection;
use edge_nal_std::Stack;
use embedded_io_async::Read;
use sse_wire::io::asynch::EventReader;
use sse_wire::io::{Buffered, BufferedError};
use sse_wire::{Event, Refused};
use stacks::StreamError;
use stacks::edge_http_client::{read_events, slice_len};
use stacks::feed::Feed;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::yield_now;

struct EdgeHttp;

impl Client for EdgeHttp {
    type Error = StreamError<BufferedError<Error<io::Error>>>;

    async fn read(
        &self,
        address: SocketAddr,
        source: &mut Source,
        mut on_event: impl FnMut(Received),
    ) -> Result<(), Self::Error> {
        let stack = Stack::new();
        read_events(&stack, address, "/events", source, |event| {
            on_event(event.unwrap().into());
            ControlFlow::Continue(())
        })
        .await
    }
}

#[test]
fn splits_change_nothing() {
    run(client::splits_change_nothing(&EdgeHttp));
}

/// Hangs with a slice of two bytes instead of one.
#[test]
fn events_arrive_as_they_are_sent() {
    run(client::events_arrive_as_they_are_sent(&EdgeHttp));
}

#[test]
fn continues_after_the_last_event_id() {
    run(client::continues_after_the_last_event_id(&EdgeHttp));
}

#[test]
fn other_responses_are_refused() {
    let [html, unavailable] = run(client::refused(&EdgeHttp)).try_into().unwrap();
    assert!(matches!(html, StreamError::Refused { why: Refused::ContentType, .. }));
    assert!(matches!(unavailable, StreamError::Refused { why: Refused::Status(503), .. }));
}

/// Pitfall: a read of a chunked body continues until the slice is full, even after a chunk with a complete event.
#[test]
fn a_read_of_chunks_fills_its_slice() {
    run(async {
        let (listener, address) = listen().await;
        let serve = async {
            let mut served = Served::accept(&listener).await;
            let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
            served.write(head, 1000).await;
            served.write(b"9\r\ndata: 1\n\n\r\n", 1000).await;
            served.write(b"9\r\ndata: 2\n\n\r\n", 1000).await;
            served
        };
        let (stack, mut buffer) = (Stack::new(), [0; 1000]);
        let mut connection: Connection<'_, _> = Connection::new(&mut buffer, &stack, address);
        let read = async {
            connection.initiate_request(true, Method::Get, "/", &[]).await.unwrap();
            connection.initiate_response().await.unwrap();
            let mut slice = [0; 16];
            let len = connection.read(&mut slice).await.unwrap();
            slice[..len].to_vec()
        };
        let (_served, bytes) = tokio::join!(serve, read);
        assert_eq!(bytes, b"data: 1\n\ndata: 2");
    });
}

/// Pitfall: the length of a chunk, `13`, comes in two parts, and the future that has read the first one is dropped.
#[test]
fn a_dropped_future_loses_the_stream() {
    run(async {
        let (listener, address) = listen().await;
        let accept = async {
            let mut served = Served::accept(&listener).await;
            let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1";
            served.write(head, 1000).await;
            served
        };
        let (stack, mut buffer) = (Stack::new(), [0; 1000]);
        let mut connection: Connection<'_, _> = Connection::new(&mut buffer, &stack, address);
        let request = async {
            connection.initiate_request(true, Method::Get, "/", &[]).await.unwrap();
            connection.initiate_response().await.unwrap();
        };
        let (mut served, ()) = tokio::join!(accept, request);
        let mut reader = EventReader::new(Buffered::new(connection, [0; 1]), growing_buffer());

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

/// Workaround: the server answers HTTP/1.0 without chunks, and a long slice works.
#[test]
fn http_1_0_keeps_chunks_away() {
    run(async {
        let listener = Async::<TcpListener>::bind(([127, 0, 0, 1], 0)).unwrap();
        let address = listener.get_ref().local_addr().unwrap();
        let feed = Arc::new(Feed::new(7, Duration::from_millis(10)));
        let serve = async {
            let (connection, _) = listener.accept().await.unwrap();
            stacks::edge_http_server::serve_connection(connection, Arc::clone(&feed)).await;
        };
        let read = async {
            let (stack, mut buffer) = (Stack::new(), [0; 1000]);
            let mut connection: Connection<'_, _> = Connection::new(&mut buffer, &stack, address);
            connection.initiate_request(false, Method::Get, "/chunked", &[]).await.unwrap();
            connection.initiate_response().await.unwrap();
            let (head, body) = connection.split();
            assert_eq!(slice_len(&head.headers), 512);
            let mut reader = EventReader::new(Buffered::new(body, [0; 512]), growing_buffer());
            for data in ["1", "22", "333"] {
                feed.push(&Event::new().data(data)).unwrap();
                let event = reader.next().await.unwrap().expect("the stream has ended");
                assert_eq!(event.data_str(), Ok(data));
            }
        };
        tokio::join!(serve, read);
    });
}
