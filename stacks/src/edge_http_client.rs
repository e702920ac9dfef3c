//! A client with edge-http 0.8. Its body has only `Read`; `Buffered` adds the buffer that a reader needs.
//!
//! * **Trap**: a read of a chunked body returns only when the slice is full. With a slice of 512 bytes, an event is
//!   received when all 512 bytes have come, perhaps minutes later, and the last events when the stream ends. The length
//!   of an event is unknown, so only a slice of one byte is safe. That costs a call of the decoder for each byte, but
//!   no system call: edge-http itself reads as much as fits after the response's head in the connection's buffer. Other
//!   bodies are not affected, and use the whole buffer.
//! * An HTTP/1.0 request, `initiate_request(false, ..)`, avoids the trap: the server must not answer it with chunks.
//! * Dropping a future that reads a chunked body loses the part of a chunk's head that was read, and with it the
//!   stream. Keep the future of `next` across the branches of a `select`.
//! * Do not send a second request on the connection of a stream: it would read the first body to its end, which never
//!   comes. Make a new connection, as here.
//! * An HTTP/1.1 request without `Content-Length` announces a chunked body, even with GET.
//! * `Host` is not set automatically.
//! * The head of a response is read byte by byte, each with a call of the socket.

use crate::client::{SILENCE, StreamError, headers, open, receive};
use edge_http::io::Error;
use edge_http::io::client::Connection;
use edge_http::{BodyType, Headers, Method};
use edge_nal::TcpConnect;
use sse_wire::io::{Buffered, BufferedError};
use sse_wire::{Buffer, DecodeError, EventSource, MessageEvent};
use std::net::SocketAddr;
use std::ops::ControlFlow;

/// The most headers of a response.
const HEADERS: usize = 32;

/// Reads one response, after the source's last event, and passes on its events until it ends. Does not follow
/// redirections.
///
/// # Errors
/// If the connection fails, or the response is not an event stream.
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

/// The read size, at most 512 bytes, for which no event waits for the next.
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
