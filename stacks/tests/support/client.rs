//! Tests for every client, with a server that sends the stream in many splits.

use crate::common::{Received, growing_buffer};
use sse_wire::{Decoder, EventSource, GrowingBuffer};
use std::fmt::Debug;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::yield_now;

/// All line ends, comments, a field without a colon, an unknown field, multi-byte characters, and an event that is cut
/// off.
const BODY: &str = "\u{feff}event: temp\r\nid: 1\r\nretry: 2500\r\ndata: 23.4 \u{b0}C\r\n\r\n\
    : keep-alive\n\n\
    event: snow \u{2603}\nid: \u{1f9a9}\ndata: one\rdata:  two\r\n: three\ndata\r\n\r\n\
    identity: none of ours\nid: 3\rdata: \u{1f9a9}\u{1f9a9}\r\r\
    data: 0123456789012345678901234567890123456789012345678901234567890123456789\n\n\
    id: 4\ndata: cut o";

/// Type, last event ID and data of the events in `BODY`.
const EVENTS: [[&str; 3]; 4] = [
    ["temp", "1", "23.4 \u{b0}C"],
    ["snow \u{2603}", "\u{1f9a9}", "one\n two\n"],
    ["message", "3", "\u{1f9a9}\u{1f9a9}"],
    ["message", "3", "0123456789012345678901234567890123456789012345678901234567890123456789"],
];

/// How a body is delimited.
#[derive(Clone, Copy, Debug)]
pub enum Coding {
    /// By the end of the connection.
    Close,
    /// In chunks of this length.
    Chunks(usize),
}

impl Coding {
    fn head(self) -> String {
        let delimiter = match self {
            Self::Close => "Connection: close",
            Self::Chunks(_) => "Transfer-Encoding: chunked",
        };
        format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n{delimiter}\r\n\r\n"
        )
    }

    fn encode(self, body: &[u8]) -> Vec<u8> {
        let Self::Chunks(len) = self else { return body.to_vec() };
        let chunks = body
            .chunks(len)
            .map(|chunk| [format!("{:x}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat());
        chunks.collect::<Vec<_>>().concat()
    }

    const fn end(self) -> &'static [u8] {
        match self {
            Self::Close => b"",
            Self::Chunks(_) => b"0\r\n\r\n",
        }
    }
}

/// A connection on the server's side.
pub struct Served {
    connection: TcpStream,
    pub request: String,
}

impl Served {
    /// Accepts a connection, and reads the request.
    pub async fn accept(listener: &TcpListener) -> Self {
        let (mut connection, _) = listener.accept().await.unwrap();
        connection.set_nodelay(true).unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            request.push(connection.read_u8().await.unwrap());
        }
        Self { connection, request: String::from_utf8(request).unwrap() }
    }

    /// Writes `at_a_time` bytes at once, and lets the client run in between.
    pub async fn write(&mut self, bytes: &[u8], at_a_time: usize) {
        for piece in bytes.chunks(at_a_time) {
            self.connection.write_all(piece).await.unwrap();
            yield_now().await;
        }
    }
}

pub async fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

pub type Source = EventSource<GrowingBuffer>;

/// A source that is connecting.
pub fn source() -> Source {
    let mut source = EventSource::new(Decoder::new(growing_buffer()));
    let _ = source.connect(0);
    source
}

/// A client that reads one response from an address.
pub trait Client {
    type Error: Debug;

    async fn read(
        &self,
        address: SocketAddr,
        source: &mut Source,
        on_event: impl FnMut(Received),
    ) -> Result<(), Self::Error>;
}

/// The events do not depend on how chunks and writes split the stream.
pub async fn splits_change_nothing(client: &impl Client) {
    let (listener, address) = listen().await;
    let chunks = [1, 2, 3, 5, 16, 17, 1000].map(Coding::Chunks);
    for coding in [Coding::Close].into_iter().chain(chunks) {
        for at_a_time in [1, 2, 3, 7, 61, 10_000] {
            let serve = async {
                let mut served = Served::accept(&listener).await;
                served.write(coding.head().as_bytes(), 1000).await;
                served.write(&coding.encode(BODY.as_bytes()), at_a_time).await;
                served.write(coding.end(), at_a_time).await;
            };
            let (mut seen, mut source) = (Vec::new(), source());
            let read = client.read(address, &mut source, |event| seen.push(event));
            let ((), end) = tokio::join!(serve, read);
            let decoder = source.decoder();
            assert!(end.is_ok(), "{coding:?}, {at_a_time} at a time: {end:?}");
            let seen: Vec<_> =
                seen.iter().map(|e: &Received| [&*e.event_type, &e.id, &e.data]).collect();
            assert_eq!(seen, EVENTS, "{coding:?}, {at_a_time} at a time");
            assert_eq!(decoder.last_event_id(), b"3");
            assert_eq!(decoder.reconnection_time(), Some(Duration::from_millis(2500)));
            assert!(decoder.is_mid_event());
        }
    }
}

/// The server sends an event only after the previous one was received.
pub async fn events_arrive_as_they_are_sent(client: &impl Client) {
    let (listener, address) = listen().await;
    for coding in [Coding::Close, Coding::Chunks(4), Coding::Chunks(1000)] {
        let (saw, mut seen) = mpsc::unbounded_channel();
        let serve = async {
            let mut served = Served::accept(&listener).await;
            served.write(coding.head().as_bytes(), 1000).await;
            for number in 1..40 {
                let data = "x".repeat(number);
                let event = format!("id: {number}\ndata: {data}\n\n");
                served.write(&coding.encode(event.as_bytes()), 5).await;
                assert_eq!(seen.recv().await, Some(data));
            }
            served.write(coding.end(), 5).await;
        };
        let mut source = source();
        let read = client.read(address, &mut source, |event| saw.send(event.data).unwrap());
        let ((), end) = tokio::join!(serve, read);
        assert!(end.is_ok(), "{coding:?}: {end:?}");
    }
}

/// The connection is lost between two events, within one, and within a chunk. With the same decoder, the next
/// connection continues after the last event.
pub async fn continues_after_the_last_event_id(client: &impl Client) {
    let (listener, address) = listen().await;
    for coding in [Coding::Close, Coding::Chunks(9), Coding::Chunks(1000)] {
        for lost in [0, 1, 3, 8] {
            let serve = async {
                let mut served = Served::accept(&listener).await;
                assert!(!served.request.to_ascii_lowercase().contains("last-event-id"));
                served.write(coding.head().as_bytes(), 1000).await;
                let body = coding.encode(b"id: 1\ndata: a\n\nid: 2\ndata: b\n\n");
                served.write(&body, 1000).await;
                let unfinished = coding.encode(b"id: 3\ndata: lost\n\n");
                served.write(&unfinished[..lost], 1000).await;
                drop(served);

                let mut served = Served::accept(&listener).await;
                let request = served.request.to_ascii_lowercase();
                assert!(request.contains("\r\naccept: text/event-stream\r\n"), "{request}");
                assert!(request.contains("\r\ncache-control: no-cache\r\n"), "{request}");
                assert!(request.contains("\r\nlast-event-id: 2\r\n"), "{request}");
                assert!(request.contains(&format!("\r\nhost: {address}\r\n")), "{request}");
                served.write(coding.head().as_bytes(), 1000).await;
                served.write(&coding.encode(b"data: c\n\n"), 1000).await;
                served.write(coding.end(), 1000).await;
            };
            let mut seen = Vec::new();
            let read = async {
                let mut note = |event: Received| seen.push((event.id, event.data));
                // The result is an error or an end. Only the end of the stream matters.
                let mut source = source();
                let _ = client.read(address, &mut source, &mut note).await;
                let _ = source.connect(0);
                client.read(address, &mut source, &mut note).await.unwrap();
            };
            tokio::join!(serve, read);
            let expected = [("1", "a"), ("2", "b"), ("2", "c")];
            assert_eq!(seen, expected.map(|(id, data)| (id.to_owned(), data.to_owned())));
        }
    }
}

/// A response that is not an event stream is refused, with its status.
pub async fn refused<C: Client>(client: &C) -> Vec<C::Error> {
    let (listener, address) = listen().await;
    let mut errors = Vec::new();
    for head in ["200 OK\r\nContent-Type: text/html", "503 Not now\r\nRetry-After: 7"] {
        let serve = async {
            let mut served = Served::accept(&listener).await;
            let head = format!("HTTP/1.1 {head}\r\nConnection: close\r\n\r\n");
            served.write(head.as_bytes(), 1000).await;
        };
        let mut source = source();
        let read = client.read(address, &mut source, |event| panic!("{event:?}"));
        let ((), end) = tokio::join!(serve, read);
        assert_eq!(source.connect(0), None);
        errors.push(end.unwrap_err());
    }
    errors
}
