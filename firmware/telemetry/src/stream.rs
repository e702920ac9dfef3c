//! The event stream as one client gets it.
//!
//! picoserve takes the stream as a body that is never done. A client without `Last-Event-ID` gets what the
//! history keeps, then each sample as it is taken. A client that comes back goes on after the id it sends;
//! if that is not possible, an event of type `gap` says how many samples are missing: `{"missed":25}`, or
//! `null` if that is not known. It has no id, so that a client that loses it is told again.

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
use sse_wire::{Cursor, Event, FormatError, KEEP_ALIVE, LAST_EVENT_ID, Lagged, Resume, event_type};

/// The time after which a client should come back.
pub const RETRY: core::time::Duration = core::time::Duration::from_secs(2);

/// So that a keep-alive falls into each pause between samples.
const LONGEST_PAUSE: Duration = Duration::from_millis(INTERVAL.as_millis() * 2 / 3);

/// Room for an event: what is around a sample takes 60 bytes at most.
const EVENT_BUFFER: usize = SAMPLE + 60;

pub struct EventStream {
    history: &'static History,
    news: News,
    cursor: Cursor,
    /// The client's id is unknown here, and it must be told so.
    is_unknown: bool,
}

/// A client's stream starts where the client stopped.
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
            // Waits until the client has it: one that is dead is noticed.
            writer.flush().await?;
        }
    }
}

impl EventStream {
    /// Copies the next event to the front of `out`, if there is one.
    fn next<'b>(&mut self, out: &'b mut [u8]) -> Option<&'b [u8]> {
        if core::mem::take(&mut self.is_unknown) {
            return encode_gap(None, out);
        }
        let mut cursor = self.cursor;
        let copied = self.history.with(|samples| match samples.next(&mut cursor)? {
            Ok(event) => {
                out.get_mut(..event.len())?.copy_from_slice(event);
                Some(Ok(event.len()))
            }
            Err(lagged) => Some(Err(lagged)),
        });
        // With `flood` it stays where it is.
        if !cfg!(feature = "flood") || matches!(copied, Some(Err(_))) {
            self.cursor = cursor;
        }
        match copied? {
            Ok(len) => out.get(..len),
            Err(Lagged { missed }) => encode_gap(Some(missed), out),
        }
    }
}

/// So many samples are missing, or there is no telling how many.
fn encode_gap(missed: Option<u64>, out: &mut [u8]) -> Option<&[u8]> {
    let event = Event::new().event_type(event_type!("gap")).retry(RETRY);
    let encoded = match missed {
        Some(missed) => event.data_fmt(format_args!(r#"{{"missed":{missed}}}"#)).encode(out),
        None => event.data(r#"{"missed":null}"#).encode(out).map_err(FormatError::from),
    };
    encoded.inspect_err(|error| error!("cannot encode a gap: {}", error)).ok().map(|event| &*event)
}

/// Is counted while it lives: picoserve drops the body when the client has gone.
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
