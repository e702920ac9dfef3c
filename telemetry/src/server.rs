//! The page at `/` and the event stream at `/events`, one task for each connection.
//!
//! picoserve gets the stream as an endless body. A client without `Last-Event-ID` gets the stored samples, then each
//! new one. A client that reconnects continues after the ID that it sends. If that is impossible, an event of type
//! `gap` says how many samples are missing: `{"missed":25}`, or `null` if the number is unknown. It has no ID, so that
//! a client that loses it is told again.

use crate::args::Args;
use crate::gap::encode_gap;
use picoserve::extract::FromRequestParts;
use picoserve::io::Write;
use picoserve::request::RequestParts;
use picoserve::response::custom::{CustomBody, CustomResponse};
use picoserve::response::{File, StatusCode};
use picoserve::routing::{get, get_service};
use picoserve::{Config, Router, Server, Timeouts};
use sse_wire::{
    Cursor, FormatError, KEEP_ALIVE, LAST_EVENT_ID, Lagged, RESPONSE_HEADERS, ReplayBuffer, Resume,
};
use std::convert::Infallible;
use std::rc::Rc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::spawn_local;
use tokio::time::{sleep, timeout};

/// The latest samples, encoded: about 120.
pub(crate) type History = ReplayBuffer<[u8; 26 * 1024]>;

/// The longest pause without a keep-alive.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// The size of the buffer for a request's head. A browser also sends the cookies of other ports.
const HTTP_BUFFER: usize = 8 * 1024;

/// The size of the buffer for an event: type, ID and retry take less than 100 bytes, a sample about 150.
const EVENT_BUFFER: usize = 512;

/// How long a write may wait for a slow client. A client that closes the connection is noticed at once.
const WRITE_TIMEOUT: picoserve::time::Duration = picoserve::time::Duration::from_secs(10);

const PAGE: File = File::html(include_str!("page.html"));

pub(crate) async fn run(
    listener: TcpListener,
    history: watch::Receiver<History>,
    args: &Args,
) -> Infallible {
    let config = Config::new(Timeouts { write: WRITE_TIMEOUT, ..Timeouts::default() });
    let cursor = history.borrow().oldest();
    let stream = EventStream {
        history,
        cursor,
        is_unknown: false,
        // If samples are a second apart, each pause has one keep-alive.
        keep_alive_after: LONGEST_PAUSE.min(args.interval * 2 / 3),
        drop_after: args.drop_after.map_or(u64::MAX, u64::from),
    };
    let app = Router::new()
        .route("/", get_service(PAGE))
        .route("/events", get(serve_events))
        .with_state(stream);
    let shared = Rc::new((app, config));
    loop {
        let connection = match listener.accept().await {
            Ok((connection, _)) => connection,
            Err(error) => {
                eprintln!("telemetry: cannot accept a connection: {error}");
                // Maybe file descriptors are exhausted, and closing some takes time.
                sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let shared = Rc::clone(&shared);
        spawn_local(async move {
            let (app, config) = &*shared;
            // Small writes should be sent at once. If this fails, they are sent later.
            let _ = connection.set_nodelay(true);
            // An error means that the client is gone, is too slow or does not speak HTTP. The server ignores it.
            let _ = Server::new_tokio(app, config, &mut [0; HTTP_BUFFER]).serve(connection).await;
        });
    }
}

async fn serve_events(stream: EventStream) -> impl picoserve::response::IntoResponse {
    CustomResponse::build(StatusCode::OK).with_headers(RESPONSE_HEADERS).with_body(stream)
}

/// The stream of one client.
#[derive(Clone)]
struct EventStream {
    history: watch::Receiver<History>,
    cursor: Cursor,
    /// The client's ID is unknown, and it must be told so.
    is_unknown: bool,
    keep_alive_after: Duration,
    /// The number of events before the connection is closed.
    drop_after: u64,
}

/// A client's stream is that of the router's state, starting where the client stopped.
impl<'r> FromRequestParts<'r, EventStream> for EventStream {
    type Rejection = Infallible;

    async fn from_request_parts(
        state: &'r EventStream,
        request: &RequestParts<'r>,
    ) -> Result<Self, Infallible> {
        let mut stream = state.clone();
        let history = state.history.borrow();
        stream.cursor = history.oldest();
        if let Some(id) = request.headers().get(LAST_EVENT_ID) {
            match history.resume(id.as_raw()) {
                Resume::Exact(cursor) | Resume::Gap { cursor, .. } => stream.cursor = cursor,
                Resume::Unknown => stream.is_unknown = true,
            }
        }
        Ok(stream)
    }
}

impl CustomBody for EventStream {
    async fn write_response_body<W: Write>(mut self, mut writer: W) -> Result<(), W::Error> {
        let mut buffer = [0; EVENT_BUFFER];
        for _ in 0..self.drop_after {
            let event = loop {
                match self.next(&mut buffer) {
                    Ok(0) => {}
                    Ok(len) => break &buffer[..len],
                    Err(error) => {
                        eprintln!("telemetry: {error}");
                        return Ok(());
                    }
                }
                match timeout(self.keep_alive_after, self.history.changed()).await {
                    Ok(Ok(())) => {}
                    // The sampler has ended, and with it the program.
                    Ok(Err(_)) => return Ok(()),
                    Err(_) => {
                        writer.write_all(KEEP_ALIVE).await?;
                        writer.flush().await?;
                    }
                }
            };
            writer.write_all(event).await?;
            writer.flush().await?;
        }
        Ok(())
    }
}

impl EventStream {
    /// Copies the next event to the front of `out`, if there is one.
    fn next(&mut self, out: &mut [u8]) -> Result<usize, FormatError> {
        if std::mem::take(&mut self.is_unknown) {
            return Ok(encode_gap(None, out)?.len());
        }
        match self.history.borrow_and_update().next(&mut self.cursor) {
            Some(Ok(event)) => {
                out[..event.len()].copy_from_slice(event);
                Ok(event.len())
            }
            Some(Err(Lagged { missed })) => Ok(encode_gap(Some(missed), out)?.len()),
            None => Ok(0),
        }
    }
}
