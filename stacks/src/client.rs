//! What the clients share: where they connect, what a program hears of them, and all that comes after the head of a response.

use embedded_io_async::BufRead;
use sse_wire::{Buffer, DecodeError, EventSource, MessageEvent, ReadyState, Refused, Response};
use std::error::Error;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::ops::ControlFlow;
use std::time::Duration;
use tokio::time::timeout;
use url::{ParseError, Url};

/// After so long a silence a connection is given up, unless its [`Target`] knows better: three keep-alives of 15 seconds.
pub(crate) const SILENCE: Duration = Duration::from_secs(45);

/// How many redirections of a request are followed, as in browsers.
const REDIRECTIONS: u8 = 20;

/// What a program does when something happens to its client. A closure that takes events is one that ignores the rest.
pub trait Handler<B: Buffer> {
    /// The client is open: the browser's event `open`. `url` is the one after all redirections: its origin is the origin of the
    /// events. To close the client, call [`EventSource::close`].
    fn open(&mut self, source: &mut EventSource<B>, url: &Url) {
        let _ = (source, url);
    }

    /// An event has come, or one was lost. `Break` closes the client.
    fn event(&mut self, event: Result<MessageEvent<'_>, DecodeError>) -> ControlFlow<()>;

    /// Bytes have come, and the events in them were handed out: a sign of life, even if there were none. The
    /// [`decoder`](EventSource::decoder) knows of comments, of ignored lines, and of an event that is too long and still goes on.
    fn received(&mut self, source: &mut EventSource<B>) {
        let _ = source;
    }

    /// The browser's event `error`. There are two kinds, and [`EventSource::ready_state`] distinguishes them:
    ///
    /// * `Connecting`: the connection has failed or ended, and there will be another one. To give up after so many
    ///   [`attempts`](EventSource::attempts), call [`EventSource::close`].
    /// * `Closed`: the client has given up. To try again after a refusal, call [`EventSource::retry`].
    fn error<E: Error>(&mut self, source: &mut EventSource<B>, end: Result<(), StreamError<E>>) {
        let _ = (source, end);
    }

    /// Any 32 bits, for the random part of a wait: see [`sse_wire::Backoff`].
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

/// Where a client connects. Redirections are followed, and the next connection goes to the first URL again; permanent ones
/// (301 and 308) replace it.
#[derive(Clone, Debug)]
pub struct Target {
    first: Url,
    now: Url,
    redirections: u8,
    silence: Duration,
}

impl Target {
    /// A target that was not redirected yet.
    ///
    /// # Errors
    /// If this is not a URL. One with an unknown scheme is found out when the client connects, as in a browser.
    pub fn new(url: &str) -> Result<Self, ParseError> {
        let mut first = Url::parse(url)?;
        first.set_fragment(None);
        Ok(Self { now: first.clone(), first, redirections: 0, silence: SILENCE })
    }

    /// Sets how long a connection may be silent before it is given up: three keep-alives of the server. At first, 45 seconds.
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

    /// Begins a connection. Closes a client that can never have one.
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

    /// Whether the response is a redirection, and another request has to be made. One that cannot be followed is passed to
    /// the source, which refuses it.
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
        // What follows a temporary redirection is temporary.
        if matches!(status, 301 | 308) && self.first == self.now {
            self.first = next.clone();
        }
        self.now = next;
        self.redirections += 1;
        true
    }
}

/// There is no TLS here; a program that has it adds `https`.
fn is_known(url: &Url) -> bool {
    url.scheme() == "http"
}

/// Why there is no stream, or no more of it.
#[derive(Debug)]
pub enum StreamError<E> {
    /// The connection failed.
    Connection(E),
    /// The server answers, but not with an event stream.
    Refused {
        /// What is wrong with the response.
        why: Refused,
        /// How long the server asks to wait, for [`EventSource::retry`].
        retry_after: Duration,
    },
    /// Nothing comes, for longer than the target allows.
    Silence,
    /// The URL has a scheme that this client does not know.
    Scheme,
}

impl<E: fmt::Display> fmt::Display for StreamError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connection(error) => error.fmt(f),
            Self::Refused { why, .. } => why.fmt(f),
            Self::Silence => f.write_str("nothing comes from the server"),
            Self::Scheme => f.write_str("the scheme of the URL is not known"),
        }
    }
}

impl<E: Error + 'static> Error for StreamError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Connection(error) => Some(error),
            Self::Refused { why, .. } => Some(why),
            Self::Silence | Self::Scheme => None,
        }
    }
}

/// The headers of the request, whose values the clients take as text only: as in a browser, U+FFFD stands for what is
/// not UTF-8.
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

/// Hands out the events of a chunk. A caller that has had enough closes the source by `Break`.
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

/// Gives up what is silent for too long.
pub(crate) async fn limited<T, E>(
    silence: Duration,
    future: impl Future<Output = Result<T, E>>,
) -> Result<T, StreamError<E>> {
    match timeout(silence, future).await {
        Ok(result) => result.map_err(StreamError::Connection),
        Err(_) => Err(StreamError::Silence),
    }
}

/// Hands out every event until the stream ends.
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

/// After a connection: tells the program, and says how long to wait for the next one. `None`: the client is closed.
pub(crate) fn reconnect<B: Buffer, E: Error>(
    source: &mut EventSource<B>,
    end: Result<(), StreamError<E>>,
    handler: &mut impl Handler<B>,
) -> Option<Duration> {
    if end.is_ok() && source.ready_state() == ReadyState::Closed {
        // The program has closed it, and need not be told.
        return None;
    }
    let wait = source.connect(handler.random());
    handler.error(source, end);
    match source.ready_state() {
        ReadyState::Closed => None,
        // Without a wait it was refused, and the program has overruled that.
        _ => wait.or_else(|| source.connect(handler.random())),
    }
}
