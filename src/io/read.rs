//! Reading without the waiting: what was found in the connection's buffer, and how much of it is
//! used up.

use crate::decode::Found;
use crate::{Buffer, DecodeError, Decoder, MessageEvent};
use core::fmt;

/// Where a reader is between two looks at the connection's buffer.
#[derive(Debug)]
pub(super) struct Reading<B> {
    pub(super) decoder: Decoder<B>,
    event: Option<Ready>,
}

/// An event that has been found at the front of the connection's buffer, and is still there.
#[derive(Debug)]
struct Ready {
    found: Found,
    /// How many bytes it takes there.
    len: usize,
    /// The caller has had it.
    lent: bool,
}

/// What to do with the connection next.
pub(super) enum Step<E> {
    /// Consume so many bytes and fill the buffer again.
    Consume(usize),
    /// An event is found: fill the buffer again, which changes nothing in it, and take the event.
    Take,
    /// Consume so many bytes and report the error.
    Fail(usize, ReadError<E>),
    /// The stream has ended.
    End,
}

impl<B: Buffer> Reading<B> {
    pub(super) const fn new(decoder: Decoder<B>) -> Self {
        Self { decoder, event: None }
    }

    /// How many bytes to consume before the buffer is looked at: those of the event that the caller
    /// has had.
    pub(super) fn release(&mut self) -> usize {
        self.event.take_if(|event| event.lent).map_or(0, |event| event.len)
    }

    /// How many bytes to consume before the connection goes its own way. An event that was found and
    /// not lent is given up, and its id does not count.
    pub(super) fn finish(&mut self) -> usize {
        if self.event.as_ref().is_some_and(|event| !event.lent) {
            self.decoder.forget();
        }
        self.event.take().map_or(0, |event| event.len)
    }

    /// Looks at the connection's buffer.
    pub(super) fn look<E>(&mut self, buffer: &[u8]) -> Step<E> {
        if self.event.is_some() {
            return Step::Take;
        }
        if buffer.is_empty() {
            return Step::End;
        }
        let mut rest = buffer;
        let found = self.decoder.find(&mut rest);
        let len = buffer.len().saturating_sub(rest.len());
        match found {
            None => Step::Consume(len),
            Some(Err(error)) => Step::Fail(len, ReadError::Decode(error)),
            Some(Ok(found)) => {
                self.event = Some(Ready { found, len, lent: false });
                Step::Take
            }
        }
    }

    /// The event that was found at the front of the connection's buffer.
    pub(super) fn take<'a>(&'a mut self, buffer: &'a [u8]) -> Option<MessageEvent<'a>> {
        let event = self.event.as_mut()?;
        event.lent = true;
        Some(self.decoder.found(&event.found, buffer))
    }
}

/// Why the next event could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum ReadError<E> {
    /// The connection reports an error. No byte is lost: if the connection recovers, so does the
    /// stream.
    Io(E),
    /// An event was lost. The reader goes on with the next one.
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

impl<E: core::error::Error + 'static> core::error::Error for ReadError<E> {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            Self::Decode(error) => Some(error),
        }
    }
}
