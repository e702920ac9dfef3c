//! The event that the decoder returns, and views of its bytes as text.

use crate::escaped::Escaped;
#[cfg(all(target_arch = "x86_64", target_feature = "sse2", not(sse_wire_no_vectors)))]
use crate::x86_64::from_utf8;
use core::fmt;
use core::str::Utf8Error;
#[cfg(not(all(target_arch = "x86_64", target_feature = "sse2", not(sse_wire_no_vectors))))]
use core::str::from_utf8;
use core::time::Duration;

/// An event as the standard [dispatches][standard] it: event type, data and last event ID.
///
/// The bytes are borrowed from the chunk or from the decoder's buffer, unchanged. The standard decodes a stream as
/// UTF-8 with replacement, but not every caller needs text. `..._str` validates UTF-8; `..._lossy` replaces invalid
/// sequences as browsers do. Until one of these is called, nothing is copied or validated.
///
/// [standard]: https://html.spec.whatwg.org/multipage/server-sent-events.html#dispatchMessage
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct MessageEvent<'a> {
    pub(super) event_type: &'a [u8],
    pub(super) data: &'a [u8],
    pub(super) last_event_id: &'a [u8],
    /// Whether `last_event_id` comes from this event's own lines.
    pub(super) has_own_id: bool,
    /// In milliseconds.
    pub(super) retry: Option<u64>,
}

impl<'a> MessageEvent<'a> {
    /// The event type: the value of the last `event` line, or `message` if there was none or it was empty.
    #[must_use]
    pub const fn event_type(&self) -> &'a [u8] {
        match self.event_type {
            [] => b"message",
            given => given,
        }
    }

    /// The event type from the event's own lines: `None` if there is no `event` line or its value is empty.
    #[must_use]
    pub const fn own_event_type(&self) -> Option<&'a [u8]> {
        match self.event_type {
            [] => None,
            given => Some(given),
        }
    }

    /// The ID from the event's own lines, which may be empty. `None` if they have no valid `id` line;
    /// [`last_event_id`](Self::last_event_id) then comes from an earlier event.
    ///
    /// For proxies, which encode an event as it was sent.
    #[must_use]
    pub const fn own_id(&self) -> Option<&'a [u8]> {
        if self.has_own_id { Some(self.last_event_id) } else { None }
    }

    /// The reconnection time from the event's own lines. The decoder has already applied it.
    #[must_use]
    pub const fn retry(&self) -> Option<Duration> {
        match self.retry {
            Some(milliseconds) => Some(Duration::from_millis(milliseconds)),
            None => None,
        }
    }

    /// The event type as text.
    ///
    /// # Errors
    /// If the event type is not UTF-8.
    pub fn event_type_str(&self) -> Result<&'a str, Utf8Error> {
        from_utf8(self.event_type())
    }

    /// The event type as text, with U+FFFD for invalid UTF-8.
    #[must_use]
    pub const fn event_type_lossy(&self) -> Lossy<'a> {
        Lossy(self.event_type())
    }

    /// The data: the values of all `data` lines, joined by LF. It never contains a CR.
    #[must_use]
    pub const fn data(&self) -> &'a [u8] {
        self.data
    }

    /// The data as text.
    ///
    /// # Errors
    /// If the data is not UTF-8.
    pub fn data_str(&self) -> Result<&'a str, Utf8Error> {
        from_utf8(self.data)
    }

    /// The data as text, with U+FFFD for invalid UTF-8.
    #[must_use]
    pub const fn data_lossy(&self) -> Lossy<'a> {
        Lossy(self.data)
    }

    /// The last event ID after this event: its own ID, or else that of an earlier event. Empty if none was set, or if
    /// an empty ID reset it.
    #[must_use]
    pub const fn last_event_id(&self) -> &'a [u8] {
        self.last_event_id
    }

    /// The last event ID as text.
    ///
    /// # Errors
    /// If the last event ID is not UTF-8.
    pub fn last_event_id_str(&self) -> Result<&'a str, Utf8Error> {
        from_utf8(self.last_event_id)
    }

    /// The last event ID as text, with U+FFFD for invalid UTF-8.
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
            .field("own_event_type", &self.own_event_type().map(Lossy))
            .field("own_id", &self.own_id().map(Lossy))
            .field("retry", &self.retry())
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

/// Bytes that display as text. Each maximal subpart of an ill-formed sequence becomes one U+FFFD, as in a browser's
/// [UTF-8 decode](https://encoding.spec.whatwg.org/#utf-8-decode). Width and precision of the formatter are ignored.
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
