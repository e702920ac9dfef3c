//! Writing without the waiting: what is encoded and has not gone out yet.

use crate::{BufferTooSmall, Event, FormatError, FormattedEvent, KEEP_ALIVE};
use core::fmt;
use core::ops::Range;

/// Bytes on their way.
#[derive(Debug)]
pub(super) struct Writing<B> {
    buffer: B,
    /// The part of the buffer that is still to be written.
    unwritten: Range<usize>,
    /// Bytes were written since the last flush.
    unflushed: bool,
}

impl<B: AsRef<[u8]> + AsMut<[u8]>> Writing<B> {
    pub(super) const fn new(buffer: B) -> Self {
        Self { buffer, unwritten: 0..0, unflushed: false }
    }

    /// Puts an event in place. Nothing is on its way any more.
    pub(super) fn put<E>(&mut self, event: &impl Encode) -> Result<(), WriteError<E>> {
        let len = event.encode_to(self.buffer.as_mut()).map_err(WriteError::Encode)?;
        self.unwritten = 0..len;
        Ok(())
    }

    /// Puts a keep-alive in place. Nothing is on its way any more.
    pub(super) fn put_keep_alive<E>(&mut self) -> Result<(), WriteError<E>> {
        let needed = KEEP_ALIVE.len();
        let Some((start, _)) = self.buffer.as_mut().split_at_mut_checked(needed) else {
            return Err(WriteError::Encode(BufferTooSmall { needed }.into()));
        };
        start.copy_from_slice(KEEP_ALIVE);
        self.unwritten = 0..needed;
        Ok(())
    }

    /// What is to be written next; `None` if there is nothing.
    pub(super) fn unwritten(&self) -> Option<&[u8]> {
        let bytes = self.buffer.as_ref().get(self.unwritten.clone())?;
        (!bytes.is_empty()).then_some(bytes)
    }

    /// The connection has taken so many bytes.
    pub(super) fn written<E>(&mut self, len: usize) -> Result<(), WriteError<E>> {
        if len == 0 {
            return Err(WriteError::WriteZero);
        }
        self.unwritten.start = self.unwritten.start.saturating_add(len);
        self.unflushed = true;
        Ok(())
    }

    pub(super) const fn unflushed(&self) -> bool {
        self.unflushed
    }

    pub(super) const fn flushed(&mut self) {
        self.unflushed = false;
    }
}

/// What an `EventWriter` can send: [`Event`] and [`FormattedEvent`].
///
/// The trait is sealed: its method is the crate's own.
pub trait Encode: EncodeTo {}

/// The sealed half of [`Encode`].
pub trait EncodeTo {
    /// Encodes to the front of `out`, and returns how many bytes that are.
    fn encode_to(&self, out: &mut [u8]) -> Result<usize, FormatError>;
}

impl Encode for Event<'_> {}
impl EncodeTo for Event<'_> {
    fn encode_to(&self, out: &mut [u8]) -> Result<usize, FormatError> {
        self.encode(out).map(|bytes| bytes.len()).map_err(FormatError::from)
    }
}

impl Encode for FormattedEvent<'_> {}
impl EncodeTo for FormattedEvent<'_> {
    fn encode_to(&self, out: &mut [u8]) -> Result<usize, FormatError> {
        self.encode(out).map(|bytes| bytes.len())
    }
}

/// Why an event could not be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum WriteError<E> {
    /// The connection reports an error. What it has not taken yet is kept, and goes out first if
    /// the writer is used again.
    Io(E),
    /// The connection takes no more bytes, and does not say why. As with `Io`, the rest is kept.
    WriteZero,
    /// The event does not fit into the writer's buffer, or could not be formatted. Nothing of it was
    /// written, and the writer goes on. A server that ends the stream over it meets it again, when
    /// the client comes back for it: skip it.
    Encode(FormatError),
}

impl<E: fmt::Display> fmt::Display for WriteError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::WriteZero => f.write_str("the connection takes no more bytes"),
            Self::Encode(error) => error.fmt(f),
        }
    }
}

impl<E: core::error::Error + 'static> core::error::Error for WriteError<E> {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            Self::WriteZero => None,
            Self::Encode(error) => Some(error),
        }
    }
}
