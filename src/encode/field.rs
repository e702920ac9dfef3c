//! Values that fit in one line: checked once, when they are made, so that nothing that is encoded
//! can start a field of its own.

use super::digits::Digits;
use super::formatted::FormatError;
use super::output::Fill;
use crate::escaped::Escaped;
use core::fmt;

/// The type of an event: bytes without LF or CR.
///
/// An empty one is read as `message`, the default. For a literal there is
/// [`event_type!`](crate::event_type), which checks at compile time.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct EventType<'a>(&'a [u8]);

impl<'a> EventType<'a> {
    /// Checks a type. Nothing is copied.
    ///
    /// # Errors
    /// If it has a LF or CR.
    pub const fn new(event_type: &'a str) -> Result<Self, InvalidField> {
        Self::from_bytes(event_type.as_bytes())
    }

    /// Checks a type that need not be UTF-8, for example one that was decoded. Nothing is copied.
    ///
    /// # Errors
    /// If it has a LF or CR.
    pub const fn from_bytes(event_type: &'a [u8]) -> Result<Self, InvalidField> {
        match find_forbidden(event_type, false) {
            Some(byte) => Err(InvalidField { byte }),
            None => Ok(Self(event_type)),
        }
    }

    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.0
    }
}

/// The id of an event: bytes without LF, CR or NUL.
///
/// An empty one resets the last event ID. For a literal there is [`event_id!`](crate::event_id),
/// which checks at compile time; for a counter, [`from_u64`](Self::from_u64).
#[derive(Clone, Copy)]
pub struct EventId<'a>(Id<'a>);

#[derive(Clone, Copy)]
enum Id<'a> {
    Bytes(&'a [u8]),
    Number(Digits),
}

impl<'a> EventId<'a> {
    /// Checks an id. Nothing is copied.
    ///
    /// # Errors
    /// If it has a LF or CR, or a NUL, because of which a client would ignore it.
    pub const fn new(id: &'a str) -> Result<Self, InvalidField> {
        Self::from_bytes(id.as_bytes())
    }

    /// Checks an id that need not be UTF-8, for example one that was decoded. Nothing is copied.
    ///
    /// # Errors
    /// If it has a LF or CR, or a NUL, because of which a client would ignore it.
    pub const fn from_bytes(id: &'a [u8]) -> Result<Self, InvalidField> {
        match find_forbidden(id, true) {
            Some(byte) => Err(InvalidField { byte }),
            None => Ok(Self(Id::Bytes(id))),
        }
    }

    /// The same for bytes that are known to be an id.
    #[inline]
    pub(crate) fn from_id_bytes(id: &'a [u8]) -> Self {
        debug_assert!(find_forbidden(id, true).is_none(), "an id has no LF, CR or NUL");
        Self(Id::Bytes(id))
    }

    /// Formats an id into `buffer`, from which it is borrowed.
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
    /// If the text does not fit, with the length that it needs; if it has a LF, CR or NUL; if what is
    /// formatted reports an error.
    pub fn from_fmt(buffer: &'a mut [u8], id: fmt::Arguments<'_>) -> Result<Self, FormatError> {
        let mut fill = Fill::new(buffer);
        fmt::write(&mut fill, id).map_err(|fmt::Error| FormatError::Display)?;
        Ok(Self::from_bytes(fill.finish_slice()?)?)
    }

    /// A number in decimal digits.
    #[must_use]
    pub const fn from_u64(number: u64) -> Self {
        Self(Id::Number(Digits::of(number)))
    }

    /// Its bytes.
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

/// A value that cannot be an event's type or id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct InvalidField {
    /// The byte that it must not have: LF, CR or, in an id, NUL.
    pub byte: u8,
}

impl fmt::Display for InvalidField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.byte {
            b'\n' => "an event's type or id must not have a LF",
            b'\r' => "an event's type or id must not have a CR",
            _ => "an event's id must not have a NUL",
        })
    }
}

impl core::error::Error for InvalidField {}

/// An [`EventType`] from a constant; a compile error if it has a LF or CR.
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
                Err(_) => panic!("an event's type must not have a LF or CR"),
            }
        }
    };
}

/// An [`EventId`] from a constant; a compile error if it has a LF, CR or NUL.
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
                Err(_) => panic!("an event's id must not have a LF, CR or NUL"),
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
