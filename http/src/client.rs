//! The client of the standard, over anything that connects. It reconnects, and reports each reconnection.
//!
//! The rules are those of [`sse_wire::EventSource`]; here are its connections, its waits and its timeouts.

use crate::event::{Event, FromEvent, Id, Name};
use crate::silence::Silence;
use crate::stream::{Chunk, LIMIT, Source, own};
use futures_core::stream::FusedStream;
use futures_core::{Stream, TryStream};
use http::header::{HeaderName, HeaderValue};
use http::{HeaderMap, Response};
use sse_wire::{
    Backoff, DecodeError, Decoder, GrowingBuffer, LastEventIdError, MessageEvent, ReadyState,
    Refused,
};
use std::borrow::Cow;
use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::BuildHasher;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::{Sleep, sleep};

/// Makes the connections of an [`EventSource`]: sends a request, and gives its response.
///
/// A closure that takes the headers and returns a future implements it. The request is a `GET`, unless the server expects
/// another method. The implementation follows redirections and removes transfer codings. Dropping the body must close the
/// connection.
pub trait Connect {
    /// Why a connection fails.
    type Error;

    /// The body of a response. An `http_body::Body` becomes one with `http_body_util::BodyDataStream`.
    type Body: TryStream<Ok: AsRef<[u8]>, Error = Self::Error>;

    /// A response in the making.
    type Future: Future<Output = Result<Response<Self::Body>, Self::Error>>;

    /// Sends a request with these headers, in place of others of the same names: `Accept`, `Cache-Control`, and
    /// `Last-Event-ID` where there is an id.
    fn connect(&mut self, headers: HeaderMap) -> Self::Future;

    /// Whether another attempt cannot succeed. The client then closes.
    fn is_final(error: &Self::Error) -> bool {
        let _ = error;
        false
    }
}

impl<C, F, B> Connect for C
where
    C: FnMut(HeaderMap) -> F,
    F: Future<Output = Result<Response<B>, B::Error>>,
    B: TryStream<Ok: AsRef<[u8]>>,
{
    type Error = B::Error;
    type Body = B;
    type Future = F;

    fn connect(&mut self, headers: HeaderMap) -> F {
        self(headers)
    }
}

/// What an [`EventSource`] does where the standard leaves a choice, or has none.
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Options {
    limit: usize,
    idle_timeout: Option<Duration>,
    backoff: Backoff,
    attempts: Option<u32>,
    retries_refused: bool,
    reconnects_after_end: bool,
}

impl Options {
    /// A limit of 16 MiB for an event; no idle timeout; the core's [`Backoff`]; attempts without end, also after
    /// [temporary](Refused::is_temporary) refusals and after the end of a body.
    pub const fn new() -> Self {
        Self {
            limit: LIMIT,
            idle_timeout: None,
            backoff: Backoff::new(),
            attempts: None,
            retries_refused: true,
            reconnects_after_end: true,
        }
    }

    /// Sets the limit for an event and the last event ID, in bytes: see [`Decoder`].
    pub const fn limit(mut self, limit: usize) -> Self {
        self.limit = limit;
        self
    }

    /// Closes a connection on which no chunk comes for this time, with [`ClientError::Idle`]. Three keep-alive intervals of
    /// the server are a good choice. Comments count, because any chunk does. The time between request and response is
    /// bounded, too: a request that is not answered in time is sent again, unless the client [must not reconnect after a
    /// body](Self::reconnects_after_end). Without an idle timeout, a dead connection lasts until the operating system
    /// notices.
    pub const fn idle_timeout(mut self, after: Duration) -> Self {
        self.idle_timeout = Some(after);
        self
    }

    /// Sets how long the client waits before it connects again.
    pub const fn backoff(mut self, backoff: Backoff) -> Self {
        self.backoff = backoff;
        self
    }

    /// Closes the client after this number of reconnections without an event or a comment.
    pub const fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = Some(attempts);
        self
    }

    /// Whether the client tries again after a refusal that may be temporary, such as 503. It waits as long as the header
    /// `Retry-After` asks in seconds, and no shorter than after another failure. `false` is what the standard has.
    pub const fn retries_refused(mut self, retries: bool) -> Self {
        self.retries_refused = retries;
        self
    }

    /// Whether the client connects again after a body, as the standard has it. `false` is for requests that have one
    /// answer, such as those to language models: the stream ends with the body, also if the body breaks off. It ends
    /// after the idle timeout, too, before the response as well as after it: the server may be at work on the answer. The
    /// request is repeated only if the connection fails before the response, or the server refuses the request for now. It
    /// may then have run already, as with 504: to rule that out, set [`attempts`](Self::attempts) to 0.
    pub const fn reconnects_after_end(mut self, reconnects: bool) -> Self {
        self.reconnects_after_end = reconnects;
        self
    }
}

impl Default for Options {
    fn default() -> Self {
        Self::new()
    }
}

/// What comes out of an [`EventSource`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Incoming<D = String> {
    /// A connection is open: its response is an event stream.
    Open,
    /// An event has come.
    Message(Event<D>),
}

/// Why a connection of an [`EventSource`] failed, or why an event is lost. `E` is the error of the connection.
///
/// [`EventSource::ready_state`] says whether the client goes on: it is `Closed` if not.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientError<E> {
    /// The connection failed.
    Connection(E),
    /// The body has ended.
    Ended,
    /// Nothing has come for longer than the idle timeout.
    Idle,
    /// The response is not an event stream. [`EventSource::refused_response`] has it.
    Refused {
        /// What is wrong with it.
        why: Refused,
        /// How long the server asks to wait before another attempt; zero if it does not.
        retry_after: Duration,
    },
    /// An event is longer than the limit. It is skipped, and the connection goes on.
    TooLong,
    /// The allocator has refused the memory for an event. It is skipped, and the connection goes on.
    OutOfMemory,
}

impl<E> From<DecodeError> for ClientError<E> {
    fn from(error: DecodeError) -> Self {
        match error {
            DecodeError::OutOfMemory => Self::OutOfMemory,
            _ => Self::TooLong,
        }
    }
}

impl<E: fmt::Display> fmt::Display for ClientError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connection(error) => write!(f, "the connection failed: {error}"),
            Self::Ended => f.write_str("the event stream has ended"),
            Self::Idle => f.write_str("the event stream was silent for too long"),
            Self::Refused { why, .. } => why.fmt(f),
            Self::TooLong => f.write_str("an event is longer than the limit"),
            Self::OutOfMemory => f.write_str("there is no memory for an event"),
        }
    }
}

impl<E: std::error::Error + 'static> std::error::Error for ClientError<E> {
    /// The error within is displayed already, so this is its source.
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Connection(error) => error.source(),
            Self::Ended | Self::Idle | Self::Refused { .. } | Self::TooLong | Self::OutOfMemory => {
                None
            }
        }
    }
}

impl Source for sse_wire::EventSource<GrowingBuffer> {
    #[inline(always)]
    fn next<'a, 'c: 'a>(
        &'a mut self,
        chunk: &mut &'c [u8],
    ) -> Option<Result<MessageEvent<'a>, DecodeError>> {
        Self::next(self, chunk)
    }

    fn decoder(&self) -> &Decoder<GrowingBuffer> {
        self.decoder()
    }

    fn shrink_buffer(&mut self) {
        Self::shrink_buffer(self);
    }
}

/// The client of the standard: a stream of [`Incoming`], which connects again when a connection ends.
///
/// It needs tokio's clock, so it must be polled within a tokio runtime. It connects, waits and reads only while it is polled.
/// Dropping the future of `next()` loses nothing. Dropping the client closes its connection.
///
/// An error is what the event `error` is in a browser: it says why a connection failed, and the next poll goes on, unless
/// the client is [closed](Self::ready_state). Its stream ends then.
///
/// ```
/// use futures_util::{StreamExt, stream};
/// use sse_wire_http::{EventSource, Incoming, Options};
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// let mut answers = ["data: 1\nid: a\n\n", "data: 2\n\n"].into_iter();
/// let connect = move |_headers| {
///     let body = stream::iter(answers.next().map(Ok::<_, std::io::Error>));
///     let response = http::Response::builder().header("Content-Type", "text/event-stream");
///     async move { Ok(response.body(body).unwrap()) }
/// };
/// let backoff = sse_wire_http::Backoff::new().floor(std::time::Duration::ZERO);
/// let backoff = backoff.reconnection_time(std::time::Duration::ZERO);
/// let mut events = EventSource::new(connect, Options::new().backoff(backoff));
/// let mut seen = String::new();
/// while let Some(incoming) = events.next().await {
///     match incoming {
///         Ok(Incoming::Open) => seen += "open ",
///         Ok(Incoming::Message(event)) => seen += &format!("{} ", event.data),
///         Err(error) => seen += &format!("({error}) "),
///     }
///     if seen.contains('2') {
///         events.close();
///     }
/// }
/// assert_eq!(seen, "open 1 (the event stream has ended) open 2 ");
/// # });
/// ```
#[must_use = "streams do nothing unless polled"]
pub struct EventSource<C: Connect, D = String> {
    connect: C,
    source: sse_wire::EventSource<GrowingBuffer>,
    phase: Phase<C>,
    silence: Option<Silence>,
    options: Options,
    name: Name,
    id: Id,
    data: PhantomData<fn() -> D>,
}

/// The state of the connection.
enum Phase<C: Connect> {
    /// There is no connection.
    Between,
    /// There is no connection: the response was not an event stream.
    Refused(Response<Pin<Box<C::Body>>>),
    Waiting(Pin<Box<Sleep>>),
    Connecting(Pin<Box<C::Future>>),
    Open {
        head: Box<http::response::Parts>,
        body: Pin<Box<C::Body>>,
        chunk: Chunk<<C::Body as TryStream>::Ok>,
    },
}

impl<C: Connect> EventSource<C> {
    /// A client that connects when it is polled. The data of its events are strings; [`with_data`](Self::with_data) takes
    /// another type.
    pub fn new(connect: C, options: Options) -> Self {
        let decoder = Decoder::new(GrowingBuffer::with_limit(options.limit));
        Self {
            connect,
            source: sse_wire::EventSource::with_backoff(decoder, options.backoff),
            phase: Phase::Between,
            silence: options.idle_timeout.map(Silence::after),
            options,
            name: Name::default(),
            id: Id::default(),
            data: PhantomData,
        }
    }
}

impl<C: Connect, D> EventSource<C, D> {
    /// Takes the data of events as another type: [`FromEvent`].
    pub fn with_data<T>(self) -> EventSource<C, T> {
        let Self { connect, source, phase, silence, options, name, id, .. } = self;
        EventSource { connect, source, phase, silence, options, name, id, data: PhantomData }
    }

    /// Begins after an event of an earlier run: the first request has this id in `Last-Event-ID`. What the present
    /// connection has sent is dropped, and the client connects anew. A closed client stays closed.
    ///
    /// # Errors
    /// If the id has a NUL, LF or CR, or does not fit into the limit. Nothing is changed then.
    pub fn set_last_event_id(&mut self, id: impl Into<String>) -> Result<(), LastEventIdError> {
        let mut decoder = Decoder::new(GrowingBuffer::with_limit(self.options.limit));
        decoder.set_last_event_id(id.into().as_bytes())?;
        let is_closed = self.ready_state() == ReadyState::Closed;
        self.source = sse_wire::EventSource::with_backoff(decoder, self.options.backoff);
        if is_closed {
            self.source.close();
        } else {
            self.phase = Phase::Between;
        }
        Ok(())
    }

    /// Closes the client: the connection ends, and so does the stream.
    pub fn close(&mut self) {
        self.source.close();
        self.phase = Phase::Between;
    }

    /// Whether it is connecting, open or closed. A closed one makes no further connection.
    #[must_use]
    pub const fn ready_state(&self) -> ReadyState {
        match (self.source.ready_state(), &self.phase) {
            (ReadyState::Open, Phase::Open { .. }) => ReadyState::Open,
            // The core changes its state only when the next connection begins.
            (ReadyState::Open, _) => ReadyState::Connecting,
            (state, _) => state,
        }
    }

    /// The last event ID. Empty if there is none.
    #[must_use]
    pub fn last_event_id(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(self.source.decoder().last_event_id())
    }

    /// The state machine of the core: attempts, and the decoder with its counts of comments and of ignored lines.
    #[must_use]
    pub const fn source(&self) -> &sse_wire::EventSource<GrowingBuffer> {
        &self.source
    }

    /// The head of the response, while a connection is open.
    #[must_use]
    pub fn head(&self) -> Option<&http::response::Parts> {
        match &self.phase {
            Phase::Open { head, .. } => Some(head),
            _ => None,
        }
    }

    /// The response that was [refused](ClientError::Refused), so that the program can read its body. `None` at the second
    /// call, after [`close`](Self::close), and once the client waits for its next connection. A client that was closed by
    /// the response keeps it, and its connection, until it is taken or the client is dropped.
    pub fn refused_response(&mut self) -> Option<Response<Pin<Box<C::Body>>>> {
        match std::mem::replace(&mut self.phase, Phase::Between) {
            Phase::Refused(response) => Some(response),
            other => {
                self.phase = other;
                None
            }
        }
    }

    /// Deserializes each event's data from JSON.
    #[cfg(feature = "json")]
    pub fn json<V: serde::de::DeserializeOwned>(self) -> crate::JsonStream<V, Self> {
        crate::JsonStream::new(self)
    }

    /// Ends a connection, and closes the client if there must be no other.
    fn fail(&mut self, error: ClientError<C::Error>) -> ClientError<C::Error> {
        let was_open = matches!(self.phase, Phase::Open { .. });
        if !matches!(self.phase, Phase::Refused(_)) {
            self.phase = Phase::Between;
        }
        // A server that is silent may be at work on the answer.
        let may_be_answered = was_open || matches!(error, ClientError::Idle);
        let is_last = self.options.attempts.is_some_and(|most| self.source.attempts() >= most)
            || (may_be_answered && !self.options.reconnects_after_end);
        if is_last || matches!(&error, ClientError::Connection(error) if C::is_final(error)) {
            self.source.close();
        }
        error
    }

    /// Opens the client, if this response is an event stream.
    fn open(&mut self, response: Response<C::Body>) -> Result<(), ClientError<C::Error>> {
        let (head, body) = response.into_parts();
        let body = Box::pin(body);
        let judged = head
            .headers
            .iter()
            .fold(sse_wire::Response::new(head.status.as_u16()), |judged, (name, value)| {
                judged.header(name, value)
            });
        let Err(why) = self.source.open(&judged) else {
            self.phase = Phase::Open { head: Box::new(head), body, chunk: Chunk::default() };
            return Ok(());
        };
        let retry_after = judged.retry_after();
        if why.is_temporary() && self.options.retries_refused {
            self.source.retry(retry_after);
        }
        self.phase = Phase::Refused(Response::from_parts(head, body));
        Err(self.fail(ClientError::Refused { why, retry_after }))
    }

    /// What `f` makes of the next event, or `None` for a connection that is open now.
    #[inline(always)]
    #[allow(clippy::type_complexity)]
    fn poll_incoming<R>(
        &mut self,
        cx: &mut Context<'_>,
        mut f: impl FnMut(MessageEvent<'_>, &<C::Body as TryStream>::Ok, &mut Name, &mut Id) -> R,
    ) -> Poll<Option<Result<Option<R>, ClientError<C::Error>>>> {
        loop {
            if let Phase::Open { chunk, .. } = &mut self.phase {
                if let Some((event, chunk)) = chunk.next(&mut self.source) {
                    return Poll::Ready(Some(match event {
                        Ok(event) => Ok(Some(f(event, chunk, &mut self.name, &mut self.id))),
                        Err(error) => Err(error.into()),
                    }));
                }
                chunk.clear();
            }
            match ready!(self.poll_connection(cx)) {
                Some(Ok(Progress::Chunk)) => {}
                Some(Ok(Progress::Open)) => return Poll::Ready(Some(Ok(None))),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }

    /// Connects, waits and reads, until there is a chunk.
    fn poll_connection(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Progress, ClientError<C::Error>>>> {
        loop {
            let polled = match &mut self.phase {
                Phase::Between | Phase::Refused(_) => {
                    let Some(wait) = self.source.connect(random()) else {
                        return Poll::Ready(None);
                    };
                    // The first connection does not wait, not even for the clock's next tick.
                    if wait.is_zero() {
                        self.send_request();
                    } else {
                        self.phase = Phase::Waiting(Box::pin(sleep(wait)));
                    }
                    continue;
                }
                Phase::Waiting(sleep) => {
                    ready!(sleep.as_mut().poll(cx));
                    self.send_request();
                    continue;
                }
                Phase::Connecting(request) => request.as_mut().poll(cx).map(|response| {
                    let response =
                        response.map_err(|error| self.fail(ClientError::Connection(error)))?;
                    self.reset_idle_timeout();
                    self.open(response).map(|()| Progress::Open)
                }),
                Phase::Open { body, chunk, .. } => match body.as_mut().try_poll_next(cx) {
                    Poll::Ready(Some(Ok(bytes))) => {
                        chunk.fill(bytes);
                        self.reset_idle_timeout();
                        Poll::Ready(Ok(Progress::Chunk))
                    }
                    Poll::Ready(Some(Err(error))) => {
                        Poll::Ready(Err(self.fail(ClientError::Connection(error))))
                    }
                    Poll::Ready(None) => {
                        let is_cut = self.source.decoder().is_mid_event();
                        if !self.options.reconnects_after_end && !is_cut {
                            self.close();
                            return Poll::Ready(None);
                        }
                        Poll::Ready(Err(self.fail(ClientError::Ended)))
                    }
                    Poll::Pending => Poll::Pending,
                },
            };
            if polled.is_pending() {
                self.source.shrink_before_wait();
                ready!(self.silence.as_mut().map_or(Poll::Pending, |silence| silence.poll(cx)));
                return Poll::Ready(Some(Err(self.fail(ClientError::Idle))));
            }
            return polled.map(Some);
        }
    }

    fn send_request(&mut self) {
        let request = self.connect.connect(headers(&self.source));
        self.phase = Phase::Connecting(Box::pin(request));
        self.reset_idle_timeout();
    }

    fn reset_idle_timeout(&mut self) {
        if let Some(silence) = &mut self.silence {
            silence.end();
        }
    }
}

/// What a connection has made.
enum Progress {
    /// It is open.
    Open,
    /// A chunk is there.
    Chunk,
}

/// Any 32 bits, for the random part of a wait.
fn random() -> u32 {
    let [a, b, c, d, ..] = RandomState::new().hash_one(()).to_ne_bytes();
    u32::from_ne_bytes([a, b, c, d])
}

/// The headers of the request. As in a browser, U+FFFD stands for what is not UTF-8.
fn headers(source: &sse_wire::EventSource<GrowingBuffer>) -> HeaderMap {
    let headers = source.headers().filter_map(|(name, value)| {
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        let value = HeaderValue::from_str(&String::from_utf8_lossy(value)).ok()?;
        Some((name, value))
    });
    headers.collect()
}

/// What is pinned is in boxes.
impl<C: Connect, D> Unpin for EventSource<C, D> {}

impl<C: Connect, D: FromEvent<<C::Body as TryStream>::Ok>> Stream for EventSource<C, D> {
    type Item = Result<Incoming<D>, ClientError<C::Error>>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let event = self.get_mut().poll_incoming(cx, |event, chunk, name, id| {
            Incoming::Message(own(&event, chunk, name, id))
        });
        event.map_ok(|incoming| incoming.unwrap_or(Incoming::Open))
    }
}

impl<C, D> FusedStream for EventSource<C, D>
where
    C: Connect,
    D: FromEvent<<C::Body as TryStream>::Ok>,
{
    fn is_terminated(&self) -> bool {
        self.ready_state() == ReadyState::Closed
    }
}

#[cfg(feature = "json")]
impl<C: Connect, D> crate::stream::PollEvent for EventSource<C, D> {
    type Error = ClientError<C::Error>;

    fn poll_event<R>(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut f: impl FnMut(MessageEvent<'_>) -> R,
    ) -> Poll<Option<Result<R, Self::Error>>> {
        let this = self.get_mut();
        loop {
            match ready!(this.poll_incoming(cx, |event, _, _, _| f(event))) {
                Some(Ok(Some(made))) => return Poll::Ready(Some(Ok(made))),
                Some(Ok(None)) => {}
                // The end within an event, of a body after which there is no other: a `JsonStream` sees it for itself.
                Some(Err(ClientError::Ended)) if !this.options.reconnects_after_end => {
                    return Poll::Ready(None);
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }

    fn is_mid_event(&self) -> bool {
        self.source.decoder().is_mid_event()
    }

    fn is_over(&self, _: &Self::Error) -> bool {
        self.ready_state() == ReadyState::Closed
    }
}

impl<C: Connect, D> fmt::Debug for EventSource<C, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventSource").field("source", &self.source).finish_non_exhaustive()
    }
}
