//! picoserve 0.20: the stream is the body of a `CustomResponse`, which lasts as long as the client.
//!
//! * picoserve flushes at the end of a body, and not before: what is not flushed after each event
//!   may never arrive.
//! * It always sends `Connection: close` and the body as it is, without a transfer coding. The
//!   client's end of the connection is noticed at once, and the body's future dropped.
//! * Its own `EventStream` splits data at LF alone and writes names as they are: a CR in either
//!   starts a field. This one cannot.
//! * The timeout for each write is one second by default: too short for a client on a bad line.

use crate::feed::{Client, Feed};
use picoserve::extract::FromRequestParts;
use picoserve::io::Write;
use picoserve::request::RequestParts;
use picoserve::response::custom::{CustomBody, CustomResponse};
use picoserve::response::{IntoResponse, StatusCode};
use picoserve::routing::get;
use picoserve::time::Duration;
use picoserve::{Config, Router, Server, Timeouts};
use sse_wire::{LAST_EVENT_ID, RESPONSE_HEADERS};
use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::spawn_local;

/// How long a client may leave no room for more.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);

/// Serves the feed to all who come, each in a task of the surrounding `LocalSet`: picoserve's futures
/// stay on one thread.
///
/// # Errors
/// If no connection can be accepted.
pub async fn serve(listener: &TcpListener, feed: &Arc<Feed>) -> io::Result<Infallible> {
    loop {
        let (connection, _) = listener.accept().await?;
        spawn_local(serve_connection(connection, Arc::clone(feed)));
    }
}

/// Serves the feed at `/events` until the client goes.
pub async fn serve_connection(connection: TcpStream, feed: Arc<Feed>) {
    let app = Router::new()
        .route("/events", get(events))
        .with_state(EventStream { client: feed.client(None), feed });
    let config = Config::new(Timeouts { write: WRITE_TIMEOUT, ..Timeouts::default() });
    // Or an event waits until the one before it is acknowledged. If it cannot be had, so be it.
    let _ = connection.set_nodelay(true);
    // An error is a client that went away, or does not speak HTTP: its affair.
    let _ = Server::new_tokio(&app, &config, &mut [0; 2048]).serve(connection).await;
}

async fn events(stream: EventStream) -> impl IntoResponse {
    CustomResponse::build(StatusCode::OK).with_headers(RESPONSE_HEADERS).with_body(stream)
}

/// The feed, as the router's state; and from where a client stopped, as what is taken from a request.
#[derive(Clone)]
struct EventStream {
    feed: Arc<Feed>,
    client: Client,
}

impl<'r> FromRequestParts<'r, EventStream> for EventStream {
    type Rejection = Infallible;

    async fn from_request_parts(
        state: &'r EventStream,
        request: &RequestParts<'r>,
    ) -> Result<Self, Infallible> {
        let id = request.headers().get(LAST_EVENT_ID);
        let client = state.feed.client(id.as_ref().map(|id| id.as_raw()));
        Ok(Self { client, ..state.clone() })
    }
}

impl CustomBody for EventStream {
    async fn write_response_body<W: Write>(self, mut writer: W) -> Result<(), W::Error> {
        Err(self.feed.send_all(self.client, &mut writer).await)
    }
}
