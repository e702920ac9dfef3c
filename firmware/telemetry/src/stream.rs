//! The event stream as one client gets it.
//!
//! picoserve takes the stream as a body that is never done, and sse-wire encodes each event into a
//! buffer of fixed size. A client without `Last-Event-ID` gets what the history keeps, then each
//! sample as it is taken. A client that comes back goes on behind the id it sends; if that is not
//! possible, an event of type `gap` says what is missing: `{"first":18,"last":42}`, with `null` for
//! a first one that is not known.

use crate::HISTORY;
use crate::history::{Entry, Position, Reader};
use crate::sampler::{CLIENTS, EVENTS, INTERVAL};
use core::fmt::Write as _;
use core::sync::atomic::Ordering;
use defmt::{error, info};
use embassy_time::{Duration, with_timeout};
use picoserve::extract::FromRequestParts;
use picoserve::io::Write;
use picoserve::request::RequestParts;
use picoserve::response::StatusCode;
use picoserve::response::custom::CustomBody;
use sse_wire::{Event, EventId, KEEP_ALIVE, LAST_EVENT_ID, event_type};

/// How long a client is to wait before it comes back.
const RETRY: core::time::Duration = core::time::Duration::from_secs(2);

/// So that a keep-alive falls into each pause between samples.
const LONGEST_PAUSE: Duration = Duration::from_millis(INTERVAL.as_millis() * 2 / 3);

/// Room for an event: type, id and retry take less than 70 bytes, a sample less than 120.
const EVENT_BUFFER: usize = 192;

/// Two numbers and what is between them.
const ID_BUFFER: usize = 24;

pub struct EventStream {
    position: Position,
    news: Reader,
}

/// A client's stream starts where the client stopped.
impl<'r> FromRequestParts<'r, ()> for EventStream {
    type Rejection = StatusCode;

    async fn from_request_parts(
        (): &'r (),
        request: &RequestParts<'r>,
    ) -> Result<Self, StatusCode> {
        let last_event_id = request.headers().get(LAST_EVENT_ID);
        let last_event_id = last_event_id.map(|id| id.as_raw()).unwrap_or_default();
        let position = HISTORY.with(|history| history.position(last_event_id));
        let news = HISTORY.reader().ok_or(StatusCode::SERVICE_UNAVAILABLE)?;
        Ok(Self { position, news })
    }
}

impl CustomBody for EventStream {
    async fn write_response_body<W: Write>(mut self, mut writer: W) -> Result<(), W::Error> {
        let _client = Client::enter(self.position);
        let mut buffer = [0; EVENT_BUFFER];
        loop {
            match self.encode_next(&mut buffer) {
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
    /// The next event, if there is one.
    fn encode_next<'b>(&mut self, out: &'b mut [u8]) -> Option<&'b [u8]> {
        let (entry, id) = HISTORY.with(|history| {
            let entry = history.next(self.position)?;
            let id = history.id(entry.number());
            Some((entry, id))
        })?;
        // With `flood` it stays where it is.
        if !cfg!(feature = "flood") {
            self.position = Position::After(entry.number());
        }

        let mut digits = heapless::String::<ID_BUFFER>::new();
        write!(digits, "{id}").ok()?;
        let event = Event::new().id(EventId::new(&digits).ok()?).retry(RETRY);
        let encoded = match entry {
            Entry::Sample { sample, .. } => event
                .event_type(event_type!("sample"))
                .data_fmt(format_args!("{sample}"))
                .encode(out),
            Entry::Gap(gap) => {
                event.event_type(event_type!("gap")).data_fmt(format_args!("{gap}")).encode(out)
            }
        };
        match encoded {
            Ok(event) => Some(event),
            Err(error) => {
                error!("cannot encode an event: {}", error);
                None
            }
        }
    }
}

/// Is counted while it lives: picoserve drops the body when the client has gone.
struct Client;

impl Client {
    fn enter(position: Position) -> Self {
        let clients = CLIENTS.fetch_add(1, Ordering::Relaxed) + 1;
        info!("a client came, at {}: {} now", position, clients);
        Self
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let clients = CLIENTS.fetch_sub(1, Ordering::Relaxed) - 1;
        info!("a client has gone: {} now", clients);
    }
}
