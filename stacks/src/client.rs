//! What the clients share: all that comes after the head of the response.

use embedded_io_async::BufRead;
use sse_wire::io::ReadError;
use sse_wire::io::asynch::EventReader;
use sse_wire::{Buffer, CONTENT_TYPE, DecodeError, Decoder, MessageEvent};
use std::error::Error;
use std::fmt;
use std::ops::ControlFlow;

/// Why there is no stream, or no more of it.
#[derive(Debug)]
pub enum StreamError<E> {
    /// The connection failed. Try again, from the last event on.
    Connection(E),
    /// The server answers, but not with an event stream. To try again does not help.
    Refused {
        /// The status of the response.
        status: u16,
    },
}

impl<E: fmt::Display> fmt::Display for StreamError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connection(error) => error.fmt(f),
            Self::Refused { status } => write!(f, "no event stream, but a status of {status}"),
        }
    }
}

impl<E: Error + 'static> Error for StreamError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Connection(error) => Some(error),
            Self::Refused { .. } => None,
        }
    }
}

/// The last event ID as a header's value, which both clients take as text only.
pub(crate) fn last_event_id<B: Buffer>(decoder: &Decoder<B>) -> Option<String> {
    let id = str::from_utf8(decoder.last_event_id()).ok()?;
    (!id.is_empty()).then(|| id.to_owned())
}

pub(crate) fn check<E>(status: u16, media_type: Option<&[u8]>) -> Result<(), StreamError<E>> {
    let essence = media_type.unwrap_or_default().split(|&byte| byte == b';').next();
    let essence = essence.unwrap_or_default().trim_ascii();
    if status == 200 && essence.eq_ignore_ascii_case(CONTENT_TYPE.as_bytes()) {
        Ok(())
    } else {
        Err(StreamError::Refused { status })
    }
}

/// Hands out every event until the stream ends or the caller has had enough. Returns the decoder in
/// any case: the next connection needs its last event ID.
pub(crate) async fn receive<R: BufRead, B: Buffer>(
    body: R,
    decoder: Decoder<B>,
    mut on_event: impl FnMut(Result<MessageEvent<'_>, DecodeError>) -> ControlFlow<()>,
) -> (Decoder<B>, Result<(), StreamError<R::Error>>) {
    let mut reader = EventReader::with_decoder(body, decoder);
    let end = loop {
        let flow = match reader.next().await {
            Ok(Some(event)) => on_event(Ok(event)),
            Ok(None) => break Ok(()),
            Err(ReadError::Decode(error)) => on_event(Err(error)),
            Err(ReadError::Io(error)) => break Err(StreamError::Connection(error)),
        };
        if flow.is_break() {
            break Ok(());
        }
    };
    (reader.into_parts().1, end)
}
