//! What comes out of the decoder: an event, and views of its bytes as text.

use crate::escaped::Escaped;
#[cfg(all(target_arch = "x86_64", target_feature = "sse2", not(sse_wire_no_vectors)))]
use crate::x86_64::from_utf8;
use core::fmt;
use core::str::Utf8Error;
#[cfg(not(all(target_arch = "x86_64", target_feature = "sse2", not(sse_wire_no_vectors))))]
use core::str::from_utf8;
use core::time::Duration;

/// An event as the standard [dispatches][standard] it: type, data and last event ID.
///
/// The bytes are borrowed from the chunk or from the decoder's buffer, as they came in: the
/// standard has a stream decoded as UTF-8 with replacement, and only the reader knows whether it
/// needs text at all. `..._str` checks them, `..._lossy` replaces what is not UTF-8 as a browser
/// does. Nothing is copied or checked before one of these is called.
///
/// [standard]: https://html.spec.whatwg.org/multipage/server-sent-events.html#dispatchMessage
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct MessageEvent<'a> {
    pub(super) event_type: &'a [u8],
    pub(super) data: &'a [u8],
    pub(super) last_event_id: &'a [u8],
    /// The last event ID is of this event.
    pub(super) has_own_id: bool,
    /// In milliseconds.
    pub(super) retry: Option<u64>,
}

impl<'a> MessageEvent<'a> {
    /// The type: the value of the last `event` line, or `message` where there was none or it was
    /// empty.
    #[must_use]
    pub const fn event_type(&self) -> &'a [u8] {
        match self.event_type {
            [] => b"message",
            given => given,
        }
    }

    /// The type that the event's own lines give: `None` if there is no `event` line, or it is empty.
    #[must_use]
    pub const fn own_type(&self) -> Option<&'a [u8]> {
        match self.event_type {
            [] => None,
            given => Some(given),
        }
    }

    /// The id that the event's own lines give, which may be empty; `None` if there is no `id` line that counts,
    /// so that [`last_event_id`](Self::last_event_id) is of an event before it.
    ///
    /// For proxies, which encode an event as it came.
    #[must_use]
    pub const fn own_id(&self) -> Option<&'a [u8]> {
        if self.has_own_id { Some(self.last_event_id) } else { None }
    }

    /// The reconnection time that the event's own lines give. The decoder has taken it in.
    #[must_use]
    pub const fn retry(&self) -> Option<Duration> {
        match self.retry {
            Some(milliseconds) => Some(Duration::from_millis(milliseconds)),
            None => None,
        }
    }

    /// The type as text.
    ///
    /// # Errors
    /// If it is not UTF-8.
    pub fn event_type_str(&self) -> Result<&'a str, Utf8Error> {
        from_utf8(self.event_type())
    }

    /// The type as text, with U+FFFD for what is not UTF-8.
    #[must_use]
    pub const fn event_type_lossy(&self) -> Lossy<'a> {
        Lossy(self.event_type())
    }

    /// The data: the values of all `data` lines, joined by LF. Never has a CR.
    #[must_use]
    pub const fn data(&self) -> &'a [u8] {
        self.data
    }

    /// The data as text.
    ///
    /// # Errors
    /// If it is not UTF-8.
    pub fn data_str(&self) -> Result<&'a str, Utf8Error> {
        from_utf8(self.data)
    }

    /// The data as text, with U+FFFD for what is not UTF-8.
    #[must_use]
    pub const fn data_lossy(&self) -> Lossy<'a> {
        Lossy(self.data)
    }

    /// The last event ID as of this event: its own id, or else that of an event before it. Empty if
    /// none was ever set, or if an empty one reset it.
    #[must_use]
    pub const fn last_event_id(&self) -> &'a [u8] {
        self.last_event_id
    }

    /// The last event ID as text.
    ///
    /// # Errors
    /// If it is not UTF-8.
    pub fn last_event_id_str(&self) -> Result<&'a str, Utf8Error> {
        from_utf8(self.last_event_id)
    }

    /// The last event ID as text, with U+FFFD for what is not UTF-8.
    #[must_use]
    pub const fn last_event_id_lossy(&self) -> Lossy<'a> {
        Lossy(self.last_event_id)
    }
}

impl fmt::Debug for MessageEvent<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageEvent")
            .field("event_type", &self.event_type_lossy())
            .field("data", &self.data_lossy())
            .field("last_event_id", &self.last_event_id_lossy())
            .finish()
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for MessageEvent<'_> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(
            f,
            "MessageEvent {{ event_type: {=[u8]:a}, data: {=[u8]:a}, last_event_id: {=[u8]:a} }}",
            self.event_type(),
            self.data,
            self.last_event_id
        );
    }
}

/// Bytes that display as text: each maximal subpart of an ill-formed sequence becomes one U+FFFD,
/// as the [UTF-8 decode](https://encoding.spec.whatwg.org/#utf-8-decode) of a browser has it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Lossy<'a>(&'a [u8]);

impl fmt::Display for Lossy<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            f.write_str(chunk.valid())?;
            if !chunk.invalid().is_empty() {
                f.write_str("\u{FFFD}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Lossy<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Escaped(self.0).fmt(f)
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for Lossy<'_> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "{=[u8]:a}", self.0);
    }
}
