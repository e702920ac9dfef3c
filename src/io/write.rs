//! Encoded bytes that are not written yet, for both writers. Does not wait.

use crate::encode::Splitter;
use crate::{BufferTooSmall, Event, FormatError, FormattedEvent, KEEP_ALIVE};
use core::fmt;
use core::ops::Range;

/// A writer's buffer, and which of its bytes are not written yet.
#[derive(Debug)]
pub(super) struct WriteBuffer<B> {
    buffer: B,
    /// The bytes of the buffer that are not written yet.
    unwritten: Range<usize>,
    /// Whether bytes were written after the last flush.
    needs_flush: bool,
    /// The event whose data comes in pieces. Between two calls of a writer, `None` or an event that was dropped
    /// unfinished.
    open: Option<OpenEvent>,
}

/// An event that has begun. Invariant: its end fits into the buffer.
#[derive(Debug)]
struct OpenEvent {
    splitter: Splitter,
    /// Whether the connection has taken bytes of the event.
    is_on_the_wire: bool,
}

impl<B: AsRef<[u8]> + AsMut<[u8]>> WriteBuffer<B> {
    pub(super) const fn new(buffer: B) -> Self {
        Self { buffer, unwritten: 0..0, needs_flush: false, open: None }
    }

    fn buffer<E>(&mut self) -> Result<&mut [u8], WriteError<E>> {
        match self.buffer.as_mut() {
            [] => Err(WriteError::EmptyBuffer),
            buffer => Ok(buffer),
        }
    }

    /// Encodes an event into the buffer. All earlier bytes must be written.
    pub(super) fn put_event<E>(&mut self, event: &impl Encode) -> Result<(), WriteError<E>> {
        let len = event.encode_to(self.buffer()?).map_err(WriteError::Encode)?;
        self.unwritten = 0..len;
        Ok(())
    }

    /// Copies a keep-alive into the buffer. All earlier bytes must be written.
    pub(super) fn put_keep_alive<E>(&mut self) -> Result<(), WriteError<E>> {
        let needed = KEEP_ALIVE.len();
        let start = self.buffer()?.get_mut(..needed).ok_or_else(|| too_small(needed))?;
        start.copy_from_slice(KEEP_ALIVE);
        self.unwritten = 0..needed;
        Ok(())
    }

    /// Encodes an event without data into the buffer; its data comes in pieces. All earlier bytes must be written.
    pub(super) fn begin<E>(&mut self, head: &Event<'_>) -> Result<(), WriteError<E>> {
        let buffer = self.buffer()?;
        let (len, splitter) = head.begin(buffer).into_parts();
        let needed = len.saturating_add(splitter.min_free());
        if buffer.len() < needed {
            return Err(too_small(needed));
        }
        self.unwritten = 0..len;
        self.open = Some(OpenEvent { splitter, is_on_the_wire: false });
        Ok(())
    }

    /// Copies as much of a piece of data into the buffer as fits, and returns the number of bytes. If all earlier bytes
    /// are written, it is not 0.
    pub(super) fn put_data(&mut self, piece: &[u8]) -> usize {
        self.start_over();
        let Some(open) = &mut self.open else { return 0 };
        let (buffer, len) = (self.buffer.as_mut(), self.unwritten.end);
        let fitting = open.splitter.fitting_len(piece, buffer.len().saturating_sub(len));
        let piece = piece.get(..fitting).unwrap_or_default();
        self.unwritten.end = open.splitter.write_at(piece, buffer, len);
        fitting
    }

    /// Copies the end of the event into the buffer.
    pub(super) fn end_event(&mut self) {
        self.start_over();
        if let Some(open) = self.open.take() {
            let buffer = self.buffer.as_mut();
            self.unwritten.end = open.splitter.end_event_at(buffer, self.unwritten.end);
        }
    }

    /// Continues at the front of the buffer, if all bytes are written.
    fn start_over(&mut self) {
        if self.unwritten.is_empty() {
            self.unwritten = 0..0;
        }
    }

    /// Drops an unfinished event, if the connection has taken no byte of it.
    pub(super) fn drop_unfinished<E>(&mut self) -> Result<(), WriteError<E>> {
        match &self.open {
            Some(open) if open.is_on_the_wire => return Err(WriteError::Unfinished),
            Some(_) => self.unwritten = 0..0,
            None => {}
        }
        self.open = None;
        Ok(())
    }

    /// The bytes to write next; `None` if all are written.
    pub(super) fn unwritten(&self) -> Option<&[u8]> {
        let bytes = self.buffer.as_ref().get(self.unwritten.clone())?;
        (!bytes.is_empty()).then_some(bytes)
    }

    /// Records that the connection has taken `len` bytes.
    pub(super) fn mark_written<E>(&mut self, len: usize) -> Result<(), WriteError<E>> {
        if len == 0 {
            return Err(WriteError::WriteZero);
        }
        self.unwritten.start = self.unwritten.start.saturating_add(len);
        self.needs_flush = true;
        if let Some(open) = &mut self.open {
            open.is_on_the_wire = true;
        }
        Ok(())
    }

    pub(super) const fn needs_flush(&self) -> bool {
        self.needs_flush
    }

    pub(super) const fn mark_flushed(&mut self) {
        self.needs_flush = false;
    }
}

/// The error for a buffer that is too small.
pub(super) const fn too_small<E>(needed: usize) -> WriteError<E> {
    WriteError::Encode(FormatError::BufferTooSmall(BufferTooSmall { needed }))
}

/// The events that an `EventWriter` can send: [`Event`] and [`FormattedEvent`].
///
/// The trait is sealed: its method is private.
pub trait Encode: EncodeTo {}

/// The sealed half of [`Encode`].
pub trait EncodeTo {
    /// Encodes to the front of `out`, and returns the length.
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
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum WriteError<E> {
    /// The connection reports an error. The unwritten bytes are kept, and are written first when the writer is used
    /// again.
    Io(E),
    /// The connection takes no more bytes, without a reason. As with `Io`, the unwritten bytes are kept.
    WriteZero,
    /// The event does not fit into the writer's buffer, or could not be formatted. None of it was written, and the
    /// writer stays usable. Skip the event: a server that ends the stream because of it fails again when the client
    /// requests it again.
    Encode(FormatError),
    /// The writer's buffer has length 0, as `Vec::with_capacity` has: nothing can be sent.
    EmptyBuffer,
    /// An event with data in pieces was dropped unfinished after the connection had taken a part of it. Anything sent
    /// after it on this connection would be read as its data: close the connection. When the stream ends, the client
    /// drops the unfinished event and reconnects with the ID of the event before, and the server sends the event again.
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
                f.write_str("an event was left unfinished: the connection must be closed")
            }
        }
    }
}

// The errors within are displayed, so the source is the next one.
impl<E: core::error::Error> core::error::Error for WriteError<E> {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Io(error) => error.source(),
            Self::WriteZero | Self::EmptyBuffer | Self::Unfinished => None,
            Self::Encode(error) => error.source(),
        }
    }
}

impl<E: embedded_io::Error> embedded_io::Error for WriteError<E> {
    fn kind(&self) -> embedded_io::ErrorKind {
        match self {
            Self::Io(error) => error.kind(),
            Self::WriteZero => embedded_io::ErrorKind::WriteZero,
            Self::Encode(_) | Self::EmptyBuffer => embedded_io::ErrorKind::InvalidInput,
            Self::Unfinished => embedded_io::ErrorKind::ConnectionAborted,
        }
    }
}
