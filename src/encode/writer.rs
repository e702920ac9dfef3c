//! Data of an event that come in pieces, and are split into lines as they come.

use super::event::{DATA, Event};
use super::lines::Splitter;
use super::output::{BufferTooSmall, Fill, Output, Storage};
use crate::SMALL_CODE;
use crate::scan::has_line_end;
use core::fmt;

/// Writes the data of one event, in pieces of any size, straight into the output: see [`Event::begin`] and
/// [`Event::begin_append`].
///
/// A piece is split at LF, CRLF and CR; a CRLF that is cut between two pieces is one line break. Nothing
/// is stored anywhere else. It implements `core::fmt::Write`, `embedded_io::Write` (feature
/// `embedded-io-v0.7`) and `std::io::Write` (feature `std`), none of which ever reports an error: what does
/// not fit is counted, and [`finish`](Self::finish) has the length that is needed.
///
/// If it is dropped before it is finished, a vector is as it was before. A slice may have a part of the
/// event in it, which means nothing.
#[derive(Debug)]
#[must_use = "an event that is not finished is dropped"]
pub struct DataWriter<'o, O: Storage + ?Sized> {
    fill: Fill<'o, O>,
    splitter: Splitter,
}

impl<'o, O: Storage + ?Sized> DataWriter<'o, O> {
    #[inline]
    pub(super) fn new(event: &Event<'_>, output: &'o mut O) -> Self {
        let mut fill = Fill::new(output);
        event.without_data().fields().write_head(&mut fill);
        Self { fill, splitter: Splitter::new(DATA) }
    }

    /// Writes a piece.
    #[inline]
    pub fn write_bytes(&mut self, piece: &[u8]) {
        if !SMALL_CODE && self.splitter.is_within_line() && !has_line_end(piece) {
            self.fill.put(piece);
        } else {
            self.splitter.write(piece, &mut self.fill);
        }
    }
}

#[cfg(feature = "_io")]
impl DataWriter<'_, [u8]> {
    /// How many bytes there are so far, or would be, and what writes the next ones.
    pub(crate) fn into_parts(self) -> (usize, Splitter) {
        (self.fill.needed(), self.splitter)
    }
}

impl<O: Output + ?Sized> DataWriter<'_, O> {
    /// Ends the event.
    ///
    /// # Errors
    /// If the output is full and cannot grow, with the length that the whole event needs. The output is
    /// as before then.
    pub fn finish(mut self) -> Result<(), BufferTooSmall> {
        self.splitter.end(&mut self.fill);
        self.fill.finish()
    }
}

impl<'o> DataWriter<'o, [u8]> {
    /// Ends the event, and returns the part of the slice that it takes.
    ///
    /// # Errors
    /// If the slice is too small, with the length that the whole event needs. A part of the event may be
    /// in the slice then, and means nothing.
    pub fn finish(mut self) -> Result<&'o mut [u8], BufferTooSmall> {
        self.splitter.end(&mut self.fill);
        self.fill.finish_slice()
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
