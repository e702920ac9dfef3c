//! Event streams as responses of axum 0.8, under the names that axum has for them.
//!
//! ```
//! use axum::{Router, routing::get};
//! use futures_util::stream::{self, Stream};
//! use sse_wire_http::Hub;
//! use sse_wire_http::axum::{Event, KeepAlive, LastEventId, Sse};
//! use std::convert::Infallible;
//!
//! async fn three() -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
//!     let events = stream::iter(1..=3).map(|n| Ok(Event::default().event("count").data(n.to_string())));
//!     Sse::new(events).keep_alive(KeepAlive::default())
//! }
//! # use futures_util::StreamExt;
//!
//! let hub = Hub::new(64 * 1024);
//! let live = hub.clone();
//! let app: Router = Router::new()
//!     .route("/three", get(three))
//!     .route("/live", get(async move |id: LastEventId| Sse::new(live.subscribe(id.as_deref()))));
//! // After `hub.close()`, axum's graceful shutdown does not wait for the streams of the hub.
//! ```

use crate::body::EventBody;
pub use crate::body::KeepAlive;
use crate::out_event::{OutEvent, append_lines};
use axum_core::BoxError;
use axum_core::body::Body;
use axum_core::extract::FromRequestParts;
use axum_core::response::{IntoResponse, Response};
use futures_core::{Stream, TryStream};
use http::request::Parts;
use std::convert::Infallible;
use std::fmt;
use std::ops::Deref;
use std::time::Duration;

/// A response that is an event stream. The items are [`Event`]s, or whatever becomes an [`OutEvent`].
///
/// The response has the headers [`sse_wire::RESPONSE_HEADERS`]. The events end when the stream ends, or when the client is
/// gone. For a graceful shutdown the stream has to end: [`Hub::close`](crate::Hub::close) does that, or `take_until` of
/// futures-util.
#[derive(Clone)]
#[must_use]
pub struct Sse<S> {
    events: S,
    keep_alive: Option<KeepAlive>,
}

impl<S> Sse<S> {
    /// A response with these events, and without keep-alives.
    pub fn new(events: S) -> Self
    where
        S: TryStream<Ok: Into<OutEvent>, Error: Into<BoxError>> + Send + 'static,
    {
        Self { events, keep_alive: None }
    }

    /// Sends keep-alives in pauses.
    pub fn keep_alive(mut self, keep_alive: KeepAlive) -> Self {
        self.keep_alive = Some(keep_alive);
        self
    }
}

impl<S, T, E> IntoResponse for Sse<S>
where
    S: Stream<Item = Result<T, E>> + Send + 'static,
    T: Into<OutEvent>,
    E: Into<BoxError>,
{
    fn into_response(self) -> Response {
        let body = EventBody::new(self.events);
        let body = match self.keep_alive {
            Some(keep_alive) => body.keep_alive(keep_alive),
            None => body,
        };
        (sse_wire::RESPONSE_HEADERS, Body::new(body)).into_response()
    }
}

impl<S> fmt::Debug for Sse<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sse").field("keep_alive", &self.keep_alive).finish_non_exhaustive()
    }
}

/// An event that is built part by part. Nothing that it is given makes it panic, or starts a field of its own.
///
/// A line break in a type or an id, and a NUL in an id, become U+FFFD: no field can have them. To get an error
/// instead, build an [`sse_wire::Event`], which is an item of [`Sse`] by [`OutEvent`]. Of several types, ids or
/// retries the last counts, and several data are joined by a line break.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Event(
    /// The lines so far.
    Vec<u8>,
);

impl Event {
    /// Adds data. A line break, also a CR, becomes a line break of the data that the client gets.
    pub fn data(mut self, data: impl AsRef<str>) -> Self {
        let data = data.as_ref();
        // The vector is full then if this is the last line, and becomes `Bytes` without a further allocation.
        self.0.reserve_exact(data.len().saturating_add("data: \n\n".len()));
        self.append(sse_wire::Event::new().data(data));
        self
    }

    /// Adds data: a value, as JSON.
    ///
    /// # Errors
    /// If the value cannot be serialized.
    #[cfg(feature = "json")]
    pub fn json_data(self, data: impl serde::Serialize) -> serde_json::Result<Self> {
        Ok(self.data(serde_json::to_string(&data)?))
    }

    /// Sets the event type.
    pub fn event(mut self, event_type: impl AsRef<str>) -> Self {
        let event_type = event_type.as_ref();
        match sse_wire::EventType::new(event_type) {
            Ok(event_type) => {
                self.append(sse_wire::Event::new().event_type(event_type));
                self
            }
            Err(_) => self.event(event_type.replace(['\r', '\n'], "\u{FFFD}")),
        }
    }

    /// Sets the id.
    pub fn id(mut self, id: impl AsRef<str>) -> Self {
        let id = id.as_ref();
        match sse_wire::EventId::new(id) {
            Ok(id) => {
                self.append(sse_wire::Event::new().id(id));
                self
            }
            Err(_) => self.id(id.replace(['\r', '\n', '\0'], "\u{FFFD}")),
        }
    }

    /// Sets the reconnection time.
    pub fn retry(mut self, time: Duration) -> Self {
        self.append(sse_wire::Event::new().retry(time));
        self
    }

    /// Adds a comment, or several if the text has several lines.
    pub fn comment(mut self, comment: impl AsRef<str>) -> Self {
        self.append(sse_wire::Event::new().comment(comment.as_ref()));
        self
    }

    #[inline]
    fn append(&mut self, lines: sse_wire::Event<'_>) {
        append_lines(&lines, &mut self.0);
    }
}

impl From<Event> for OutEvent {
    #[inline]
    fn from(Event(mut lines): Event) -> Self {
        lines.push(b'\n');
        Self(lines.into())
    }
}

/// The header `Last-Event-ID` of a request: where the client stopped. `None` if it is missing or empty. A request is
/// never rejected.
///
/// It derefs to the `Option`, so that `hub.subscribe(id.as_deref())` works.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct LastEventId(pub Option<String>);

impl Deref for LastEventId {
    type Target = Option<String>;

    fn deref(&self) -> &Option<String> {
        &self.0
    }
}

impl<S: Sync> FromRequestParts<S> for LastEventId {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let id = parts.headers.get(sse_wire::LAST_EVENT_ID).filter(|id| !id.is_empty());
        // `HeaderValue::to_str` takes ASCII alone.
        Ok(Self(id.map(|id| String::from_utf8_lossy(id.as_bytes()).into_owned())))
    }
}
