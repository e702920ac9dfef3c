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

use crate::client::{StreamError, check, last_event_id, receive};
use edge_http::io::Error;
use edge_http::io::client::Connection;
use edge_http::{BodyType, Headers, Method};
use edge_nal::TcpConnect;
use sse_wire::io::{Buffered, BufferedError};
use sse_wire::{Buffer, CONTENT_TYPE, DecodeError, Decoder, LAST_EVENT_ID, MessageEvent};
use std::net::SocketAddr;
use std::ops::ControlFlow;

/// How many headers a response may have.
const HEADERS: usize = 32;

/// Reads one response, after what the decoder has seen, and hands out its events as they come, until
/// it ends or the caller has had enough. Returns the decoder for the next response.
pub async fn read_events<T: TcpConnect, B: Buffer>(
    stack: &T,
    address: SocketAddr,
    path: &str,
    decoder: Decoder<B>,
    on_event: impl FnMut(Result<MessageEvent<'_>, DecodeError>) -> ControlFlow<()>,
) -> (Decoder<B>, Result<(), StreamError<BufferedError<Error<T::Error>>>>)
where
    Error<T::Error>: core::error::Error,
{
    let mut buffer = [0; 2048];
    let mut connection: Connection<'_, T, HEADERS> = Connection::new(&mut buffer, stack, address);
    if let Err(error) = request(&mut connection, address, path, last_event_id(&decoder)).await {
        return (decoder, Err(StreamError::Connection(BufferedError::Io(error))));
    }
    let (head, body) = connection.split();
    if let Err(refused) = check(head.code, head.headers.get_raw("Content-Type")) {
        return (decoder, Err(refused));
    }
    let len = slice_len(&head.headers);
    receive(Buffered::new(body, &mut [0; 512][..len]), decoder, on_event).await
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
    last_event_id: Option<String>,
) -> Result<(), Error<T::Error>> {
    let host = address.to_string();
    let mut headers = vec![
        ("Host", &*host),
        ("Accept", CONTENT_TYPE),
        ("Cache-Control", "no-cache"),
        ("Content-Length", "0"),
    ];
    headers.extend(last_event_id.as_deref().map(|id| (LAST_EVENT_ID, id)));
    connection.initiate_request(true, Method::Get, path, &headers).await?;
    connection.initiate_response().await
}
