//! Writes the data of an event in pieces, and splits them into lines.

use super::event::{DATA, Event};
use super::lines::Splitter;
use super::output::{BufferTooSmall, Output, Sink, Storage};
use crate::SMALL_CODE;
use crate::scan::has_line_end;
use core::fmt;

/// Writes the data of one event, in pieces of any size, directly into the output: see [`Event::begin`] and
/// [`Event::begin_append`].
///
/// Pieces are split at LF, CRLF and CR; a CRLF between two pieces is one line break. Nothing is stored elsewhere.
/// Implements `core::fmt::Write`, `embedded_io::Write` (feature `embedded-io-v0.7`) and `std::io::Write` (feature
/// `std`). These never report an error: bytes that do not fit are counted, and [`finish`](Self::finish) returns the
/// length that is needed.
///
/// Dropping it before `finish` restores a vector, and leaves a meaningless part of the event in a slice.
#[derive(Debug)]
#[must_use = "an unfinished event is dropped"]
pub struct DataWriter<'o, O: Storage + ?Sized> {
    sink: Sink<'o, O>,
    splitter: Splitter,
}

impl<'o, O: Storage + ?Sized> DataWriter<'o, O> {
    #[inline]
    pub(super) fn new(event: &Event<'_>, output: &'o mut O) -> Self {
        let mut sink = Sink::new(output);
        event.without_data().fields().write_head(&mut sink);
        Self { sink, splitter: Splitter::new(DATA) }
    }

    /// Writes a piece.
    #[inline]
    pub fn write_bytes(&mut self, piece: &[u8]) {
        if !SMALL_CODE && self.splitter.is_within_line() && !has_line_end(piece) {
            self.sink.put(piece);
        } else {
            self.splitter.write(piece, &mut self.sink);
        }
    }
}

#[cfg(feature = "_io")]
impl DataWriter<'_, [u8]> {
    /// The length so far, whether it fits or not, and the splitter for the next pieces.
    pub(crate) fn into_parts(self) -> (usize, Splitter) {
        (self.sink.needed(), self.splitter)
    }
}

impl<O: Output + ?Sized> DataWriter<'_, O> {
    /// Ends the event.
    ///
    /// # Errors
    /// If the output is full and cannot grow, with the length that the whole event needs. The output is then unchanged.
    pub fn finish(mut self) -> Result<(), BufferTooSmall> {
        self.splitter.end_event(&mut self.sink);
        self.sink.finish()
    }
}

impl<'o> DataWriter<'o, [u8]> {
    /// Ends the event, and returns the part of the slice with the event.
    ///
    /// # Errors
    /// If the slice is too small, with the length that the whole event needs. The slice then has a meaningless part of
    /// the event.
    pub fn finish(mut self) -> Result<&'o mut [u8], BufferTooSmall> {
        self.splitter.end_event(&mut self.sink);
        self.sink.finish_slice()
    }
}

impl<O: Storage + ?Sized> fmt::Write for DataWriter<'_, O> {
    #[inline]
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        self.write_bytes(piece.as_bytes());
        Ok(())
    }
}

#[cfg(feature = "embedded-io-v0.7")]
impl<O: Storage + ?Sized> embedded_io::ErrorType for DataWriter<'_, O> {
    type Error = core::convert::Infallible;
}

#[cfg(feature = "embedded-io-v0.7")]
impl<O: Storage + ?Sized> embedded_io::Write for DataWriter<'_, O> {
    #[inline]
    fn write(&mut self, piece: &[u8]) -> Result<usize, Self::Error> {
        self.write_bytes(piece);
        Ok(piece.len())
    }
    /// Does nothing.
    fn flush(&mut self) -> Result<(), Self::Error> {
        Ok(())
    }
    #[inline]
    fn write_all(&mut self, piece: &[u8]) -> Result<(), Self::Error> {
        self.write_bytes(piece);
        Ok(())
    }
}

#[cfg(feature = "std")]
impl<O: Storage + ?Sized> std::io::Write for DataWriter<'_, O> {
    #[inline]
    fn write(&mut self, piece: &[u8]) -> std::io::Result<usize> {
        self.write_bytes(piece);
        Ok(piece.len())
    }
    /// Does nothing.
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
    #[inline]
    fn write_all(&mut self, piece: &[u8]) -> std::io::Result<()> {
        self.write_bytes(piece);
        Ok(())
    }
}
