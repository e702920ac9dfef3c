//! edge-http 0.8, as a client: its body is `Read` only; `Buffered` gives it the buffer that a reader needs.
//!
//! * **The trap**: a read of a body in chunks returns when the slice is full, and not when there is
//!   something. Over a slice of 512 bytes an event is seen when the 512 bytes are together, perhaps
//!   minutes later, and the last ones when the stream ends. There is no telling how long an event
//!   will be, so only a slice of one byte is safe. It costs a call of the decoder for each byte, but
//!   no system call: edge-http itself reads as much as fits after the response's head in the buffer
//!   of the connection. A body that is not in chunks is not concerned, and gets the whole buffer.
//! * The trap can be kept away: in answer to a request of HTTP/1.0, `initiate_request(false, ..)`, a
//!   server must not send chunks.
//! * Reading a body in chunks survives no dropped future: what was read of a chunk's head is lost,
//!   and with it the stream. Keep the future of `next` across the branches of a `select`.
//! * A connection is not to be used for a second request while a stream lasts: it would read the
//!   first body to its end, which never comes. Reconnect with a new one, as here.
//! * A request of HTTP/1.1 without `Content-Length` announces a body in chunks, with GET too.
//! * `Host` is not set by itself.
//! * The head of a response is read a byte at a time, each with a call of the socket.

use crate::client::{SILENCE, StreamError, headers, open, receive};
use edge_http::io::Error;
use edge_http::io::client::Connection;
use edge_http::{BodyType, Headers, Method};
use edge_nal::TcpConnect;
use sse_wire::io::{Buffered, BufferedError};
use sse_wire::{Buffer, DecodeError, EventSource, MessageEvent};
use std::net::SocketAddr;
use std::ops::ControlFlow;

/// How many headers a response may have.
const HEADERS: usize = 32;

/// Reads one response, after what the source has seen, and hands out its events as they come, until
/// it ends. Redirections are not followed.
///
/// # Errors
/// If the connection fails, or the response is no event stream.
pub async fn read_events<T: TcpConnect, B: Buffer>(
    stack: &T,
    address: SocketAddr,
    path: &str,
    source: &mut EventSource<B>,
    mut on_event: impl FnMut(Result<MessageEvent<'_>, DecodeError>) -> ControlFlow<()>,
) -> Result<(), StreamError<BufferedError<Error<T::Error>>>>
where
    Error<T::Error>: core::error::Error,
{
    let mut buffer = [0; 2048];
    let mut connection: Connection<'_, T, HEADERS> = Connection::new(&mut buffer, stack, address);
    let request = request(&mut connection, address, path, headers(source)).await;
    request.map_err(|error| StreamError::Connection(BufferedError::Io(error)))?;
    let (head, body) = connection.split();
    open(source, head.code, head.headers.iter_raw())?;
    let len = slice_len(&head.headers);
    receive(Buffered::new(body, &mut [0; 512][..len]), SILENCE, source, &mut on_event).await
}

/// How much to read at a time, of at most 512 bytes, so that no event waits for the next.
#[must_use]
pub fn slice_len<const N: usize>(response: &Headers<'_, N>) -> usize {
    match BodyType::from_headers(response.iter()) {
        Some(BodyType::Chunked) => 1,
        _ => 512,
    }
}

async fn request<T: TcpConnect>(
    connection: &mut Connection<'_, T, HEADERS>,
    address: SocketAddr,
    path: &str,
    headers: Vec<(&str, String)>,
) -> Result<(), Error<T::Error>> {
    let host = address.to_string();
    let own = [("Host", &*host), ("Content-Length", "0")];
    let headers = headers.iter().map(|(name, value)| (*name, &**value));
    let headers: Vec<_> = own.into_iter().chain(headers).collect();
    connection.initiate_request(true, Method::Get, path, &headers).await?;
    connection.initiate_response().await
}
