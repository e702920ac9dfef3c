//! Tests for every server: its stream, read by this crate, and by curl with another decoder.
//!
//! A message is pushed only after the previous one was received, so that a server that delays events hangs.

use crate::common::{Received, growing_buffer};
use embedded_io_adapters::tokio_1::FromTokio;
use sse_core::{SseDecoder, SseEvent};
use sse_wire::io::Buffered;
use sse_wire::io::asynch::EventReader;
use sse_wire::{Decoder, Event, EventType, GrowingBuffer, KEEP_ALIVE, LAST_EVENT_ID, event_type};
use stacks::feed::Feed;
use std::collections::VecDeque;
use std::io::{ErrorKind, Write};
use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

/// The epoch of the feeds.
const EPOCH: u64 = 7;

const RETRY: Duration = Duration::from_millis(2500);

/// A feed with frequent keep-alives.
pub fn feed() -> Arc<Feed> {
    Arc::new(Feed::new(EPOCH, Duration::from_millis(10)))
}

/// An event without an ID.
#[derive(Clone)]
pub struct Message {
    event_type: Option<EventType<'static>>,
    retry: Option<Duration>,
    data: String,
}

impl Message {
    pub fn push(&self, feed: &Feed) {
        let mut event = Event::new().data(&self.data);
        if let Some(event_type) = self.event_type {
            event = event.event_type(event_type);
        }
        if let Some(time) = self.retry {
            event = event.retry(time);
        }
        feed.push(&event).unwrap();
    }
}

/// The messages to send, and the events to receive.
pub fn messages() -> Vec<(Message, Received)> {
    let large = "0123456789 is larger than any packet ".repeat(3000);
    let messages = [
        (Some(event_type!("temp")), Some(RETRY), "23.4 \u{b0}C", "23.4 \u{b0}C"),
        (None, None, "one\ntwo\rthree\r\nid: 99\r\n\r\n", "one\ntwo\nthree\nid: 99\n\n"),
        (Some(event_type!("large")), None, &large, &large),
        (None, None, "", ""),
        (
            Some(event_type!("snow \u{2603}")),
            None,
            "  two spaces, a : and a \0",
            "  two spaces, a : and a \0",
        ),
    ];
    let numbered = messages.into_iter().zip(1..);
    let messages = numbered.map(|((event_type, retry, data, received), id)| {
        let message = Message { event_type, retry, data: data.to_owned() };
        let event_type = event_type.map_or(&b"message"[..], |event_type| event_type.as_bytes());
        let received = Received {
            event_type: str::from_utf8(event_type).unwrap().to_owned(),
            id: format!("{EPOCH}-{id}"),
            data: received.to_owned(),
        };
        (message, received)
    });
    messages.collect()
}

pub type Reader = EventReader<Buffered<FromTokio<TcpStream>, [u8; 1000]>, GrowingBuffer>;

/// Requests a stream, and returns the body, which ends with the connection.
pub async fn get(
    address: SocketAddr,
    last_event_id: &[u8],
) -> Buffered<FromTokio<TcpStream>, [u8; 1000]> {
    let mut connection = TcpStream::connect(address).await.unwrap();
    let mut request = format!("GET /events HTTP/1.1\r\nHost: {address}\r\n").into_bytes();
    if !last_event_id.is_empty() {
        request.extend([LAST_EVENT_ID.as_bytes(), b": ", last_event_id, b"\r\n"].concat());
    }
    request.extend(b"\r\n");
    connection.write_all(&request).await.unwrap();

    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(connection.read_u8().await.unwrap());
    }
    let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
    assert!(head.starts_with("http/1.1 200 "), "{head}");
    assert!(head.contains("\r\ncontent-type: text/event-stream\r\n"), "{head}");
    assert!(head.contains("\r\ncache-control: no-cache, no-transform\r\n"), "{head}");
    assert!(!head.contains("\r\ntransfer-encoding"), "the body is not plain: {head}");
    Buffered::new(FromTokio::new(connection), [0; 1000])
}

pub async fn next(reader: &mut Reader) -> Received {
    reader.next().await.unwrap().expect("the stream has ended").into()
}

/// This crate's reader receives each event when it is sent.
pub async fn live_by_reader(address: SocketAddr, feed: &Feed) {
    let mut reader = EventReader::new(get(address, b"").await, growing_buffer());
    for (message, received) in messages() {
        message.push(feed);
        assert_eq!(next(&mut reader).await, received);
        assert_eq!(reader.decoder().reconnection_time(), Some(RETRY));
    }
}

/// A client that reconnects receives exactly the events that it missed.
pub async fn continues_after_the_last_event_id(address: SocketAddr, feed: &Feed) {
    let mut reader = EventReader::new(get(address, b"").await, growing_buffer());
    let messages = messages();
    for (message, _) in &messages {
        message.push(feed);
    }
    for (_, received) in &messages[..3] {
        assert_eq!(next(&mut reader).await, *received);
    }
    let id = reader.decoder().last_event_id().to_vec();
    drop(reader.reconnect(get(address, &id).await));
    for (_, received) in &messages[3..] {
        assert_eq!(next(&mut reader).await, *received);
    }
}

/// A client whose events have been dropped receives their number. The notification has no ID: a client that loses the
/// connection after it is notified again.
pub async fn reports_a_gap_until_it_is_received(address: SocketAddr, feed: &Feed) {
    let long = "x".repeat(60_000);
    for _ in 0..9 {
        feed.push(&Event::new().data(&long)).unwrap();
    }
    let mut decoder = Decoder::new(growing_buffer());
    decoder.set_last_event_id(b"7-1").unwrap();
    let mut reader = EventReader::with_decoder(get(address, b"7-1").await, decoder);
    for _ in 0..3 {
        let gap = next(&mut reader).await;
        // Four of the nine fit into 256 KiB.
        let expected = Received {
            event_type: "gap".to_owned(),
            id: "7-1".to_owned(),
            data: r#"{"missed":4}"#.to_owned(),
        };
        assert_eq!(gap, expected);
        let id = reader.decoder().last_event_id().to_vec();
        drop(reader.reconnect(get(address, &id).await));
    }
    let _ = next(&mut reader).await;
    for number in 6..=9 {
        assert_eq!(next(&mut reader).await.id, format!("7-{number}"));
    }

    for id in ["6-9", "7-10", "nonsense"] {
        let mut reader = EventReader::new(get(address, id.as_bytes()).await, growing_buffer());
        let gap = next(&mut reader).await;
        assert_eq!((&*gap.event_type, &*gap.data), ("gap", r#"{"missed":null}"#));
        assert_eq!(next(&mut reader).await.id, "7-6", "all that is kept");
    }
}

/// Receives a first event, and closes the connection.
pub async fn visit(address: SocketAddr, feed: &Feed) {
    let mut reader = EventReader::new(get(address, b"").await, growing_buffer());
    feed.push(&Event::new().data("")).unwrap();
    next(&mut reader).await;
}

/// curl and another crate's decoder receive each event when it is sent, and keep-alives in between.
pub async fn live_by_curl(address: SocketAddr, path: &str, feed: &Feed) {
    let Some(mut curl) = Curl::get(address, path) else { return };
    for (message, received) in messages() {
        let retry = message.retry;
        curl.keep_alive().await;
        message.push(feed);
        if let Some(time) = retry {
            assert_eq!(curl.next().await, SseEvent::Retry(time.as_millis() as u32));
        }
        let SseEvent::Message(event) = curl.next().await else { panic!("another retry") };
        let event = Received {
            event_type: event.event.into_owned(),
            id: event.last_event_id.as_deref().unwrap_or_default().to_owned(),
            data: event.data,
        };
        assert_eq!(event, received);
    }
}

/// `curl -N`, decoded by `sse-core`.
struct Curl {
    child: Child,
    decoder: SseDecoder,
    events: VecDeque<SseEvent>,
    /// The bytes since the last event.
    pause: Vec<u8>,
}

impl Curl {
    fn get(address: SocketAddr, path: &str) -> Option<Self> {
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--no-buffer", "--fail", "--noproxy", "*"]);
        curl.arg(format!("http://{address}{path}"));
        match curl.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true).spawn() {
            Ok(child) => Some(Self {
                child,
                decoder: SseDecoder::new(),
                events: VecDeque::new(),
                pause: Vec::new(),
            }),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                // Bypasses the test's captured output, so that it is shown.
                let _ = writeln!(std::io::stderr(), "SKIPPED, curl is not installed");
                None
            }
            Err(error) => panic!("cannot run curl: {error}"),
        }
    }

    async fn read(&mut self) {
        let mut chunk = [0; 1000];
        let len = self.child.stdout.as_mut().unwrap().read(&mut chunk).await.unwrap();
        assert_ne!(len, 0, "the stream has ended");
        let mut chunk = &chunk[..len];
        self.pause.extend(chunk);
        while let Some(event) = self.decoder.next(&mut chunk) {
            self.events.push_back(event.unwrap());
        }
    }

    /// The next event.
    async fn next(&mut self) -> SseEvent {
        while self.events.is_empty() {
            self.read().await;
        }
        self.pause.clear();
        self.events.pop_front().unwrap()
    }

    /// Waits for a keep-alive.
    async fn keep_alive(&mut self) {
        while !self.pause.windows(KEEP_ALIVE.len()).any(|window| window == KEEP_ALIVE) {
            self.read().await;
        }
        assert!(self.events.is_empty(), "{:?} was not sent", self.events);
    }
}
