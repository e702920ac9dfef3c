//! A server with edge-http 0.8, in two variants, of which [`close_delimited`] is better.
//!
//! * A response without `Content-Length` is chunked, unless its headers or the request's have `Connection: close`. A
//!   chunked write takes four writes of the socket, and a dropped write leaves a broken chunk, after which the
//!   connection is unusable.
//! * Without `TCP_NODELAY`, the second of those writes may wait until the client acknowledges the first.
//!   `edge_nal_std`'s acceptor neither sets it nor returns its port: accept with `async_io` instead.
//! * The handler notices that a client has disconnected only by a failed write, perhaps the second one.
//!   [`close_delimited`] takes the socket and watches it.
//! * `Server::run` serves as many connections as it has tasks, four by default. Each stream occupies one: use
//!   `handle_connection`, or configure enough tasks.
//! * It needs a driver and a queue of embassy-time to link, for the timeouts of edge-nal.
//! * Its header is `Transfer-Encoding: Chunked`. The capital letter is legal, but reqwless 0.14 does not accept it.

use crate::feed::{Client, Feed};
use async_io::Async;
use edge_http::io::Error;
use edge_http::io::server::{Connection, Handler, handle_connection};
use edge_nal::TcpSplit;
use edge_nal_std::TcpSocket;
use embedded_io_async::{Read, Write};
use sse_wire::{LAST_EVENT_ID, RESPONSE_HEADERS};
// For the linker: nothing else refers to the driver.
use embassy_time as _;
use std::convert::Infallible;
use std::fmt::{Debug, Display};
use std::io;
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use tokio::select;
use tokio::task::spawn_local;

/// The most headers of a request.
const HEADERS: usize = 32;

/// Serves the feed to all clients, each in a task of the surrounding `LocalSet`, because edge-http's futures are not
/// `Send`.
///
/// # Errors
/// If no connection can be accepted.
pub async fn serve(listener: &Async<TcpListener>, feed: &Arc<Feed>) -> io::Result<Infallible> {
    loop {
        let (connection, _) = listener.accept().await?;
        spawn_local(serve_connection(connection, Arc::clone(feed)));
    }
}

/// Serves the feed, close-delimited at `/events` and chunked at `/chunked`, until the client disconnects.
pub async fn serve_connection(connection: Async<TcpStream>, feed: Arc<Feed>) {
    // Without this, a write waits until the previous one is acknowledged. A failure only costs time.
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

/// Sends the body without a transfer coding, until the client disconnects.
///
/// # Errors
/// If the head cannot be sent. The end of a stream is not an error.
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
    // After the head, the socket is ours. edge-http closes it when the handler returns.
    let (mut reader, mut writer) = connection.unbind()?.split();
    select! {
        _ = feed.send_all(client, &mut writer) => {}
        () = closed(&mut reader) => {}
    }
    Ok(())
}

/// Sends each batch as a chunk, until a write fails.
///
/// # Errors
/// If the connection fails, at the latest when the client has disconnected.
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

/// Waits until the peer closes the connection. Ignores input.
async fn closed(reader: &mut impl Read) {
    while let Ok(1..) = reader.read(&mut [0; 64]).await {}
}
