//! edge-http 0.8, as a server: two ways to send a stream, of which [`close_delimited`] is the better.
//!
//! * A response without `Content-Length` goes out in chunks, unless `Connection: close` stands among
//!   its headers or the request's. In chunks a write takes four writes of the socket, and a write
//!   whose future is dropped leaves a broken chunk behind, which nothing can mend.
//! * Without `TCP_NODELAY` the second of those writes may wait until the client acknowledges the first.
//!   `edge_nal_std`'s acceptor does not set it, nor tell its port: accept with `async_io` instead.
//! * The handler cannot see that a client has gone, except by a write that fails, and it may be the
//!   second one after it. [`close_delimited`] takes the socket out and watches it.
//! * `Server::run` has as many places as it has tasks, four by default. Each stream takes one for
//!   as long as it lasts: use `handle_connection`, or make it enough.
//! * It does not link without a driver and a queue of embassy-time, for the timeouts of edge-nal.
//! * Its header is `Transfer-Encoding: Chunked`, with a capital letter that is legal, but that
//!   reqwless 0.14 does not understand.

use crate::feed::{Client, Feed};
use async_io::Async;
use edge_http::io::Error;
use edge_http::io::server::{Connection, Handler, handle_connection};
use edge_nal::TcpSplit;
use edge_nal_std::TcpSocket;
use embedded_io_async::{Read, Write};
use sse_wire::{LAST_EVENT_ID, RESPONSE_HEADERS};
// For the linker: nothing else names the driver.
use embassy_time as _;
use std::convert::Infallible;
use std::fmt::{Debug, Display};
use std::io;
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use tokio::select;
use tokio::task::spawn_local;

/// How many headers a request may have.
const HEADERS: usize = 32;

/// Serves the feed to all who come, each in a task of the surrounding `LocalSet`: edge-http's futures
/// stay on one thread.
///
/// # Errors
/// If no connection can be accepted.
pub async fn serve(listener: &Async<TcpListener>, feed: &Arc<Feed>) -> io::Result<Infallible> {
    loop {
        let (connection, _) = listener.accept().await?;
        spawn_local(serve_connection(connection, Arc::clone(feed)));
    }
}

/// Serves the feed, close-delimited at `/events` and in chunks at `/chunked`, until the client goes.
pub async fn serve_connection(connection: Async<TcpStream>, feed: Arc<Feed>) {
    // Or a write waits until the one before it is acknowledged. If it cannot be had, so be it.
    let _ = connection.get_ref().set_nodelay(true);
    let socket = TcpSocket::new(connection);
    handle_connection::<_, _, HEADERS>(socket, &mut [0; 2048], None, 0, EventStream(feed)).await;
}

struct EventStream(Arc<Feed>);

impl Handler for EventStream {
    type Error<E: Debug> = Error<E>;

    async fn handle<T, const N: usize>(
        &self,
        _: impl Display + Copy,
        connection: &mut Connection<'_, T, N>,
    ) -> Result<(), Error<T::Error>>
    where
        T: Read + Write + TcpSplit,
    {
        let request = connection.headers()?;
        let client = self.0.client(request.headers.get_raw(LAST_EVENT_ID));
        match request.path {
            "/events" => close_delimited(connection, &self.0, client).await,
            "/chunked" => chunked(connection, &self.0, client).await,
            _ => connection.initiate_response(404, None, &[]).await,
        }
    }
}

/// Sends the body as it is, until the client goes.
///
/// # Errors
/// If the head cannot be sent. A stream ends without an error.
pub async fn close_delimited<T, const N: usize>(
    connection: &mut Connection<'_, T, N>,
    feed: &Feed,
    client: Client,
) -> Result<(), Error<T::Error>>
where
    T: Read + Write + TcpSplit,
{
    let [media_type, caching, buffering] = RESPONSE_HEADERS;
    let headers = [media_type, caching, buffering, ("Connection", "close")];
    connection.initiate_response(200, Some("OK"), &headers).await?;
    // Behind the head the socket is ours. edge-http closes it when the handler returns.
    let (mut reader, mut writer) = connection.unbind()?.split();
    select! {
        _ = feed.send_all(client, &mut writer) => {}
        () = closed(&mut reader) => {}
    }
    Ok(())
}

/// Sends what comes as a chunk, until a write fails.
///
/// # Errors
/// If the connection fails, as it does at the latest when the client has gone.
pub async fn chunked<T, const N: usize>(
    connection: &mut Connection<'_, T, N>,
    feed: &Feed,
    client: Client,
) -> Result<(), Error<T::Error>>
where
    T: Read + Write,
{
    connection.initiate_response(200, Some("OK"), &RESPONSE_HEADERS).await?;
    Err(feed.send_all(client, connection).await)
}

/// Waits until the other end is closed. What it says until then has no meaning here.
async fn closed(reader: &mut impl Read) {
    while let Ok(1..) = reader.read(&mut [0; 64]).await {}
}
