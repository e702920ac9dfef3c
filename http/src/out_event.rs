//! An encoded event that many clients can share: [`OutEvent`].

use bytes::Bytes;
use sse_wire::Event;

/// An event as it is on the wire. It is encoded once, and a clone copies nothing.
///
/// It is made of the core's [`Event`], or of a [received one](crate::Event), so a line break in a part
/// cannot start another field:
///
/// ```
/// use sse_wire_http::OutEvent;
/// use sse_wire_http::sse_wire::{Event, event_type};
///
/// let event = OutEvent::from(Event::new().event_type(event_type!("log")).data("one\rid: 6"));
/// assert_eq!(event.as_bytes(), b"event: log\ndata: one\ndata: id: 6\n\n");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OutEvent(pub(crate) Bytes);

impl OutEvent {
    /// An event whose data are JSON. Type, id and retry are those of `head`; its data are left out.
    ///
    /// # Errors
    /// If the value cannot be serialized.
    #[cfg(feature = "json")]
    pub fn json(
        head: &Event<'_>,
        data: &(impl serde::Serialize + ?Sized),
    ) -> serde_json::Result<Self> {
        // In one piece it is faster than through the core's writer for pieces: serde_json writes a few bytes at a time.
        let data = serde_json::to_string(data)?;
        Ok(head.data(&data).into())
    }

    /// The bytes that go to the client.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The bytes that go to the client, without a copy.
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        self.0
    }
}

impl From<Event<'_>> for OutEvent {
    fn from(event: Event<'_>) -> Self {
        let mut out = Vec::new();
        append(&event, &mut out);
        Self(out.into())
    }
}

impl From<&Event<'_>> for OutEvent {
    fn from(event: &Event<'_>) -> Self {
        (*event).into()
    }
}

impl<D: AsRef<[u8]>> From<crate::Event<D>> for OutEvent {
    fn from(event: crate::Event<D>) -> Self {
        Event::from(&event).into()
    }
}

/// Appends an event.
#[inline]
pub(crate) fn append(event: &Event<'_>, out: &mut Vec<u8>) {
    let appended = event.append_to(out);
    debug_assert!(appended.is_ok(), "a vector grows");
}

/// Appends the lines of an event without the blank line that ends it.
#[inline]
pub(crate) fn append_lines(event: &Event<'_>, out: &mut Vec<u8>) {
    append(event, out);
    debug_assert!(out.ends_with(b"\n"), "an event ends with a blank line");
    out.truncate(out.len().saturating_sub(1));
}
