//! reqwless 0.14: its body is `BufRead`, over the buffer that was given for the response's head: no
//! `Buffered` is needed.
//!
//! * A future that is dropped while it reads the head of a chunk loses what it has read of it, and
//!   with it the stream. With a server that sends chunks, keep the future of `next` across the
//!   branches of a `select`; do not make a new one each time.
//! * A connection that ends between two chunks, without the last chunk, is an error
//!   (`ConnectionAborted`); one that ends within a chunk is an end. Take both for a lost connection.
//! * `Transfer-Encoding` must be `chunked` in small letters, or the response is an `Error::Codec`;
//!   likewise a chunk with an extension, and trailers. edge-http 0.8 sends `Chunked`.
//! * `Host` lacks the port unless it is set.
//! * What is consumed moves the rest of the buffer to its front. To consume event by event costs the
//!   square of the buffer's length: consume whole chunks.
//! * A body borrows from its request, and that from the headers: the source's headers have to be
//!   copied, because it is changed while the body lasts.
//! * It follows no redirections, and undoes no content coding.
//! * It takes an interim response, as 103, for the response: the client refuses it, or has an `Error::Codec` if more comes in the
//!   same read. Servers seldom send one to a client that did not ask for it.
//! * A 204 that comes with a body, which HTTP forbids, is an `Error::Codec`: the client takes it for a lost connection.

use crate::client::{StreamError, headers, limited, open, receive, reconnect};
use crate::{Handler, Target};
use embedded_io_adapters::tokio_1::FromTokio;
use embedded_nal_async::{AddrType, Dns, TcpConnect};
use reqwless::Error;
use reqwless::client::HttpClient;
use reqwless::request::{Method, RequestBuilder};
use sse_wire::{Buffer, EventSource};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::net::TcpStream;
use url::Position;

/// Connects, and connects again, until the source is closed. `sleep` is that of the runtime.
pub async fn run<T: TcpConnect, D: Dns, B: Buffer>(
    client: &mut HttpClient<'_, T, D>,
    target: &mut Target,
    source: &mut EventSource<B>,
    mut sleep: impl AsyncFnMut(Duration),
    handler: &mut impl Handler<B>,
) {
    let mut wait = source.connect(handler.random());
    while let Some(time) = wait {
        sleep(time).await;
        let end = read_events(client, target, source, handler).await;
        wait = reconnect(source, end, handler);
    }
}

/// Makes one connection, for a source that is connecting, and hands out its events as they come, until it ends.
///
/// # Errors
/// If the connection fails, or the response is no event stream.
pub async fn read_events<T: TcpConnect, D: Dns, B: Buffer>(
    client: &mut HttpClient<'_, T, D>,
    target: &mut Target,
    source: &mut EventSource<B>,
    handler: &mut impl Handler<B>,
) -> Result<(), StreamError<Error>> {
    target.begin(source)?;
    let silence = target.longest_silence();
    let headers = headers(source);
    let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, &**value)).collect();
    loop {
        let url = target.url().clone();
        let authority = &url[Position::BeforeHost..Position::AfterPort];
        let request = limited(silence, client.request(Method::GET, url.as_str())).await?;
        let mut request = request.headers(&headers).host(authority);
        // Room for the head, and then for what is read at a time.
        let mut buffer = [0; 2048];
        let response = limited(silence, request.send(&mut buffer)).await?;
        let location = response.headers().find(|(name, _)| name.eq_ignore_ascii_case("Location"));
        if target.follow(response.status.0, location.map(|(_, value)| value)) {
            continue;
        }
        open(source, response.status.0, response.headers())?;
        handler.open(source, target.url());
        return receive(response.body().reader(), silence, source, handler).await;
    }
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
