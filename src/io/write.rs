//! Writing without the waiting: what is encoded and has not gone out yet.

use crate::encode::Splitter;
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
    /// The event whose data come in pieces. Between two calls of a writer that is none, or one that was left
    /// unfinished.
    open: Option<OpenEvent>,
}

/// An event that has begun. What it takes to end it always fits into the buffer.
#[derive(Debug)]
struct OpenEvent {
    splitter: Splitter,
    /// The connection has taken bytes of it.
    is_on_the_wire: bool,
}

impl<B: AsRef<[u8]> + AsMut<[u8]>> Writing<B> {
    pub(super) const fn new(buffer: B) -> Self {
        Self { buffer, unwritten: 0..0, unflushed: false, open: None }
    }

    fn buffer<E>(&mut self) -> Result<&mut [u8], WriteError<E>> {
        match self.buffer.as_mut() {
            [] => Err(WriteError::EmptyBuffer),
            buffer => Ok(buffer),
        }
    }

    /// Puts an event in place. Nothing is on its way any more.
    pub(super) fn put<E>(&mut self, event: &impl Encode) -> Result<(), WriteError<E>> {
        let len = event.encode_to(self.buffer()?).map_err(WriteError::Encode)?;
        self.unwritten = 0..len;
        Ok(())
    }

    /// Puts a keep-alive in place. Nothing is on its way any more.
    pub(super) fn put_keep_alive<E>(&mut self) -> Result<(), WriteError<E>> {
        let needed = KEEP_ALIVE.len();
        let start = self.buffer()?.get_mut(..needed).ok_or_else(|| too_small(needed))?;
        start.copy_from_slice(KEEP_ALIVE);
        self.unwritten = 0..needed;
        Ok(())
    }

    /// Puts the head of an event in place, whose data come in pieces. Nothing is on its way any more.
    pub(super) fn begin<E>(&mut self, head: &Event<'_>) -> Result<(), WriteError<E>> {
        let buffer = self.buffer()?;
        let (len, splitter) = head.begin(buffer).into_parts();
        let needed = len.saturating_add(splitter.least_free());
        if buffer.len() < needed {
            return Err(too_small(needed));
        }
        self.unwritten = 0..len;
        self.open = Some(OpenEvent { splitter, is_on_the_wire: false });
        Ok(())
    }

    /// Puts as much of a piece of data in place as fits, and returns how many bytes of it: not 0 if nothing is
    /// on its way.
    pub(super) fn put_data(&mut self, piece: &[u8]) -> usize {
        self.start_over();
        let Some(open) = &mut self.open else { return 0 };
        let (buffer, len) = (self.buffer.as_mut(), self.unwritten.end);
        let fitting = open.splitter.fitting(piece, buffer.len().saturating_sub(len));
        let piece = piece.get(..fitting).unwrap_or_default();
        self.unwritten.end = open.splitter.write_at(piece, buffer, len);
        fitting
    }

    /// Puts the end of the event in place.
    pub(super) fn end(&mut self) {
        self.start_over();
        if let Some(open) = self.open.take() {
            let buffer = self.buffer.as_mut();
            self.unwritten.end = open.splitter.finish_at(buffer, self.unwritten.end);
        }
    }

    /// Goes back to the front of the buffer, if all has been written.
    fn start_over(&mut self) {
        if self.unwritten.is_empty() {
            self.unwritten = 0..0;
        }
    }

    /// Drops an event that was left unfinished before the connection has taken any byte of it.
    pub(super) fn drop_unfinished<E>(&mut self) -> Result<(), WriteError<E>> {
        match &self.open {
            Some(open) if open.is_on_the_wire => return Err(WriteError::Unfinished),
            Some(_) => self.unwritten = 0..0,
            None => {}
        }
        self.open = None;
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
        if let Some(open) = &mut self.open {
            open.is_on_the_wire = true;
        }
        Ok(())
    }

    pub(super) const fn unflushed(&self) -> bool {
        self.unflushed
    }

    pub(super) const fn flushed(&mut self) {
        self.unflushed = false;
    }
}

/// That the buffer is too small.
pub(super) const fn too_small<E>(needed: usize) -> WriteError<E> {
    WriteError::Encode(FormatError::BufferTooSmall(BufferTooSmall { needed }))
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
    /// The writer's buffer has a length of 0, as that of `Vec::with_capacity` has: nothing can be sent.
    EmptyBuffer,
    /// An event whose data come in pieces was begun, and dropped before it was finished, when the connection
    /// had taken a part of it. Nothing that is sent on this connection after it can be told from its data:
    /// close the connection. A client drops the unfinished event when the stream ends, reconnects with the
    /// id of the event before, and is sent it again.
    Unfinished,
}

impl<E: fmt::Display> fmt::Display for WriteError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::WriteZero => f.write_str("the connection takes no more bytes"),
            Self::Encode(error) => error.fmt(f),
            Self::EmptyBuffer => f.write_str("the writer's buffer has a length of 0"),
            Self::Unfinished => {
                f.write_str("an event was left unfinished: the connection has to be closed")
            }
        }
    }
}

impl<E: core::error::Error + 'static> core::error::Error for WriteError<E> {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            Self::WriteZero | Self::EmptyBuffer | Self::Unfinished => None,
            Self::Encode(error) => Some(error),
        }
    }
}

impl<E: embedded_io::Error + 'static> embedded_io::Error for WriteError<E> {
    fn kind(&self) -> embedded_io::ErrorKind {
        match self {
            Self::Io(error) => error.kind(),
            Self::WriteZero => embedded_io::ErrorKind::WriteZero,
            Self::Encode(_) | Self::EmptyBuffer => embedded_io::ErrorKind::InvalidInput,
            Self::Unfinished => embedded_io::ErrorKind::ConnectionAborted,
        }
    }
}
