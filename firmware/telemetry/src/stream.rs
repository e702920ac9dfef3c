//! The event stream of one client, as an endless response body for picoserve.
//!
//! A client without `Last-Event-ID` gets the stored samples, then each new one. A client that reconnects continues
//! after the ID that it sends. If samples are missing, it gets an event of type `gap` with their number:
//! `{"missed":25}`, or `null` if the number is unknown. This event has no ID, so that a client that loses it is
//! notified again.

use crate::gap::encode_gap;
use crate::history::{History, News};
use crate::sampler::{CLIENTS, EVENTS, INTERVAL, SAMPLE};
use core::sync::atomic::Ordering;
use defmt::{error, info};
use embassy_time::{Duration, with_timeout};
use picoserve::extract::FromRequestParts;
use picoserve::io::Write;
use picoserve::request::RequestParts;
use picoserve::response::StatusCode;
use picoserve::response::custom::CustomBody;
use sse_wire::{Cursor, KEEP_ALIVE, LAST_EVENT_ID, Lagged, Resume};

/// Shorter than the interval, so that a keep-alive is sent in each pause between samples.
const LONGEST_PAUSE: Duration = Duration::from_millis(INTERVAL.as_millis() * 2 / 3);

/// The longest event: a sample, and at most 60 bytes around it.
const EVENT_BUFFER: usize = SAMPLE + 60;

pub struct EventStream {
    history: &'static History,
    news: News,
    cursor: Cursor,
    /// The client's ID is unknown here, and the client must be notified.
    is_unknown: bool,
}

/// The stream starts where the client stopped.
impl<'r> FromRequestParts<'r, &'static History> for EventStream {
    type Rejection = StatusCode;

    async fn from_request_parts(
        &history: &'r &'static History,
        request: &RequestParts<'r>,
    ) -> Result<Self, StatusCode> {
        let news = history.news().ok_or(StatusCode::SERVICE_UNAVAILABLE)?;
        let id = request.headers().get(LAST_EVENT_ID);
        let (cursor, is_unknown) =
            history.with(|samples| match id.map(|id| samples.resume(id.as_raw())) {
                Some(Resume::Exact(cursor) | Resume::Gap { cursor, .. }) => (cursor, false),
                Some(Resume::Unknown) => (samples.oldest(), true),
                None => (samples.oldest(), false),
            });
        Ok(Self { history, news, cursor, is_unknown })
    }
}

impl CustomBody for EventStream {
    async fn write_response_body<W: Write>(mut self, mut writer: W) -> Result<(), W::Error> {
        let _client = Client::enter();
        let mut buffer = [0; EVENT_BUFFER];
        loop {
            match self.next(&mut buffer) {
                Some(event) => {
                    writer.write_all(event).await?;
                    EVENTS.fetch_add(1, Ordering::Relaxed);
                }
                None if with_timeout(LONGEST_PAUSE, self.news.changed()).await.is_ok() => continue,
                None => writer.write_all(KEEP_ALIVE).await?,
            }
            // Waits until the client has received the bytes, which detects a dead client.
            writer.flush().await?;
        }
    }
}

impl EventStream {
    /// Copies the next event, if there is one, to the front of `out`.
    fn next<'b>(&mut self, out: &'b mut [u8]) -> Option<&'b [u8]> {
        if core::mem::take(&mut self.is_unknown) {
            return logged_gap(None, out);
        }
        let mut cursor = self.cursor;
        let copied = self.history.with(|samples| match samples.next(&mut cursor)? {
            Ok(event) => {
                out.get_mut(..event.len())?.copy_from_slice(event);
                Some(Ok(event.len()))
            }
            Err(lagged) => Some(Err(lagged)),
        });
        // With `flood`, the cursor does not advance.
        if !cfg!(feature = "flood") || matches!(copied, Some(Err(_))) {
            self.cursor = cursor;
        }
        match copied? {
            Ok(len) => out.get(..len),
            Err(Lagged { missed }) => logged_gap(Some(missed), out),
        }
    }
}

fn logged_gap(missed: Option<u64>, out: &mut [u8]) -> Option<&[u8]> {
    encode_gap(missed, out).inspect_err(|error| error!("cannot encode a gap: {}", error)).ok()
}

/// Counts a client while it exists: picoserve drops the body when the client disconnects.
struct Client;

impl Client {
    fn enter() -> Self {
        let clients = CLIENTS.fetch_add(1, Ordering::Relaxed) + 1;
        info!("a client came: {} now", clients);
        Self
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let clients = CLIENTS.fetch_sub(1, Ordering::Relaxed) - 1;
        info!("a client has gone: {} now", clients);
    }
}
