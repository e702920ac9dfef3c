//! Readers and writers of events over the traits of embedded-io, blocking and async.
//!
//! `asynch` needs feature `embedded-io-async-v0.7`, `blocking` needs `embedded-io-v0.7`. A reader reads the body of a
//! response, a writer writes one. The HTTP stack handles the rest of HTTP.
//!
//! The HTTP stack must remove the transfer coding. Over the bare socket of a response with `Transfer-Encoding:
//! chunked`, the chunk lengths become lines of the stream and damage events.
//! [`Decoder::ignored_lines`](crate::Decoder::ignored_lines) then grows with each chunk.
//!
//! # A client on a device
//!
//! An [`EventSource`](crate::EventSource) needs no reader: the caller has the connection's buffer. The request is
//! HTTP/1.0, so that the server does not use chunked transfer coding:
//!
#![cfg_attr(feature = "embedded-io-async-v0.7", doc = "```")]
#![cfg_attr(not(feature = "embedded-io-async-v0.7"), doc = "```ignore")]
//! use embedded_io_async::{BufRead, Read, Write};
//! use sse_wire::io::{Buffered, BufferedError};
//! use sse_wire::{EventSource, ReadyState, Response};
//!
//! /// One connection, from the request to the end of the body.
//! async fn receive<C: Read + Write>(
//!     source: &mut EventSource<[u8; 512]>,
//!     mut connection: C,
//! ) -> Result<(), BufferedError<C::Error>> {
//!     let io = BufferedError::Io;
//!     connection.write_all(b"GET /events HTTP/1.0\r\n").await.map_err(io)?;
//!     for (name, value) in source.headers() {
//!         for part in [name.as_bytes(), b": ", value, b"\r\n"] {
//!             connection.write_all(part).await.map_err(io)?;
//!         }
//!     }
//!     connection.write_all(b"\r\n").await.map_err(io)?;
//!     connection.flush().await.map_err(io)?;
//!
//!     let mut body = Buffered::new(connection, [0; 256]);
//!     let mut line = [0; 128];
//!     // `HTTP/1.0 200 OK`
//!     let Some(status) = read_line(&mut body, &mut line).await? else { return Ok(()) };
//!     let status = str::from_utf8(status.get(9..12).unwrap_or_default()).unwrap_or_default();
//!     let mut head = Response::new(status.parse().unwrap_or(0));
//!     loop {
//!         let Some(header) = read_line(&mut body, &mut line).await? else { return Ok(()) };
//!         if header.is_empty() {
//!             break;
//!         }
//!         let colon = header.iter().position(|byte| *byte == b':').unwrap_or(header.len());
//!         let (name, value) = header.split_at(colon);
//!         head = head.header(name, value.get(1..).unwrap_or_default());
//!     }
//!     if source.open(&head).is_err_and(|refused| refused.is_temporary()) {
//!         source.retry(head.retry_after());
//!     }
//!     while source.ready_state() == ReadyState::Open {
//!         let mut chunk = body.fill_buf().await?;
//!         let used = chunk.len();
//!         if used == 0 {
//!             break; // the end of the body
//!         }
//!         while let Some(event) = source.next(&mut chunk) {
//!             // Use the event. An error is an event that does not fit into 512 bytes.
//! #           assert_eq!(event.unwrap().data(), b"23.4");
//! #           source.close();
//!         }
//!         body.consume(used);
//!     }
//!     Ok(())
//! }
//!
//! /// A line of the head, without its line end, truncated to `line`; empty at the end of the head. `None`: the head is
//! /// cut off. That is a failed connection, not a refusal: the client must connect again.
//! async fn read_line<'l, R: BufRead>(
//!     body: &mut R,
//!     line: &'l mut [u8],
//! ) -> Result<Option<&'l [u8]>, R::Error> {
//!     let (mut byte, mut len) = ([0], 0);
//!     while body.read(&mut byte).await? == 1 {
//!         if byte == *b"\n" {
//!             return Ok(Some(line[..len].trim_ascii_end()));
//!         }
//!         if let Some(free) = line.get_mut(len) {
//!             (*free, len) = (byte[0], len + 1);
//!         }
//!     }
//!     Ok(None)
//! }
//! # struct Connection<'a> { response: &'a [u8], request: Vec<u8> }
//! # impl embedded_io_async::ErrorType for Connection<'_> { type Error = core::convert::Infallible; }
//! # impl Read for Connection<'_> {
//! #     async fn read(&mut self, out: &mut [u8]) -> Result<usize, Self::Error> {
//! #         let len = out.len().min(self.response.len()).min(7);
//! #         out[..len].copy_from_slice(&self.response[..len]);
//! #         self.response = &self.response[len..];
//! #         Ok(len)
//! #     }
//! # }
//! # impl Write for Connection<'_> {
//! #     async fn write(&mut self, bytes: &[u8]) -> Result<usize, Self::Error> {
//! #         self.request.extend(bytes);
//! #         Ok(bytes.len())
//! #     }
//! #     async fn flush(&mut self) -> Result<(), Self::Error> { Ok(()) }
//! # }
//! # let mut source = EventSource::new(sse_wire::Decoder::new([0; 512]));
//! # for (response, state) in [
//! #     (&b""[..], ReadyState::Connecting),
//! #     (b"HTTP/1.0 20", ReadyState::Connecting),
//! #     (b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n", ReadyState::Connecting),
//! #     (b"HTTP/1.0 503 Busy\r\nRetry-After: 1\r\n\r\n", ReadyState::Connecting),
//! #     (b"HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\n\r\n: hi\n\ndata: 23.4\n\n", ReadyState::Closed),
//! # ] {
//! #     source.connect(0).unwrap();
//! #     let connection = Connection { response, request: Vec::new() };
//! #     embassy_futures::block_on(receive(&mut source, connection)).unwrap();
//! #     assert_eq!(source.ready_state(), state);
//! # }
//! ```
//!
//! The rest is a loop: [`connect`](crate::EventSource::connect) returns the wait, a timer waits, the network stack
//! connects. `firmware/client` is this client with embassy and with time limits.

// `read` and `write` have everything but the waiting. `blocking` and `asynch` only move bytes between them and the
// connection, so that an interrupted call continues in the same way for both.

#[cfg(feature = "embedded-io-async-v0.7")]
pub mod asynch;
#[cfg(feature = "embedded-io-v0.7")]
pub mod blocking;
mod buffered;
mod read;
mod write;

pub use buffered::{Buffered, BufferedError};
pub use read::{ReadError, Received};
pub use write::{Encode, WriteError};
