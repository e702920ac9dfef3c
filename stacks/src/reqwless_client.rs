//! reqwless 0.14: its body is `BufRead`, over the buffer that was given for the response's head. A
//! reader needs no `Buffered`, and copies each event from there into the decoder's buffer.
//!
//! * A future that is dropped while it reads the head of a chunk loses what it has read of it, and
//!   with it the stream. With a server that sends chunks, keep the future of `next` across the
//!   branches of a `select`; do not make a new one each time.
//! * A connection that ends between two chunks, without the last chunk, is an error
//!   (`ConnectionAborted`); one that ends within a chunk is an end. Take both for a lost connection.
//! * `Transfer-Encoding` must be `chunked` in small letters, or the response is an `Error::Codec`;
//!   likewise a chunk with an extension, and trailers. edge-http 0.8 sends `Chunked`.
//! * `Host` lacks the port unless it is set, and values of headers are `&str`: an id that is not
//!   UTF-8 cannot be sent back.
//! * Each event that is consumed moves the rest of the buffer to its front. The cost of a large
//!   buffer full of small events grows with its square: a few KiB are right.
//! * A body borrows from its request, so that a reader cannot go on with the next response by
//!   `EventReader::reconnect`: take the decoder out with `EventReader::into_parts`, and make the next
//!   reader with `EventReader::with_decoder`.

use crate::client::{StreamError, check, last_event_id, receive};
use embedded_io_adapters::tokio_1::FromTokio;
use embedded_nal_async::{AddrType, Dns, TcpConnect};
use reqwless::Error;
use reqwless::client::HttpClient;
use reqwless::request::{Method, RequestBuilder};
use sse_wire::{Buffer, CONTENT_TYPE, DecodeError, Decoder, LAST_EVENT_ID, MessageEvent};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::ops::ControlFlow;
use tokio::net::TcpStream;

/// Reads one response, after what the decoder has seen, and hands out its events as they come, until
/// it ends or the caller has had enough. Returns the decoder for the next response.
pub async fn read_events<T: TcpConnect, D: Dns, B: Buffer>(
    client: &mut HttpClient<'_, T, D>,
    url: &str,
    decoder: Decoder<B>,
    on_event: impl FnMut(Result<MessageEvent<'_>, DecodeError>) -> ControlFlow<()>,
) -> (Decoder<B>, Result<(), StreamError<Error>>) {
    let id = last_event_id(&decoder);
    let mut headers = vec![("Accept", CONTENT_TYPE), ("Cache-Control", "no-cache")];
    headers.extend(id.as_deref().map(|id| (LAST_EVENT_ID, id)));
    let authority = url.split('/').nth(2).unwrap_or_default();

    let mut request = match client.request(Method::GET, url).await {
        Ok(request) => request.headers(&headers).host(authority),
        Err(error) => return (decoder, Err(StreamError::Connection(error))),
    };
    // Room for the head, and then for what is read at a time.
    let mut buffer = [0; 2048];
    let response = match request.send(&mut buffer).await {
        Ok(response) => response,
        Err(error) => return (decoder, Err(StreamError::Connection(error))),
    };
    let media_type = response.headers().find(|(name, _)| name.eq_ignore_ascii_case("Content-Type"));
    if let Err(refused) = check(response.status.0, media_type.map(|(_, value)| value)) {
        return (decoder, Err(refused));
    }
    receive(response.body().reader(), decoder, on_event).await
}

/// tokio's network, as reqwless wants to have it. A device has embassy-net here.
#[derive(Clone, Copy, Debug)]
pub struct TokioNet;

impl TcpConnect for TokioNet {
    type Error = io::Error;
    type Connection<'a> = FromTokio<TcpStream>;

    async fn connect(&self, remote: SocketAddr) -> io::Result<FromTokio<TcpStream>> {
        let connection = TcpStream::connect(remote).await?;
        // reqwless writes a request in many pieces.
        connection.set_nodelay(true)?;
        Ok(FromTokio::new(connection))
    }
}

impl Dns for TokioNet {
    type Error = io::Error;

    async fn get_host_by_name(&self, host: &str, _: AddrType) -> io::Result<IpAddr> {
        let mut found = tokio::net::lookup_host((host, 0)).await?;
        found.next().map(|address| address.ip()).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    async fn get_host_by_address(&self, _: IpAddr, _: &mut [u8]) -> io::Result<usize> {
        Err(io::ErrorKind::Unsupported.into())
    }
}
