//! An event whose data is formatted straight into the output.

use super::event::Event;
use super::output::{BufferTooSmall, Fill, Free, Output, Storage};
use core::fmt;

/// An [`Event`] with data from `format_args!(..)`: see [`Event::data_fmt`].
///
/// The data is split into lines as it is formatted, and is stored nowhere else.
#[derive(Clone, Copy, Debug)]
pub struct FormattedEvent<'a> {
    event: Event<'a>,
    data: fmt::Arguments<'a>,
}

impl<'a> FormattedEvent<'a> {
    pub(super) const fn new(event: Event<'a>, data: fmt::Arguments<'a>) -> Self {
        Self { event, data }
    }

    /// Encodes to the front of `out` and returns that part of it. Formats once.
    ///
    /// # Errors
    /// If `out` is too small, with the length that is needed; if what is formatted reports an error.
    /// A part of the event may be in `out` then, and means nothing.
    pub fn encode<'b>(&self, out: &'b mut [u8]) -> Result<&'b mut [u8], FormatError> {
        let len = self.fill(&mut Free(out))?;
        Ok(out.get_mut(..len).unwrap_or_default())
    }

    /// Appends the encoded event to `out`. Formats once.
    ///
    /// # Errors
    /// If `out` has no room and cannot grow, with the length that is needed; if what is formatted
    /// reports an error. `out` is as before then.
    pub fn append_to<O: Output + ?Sized>(&self, out: &mut O) -> Result<(), FormatError> {
        let before = out.len();
        let written = self.fill(out);
        if written.is_err() {
            out.truncate(before);
        }
        written.map(drop)
    }

    fn fill<O: Storage + ?Sized>(&self, out: &mut O) -> Result<usize, FormatError> {
        let mut fill = Fill::new(out);
        self.event
            .write_formatted(&mut fill, self.data)
            .map_err(|fmt::Error| FormatError::Display)?;
        fill.finish().map_err(FormatError::from)
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for FormattedEvent<'_> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "{} with data {}", self.event, defmt::Display2Format(&self.data));
    }
}

/// Why an event with formatted data could not be encoded.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum FormatError {
    /// The output has no room.
    BufferTooSmall(BufferTooSmall),
    /// The `Display` implementation of a value reported an error.
    Display,
}

impl fmt::Display for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BufferTooSmall(error) => error.fmt(f),
            Self::Display => f.write_str("a value could not be formatted"),
        }
    }
}

impl core::error::Error for FormatError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::BufferTooSmall(error) => Some(error),
            Self::Display => None,
        }
    }
}

impl From<BufferTooSmall> for FormatError {
    fn from(error: BufferTooSmall) -> Self {
        Self::BufferTooSmall(error)
    }
}
