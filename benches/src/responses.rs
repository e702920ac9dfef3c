//! One pass over events that a server sends, by the companion crate, axum and sse-stream: the frames of a response's body are
//! polled as a connection would.
//!
//! | subject | an event is | checks type and id | splits data |
//! |---|---|---|---|
//! | `text`, `json`, `fan_out` | encoded by the core, once for all listeners of a `Hub` | yes | at LF, CR, CRLF |
//! | `builder` | built under axum's names | yes, replaced | at LF, CR, CRLF |
//! | `axum_*` 0.8 | built for each listener, from a channel | yes, panics | at LF and CR |
//! | `sse_stream_*` 0.3 | built for each listener | yes, an error | at LF, CR, CRLF |

use crate::corpora::Corpus;
use crate::decoders::drain;
use crate::encoders::Reading;
use ::axum::body::Body;
use ::axum::response::{IntoResponse, sse};
use futures_util::stream::{self, Stream};
use sse_wire::{Event, EventType};
use sse_wire_http::{Hub, OutEvent, Subscription};
use std::convert::Infallible;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use tokio::sync::broadcast;

/// The number of JSON events in a pass.
pub const JSON_EVENTS: usize = 1000;

/// The number of bytes of a body.
fn bytes(body: Body) -> usize {
    let mut bytes = 0;
    drain(body.into_data_stream(), |chunk| bytes += chunk.unwrap().len());
    bytes
}

fn ours<T: Into<OutEvent> + 'static>(events: impl Iterator<Item = T> + Send + 'static) -> usize {
    let events = stream::iter(events.map(Ok::<_, Infallible>));
    bytes(sse_wire_http::axum::Sse::new(events).into_response().into_body())
}

fn axums(events: impl Iterator<Item = sse::Event> + Send + 'static) -> usize {
    let events = stream::iter(events.map(Ok::<_, Infallible>));
    bytes(sse::Sse::new(events).into_response().into_body())
}

/// Events of text, by the companion crate from the core's events.
///
/// # Panics
/// If the event type is not valid.
#[must_use]
pub fn text(corpus: &'static Corpus) -> usize {
    let event_type = corpus.event_type.map(|event_type| EventType::new(event_type).unwrap());
    ours(corpus.messages.iter().map(move |message| {
        let event = Event::new().data(&message.data);
        OutEvent::from(event_type.map_or(event, |event_type| event.event_type(event_type)))
    }))
}

/// The same, built under axum's names.
#[must_use]
pub fn builder(corpus: &'static Corpus) -> usize {
    ours(corpus.messages.iter().map(|message| {
        let event = sse_wire_http::axum::Event::default();
        let event = match corpus.event_type {
            Some(event_type) => event.event(event_type),
            None => event,
        };
        event.data(&message.data)
    }))
}

/// The same by axum.
#[must_use]
pub fn axum_text(corpus: &'static Corpus) -> usize {
    axums(corpus.messages.iter().map(|message| {
        let event = match corpus.event_type {
            Some(event_type) => sse::Event::default().event(event_type),
            None => sse::Event::default(),
        };
        event.data(&message.data)
    }))
}

/// The same by sse-stream, from strings that it may keep.
///
/// # Panics
/// If it rejects an event.
#[must_use]
pub fn sse_stream_text(events: Vec<sse_stream::Sse>) -> usize {
    bytes(Body::from_stream(stream::iter(
        events.into_iter().map(|event| Ok::<_, Infallible>(event.encode().unwrap())),
    )))
}

/// Events of JSON.
///
/// # Panics
/// If the value cannot be serialized.
#[must_use]
pub fn json(value: &'static [Reading]) -> usize {
    ours((0..JSON_EVENTS).map(|_| OutEvent::json(&Event::new(), value).unwrap()))
}

/// The same by axum.
///
/// # Panics
/// If the value cannot be serialized.
#[must_use]
pub fn axum_json(value: &'static [Reading]) -> usize {
    axums((0..JSON_EVENTS).map(move |_| sse::Event::default().json_data(value).unwrap()))
}

/// The same by sse-stream.
///
/// # Panics
/// If the value cannot be serialized.
#[must_use]
pub fn sse_stream_json(value: &'static [Reading]) -> usize {
    let events = (0..JSON_EVENTS).map(|_| {
        let data = serde_json::to_string(value).unwrap();
        let event = sse_stream::Sse { data: Some(data), ..Default::default() };
        Ok::<_, Infallible>(event.encode().unwrap())
    });
    bytes(Body::from_stream(stream::iter(events)))
}

/// Polls a stream once. `None`: no item is ready, or the stream has ended.
fn poll<S: Stream + Unpin>(stream: &mut S) -> Option<S::Item> {
    let polled = pin!(stream).poll_next(&mut Context::from_waker(Waker::noop()));
    match polled {
        Poll::Ready(item) => item,
        Poll::Pending => None,
    }
}

/// The bodies of many listeners.
pub struct Listeners<P> {
    publish: P,
    bodies: Vec<::axum::body::BodyDataStream>,
}

impl<P: FnMut(&str)> Listeners<P> {
    /// Sends one event to all. Returns the number of bytes that they receive.
    ///
    /// # Panics
    /// If a listener does not receive it.
    pub fn send(&mut self, data: &str) -> usize {
        (self.publish)(data);
        self.bodies.iter_mut().map(|body| poll(body).unwrap().unwrap().len()).sum()
    }
}

/// Makes a hub with this number of listeners.
///
/// # Panics
/// If the event does not fit into the hub.
#[must_use]
pub fn hub(listeners: usize) -> Listeners<impl FnMut(&str)> {
    let hub = Hub::new(64 * 1024);
    let body = |events: Subscription| {
        let body = sse_wire_http::axum::Sse::new(events).into_response().into_body();
        body.into_data_stream()
    };
    let mut bodies: Vec<_> = (0..listeners).map(|_| body(hub.subscribe(None))).collect();
    // The block that gives a new client an ID.
    bodies.iter_mut().for_each(|body| assert!(poll(body).is_some()));
    Listeners { publish: move |data: &str| hub.publish(&Event::new().data(data)).unwrap(), bodies }
}

/// Makes this number of listeners of axum, each with a receiver of a channel.
///
/// # Panics
/// If nobody listens.
#[must_use]
pub fn axum_channel(listeners: usize) -> Listeners<impl FnMut(&str)> {
    let (sender, _) = broadcast::channel::<std::sync::Arc<str>>(64);
    let body = |mut receiver: broadcast::Receiver<std::sync::Arc<str>>| {
        let events = stream::poll_fn(move |_| match receiver.try_recv() {
            Ok(data) => Poll::Ready(Some(Ok::<_, Infallible>(
                sse::Event::default().id("1234567890-12345").data(data),
            ))),
            Err(_) => Poll::Pending,
        });
        sse::Sse::new(events).into_response().into_body().into_data_stream()
    };
    let bodies = (0..listeners).map(|_| body(sender.subscribe())).collect();
    let publish = move |data: &str| assert_eq!(sender.send(data.into()).unwrap(), listeners);
    Listeners { publish, bodies }
}
