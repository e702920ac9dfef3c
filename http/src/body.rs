//! Response bodies of events, with keep-alives: [`EventBody`].

use crate::out_event::OutEvent;
use crate::silence::Silence;
use bytes::Bytes;
use futures_core::TryStream;
use http_body::{Body, Frame};
use pin_project_lite::pin_project;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

/// What is sent in pauses, so that proxies do not close the connection, and the server notices that a client is gone.
#[derive(Clone, Debug)]
#[must_use]
pub struct KeepAlive {
    interval: Duration,
    bytes: Bytes,
}

impl KeepAlive {
    /// Sends an empty comment after 15 seconds without an event.
    pub const fn new() -> Self {
        let bytes = Bytes::from_static(sse_wire::KEEP_ALIVE);
        Self { interval: Duration::from_secs(15), bytes }
    }

    /// Sets the length of a pause after which it is sent.
    pub const fn interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// Sends a comment with this text. A text of several lines becomes several comments.
    pub fn text(self, text: impl AsRef<str>) -> Self {
        self.event(sse_wire::Event::new().comment(text.as_ref()))
    }

    /// Sends an event instead of a comment, for clients that cannot see comments.
    pub fn event(mut self, event: impl Into<OutEvent>) -> Self {
        self.bytes = event.into().into_bytes();
        self
    }
}

impl Default for KeepAlive {
    fn default() -> Self {
        Self::new()
    }
}

/// The pauses of a body.
#[derive(Debug)]
pub(crate) struct Pauses {
    silence: Silence,
    bytes: Bytes,
}

impl From<KeepAlive> for Pauses {
    fn from(keep_alive: KeepAlive) -> Self {
        Self { silence: Silence::after(keep_alive.interval), bytes: keep_alive.bytes }
    }
}

/// The next frame of a body: a keep-alive if the body has had none for the interval.
#[inline]
pub(crate) fn fill_pause<E>(
    pauses: &mut Option<Pauses>,
    frame: Poll<Option<Result<Frame<Bytes>, E>>>,
    cx: &mut Context<'_>,
) -> Poll<Option<Result<Frame<Bytes>, E>>> {
    let Some(Pauses { silence, bytes }) = pauses else { return frame };
    if frame.is_ready() {
        silence.end();
        return frame;
    }
    silence.poll(cx).map(|()| Some(Ok(Frame::data(bytes.clone()))))
}

pin_project! {
    /// The body of a response: a stream of events, each in a frame of its own, and keep-alives in its pauses.
    ///
    /// Its headers are [`sse_wire::RESPONSE_HEADERS`]. The stream is polled when the connection has taken the events
    /// before, so a slow client slows its stream down; a [`Hub`](crate::Hub) bounds what it costs. The keep-alives need
    /// tokio's clock.
    #[must_use = "bodies do nothing unless polled"]
    pub struct EventBody<S> {
        #[pin]
        events: S,
        pauses: Option<Pauses>,
    }
}

impl<S: TryStream<Ok: Into<OutEvent>>> EventBody<S> {
    /// A body of these events. If the stream yields an error, the connection is closed without the end of the body.
    pub const fn new(events: S) -> Self {
        Self { events, pauses: None }
    }

    /// Sends keep-alives in pauses.
    pub fn keep_alive(mut self, keep_alive: KeepAlive) -> Self {
        self.pauses = Some(keep_alive.into());
        self
    }
}

impl<S: TryStream<Ok: Into<OutEvent>>> Body for EventBody<S> {
    type Data = Bytes;
    type Error = S::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, S::Error>>> {
        let this = self.project();
        let event = this.events.try_poll_next(cx);
        fill_pause(this.pauses, event.map_ok(|event| Frame::data(event.into().into_bytes())), cx)
    }
}

impl<S> fmt::Debug for EventBody<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventBody").field("pauses", &self.pauses).finish_non_exhaustive()
    }
}
