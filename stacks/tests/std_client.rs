//! Tests of the client with `std::net` that need no other driver: see `event_source` for the rest.

use sse_wire::{DecodeError, Decoder, EventSource, MessageEvent, ReadyState};
use stacks::std_client::{Closer, read_events, run};
use stacks::{StreamError, Target};
use std::io::{ErrorKind, Read, Write};
use std::net::TcpListener;
use std::ops::ControlFlow;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// A server that answers one request with this response, and returns its URL.
fn server(response: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    thread::spawn(move || {
        let (mut connection, _) = listener.accept().unwrap();
        assert!(connection.read(&mut [0; 1024]).unwrap() > 0);
        connection.write_all(response.as_bytes()).unwrap();
        // Until the client closes the connection.
        let _ = connection.read(&mut [0; 1]);
    });
    url
}

#[test]
fn a_transfer_coding_that_it_cannot_remove_is_an_error() {
    let url = server(
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: gzip, chunked\r\n\r\n\
         9\r\ndata: 1\n\n\r\n0\r\n\r\n",
    );
    let mut source = EventSource::new(Decoder::new([0; 256]));
    assert!(source.connect(0).is_some());
    let mut handler =
        |event: Result<MessageEvent<'_>, DecodeError>| panic!("{:?} is an event", event.unwrap());
    let target = &mut Target::new(&url).unwrap();
    let error = read_events(&Closer::default(), target, &mut source, &mut handler).unwrap_err();
    assert!(
        matches!(&error, StreamError::Connection(error) if error.kind() == ErrorKind::Unsupported),
        "{error}"
    );
}

#[test]
fn the_handler_of_an_event_can_close_the_client() {
    let url =
        server("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\ndata: 2\n\n");
    let (done, is_done) = mpsc::channel();
    thread::spawn(move || {
        let closer = Closer::default();
        let mut events = Vec::new();
        let mut handler = |event: Result<MessageEvent<'_>, DecodeError>| {
            events.push(event.unwrap().data().to_vec());
            closer.close();
            ControlFlow::Continue(())
        };
        let mut source = EventSource::new(Decoder::new([0; 256]));
        let sleep = |time| closer.sleep(time);
        run(&closer, &mut Target::new(&url).unwrap(), &mut source, sleep, &mut handler);
        done.send((events, source.ready_state())).unwrap();
    });
    // A deadlock lasts for ever.
    let (events, state) = is_done.recv_timeout(Duration::from_secs(20)).expect("it ends");
    assert_eq!((events, state), (vec![b"1".to_vec()], ReadyState::Closed));
}
