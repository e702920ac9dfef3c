//! TODO
#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(test, allow(clippy::restriction))]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(test)]
extern crate std;

#[cfg(test)]
mod cost;
mod decode;
mod encode;
mod scan;

#[cfg(feature = "alloc")]
pub use decode::GrowingBuffer;
pub use decode::{
    Buffer, DecodeError, Decoder, Field, LastEventIdError, Lossy, MessageEvent, Progress, Token,
    Tokenizer,
};
pub use encode::{
    BufferTooSmall, Event, EventId, EventType, FormatError, FormattedEvent, InvalidField, Output,
};

/// The media type of an event stream: the value of a server's header `Content-Type`, and of a
/// client's header `Accept`.
pub const CONTENT_TYPE: &str = "text/event-stream";

/// The name of the header with which a client says where it stopped.
///
/// Its value is the last event ID, as UTF-8; it is left out if that is empty.
pub const LAST_EVENT_ID: &str = "Last-Event-ID";

/// The headers, name and value, that a server should send with an event stream: the media type, no
/// caching, and no buffering in nginx and proxies that do as it does.
pub const RESPONSE_HEADERS: [(&str, &str); 3] =
    [("Content-Type", CONTENT_TYPE), ("Cache-Control", "no-cache"), ("X-Accel-Buffering", "no")];

/// A comment and a blank line, to be sent in pauses, about every 15 seconds: it keeps proxies from
/// closing the connection and shows a dead one. Clients ignore it.
pub const KEEP_ALIVE: &[u8] = b":\n\n";
