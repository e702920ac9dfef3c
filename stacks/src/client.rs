//! What the clients share: the head of the response, and all that comes after it.

use embedded_io_async::BufRead;
use sse_wire::{Buffer, DecodeError, EventSource, MessageEvent, ReadyState, Refused, Response};
use std::error::Error;
use std::fmt;
use std::ops::ControlFlow;

/// Why there is no stream, or no more of it.
#[derive(Debug)]
pub enum StreamError<E> {
    /// The connection failed.
    Connection(E),
    /// The server answers, but not with an event stream.
    Refused(Refused),
}

impl<E: fmt::Display> fmt::Display for StreamError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connection(error) => error.fmt(f),
            Self::Refused(refused) => refused.fmt(f),
        }
    }
}

impl<E: Error + 'static> Error for StreamError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Connection(error) => Some(error),
            Self::Refused(refused) => Some(refused),
        }
    }
}

/// The headers of the request, whose values both clients take as text only: as in a browser, U+FFFD stands for what is
/// not UTF-8.
pub(crate) fn headers<B: Buffer>(source: &EventSource<B>) -> Vec<(&'static str, String)> {
    let text = |value| String::from_utf8_lossy(value).into_owned();
    source.headers().map(|(name, value)| (name, text(value))).collect()
}

/// Opens the source. After a refusal that may be temporary it goes on.
pub(crate) fn open<'h, B: Buffer, E>(
    source: &mut EventSource<B>,
    status: u16,
    headers: impl Iterator<Item = (&'h str, &'h [u8])>,
) -> Result<(), StreamError<E>> {
    let head = headers.fold(Response::new(status), |head, (name, value)| head.header(name, value));
    source.open(&head).map_err(|refused| {
        if refused.is_temporary() {
            source.retry(head.retry_after());
        }
        StreamError::Refused(refused)
    })
}

/// Hands out every event until the stream ends. A caller that has had enough closes the source by `Break`.
pub(crate) async fn receive<R: BufRead, B: Buffer>(
    mut body: R,
    source: &mut EventSource<B>,
    mut on_event: impl FnMut(Result<MessageEvent<'_>, DecodeError>) -> ControlFlow<()>,
) -> Result<(), StreamError<R::Error>> {
    while source.ready_state() == ReadyState::Open {
        let bytes = body.fill_buf().await.map_err(StreamError::Connection)?;
        if bytes.is_empty() {
            break;
        }
        let mut chunk = bytes;
        while let Some(event) = source.next(&mut chunk) {
            if on_event(event).is_break() {
                source.close();
            }
        }
        let used = bytes.len();
        body.consume(used);
    }
    Ok(())
}
