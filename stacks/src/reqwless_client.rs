//! A client with reqwless 0.14. Its body has `BufRead`, in the buffer of the response's head: `Buffered` is not needed.
//!
//! * Dropping a future that reads the head of a chunk loses the part that was read, and with it the stream. If the
//!   server sends chunks, keep the future of `next` across the branches of a `select` instead of making a new one each
//!   time.
//! * A connection that ends between two chunks, without the last chunk, is an error (`ConnectionAborted`); one that
//!   ends within a chunk is an end. Treat both as a lost connection.
//! * `Transfer-Encoding` must be `chunked` in lower case, else the response is an `Error::Codec`; likewise a chunk with
//!   an extension, and trailers. edge-http 0.8 sends `Chunked`.
//! * `Host` lacks the port unless it is set.
//! * Consuming bytes moves the rest of the buffer to its front. Consuming event by event is quadratic in the buffer's
//!   length: consume whole chunks.
//! * A body borrows from its request, and the request from the headers. The source changes while the body lasts, so its
//!   headers must be copied.
//! * It neither follows redirections nor removes a content coding.
//! * It treats an interim response, such as 103, as the response: the client refuses it, or gets an `Error::Codec` if
//!   more bytes come in the same read. Servers seldom send one to a client that did not request it.
//! * A 204 with a body, which HTTP forbids, is an `Error::Codec`: the client treats it as a lost connection.

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

/// Connects and reconnects until the source is closed. `sleep` is that of the runtime.
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

/// Makes one connection for a source that is connecting, and passes on its events until it ends.
///
/// # Errors
/// If the connection fails, or the response is not an event stream.
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
        // For the head, then for each read.
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

/// tokio's network with the traits that reqwless requires. A device uses embassy-net.
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
