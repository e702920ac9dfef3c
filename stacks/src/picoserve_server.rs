//! A server with picoserve 0.20: the stream is the body of a `CustomResponse`, which lasts as long as the client.
//!
//! * picoserve flushes only at the end of a body: without a flush after each event, the event may never be sent.
//! * It always sends `Connection: close`, and the body without a transfer coding. It notices a disconnect at once, and
//!   drops the body's future.
//! * Its own `EventStream` splits data only at LF and writes names unchanged: a CR in either starts a field. This one
//!   prevents that.
//! * The default timeout for each write is one second: too short for a client with a bad connection.

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

/// The longest time that a client may not accept bytes.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);

/// Serves the feed to all clients, each in a task of the surrounding `LocalSet`, because picoserve's futures are not
/// `Send`.
///
/// # Errors
/// If no connection can be accepted.
pub async fn serve(listener: &TcpListener, feed: &Arc<Feed>) -> io::Result<Infallible> {
    loop {
        let (connection, _) = listener.accept().await?;
        spawn_local(serve_connection(connection, Arc::clone(feed)));
    }
}

/// Serves the feed at `/events` until the client disconnects.
pub async fn serve_connection(connection: TcpStream, feed: Arc<Feed>) {
    let app = Router::new()
        .route("/events", get(events))
        .with_state(EventStream { client: feed.client(None), feed });
    let config = Config::new(Timeouts { write: WRITE_TIMEOUT, ..Timeouts::default() });
    // Without this, an event waits until the previous one is acknowledged. A failure only costs time.
    let _ = connection.set_nodelay(true);
    // An error is a client that has disconnected, or does not speak HTTP.
    let _ = Server::new_tokio(&app, &config, &mut [0; 2048]).serve(connection).await;
}

async fn events(stream: EventStream) -> impl IntoResponse {
    CustomResponse::build(StatusCode::OK).with_headers(RESPONSE_HEADERS).with_body(stream)
}

/// As the router's state, the feed; as the extractor of a request, also the client's position.
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
