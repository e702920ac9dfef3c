//! Decodes the bytes in a connection's buffer, for both readers. Does not wait.

use crate::{Buffer, DecodeError, Decoder, MessageEvent, Progress};
use core::fmt;

/// The result of one read from a connection, from `EventReader::receive`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Received<'a> {
    /// An event is complete.
    Event(MessageEvent<'a>),
    /// Bytes, but no complete event: a part of an event, or comments. The server is alive.
    Bytes,
    /// The stream has ended.
    End,
}

/// Like [`Received`], but the event is in the decoder.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Event,
    Bytes,
    End,
}

impl Step {
    pub(super) fn with_event<B: Buffer>(self, decoder: &Decoder<B>) -> Received<'_> {
        match self {
            Self::Event => decoder.event().map_or(Received::Bytes, Received::Event),
            Self::Bytes => Received::Bytes,
            Self::End => Received::End,
        }
    }
}

/// Decodes bytes of a connection's buffer. Returns how many were used.
pub(super) fn decode<B: Buffer>(
    decoder: &mut Decoder<B>,
    available: &[u8],
) -> (usize, Result<Step, DecodeError>) {
    let mut rest = available;
    let step = match decoder.decode(&mut rest) {
        _ if available.is_empty() => Ok(Step::End),
        Ok(Progress::Event) => Ok(Step::Event),
        Ok(Progress::NeedInput) => Ok(Step::Bytes),
        Err(error) => Err(error),
    };
    (available.len().saturating_sub(rest.len()), step)
}

/// Why the next event could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum ReadError<E> {
    /// The connection reports an error. No byte is lost: if the connection recovers, so does the stream.
    Io(E),
    /// An event was lost. The reader continues with the next one.
    Decode(DecodeError),
}

impl<E: fmt::Display> fmt::Display for ReadError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::Decode(error) => error.fmt(f),
        }
    }
}

// The errors within are displayed, so the source is the next one.
impl<E: core::error::Error> core::error::Error for ReadError<E> {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Io(error) => error.source(),
            Self::Decode(error) => error.source(),
        }
    }
}
