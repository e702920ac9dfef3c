//! Shared by the clients: the target of their connections, the handler of their events, and reading a stream after the
//! head of the response.

use embedded_io_async::BufRead;
use sse_wire::{Buffer, DecodeError, EventSource, MessageEvent, ReadyState, Refused, Response};
use std::error::Error;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::ops::ControlFlow;
use std::time::Duration;
use tokio::time::timeout;
use url::{ParseError, Url};

/// The default time without input after which a connection is closed: three keep-alives of 15 seconds.
pub(crate) const SILENCE: Duration = Duration::from_secs(45);

/// The most redirections of a request that are followed, as in browsers.
const REDIRECTIONS: u8 = 20;

/// A program's handlers for the events of its client. A closure can be a handler that ignores everything but events of
/// the stream.
pub trait Handler<B: Buffer> {
    /// The client is open: a browser's event `open`. `url` is the URL after all redirections; its origin is the origin
    /// of the events. To close the client, call [`EventSource::close`].
    fn open(&mut self, source: &mut EventSource<B>, url: &Url) {
        let _ = (source, url);
    }

    /// An event has come, or was lost. `Break` closes the client.
    fn event(&mut self, event: Result<MessageEvent<'_>, DecodeError>) -> ControlFlow<()>;

    /// Bytes have come, and their events have been passed on: a sign of life, even without events. The
    /// [`decoder`](EventSource::decoder) reports comments, ignored lines, and an event that is already too long.
    fn received(&mut self, source: &mut EventSource<B>) {
        let _ = source;
    }

    /// A browser's event `error`. [`EventSource::ready_state`] distinguishes two kinds:
    ///
    /// * `Connecting`: the connection has failed or ended, and there will be another one. To give up after a number of
    ///   [`attempts`](EventSource::attempts), call [`EventSource::close`].
    /// * `Closed`: the client has given up. To try again after a refusal, call [`EventSource::retry`].
    fn error<E: Error>(&mut self, source: &mut EventSource<B>, end: Result<(), StreamError<E>>) {
        let _ = (source, end);
    }

    /// Returns 32 random bits, for the random part of a wait: see [`sse_wire::Backoff`].
    fn random(&mut self) -> u32 {
        RandomState::new().hash_one(0) as u32
    }
}

impl<B: Buffer, F> Handler<B> for F
where
    F: FnMut(Result<MessageEvent<'_>, DecodeError>) -> ControlFlow<()>,
{
    fn event(&mut self, event: Result<MessageEvent<'_>, DecodeError>) -> ControlFlow<()> {
        self(event)
    }
}

/// The URL that a client connects to. After a temporary redirection, the next connection uses the first URL again; a
/// permanent one (301 and 308) replaces it.
#[derive(Clone, Debug)]
pub struct Target {
    first: Url,
    now: Url,
    redirections: u8,
    silence: Duration,
}

impl Target {
    /// Makes a target without redirections.
    ///
    /// # Errors
    /// If `url` is not a URL. As in a browser, an unknown scheme is an error only when the client connects.
    pub fn new(url: &str) -> Result<Self, ParseError> {
        let mut first = Url::parse(url)?;
        first.set_fragment(None);
        Ok(Self { now: first.clone(), first, redirections: 0, silence: SILENCE })
    }

    /// Sets the time without input after which a connection is closed: three keep-alives of the server. The default is
    /// 45 seconds.
    #[must_use]
    pub fn silence(self, silence: Duration) -> Self {
        Self { silence, ..self }
    }

    /// The URL of the next request.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.now
    }

    pub(crate) fn longest_silence(&self) -> Duration {
        self.silence
    }

    /// Begins a connection. Closes a client whose URL has an unknown scheme.
    pub(crate) fn begin<B: Buffer, E>(
        &mut self,
        source: &mut EventSource<B>,
    ) -> Result<(), StreamError<E>> {
        self.now.clone_from(&self.first);
        self.redirections = 0;
        if is_known(&self.now) {
            return Ok(());
        }
        source.close();
        Err(StreamError::Scheme)
    }

    /// Follows a redirection. `true`: the caller must send another request. `false`: the response is none, or one that
    /// cannot be followed, which the source refuses.
    pub(crate) fn follow(&mut self, status: u16, location: Option<&[u8]>) -> bool {
        if !matches!(status, 301 | 302 | 303 | 307 | 308) || self.redirections == REDIRECTIONS {
            return false;
        }
        let location = location.filter(|location| !location.is_empty());
        let Some(location) = location.and_then(|location| str::from_utf8(location).ok()) else {
            return false;
        };
        let Ok(mut next) = self.now.join(location) else { return false };
        next.set_fragment(None);
        if !is_known(&next) {
            return false;
        }
        // A redirection after a temporary one is temporary.
        if matches!(status, 301 | 308) && self.first == self.now {
            self.first = next.clone();
        }
        self.now = next;
        self.redirections += 1;
        true
    }
}

/// There is no TLS here; a program with TLS adds `https`.
fn is_known(url: &Url) -> bool {
    url.scheme() == "http"
}

/// Why there is no stream, or why it has ended.
#[derive(Debug)]
pub enum StreamError<E> {
    /// The connection failed.
    Connection(E),
    /// The server's response is not an event stream.
    Refused {
        /// The failed check.
        why: Refused,
        /// The wait that the server requests, for [`EventSource::retry`].
        retry_after: Duration,
    },
    /// There was no input for longer than the target allows.
    Silence,
    /// The client does not support the scheme of the URL.
    Scheme,
}

impl<E: fmt::Display> fmt::Display for StreamError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connection(error) => error.fmt(f),
            Self::Refused { why, .. } => why.fmt(f),
            Self::Silence => f.write_str("the server is silent"),
            Self::Scheme => f.write_str("the scheme of the URL is not supported"),
        }
    }
}

impl<E: Error + 'static> Error for StreamError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            // The error within is displayed, so the source is the next one.
            Self::Connection(error) => error.source(),
            Self::Refused { .. } | Self::Silence | Self::Scheme => None,
        }
    }
}

/// The headers of the request as text, which these clients require. As in a browser, U+FFFD replaces invalid UTF-8.
pub(crate) fn headers<B: Buffer>(source: &EventSource<B>) -> Vec<(&'static str, String)> {
    let text = |value| String::from_utf8_lossy(value).into_owned();
    source.headers().map(|(name, value)| (name, text(value))).collect()
}

/// Opens the source.
pub(crate) fn open<'h, B: Buffer, E>(
    source: &mut EventSource<B>,
    status: u16,
    headers: impl Iterator<Item = (&'h str, &'h [u8])>,
) -> Result<(), StreamError<E>> {
    let head = headers.fold(Response::new(status), |head, (name, value)| head.header(name, value));
    source.open(&head).map_err(|why| StreamError::Refused { why, retry_after: head.retry_after() })
}

/// Passes the events of a chunk to `on_event`. `Break` closes the source.
pub(crate) fn take<B: Buffer>(
    source: &mut EventSource<B>,
    mut chunk: &[u8],
    on_event: &mut impl FnMut(Result<MessageEvent<'_>, DecodeError>) -> ControlFlow<()>,
) {
    while let Some(event) = source.next(&mut chunk) {
        if on_event(event).is_break() {
            source.close();
        }
    }
}

/// Limits the wait for a future.
pub(crate) async fn limited<T, E>(
    silence: Duration,
    future: impl Future<Output = Result<T, E>>,
) -> Result<T, StreamError<E>> {
    match timeout(silence, future).await {
        Ok(result) => result.map_err(StreamError::Connection),
        Err(_) => Err(StreamError::Silence),
    }
}

/// Passes every event to the handler until the stream ends.
pub(crate) async fn receive<R: BufRead, B: Buffer>(
    mut body: R,
    silence: Duration,
    source: &mut EventSource<B>,
    handler: &mut impl Handler<B>,
) -> Result<(), StreamError<R::Error>> {
    while source.ready_state() == ReadyState::Open {
        let chunk = limited(silence, body.fill_buf()).await?;
        if chunk.is_empty() {
            break;
        }
        take(source, chunk, &mut |event| handler.event(event));
        handler.received(source);
        let used = chunk.len();
        body.consume(used);
    }
    Ok(())
}

/// Reports the end of a connection to the handler, and returns the wait before the next one. `None`: the client is
/// closed.
pub(crate) fn reconnect<B: Buffer, E: Error>(
    source: &mut EventSource<B>,
    end: Result<(), StreamError<E>>,
    handler: &mut impl Handler<B>,
) -> Option<Duration> {
    if end.is_ok() && source.ready_state() == ReadyState::Closed {
        // The program has closed the client, and needs no report.
        return None;
    }
    let wait = source.connect(handler.random());
    handler.error(source, end);
    match source.ready_state() {
        ReadyState::Closed => None,
        // There is no wait if the client was refused, and the program has overridden the refusal.
        _ => wait.or_else(|| source.connect(handler.random())),
    }
}
