//! Events whose data are JSON, as the APIs of language models send them: an end marker, pings, and streams that break off.

use crate::stream::PollEvent;
use futures_core::Stream;
use pin_project_lite::pin_project;
use serde::de::DeserializeOwned;
use sse_wire::MessageEvent;
use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

pin_project! {
    /// A stream of values that are deserialized from the data of events: see [`EventStream::json`](crate::EventStream::json).
    ///
    /// ```
    /// use futures_util::{StreamExt, stream};
    /// use sse_wire_http::{Eventsource, JsonError};
    ///
    /// # futures_util::FutureExt::now_or_never(async {
    /// let body = "data: [1,2]\n\nevent: ping\ndata: {}\n\ndata: x\n\ndata: [DONE]\n\n";
    /// let body = stream::iter([Ok::<_, std::io::Error>(body)]);
    /// let mut values = body
    ///     .eventsource()
    ///     .json::<[u32; 2]>()
    ///     .until("[DONE]")
    ///     .skip(|event_type| event_type == b"ping");
    /// assert_eq!(values.next().await.unwrap().unwrap(), [1, 2]);
    /// // The error has the data that are not as expected, and the stream goes on.
    /// assert!(matches!(values.next().await, Some(Err(JsonError::Json { data, .. })) if data == "x"));
    /// assert!(values.next().await.is_none());
    /// # }).unwrap();
    /// ```
    #[must_use = "streams do nothing unless polled"]
    pub struct JsonStream<V, S> {
        #[pin]
        events: S,
        end: Option<&'static str>,
        skip: fn(&[u8]) -> bool,
        has_failed: bool,
        is_done: bool,
        value: PhantomData<fn() -> V>,
    }
}

/// Why an item of a [`JsonStream`] is not a value. `E` is the error of the stream of events.
#[non_exhaustive]
#[derive(Debug)]
pub enum JsonError<E> {
    /// The stream of events has reported an error.
    Stream(E),
    /// The data are not JSON of the type that is expected. The stream goes on.
    Json {
        /// What is wrong.
        error: serde_json::Error,
        /// The data of the event, such as an error message of the server.
        data: String,
    },
    /// The stream has ended within an event, or before the end marker. It was cut off.
    Truncated,
}

impl<E: fmt::Display> fmt::Display for JsonError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stream(error) => error.fmt(f),
            Self::Json { error, .. } => {
                write!(f, "the data of an event are not as expected: {error}")
            }
            Self::Truncated => f.write_str("the event stream was cut off"),
        }
    }
}

impl<E: std::error::Error + 'static> std::error::Error for JsonError<E> {
    /// The error within is displayed already, so this is its source.
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Stream(error) => error.source(),
            Self::Json { error, .. } => error.source(),
            Self::Truncated => None,
        }
    }
}

impl<V: DeserializeOwned, S: PollEvent> JsonStream<V, S> {
    pub(crate) fn new(events: S) -> Self {
        let skip = |_: &[u8]| false;
        Self { events, end: None, skip, has_failed: false, is_done: false, value: PhantomData }
    }

    /// Ends the stream after an event with these data, such as `[DONE]`. If the events end before it, the stream ends with
    /// [`JsonError::Truncated`].
    pub fn until(self, end: &'static str) -> Self {
        Self { end: Some(end), ..self }
    }

    /// Skips the events whose type this function accepts, such as `ping`.
    pub fn skip(self, skip: fn(&[u8]) -> bool) -> Self {
        Self { skip, ..self }
    }

    /// The stream of events, such as a client: its state, its last event ID.
    #[must_use]
    pub const fn events(&self) -> &S {
        &self.events
    }

    /// The stream of events, such as a client to close, or to take a refused response from.
    #[must_use]
    pub const fn events_mut(&mut self) -> &mut S {
        &mut self.events
    }
}

/// What an event is in a [`JsonStream`].
enum Item<V> {
    Value(V),
    Error(serde_json::Error, String),
    Skipped,
    End,
}

impl<V: DeserializeOwned> Item<V> {
    fn of(event: &MessageEvent<'_>, end: Option<&str>, skip: fn(&[u8]) -> bool) -> Self {
        if skip(event.event_type()) {
            return Self::Skipped;
        }
        if end.is_some_and(|end| event.data() == end.as_bytes()) {
            return Self::End;
        }
        // To check the data as text and then to parse the text is a third faster than to parse bytes.
        let value = match event.data_str() {
            Ok(data) => serde_json::from_str(data),
            Err(_) => serde_json::from_str(&event.data_lossy().to_string()),
        };
        match value {
            Ok(value) => Self::Value(value),
            Err(error) => Self::Error(error, event.data_lossy().to_string()),
        }
    }
}

impl<V: DeserializeOwned, S: PollEvent> Stream for JsonStream<V, S> {
    type Item = Result<V, JsonError<S::Error>>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut this = self.project();
        let (end, skip) = (*this.end, *this.skip);
        while !*this.is_done {
            let item = this.events.as_mut().poll_event(cx, |event| Item::of(&event, end, skip));
            let item = ready!(item);
            if matches!(item, Some(Ok(_))) {
                *this.has_failed = false;
            }
            match item {
                Some(Ok(Item::Value(value))) => return Poll::Ready(Some(Ok(value))),
                Some(Ok(Item::Error(error, data))) => {
                    return Poll::Ready(Some(Err(JsonError::Json { error, data })));
                }
                Some(Ok(Item::Skipped)) => {}
                Some(Ok(Item::End)) => *this.is_done = true,
                Some(Err(error)) => {
                    *this.has_failed = this.events.is_over(&error);
                    return Poll::Ready(Some(Err(JsonError::Stream(error))));
                }
                None => {
                    *this.is_done = true;
                    let is_cut = end.is_some() || this.events.is_mid_event();
                    // A failure was reported, and is why the stream ends here.
                    if is_cut && !*this.has_failed {
                        return Poll::Ready(Some(Err(JsonError::Truncated)));
                    }
                }
            }
        }
        Poll::Ready(None)
    }
}

impl<V, S: fmt::Debug> fmt::Debug for JsonStream<V, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JsonStream").field("events", &self.events).finish_non_exhaustive()
    }
}
