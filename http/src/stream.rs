//! Events from a stream of chunks of any source: [`EventStream`] copies them, [`EventsWith`] passes
//! them to a closure, which borrows them.

use crate::event::{Event, FromEvent, Id, Name};
use crate::silence::Silence;
use futures_core::stream::FusedStream;
use futures_core::{Stream, TryStream};
use pin_project_lite::pin_project;
use sse_wire::{DecodeError, Decoder, GrowingBuffer, LastEventIdError, MessageEvent};
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

/// The default limit for an event, in bytes.
pub(crate) const LIMIT: usize = 16 * 1024 * 1024;

/// Turns a stream of chunks into a stream of events. Implemented for every stream of results whose chunks have bytes, such
/// as `reqwest::Response::bytes_stream()`.
///
/// ```
/// use futures_util::{TryStreamExt, stream};
/// use sse_wire_http::Eventsource;
///
/// # futures_util::FutureExt::now_or_never(async {
/// let body = stream::iter([Ok::<_, std::io::Error>("event: token\nda"), Ok("ta: Hi\n\n")]);
/// let events: Vec<_> = body.eventsource().try_collect().await?;
/// assert_eq!(events[0].event, "token");
/// assert_eq!(events[0].data, "Hi");
/// # Ok::<(), sse_wire_http::Error<std::io::Error>>(()) }).unwrap()?;
/// # Ok::<(), sse_wire_http::Error<std::io::Error>>(())
/// ```
pub trait Eventsource: TryStream + Sized {
    /// A stream of events whose data are a [`String`], with a limit of 16 MiB for each.
    fn eventsource(self) -> EventStream<Self>;

    /// A stream of what a closure returns for each event. The closure borrows the event: an event that lies in one chunk is
    /// not copied. `limit` is that of [`EventStream::with_limit`].
    fn events_with<R, F>(self, limit: usize, f: F) -> EventsWith<Self, F>
    where
        F: FnMut(MessageEvent<'_>) -> R;
}

impl<S: TryStream<Ok: AsRef<[u8]>>> Eventsource for S {
    fn eventsource(self) -> EventStream<Self> {
        EventStream::new(self)
    }

    fn events_with<R, F>(self, limit: usize, f: F) -> EventsWith<Self, F>
    where
        F: FnMut(MessageEvent<'_>) -> R,
    {
        EventsWith { chunks: Chunks::new(self, limit), f }
    }
}

/// Why an item of a stream is not an event. `E` is the error of the stream of chunks.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Error<E> {
    /// The stream of chunks has failed.
    Transport(E),
    /// No chunk has come for longer than the [idle timeout](EventStream::idle_timeout). The stream has ended.
    Idle,
    /// An event is longer than the limit. It is skipped, and the stream goes on with the next one.
    TooLong,
    /// The allocator has refused the memory for an event. It is skipped, and the stream goes on with the next one.
    OutOfMemory,
}

impl<E> From<DecodeError> for Error<E> {
    fn from(error: DecodeError) -> Self {
        match error {
            DecodeError::OutOfMemory => Self::OutOfMemory,
            _ => Self::TooLong,
        }
    }
}

impl<E: fmt::Display> fmt::Display for Error<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Transport(error) => write!(f, "the event stream failed: {error}"),
            Self::Idle => f.write_str("the event stream was silent for too long"),
            Self::TooLong => f.write_str("an event is longer than the limit"),
            Self::OutOfMemory => f.write_str("there is no memory for an event"),
        }
    }
}

impl<E: std::error::Error + 'static> std::error::Error for Error<E> {
    /// The error within is displayed already, so this is its source.
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Transport(error) => error.source(),
            Self::Idle | Self::TooLong | Self::OutOfMemory => None,
        }
    }
}

/// A stream that passes each event to a closure: [`EventStream`], and the client that reconnects.
///
/// Private to this crate; its name is public because [`JsonStream`](crate::JsonStream) is over any of them.
#[cfg(feature = "json")]
pub trait PollEvent {
    /// Why an item is not an event.
    type Error;

    /// What `f` makes of the next event.
    fn poll_event<R>(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        f: impl FnMut(MessageEvent<'_>) -> R,
    ) -> Poll<Option<Result<R, Self::Error>>>;

    /// Whether the stream is within an event.
    fn is_mid_event(&self) -> bool;

    /// Whether the stream ends after this error, unless an event follows nevertheless.
    fn is_over(&self, error: &Self::Error) -> bool;
}

#[cfg(feature = "json")]
impl<S: TryStream<Ok: AsRef<[u8]>>, D> PollEvent for EventStream<S, D> {
    type Error = Error<S::Error>;

    #[inline(always)]
    fn poll_event<R>(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut f: impl FnMut(MessageEvent<'_>) -> R,
    ) -> Poll<Option<Result<R, Self::Error>>> {
        self.project().chunks.poll_event(cx, |event, _| f(event))
    }

    fn is_mid_event(&self) -> bool {
        self.decoder().is_mid_event()
    }

    fn is_over(&self, error: &Self::Error) -> bool {
        !matches!(error, Error::TooLong | Error::OutOfMemory)
    }
}

/// What takes events off the front of a chunk: the core's decoder, or its client.
pub(crate) trait Source {
    fn next<'a, 'c: 'a>(
        &'a mut self,
        chunk: &mut &'c [u8],
    ) -> Option<Result<MessageEvent<'a>, DecodeError>>;

    fn decoder(&self) -> &Decoder<GrowingBuffer>;

    fn shrink_buffer(&mut self);

    /// Gives back the memory that a long event took, before a wait.
    #[inline]
    fn shrink_before_wait(&mut self) {
        let kept = KEPT.max(self.decoder().last_event_id().len().saturating_mul(4));
        if self.decoder().buffer().allocated() > kept {
            self.shrink_buffer();
        }
    }
}

/// The size of a buffer that stays allocated while a stream waits, in bytes: usual events that are split between chunks allocate nothing.
const KEPT: usize = 1024;

impl Source for Decoder<GrowingBuffer> {
    #[inline(always)]
    fn next<'a, 'c: 'a>(
        &'a mut self,
        chunk: &mut &'c [u8],
    ) -> Option<Result<MessageEvent<'a>, DecodeError>> {
        Self::next(self, chunk)
    }

    fn decoder(&self) -> &Decoder<GrowingBuffer> {
        self
    }

    fn shrink_buffer(&mut self) {
        Self::shrink_buffer(self);
    }
}

/// A chunk of which some bytes are used.
#[derive(Debug)]
pub(crate) struct Chunk<B> {
    /// `None`: every byte is used. An idle stream holds no chunk.
    bytes: Option<B>,
    used: usize,
}

impl<B> Default for Chunk<B> {
    fn default() -> Self {
        Self { bytes: None, used: 0 }
    }
}

impl<B: AsRef<[u8]>> Chunk<B> {
    pub(crate) fn fill(&mut self, bytes: B) {
        // In place: if the old chunk were dropped first, the new one would have to wait elsewhere.
        drop(self.bytes.replace(bytes));
        self.used = 0;
    }

    /// The next event, and the chunk in which it may lie. `None`: more is needed, and the chunk must be
    /// [cleared](Self::clear) or filled before the next call.
    #[inline(always)]
    pub(crate) fn next<'a>(
        &'a mut self,
        source: &'a mut impl Source,
    ) -> Option<(Result<MessageEvent<'a>, DecodeError>, &'a B)> {
        let bytes = self.bytes.as_ref()?;
        let chunk = bytes.as_ref();
        let mut rest = chunk.get(self.used..).filter(|rest| !rest.is_empty())?;
        let event = source.next(&mut rest)?;
        self.used = chunk.len().saturating_sub(rest.len());
        Some((event, bytes))
    }

    /// Drops the chunk, which is used up, before the stream waits for another one.
    #[inline(always)]
    pub(crate) fn clear(&mut self) {
        self.bytes = None;
    }
}

pin_project! {
    /// A decoder over a stream of chunks: what [`EventStream`] and [`EventsWith`] share.
    pub(crate) struct Chunks<S: TryStream> {
        #[pin]
        chunks: S,
        decoder: Decoder<GrowingBuffer>,
        chunk: Chunk<S::Ok>,
        // Comes after the end, unless there was an error.
        last: Option<S::Ok>,
        idle: Option<Silence>,
        is_done: bool,
    }
}

impl<S: TryStream<Ok: AsRef<[u8]>>> Chunks<S> {
    pub(crate) fn new(chunks: S, limit: usize) -> Self {
        Self::with_decoder(chunks, Decoder::new(GrowingBuffer::with_limit(limit)))
    }

    fn with_decoder(chunks: S, decoder: Decoder<GrowingBuffer>) -> Self {
        Self { chunks, decoder, chunk: Chunk::default(), last: None, idle: None, is_done: false }
    }

    pub(crate) const fn decoder(&self) -> &Decoder<GrowingBuffer> {
        &self.decoder
    }

    /// What `f` makes of the next event.
    #[inline(always)]
    pub(crate) fn poll_event<R>(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut f: impl FnMut(MessageEvent<'_>, &S::Ok) -> R,
    ) -> Poll<Option<Result<R, Error<S::Error>>>> {
        let mut this = self.project();
        loop {
            if let Some((event, chunk)) = this.chunk.next(this.decoder) {
                return Poll::Ready(Some(match event {
                    Ok(event) => Ok(f(event, chunk)),
                    Err(error) => Err(error.into()),
                }));
            }
            this.chunk.clear();
            if *this.is_done {
                return Poll::Ready(None);
            }
            match this.chunks.as_mut().try_poll_next(cx) {
                Poll::Ready(Some(Ok(chunk))) => {
                    this.chunk.fill(chunk);
                    if let Some(idle) = this.idle {
                        idle.end();
                    }
                }
                Poll::Ready(Some(Err(error))) => {
                    *this.last = None;
                    return Poll::Ready(Some(Err(Error::Transport(error))));
                }
                Poll::Ready(None) => {
                    *this.is_done = true;
                    if let Some(chunk) = this.last.take() {
                        this.chunk.fill(chunk);
                    }
                }
                Poll::Pending => {
                    this.decoder.shrink_before_wait();
                    ready!(this.idle.as_mut().map_or(Poll::Pending, |idle| idle.poll(cx)));
                    *this.is_done = true;
                    return Poll::Ready(Some(Err(Error::Idle)));
                }
            }
        }
    }
}

pin_project! {
    /// A stream of [`Event`]s, out of a stream of chunks.
    ///
    /// It does what a browser does. The events do not depend on where chunks end, which line ends the stream has, and
    /// whether it begins with a byte order mark. Invalid UTF-8 becomes U+FFFD.
    ///
    /// It ends with the chunks, without an error. The standard drops an event without its blank line there
    /// ([9.2.6][standard]): [`dispatch_at_end`](Self::dispatch_at_end) keeps it, and `decoder().is_mid_event()` reports it.
    /// After [`Error::Transport`], the next poll reads the stream of chunks again. Most end then.
    ///
    /// # Cost
    ///
    /// Each event copies its data as [`FromEvent`] says, and its type and id where they differ from those before. An idle
    /// stream keeps no chunk. The memory for an event that is split between chunks is bounded by the limit; it shrinks after 64 smaller
    /// events at the latest: see [`GrowingBuffer`].
    ///
    /// [standard]: https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
    #[must_use = "streams do nothing unless polled"]
    pub struct EventStream<S: TryStream, D = String> {
        #[pin]
        chunks: Chunks<S>,
        name: Name,
        id: Id,
        data: PhantomData<fn() -> D>,
    }
}

/// Their data are strings; [`with_data`](Self::with_data) takes another type.
impl<S: TryStream<Ok: AsRef<[u8]>>> EventStream<S> {
    /// The events of these chunks, with a limit of 16 MiB for each.
    pub fn new(chunks: S) -> Self {
        Self::with_limit(chunks, LIMIT)
    }

    /// The same, with another limit.
    ///
    /// An event fits if its `data`, `event` and `id` lines, and the last event ID, leave eight of so many bytes free; see
    /// [`Decoder`]. A longer one is lost alone: [`Error::TooLong`].
    pub fn with_limit(chunks: S, limit: usize) -> Self {
        Self::with_decoder(chunks, Decoder::new(GrowingBuffer::with_limit(limit)))
    }

    /// The same, with a decoder that may know a last event ID and a reconnection time, and be in mid-event.
    pub fn with_decoder(chunks: S, decoder: Decoder<GrowingBuffer>) -> Self {
        let chunks = Chunks::with_decoder(chunks, decoder);
        Self { chunks, name: Name::default(), id: Id::default(), data: PhantomData }
    }
}

impl<S: TryStream<Ok: AsRef<[u8]>>, D> EventStream<S, D> {
    /// Takes the data of events as another type: [`FromEvent`].
    pub fn with_data<T: FromEvent<S::Ok>>(self) -> EventStream<S, T> {
        EventStream { chunks: self.chunks, name: self.name, id: self.id, data: PhantomData }
    }

    /// Dispatches the last event even if the stream ends before its blank line. The standard drops it; some servers leave
    /// the last blank line out. After [`Error::Transport`] or [`Error::Idle`] it is dropped: it was cut off.
    pub fn dispatch_at_end(mut self) -> Self
    where
        S::Ok: From<&'static [u8]>,
    {
        self.chunks.last = Some(S::Ok::from(b"\n\n"));
        self
    }

    /// Ends the stream with [`Error::Idle`] if no chunk comes for so long. Any chunk counts, so a server's comments keep
    /// the stream alive. Drop the stream then, which closes its connection.
    #[cfg(feature = "tokio")]
    pub fn idle_timeout(mut self, after: Duration) -> Self {
        self.chunks.idle = Some(Silence::after(after));
        self
    }

    /// Deserializes each event's data from JSON.
    #[cfg(feature = "json")]
    pub fn json<V: serde::de::DeserializeOwned>(self) -> crate::JsonStream<V, Self> {
        crate::JsonStream::new(self)
    }

    /// The last event ID, for the header `Last-Event-ID` of the next request. Empty if there is none.
    #[must_use]
    pub fn last_event_id(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(self.chunks.decoder.last_event_id())
    }

    /// Sets the last event ID with which the events begin.
    ///
    /// # Errors
    /// If it has a NUL, LF or CR, or does not fit into the limit.
    pub fn set_last_event_id(&mut self, id: impl Into<String>) -> Result<(), LastEventIdError> {
        self.chunks.decoder.set_last_event_id(id.into().as_bytes())
    }

    /// The reconnection time that the stream has set.
    #[must_use]
    pub const fn reconnection_time(&self) -> Option<Duration> {
        self.chunks.decoder.reconnection_time()
    }

    /// The decoder: it knows how many comments and ignored lines there were, and whether the stream is in mid-event.
    #[must_use]
    pub const fn decoder(&self) -> &Decoder<GrowingBuffer> {
        self.chunks.decoder()
    }

    /// The decoder, to go on with another stream of chunks: see [`with_decoder`](Self::with_decoder). Events of the present
    /// chunk that were not taken are lost.
    ///
    /// Are the other chunks those of a new connection? Call [`Decoder::reconnect`] first. Otherwise an unfinished event
    /// continues with the bytes of the new connection.
    #[must_use]
    pub fn into_decoder(self) -> Decoder<GrowingBuffer> {
        self.chunks.decoder
    }
}

/// Makes an event. It must be what the caller returns, with nothing left to do after it, so that it is made in place: an
/// event that is moved takes 15 ns for each move, because it is loaded in other pieces than it was stored in.
#[inline(always)]
pub(crate) fn own<B, D: FromEvent<B>>(
    event: &MessageEvent<'_>,
    chunk: &B,
    name: &mut Name,
    id: &mut Id,
) -> Event<D> {
    name.renew(event.event_type());
    id.renew(event.last_event_id());
    Event {
        event: name.clone(),
        data: D::from_event(event, chunk),
        id: id.clone(),
        retry: event.retry(),
    }
}

impl<S: TryStream<Ok: AsRef<[u8]>>, D: FromEvent<S::Ok>> Stream for EventStream<S, D> {
    type Item = Result<Event<D>, Error<S::Error>>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.project();
        this.chunks.poll_event(cx, |event, chunk| own(&event, chunk, this.name, this.id))
    }
}

impl<S: TryStream<Ok: AsRef<[u8]>>, D: FromEvent<S::Ok>> FusedStream for EventStream<S, D> {
    fn is_terminated(&self) -> bool {
        self.chunks.is_done && self.chunks.chunk.bytes.is_none()
    }
}

impl<S: TryStream, D> fmt::Debug for EventStream<S, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventStream").field("decoder", &self.chunks.decoder).finish_non_exhaustive()
    }
}

pin_project! {
    /// A stream of what a closure makes of each event: see [`Eventsource::events_with`].
    #[must_use = "streams do nothing unless polled"]
    pub struct EventsWith<S: TryStream, F> {
        #[pin]
        chunks: Chunks<S>,
        f: F,
    }
}

impl<S: TryStream<Ok: AsRef<[u8]>>, F> EventsWith<S, F> {
    /// The decoder: last event ID, reconnection time, counts of comments and of ignored lines.
    #[must_use]
    pub const fn decoder(&self) -> &Decoder<GrowingBuffer> {
        self.chunks.decoder()
    }
}

impl<S, F, R> Stream for EventsWith<S, F>
where
    S: TryStream<Ok: AsRef<[u8]>>,
    F: FnMut(MessageEvent<'_>) -> R,
{
    type Item = Result<R, Error<S::Error>>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.project();
        this.chunks.poll_event(cx, |event, _| (this.f)(event))
    }
}

impl<S: TryStream, F> fmt::Debug for EventsWith<S, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventsWith").field("decoder", &self.chunks.decoder).finish_non_exhaustive()
    }
}
