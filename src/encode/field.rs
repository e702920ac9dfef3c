//! Event types and IDs: values of one line, validated when they are made, so that they cannot inject a field.

use super::digits::Digits;
use super::formatted::FormatError;
use super::output::Sink;
use crate::escaped::Escaped;
use core::fmt;

/// An event type: bytes without LF or CR.
///
/// An empty type is read as `message`, the default. For a constant, [`event_type!`](crate::event_type) validates at
/// compile time.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct EventType<'a>(&'a [u8]);

impl<'a> EventType<'a> {
    /// Validates an event type. Nothing is copied.
    ///
    /// # Errors
    /// If it contains a LF or CR.
    pub const fn new(event_type: &'a str) -> Result<Self, InvalidField> {
        Self::from_bytes(event_type.as_bytes())
    }

    /// Validates an event type that may not be UTF-8, for example one from the decoder. Nothing is copied.
    ///
    /// # Errors
    /// If it contains a LF or CR.
    pub const fn from_bytes(event_type: &'a [u8]) -> Result<Self, InvalidField> {
        match find_forbidden(event_type, false) {
            Some(byte) => Err(InvalidField { byte }),
            None => Ok(Self(event_type)),
        }
    }

    /// The bytes of the event type.
    #[must_use]
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.0
    }
}

/// An event ID: bytes without LF, CR or NUL.
///
/// An empty ID resets the last event ID. For a constant, [`event_id!`](crate::event_id) validates at compile time; for
/// a counter, use [`from_u64`](Self::from_u64).
///
/// A client that reconnects returns the ID in a header. Use a short ID without control bytes and without blanks at its
/// ends: HTTP drops such blanks, and a client omits an ID that no header can carry.
#[derive(Clone, Copy)]
pub struct EventId<'a>(Id<'a>);

#[derive(Clone, Copy)]
enum Id<'a> {
    Bytes(&'a [u8]),
    Number(Digits),
}

impl<'a> EventId<'a> {
    /// Validates an ID. Nothing is copied.
    ///
    /// # Errors
    /// If it contains a LF or CR, or a NUL: clients ignore an ID with a NUL.
    pub const fn new(id: &'a str) -> Result<Self, InvalidField> {
        Self::from_bytes(id.as_bytes())
    }

    /// Validates an ID that may not be UTF-8, for example one from the decoder. Nothing is copied.
    ///
    /// # Errors
    /// If it contains a LF or CR, or a NUL: clients ignore an ID with a NUL.
    pub const fn from_bytes(id: &'a [u8]) -> Result<Self, InvalidField> {
        match find_forbidden(id, true) {
            Some(byte) => Err(InvalidField { byte }),
            None => Ok(Self(Id::Bytes(id))),
        }
    }

    /// Makes an ID of bytes that are known to be valid.
    #[inline]
    pub(crate) fn from_id_bytes(id: &'a [u8]) -> Self {
        debug_assert!(find_forbidden(id, true).is_none(), "an ID has no LF, CR or NUL");
        Self(Id::Bytes(id))
    }

    /// Formats an ID into `buffer`, and borrows it from there.
    ///
    /// ```
    /// use sse_wire::{Event, EventId};
    ///
    /// let (boot, number) = (3, 7);
    /// let mut buffer = [0; 20];
    /// let id = EventId::from_fmt(&mut buffer, format_args!("{boot}-{number}"))?;
    /// assert_eq!(id.as_bytes(), b"3-7");
    /// # Ok::<(), sse_wire::FormatError>(())
    /// ```
    ///
    /// # Errors
    /// If the text does not fit, with the length that is needed; if it contains a LF, CR or NUL; if a formatted value
    /// reports an error.
    pub fn from_fmt(buffer: &'a mut [u8], id: fmt::Arguments<'_>) -> Result<Self, FormatError> {
        let mut sink = Sink::new(buffer);
        fmt::write(&mut sink, id).map_err(|fmt::Error| FormatError::Display)?;
        Ok(Self::from_bytes(sink.finish_slice()?)?)
    }

    /// Makes an ID of a number, in decimal digits.
    #[must_use]
    pub const fn from_u64(number: u64) -> Self {
        Self(Id::Number(Digits::of(number)))
    }

    /// The bytes of the ID.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Id::Bytes(bytes) => bytes,
            Id::Number(digits) => digits.as_bytes(),
        }
    }
}

const fn find_forbidden(mut bytes: &[u8], nul_too: bool) -> Option<u8> {
    while let [byte, rest @ ..] = bytes {
        if matches!(byte, b'\n' | b'\r') || (nul_too && *byte == 0) {
            return Some(*byte);
        }
        bytes = rest;
    }
    None
}

/// A value is not a valid event type or ID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct InvalidField {
    /// The forbidden byte: LF, CR or, in an ID, NUL.
    pub byte: u8,
}

impl fmt::Display for InvalidField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.byte {
            b'\n' => "an event type or ID must not contain a LF",
            b'\r' => "an event type or ID must not contain a CR",
            _ => "an event ID must not contain a NUL",
        })
    }
}

impl core::error::Error for InvalidField {}

/// Makes an [`EventType`] from a constant. A LF or CR is a compile error.
///
/// ```
/// let event_type = sse_wire::event_type!("temp");
/// assert_eq!(event_type.as_bytes(), b"temp");
/// ```
///
/// ```compile_fail
/// let event_type = sse_wire::event_type!("temp\rdata: injected");
/// ```
#[macro_export]
macro_rules! event_type {
    ($event_type:expr) => {
        const {
            match $crate::EventType::new($event_type) {
                Ok(event_type) => event_type,
                Err(_) => panic!("an event type must not contain a LF or CR"),
            }
        }
    };
}

/// Makes an [`EventId`] from a constant. A LF, CR or NUL is a compile error.
///
/// ```
/// let id = sse_wire::event_id!("boot-1");
/// assert_eq!(id.as_bytes(), b"boot-1");
/// ```
///
/// ```compile_fail
/// let id = sse_wire::event_id!("boot\0");
/// ```
#[macro_export]
macro_rules! event_id {
    ($id:expr) => {
        const {
            match $crate::EventId::new($id) {
                Ok(id) => id,
                Err(_) => panic!("an event ID must not contain a LF, CR or NUL"),
            }
        }
    };
}

impl PartialEq for EventId<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for EventId<'_> {}

impl core::hash::Hash for EventId<'_> {
    fn hash<H: core::hash::Hasher>(&self, state: &mut H) {
        self.as_bytes().hash(state);
    }
}

impl fmt::Debug for EventType<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("EventType").field(&Escaped(self.0)).finish()
    }
}

impl fmt::Debug for EventId<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("EventId").field(&Escaped(self.as_bytes())).finish()
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for EventType<'_> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "EventType({=[u8]:a})", self.0);
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for EventId<'_> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "EventId({=[u8]:a})", self.as_bytes());
    }
}
