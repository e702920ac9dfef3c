//! Events that own their parts: [`Event`], its type [`Name`], its [`Id`], and how data are made from a
//! chunk ([`FromEvent`], [`Text`]).

use bytes::Bytes;
use sse_wire::{EventId, EventType, MessageEvent};
use std::borrow::Borrow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

/// An event that owns its parts.
///
/// `data` is a [`String`] unless another type is chosen: see [`FromEvent`]. Invalid UTF-8 becomes U+FFFD in all
/// parts that are text, as in a browser.
///
/// Convert an event into the core's [`Event`](sse_wire::Event), or, with the feature `body`, into an
/// `OutEvent`, to send it on. The events of an [`EventStream`](crate::EventStream) are items of `axum::Sse` without a
/// `map`. The conversion leaves out an empty id, the type `message`, and a type or an id that no stream can have,
/// because it has a line break or a NUL. So an empty id, which resets the last event ID, is not passed on. A proxy must
/// pass it on, and comments, and ids without an event: `Rewritten` does.
///
/// ```
/// use sse_wire_http::{Event, sse_wire};
///
/// let event = Event { event: "log".into(), data: "one", id: "7".into(), retry: None };
/// let sent = sse_wire::Event::from(&event);
/// let mut out = Vec::new();
/// sent.append_to(&mut out)?;
/// assert_eq!(out, b"event: log\nid: 7\ndata: one\n\n");
/// # Ok::<(), sse_wire::BufferTooSmall>(())
/// ```
///
/// With the feature `serde`, `retry` is a number of milliseconds, and all fields but `data` may be missing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Event<D = String> {
    /// The event type; `message` if the server gave none.
    #[cfg_attr(feature = "serde", serde(default))]
    pub event: Name,
    /// The data: the values of all `data` lines, joined by LF.
    pub data: D,
    /// The last event ID as of this event: its own, or that of an earlier event.
    #[cfg_attr(feature = "serde", serde(default))]
    pub id: Id,
    /// The reconnection time that this event sets.
    // Not skipped if `None`: formats that do not name their fields, such as postcard, could not read it back.
    #[cfg_attr(feature = "serde", serde(default, with = "milliseconds"))]
    pub retry: Option<Duration>,
}

impl<'a, D: AsRef<[u8]>> From<&'a Event<D>> for sse_wire::Event<'a> {
    fn from(event: &'a Event<D>) -> Self {
        let mut sent = Self::new().data_bytes(event.data.as_ref());
        if let Some(Ok(event_type)) = event.event.own().map(EventType::new) {
            sent = sent.event_type(event_type);
        }
        if let Some(Ok(id)) = event.id.own().map(EventId::new) {
            sent = sent.id(id);
        }
        if let Some(time) = event.retry {
            sent = sent.retry(time);
        }
        sent
    }
}

#[cfg(feature = "serde")]
mod milliseconds {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use std::time::Duration;

    pub(super) fn serialize<S: Serializer>(
        time: &Option<Duration>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let milliseconds = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        time.map(milliseconds).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Duration>, D::Error> {
        Ok(Option::deserialize(deserializer)?.map(Duration::from_millis))
    }
}

#[cfg(feature = "json")]
impl<D: AsRef<[u8]>> Event<D> {
    /// Deserializes the data from JSON.
    ///
    /// # Errors
    /// If the data are not JSON of this type.
    pub fn json<'a, T: serde::Deserialize<'a>>(&'a self) -> serde_json::Result<T> {
        serde_json::from_slice(self.data.as_ref())
    }
}

/// Defines a text of which events share one copy, with a value that needs no memory.
macro_rules! shared_text {
    ($(#[$docs:meta])* $name:ident, $default:literal) => {
        $(#[$docs])*
        #[derive(Clone, Default)]
        pub struct $name(Option<Arc<str>>);

        impl $name {
            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                self.own().unwrap_or($default)
            }

            /// The text, unless it is the default.
            fn own(&self) -> Option<&str> {
                self.0.as_deref()
            }

            /// Makes this the text of these bytes, if it is not.
            #[inline]
            pub(crate) fn renew(&mut self, bytes: &[u8]) {
                // `memcmp` of nothing at a dangling pointer takes 40 ns where it has masked loads (glibc, AVX-512).
                let is_same =
                    self.len() == bytes.len() && (bytes.is_empty() || self.as_bytes() == bytes);
                if !is_same {
                    *self = Self::new(bytes);
                }
            }

            #[inline(never)]
            fn new(bytes: &[u8]) -> Self {
                match str::from_utf8(bytes) {
                    Ok(text) => text.into(),
                    Err(_) => String::from_utf8_lossy(bytes).as_ref().into(),
                }
            }
        }

        impl Deref for $name {
            type Target = str;

            fn deref(&self) -> &str {
                self.as_str()
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                self
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                self
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(if text == $default { None } else { Some(text.into()) })
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                text.as_str().into()
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> Self {
                text.as_str().to_owned()
            }
        }

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                **self == **other
            }
        }

        impl Eq for $name {}

        impl Hash for $name {
            fn hash<H: Hasher>(&self, state: &mut H) {
                self.as_str().hash(state);
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                **self == *other
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                **self == **other
            }
        }

        impl PartialEq<String> for $name {
            fn eq(&self, other: &String) -> bool {
                **self == **other
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.as_str().fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.as_str().fmt(f)
            }
        }

        #[cfg(feature = "serde")]
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self)
            }
        }

        #[cfg(feature = "serde")]
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer).map(Self::from)
            }
        }
    };
}

shared_text! {
    /// An event type: a text that derefs to [`str`].
    ///
    /// Events of one type that follow one another share one copy; the type `message` needs none. A clone copies
    /// nothing.
    Name, "message"
}

shared_text! {
    /// A last event ID: a text that derefs to [`str`], empty if there is none.
    ///
    /// Events that follow one another share one copy of an id that does not change. A clone copies nothing.
    Id, ""
}

/// How the data of an [`Event`] are made from a chunk of type `B`.
///
/// | type | what is copied |
/// | --- | --- |
/// | [`String`], `Vec<u8>` | the data, once |
/// | [`Bytes`] | nothing if the data lie in a chunk of [`Bytes`]; otherwise the data, once |
/// | [`Text`] | as [`Bytes`], and the data are checked for UTF-8 |
/// | `()` | nothing: for the type and the id alone |
///
/// A slice of a chunk keeps the whole chunk in memory until it is dropped. Take `String` where events are kept for
/// long.
pub trait FromEvent<B>: Sized {
    /// Makes the data of an event that was found in this chunk. The data may lie elsewhere, if the event is split between chunks.
    fn from_event(event: &MessageEvent<'_>, chunk: &B) -> Self;
}

impl<B> FromEvent<B> for String {
    #[inline]
    fn from_event(event: &MessageEvent<'_>, _: &B) -> Self {
        match event.data_str() {
            Ok(data) => data.to_owned(),
            Err(_) => event.data_lossy().to_string(),
        }
    }
}

impl<B> FromEvent<B> for Vec<u8> {
    #[inline]
    fn from_event(event: &MessageEvent<'_>, _: &B) -> Self {
        event.data().to_vec()
    }
}

impl<B> FromEvent<B> for () {
    #[inline]
    fn from_event(_: &MessageEvent<'_>, _: &B) -> Self {}
}

impl FromEvent<Bytes> for Bytes {
    #[inline]
    fn from_event(event: &MessageEvent<'_>, chunk: &Bytes) -> Self {
        let data = event.data();
        let start = data.as_ptr().addr().wrapping_sub(chunk.as_ptr().addr());
        match start.checked_add(data.len()) {
            Some(end) if end <= chunk.len() => chunk.slice(start..end),
            _ => Self::copy_from_slice(data),
        }
    }
}

impl FromEvent<Bytes> for Text {
    #[inline]
    fn from_event(event: &MessageEvent<'_>, chunk: &Bytes) -> Self {
        match event.data_str() {
            Ok(_) => Self(Bytes::from_event(event, chunk)),
            Err(_) => Self(event.data_lossy().to_string().into()),
        }
    }
}

/// Text in [`Bytes`]: checked for UTF-8, and a slice of the chunk where it can be.
///
/// A clone copies nothing. See [`FromEvent`].
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Text(
    /// Valid UTF-8.
    Bytes,
);

impl Text {
    /// The text.
    #[must_use]
    #[allow(unsafe_code)]
    pub fn as_str(&self) -> &str {
        debug_assert!(str::from_utf8(&self.0).is_ok(), "a text is UTF-8");
        // SAFETY: Every constructor has checked the bytes, or has them from a string, and `Bytes` do not change.
        unsafe { str::from_utf8_unchecked(&self.0) }
    }

    /// Its bytes. Copies nothing.
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        self.0
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<[u8]> for Text {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl AsRef<str> for Text {
    fn as_ref(&self) -> &str {
        self
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        **self == *other
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        **self == **other
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Text {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Text {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}
