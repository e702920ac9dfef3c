//! A codec for Server-Sent Events (`text/event-stream`, [WHATWG HTML 9.2][standard]): an encoder, a streaming decoder
//! over a fixed buffer, the standard's client without I/O, and a replay buffer for servers. It is `no_std`, does not
//! allocate or panic, and is zero-copy where the bytes allow it.
//!
//! # Decoding
//!
//! A [`Decoder`] takes the body of a response in chunks of any size and returns [`MessageEvent`]s. It gives the events
//! that a browser gives, for any chunk boundaries, line ends, byte order mark or invalid UTF-8. An event that is too
//! long for the buffer is lost; no other event is.
//!
//! ```
//! use sse_wire::Decoder;
//!
//! let mut decoder = Decoder::new([0; 256]);
//! let mut seen = Vec::new();
//! for mut chunk in [&b"data: 23"[..], b".4\r", b"\n\r\ndata: 23.5\n\n"] {
//!     while let Some(event) = decoder.next(&mut chunk) {
//!         seen.push(event?.data_str()?.to_owned());
//!     }
//! }
//! assert_eq!(seen, ["23.4", "23.5"]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`Decoder::decode`] suits functions that refill their input in a loop and return the event. A [`Tokenizer`] has no
//! buffer, reports comments, and returns an event of any size in pieces. [`Decoder`] documents how large the buffer
//! must be.
//!
//! # Encoding
//!
//! An [`Event`] is built from parts and encoded into a slice, into a vector, or at compile time. No text can inject a
//! field: [`EventType`] and [`EventId`] are validated when they are made, and data and comments are split at line
//! breaks.
//!
//! ```
//! use sse_wire::{Event, EventId, event_type};
//!
//! let event = Event::new().event_type(event_type!("log")).id(EventId::from_u64(7));
//! let mut out = [0; 64];
//! let bytes = event.data("one\rid: 6").encode(&mut out)?;
//! assert_eq!(bytes, b"event: log\nid: 7\ndata: one\ndata: id: 6\n\n");
//! # Ok::<(), sse_wire::BufferTooSmall>(())
//! ```
//!
//! # A client that reconnects
//!
//! An [`EventSource`] is a browser's client without I/O: it returns how long to wait and which headers to send, checks
//! the response, and decodes events from its body. The caller has the socket and the clock. With `std`, and HTTP by
//! hand:
//!
//! ```
//! use sse_wire::{Decoder, EventSource, ReadyState, Response};
//! use std::io::{self, BufRead, BufReader, Error, ErrorKind, Write};
//! use std::net::TcpStream;
//!
//! fn receive(source: &mut EventSource<[u8; 4096]>, address: &str) -> io::Result<()> {
//!     let mut connection = TcpStream::connect(address)?;
//!     write!(connection, "GET / HTTP/1.0\r\nHost: {address}\r\n")?;
//!     for (name, value) in source.headers() {
//!         connection.write_all(&[name.as_bytes(), b": ", value, b"\r\n"].concat())?;
//!     }
//!     connection.write_all(b"\r\n")?;
//!
//!     let mut body = BufReader::new(connection);
//!     let mut line = || {
//!         let mut line = String::new();
//!         body.read_line(&mut line)?;
//!         // A head that is cut off is a failed connection, not a refusal: the client must connect again.
//!         if line.ends_with('\n') { Ok(line) } else { Err(Error::from(ErrorKind::UnexpectedEof)) }
//!     };
//!     let status = line()?.split_whitespace().nth(1).and_then(|status| status.parse().ok());
//!     let mut head = Response::new(status.ok_or(ErrorKind::InvalidData)?);
//!     while let Some((name, value)) = line()?.split_once(':') {
//!         head = head.header(name, value);
//!     }
//!     source.open(&head).map_err(Error::other)?;
//!     while source.ready_state() == ReadyState::Open {
//!         let mut chunk = body.fill_buf()?;
//!         let used = chunk.len();
//!         if used == 0 {
//!             break; // the end of the body
//!         }
//!         while let Some(event) = source.next(&mut chunk) {
//!             match event {
//!                 Ok(event) => println!("{}", event.data_lossy()),
//!                 Err(error) => eprintln!("{error}"), // only this event is lost
//!             }
//! #           source.close();
//!         }
//!         body.consume(used);
//!     }
//!     Ok(())
//! }
//! # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
//! # let address = &*listener.local_addr()?.to_string();
//! # let server = std::thread::spawn(move || {
//! #     let head = b"HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";
//! #     let whole = [&head[..], b"data: 23.4\n\n"].concat();
//! #     // The first connections end before the response, within its status, and within its headers.
//! #     [0, 11, 20, whole.len()].map(|len| {
//! #         let (mut connection, _) = listener.accept().unwrap();
//! #         let lines = BufReader::new(&connection).lines().map_while(Result::ok);
//! #         let request: Vec<_> = lines.take_while(|line| !line.is_empty()).collect();
//! #         connection.write_all(&whole[..len]).unwrap();
//! #         request
//! #     })
//! # });
//!
//! # let random = || 0;
//! let mut source = EventSource::new(Decoder::new([0; 4096]));
//! # let backoff = sse_wire::Backoff::new().floor(std::time::Duration::ZERO);
//! # let backoff = backoff.reconnection_time(std::time::Duration::ZERO);
//! # source = EventSource::with_backoff(source.into_decoder(), backoff);
//! while let Some(wait) = source.connect(random()) {
//!     std::thread::sleep(wait);
//!     if let Err(error) = receive(&mut source, address) {
//!         eprintln!("{error}");
//!     }
//! }
//! # for request in server.join().unwrap() {
//! #     assert_eq!(request[2..], ["Accept: text/event-stream", "Cache-Control: no-cache"]);
//! # }
//! # Ok::<(), Error>(())
//! ```
//!
//! # A server that replays
//!
//! A [`ReplayBuffer`] keeps the latest events in memory of fixed size. Each client has a cursor into it. A client that
//! reconnects continues where it stopped; one that missed events is notified. With `std`, and a thread for each client:
//!
//! ```
//! use sse_wire::{KEEP_ALIVE, LAST_EVENT_ID, Lagged, RESPONSE_HEADERS, ReplayBuffer, Resume};
//! use std::io::{self, BufRead, BufReader, Write};
//! use std::net::TcpStream;
//! use std::sync::{Condvar, Mutex};
//! use std::time::Duration;
//!
//! // Events are pushed with `feed.0.lock().unwrap().push(&event)`, and then `feed.1.notify_all()`.
//! type Feed = (Mutex<ReplayBuffer<[u8; 4096]>>, Condvar);
//!
//! fn serve(mut client: TcpStream, (events, pushed): &Feed) -> io::Result<()> {
//!     let mut lines = BufReader::new(&client).lines().skip(1); // `GET / HTTP/1.1`
//!     let mut id = String::new();
//!     while let Some((name, value)) = lines.next().transpose()?.unwrap_or_default().split_once(':') {
//!         if name.eq_ignore_ascii_case(LAST_EVENT_ID) {
//!             id = value.trim().to_owned();
//!         }
//!     }
//!     let headers = RESPONSE_HEADERS.map(|(name, value)| format!("{name}: {value}\r\n")).concat();
//!     write!(client, "HTTP/1.0 200 OK\r\n{headers}\r\n")?;
//!
//!     let kept = events.lock().unwrap();
//!     let mut cursor = match kept.resume(id.as_bytes()) {
//!         Resume::Exact(cursor) | Resume::Gap { cursor, .. } => cursor,
//!         Resume::Unknown => kept.oldest(),
//!     };
//!     drop(kept);
//!     loop {
//!         let is_idle = |kept: &mut ReplayBuffer<_>| kept.live() == cursor;
//!         let (kept, pause) = (events.lock().unwrap(), Duration::from_secs(15));
//!         let (kept, _) = pushed.wait_timeout_while(kept, pause, is_idle).unwrap();
//!         let bytes = match kept.next(&mut cursor) {
//!             Some(Ok(event)) => event.to_vec(),
//!             Some(Err(Lagged { missed })) => format!("event: gap\ndata: {missed}\n\n").into_bytes(),
//!             None => KEEP_ALIVE.to_vec(),
//!         };
//!         drop(kept);
//!         client.write_all(&bytes)?; // a slow client delays no other client
//!     }
//! }
//! # let epoch = 7;
//!
//! // The epoch differs at each start.
//! let feed: Feed = (Mutex::new(ReplayBuffer::new(epoch, [0; 4096])), Condvar::new());
//! # use sse_wire::Event;
//! # let feed = &*Box::leak(Box::new(feed));
//! # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
//! # let address = listener.local_addr()?;
//! # std::thread::spawn(move || {
//! #     for connection in listener.incoming() {
//! #         std::thread::spawn(move || serve(connection.unwrap(), feed));
//! #     }
//! # });
//! # let get = |id: &str, end: &str| {
//! #     let mut connection = TcpStream::connect(address).unwrap();
//! #     write!(connection, "GET / HTTP/1.0\r\nHost:x\r\nlast-event-id: {id}\r\n\r\n").unwrap();
//! #     let mut lines = BufReader::new(connection).lines().map(Result::unwrap).skip_while(|line| !line.is_empty());
//! #     let mut seen = Vec::new();
//! #     while seen.last().is_none_or(|last| last != end) {
//! #         seen.extend(lines.next());
//! #     }
//! #     seen.join("\n")
//! # };
//! # for number in 1..300 {
//! #     feed.0.lock().unwrap().push(&Event::new().data("x")).unwrap();
//! #     feed.1.notify_all();
//! # }
//! # assert_eq!(get("7-297", "id: 7-299"), "\nid: 7-298\ndata: x\n\nid: 7-299");
//! # assert!(get("7-1", "id: 7-299").starts_with("\nevent: gap\ndata: 1"));
//! # Ok::<(), io::Error>(())
//! ```
//!
//! # Features
//!
//! Features are additive, and none is on by default:
//!
//! * `alloc`: `GrowingBuffer` and `Box` as buffers, `Vec` as output.
//! * `std`: `alloc`, AVX2 detected at run time, faster validation of UTF-8, and `std::io::Write` for [`DataWriter`].
//! * `bytes-v1`: `bytes::BytesMut` as output.
//! * `heapless-v0.9`: `heapless::Vec` as output.
//! * `embedded-io-v0.7` and `embedded-io-async-v0.7`: module `io`, readers and writers.
//! * `defmt`: every public type can be logged, except readers, writers and [`DataWriter`].
//!
//! # Cost
//!
//! Time is linear in the input, for any chunk boundaries. [`Decoder`], [`Event::encode`], [`FormattedEvent`] and
//! [`DataWriter`] document what they copy and when.
//!
//! [standard]: https://html.spec.whatwg.org/multipage/server-sent-events.html
#![no_std]
// `x86_64.rs` is the only file with unsafe code. Without that file, unsafe code is forbidden.
#![cfg_attr(not(all(target_arch = "x86_64", target_feature = "sse2")), forbid(unsafe_code))]
#![cfg_attr(all(target_arch = "x86_64", target_feature = "sse2"), deny(unsafe_code))]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(test, allow(clippy::restriction))]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(any(test, feature = "std"))]
extern crate std;

mod client;
mod copy;
mod decode;
mod encode;
mod escaped;
#[cfg(feature = "_io")]
pub mod io;
mod replay;
mod scan;
#[cfg(all(target_arch = "x86_64", target_feature = "sse2", not(sse_wire_no_vectors)))]
#[allow(unsafe_code)]
mod x86_64;

pub use client::{Backoff, EventSource, ReadyState, Refused, Response, UnsendableId};
#[cfg(feature = "alloc")]
pub use decode::GrowingBuffer;
pub use decode::{
    Buffer, DecodeError, Decoder, Field, LastEventIdError, Lossy, MessageEvent, Progress, Token,
    Tokenizer,
};
pub use encode::{
    BufferTooSmall, DataWriter, Event, EventId, EventType, FormatError, FormattedEvent,
    InvalidField, Output,
};
pub use replay::{Cursor, Lagged, ReplayBuffer, Resume};

/// The media type of an event stream: the value of `Content-Type` in a response and of `Accept` in a request.
pub const CONTENT_TYPE: &str = "text/event-stream";

/// The name of the request header that carries the last event ID.
///
/// Its value is the last event ID as UTF-8. A client omits the header if that ID is empty.
pub const LAST_EVENT_ID: &str = "Last-Event-ID";

/// The headers, name and value, that a server should send with an event stream: the media type, no caching, and no
/// buffering in nginx and in proxies that follow its header.
///
/// `no-transform` ([RFC 9111, 5.2.2.6][no-transform]) keeps proxies and compression layers from compressing the stream.
/// They would delay events until there is enough to compress.
///
/// [no-transform]: https://www.rfc-editor.org/rfc/rfc9111#section-5.2.2.6
pub const RESPONSE_HEADERS: [(&str, &str); 3] = [
    ("Content-Type", CONTENT_TYPE),
    ("Cache-Control", "no-cache, no-transform"),
    ("X-Accel-Buffering", "no"),
];

/// A comment and a blank line. Send it about every 15 seconds: it keeps proxies from closing the connection, and shows
/// when the connection is dead. Clients ignore it.
pub const KEEP_ALIVE: &[u8] = b":\n\n";

/// Prefers short code to fast code: on targets of fewer than 64 bits, and in tests with `--cfg sse_wire_small`.
const SMALL_CODE: bool = cfg!(any(not(target_pointer_width = "64"), sse_wire_small));

/// Whether a microcontroller can load a word from any address and has a divide instruction. The test is atomics, which
/// a Cortex-M0 lacks. A Cortex-M23 has atomics but no such loads: the result is right there, but slower.
const LOADS_WORDS: bool = cfg!(any(
    sse_wire_words,
    all(target_os = "none", target_arch = "arm", target_has_atomic = "ptr")
));

/// For the fuzz target of `x86_64.rs`.
#[cfg(fuzzing)]
#[doc(hidden)]
pub use scan::line_ends;
#[cfg(all(fuzzing, target_arch = "x86_64", target_feature = "sse2", not(sse_wire_no_vectors)))]
#[doc(hidden)]
pub fn from_utf8(bytes: &[u8]) -> Result<&str, core::str::Utf8Error> {
    x86_64::from_utf8(bytes)
}

// The README shows `GrowingBuffer`.
#[cfg(all(doctest, feature = "alloc"))]
#[doc = include_str!("../README.md")]
struct Readme;
