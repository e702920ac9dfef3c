//! An event whose data is formatted directly into the output.

use super::event::Event;
use super::field::InvalidField;
use super::output::{BufferTooSmall, Output, Storage};
use super::writer::DataWriter;
use core::fmt;

/// An [`Event`] with data from `format_args!(..)`, from [`Event::data_fmt`].
///
/// The data is split into lines while it is formatted, and is not stored elsewhere.
#[derive(Clone, Copy, Debug)]
pub struct FormattedEvent<'a> {
    event: Event<'a>,
    data: fmt::Arguments<'a>,
}

impl<'a> FormattedEvent<'a> {
    pub(super) const fn new(event: Event<'a>, data: fmt::Arguments<'a>) -> Self {
        Self { event, data }
    }

    /// Encodes to the front of `out`, and returns that part of it. Formats once.
    ///
    /// # Errors
    /// If `out` is too small, with the length that is needed; if a formatted value reports an error. `out` then has a
    /// meaningless part of the event.
    pub fn encode<'b>(&self, out: &'b mut [u8]) -> Result<&'b mut [u8], FormatError> {
        self.write(self.event.begin(out))?.finish().map_err(FormatError::from)
    }

    /// Appends the encoded event to `out`. Formats once.
    ///
    /// # Errors
    /// If `out` is full and cannot grow, with the length that is needed; if a formatted value reports an error. `out`
    /// is then unchanged.
    pub fn append_to<O: Output + ?Sized>(&self, out: &mut O) -> Result<(), FormatError> {
        self.write(self.event.begin_append(out))?.finish().map_err(FormatError::from)
    }

    fn write<'o, O: Storage + ?Sized>(
        &self,
        mut data: DataWriter<'o, O>,
    ) -> Result<DataWriter<'o, O>, FormatError> {
        fmt::write(&mut data, self.data).map_err(|fmt::Error| FormatError::Display)?;
        Ok(data)
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for FormattedEvent<'_> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "{} with data {}", self.event, defmt::Display2Format(&self.data));
    }
}

/// Why an event with formatted data, or a formatted ID, could not be encoded.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum FormatError {
    /// The output is too small.
    BufferTooSmall(BufferTooSmall),
    /// The `Display` implementation of a value reported an error.
    Display,
    /// The formatted text is not a valid ID. Only from [`EventId::from_fmt`](crate::EventId::from_fmt).
    InvalidField(InvalidField),
}

impl fmt::Display for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BufferTooSmall(error) => error.fmt(f),
            Self::Display => f.write_str("a value could not be formatted"),
            Self::InvalidField(error) => error.fmt(f),
        }
    }
}

// Without a source: the errors within are displayed, and have none.
impl core::error::Error for FormatError {}

impl From<BufferTooSmall> for FormatError {
    fn from(error: BufferTooSmall) -> Self {
        Self::BufferTooSmall(error)
    }
}

impl From<InvalidField> for FormatError {
    fn from(error: InvalidField) -> Self {
        Self::InvalidField(error)
    }
}
