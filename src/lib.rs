//! A codec for Server-Sent Events (`text/event-stream`, [WHATWG HTML 9.2][standard]): an encoder, and
//! a streaming decoder over fixed buffers. `no_std`, without allocation or panics; zero-copy where the
//! bytes allow it.
//!
//! # Decoding
//!
//! A [`Decoder`] takes the body of a response in chunks of any size and gives [`MessageEvent`]s. It
//! does what a browser does: how the stream is cut, which line ends it has, a byte order mark or bad
//! UTF-8 change nothing, and an event that is too long for the buffer is the only one that is lost.
//!
//! ```
//! use sse_wire::Decoder;
//!
//! let mut decoder = Decoder::new([0; 256]);
//! let mut seen = Vec::new();
//! for mut chunk in [&b"data: 23"[..], b".4\r", b"\n\r\ndata: 23.5\n\n"] {
//!     while let Some(event) = decoder.next(&mut chunk) {
//!         seen.push(event?.data_str()?.to_owned());
//!     }
//! }
//! assert_eq!(seen, ["23.4", "23.5"]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`Decoder::decode`] is for loops that refill their input and return the event. A [`Tokenizer`] has no buffer at all,
//! shows comments, and hands out an event of any size piece by piece. [`Decoder`] says how large the buffer must be.
//!
//! # Encoding
//!
//! An [`Event`] is put together from parts and encoded into a slice, a vector, or at compile time.
//! No text can be passed that starts a field of its own: [`EventType`] and [`EventId`] are checked
//! when they are made, data and comments are split at line breaks.
//!
//! ```
//! use sse_wire::{Event, EventId, event_type};
//!
//! let event = Event::new().event_type(event_type!("log")).id(EventId::from_u64(7));
//! let mut out = [0; 64];
//! let bytes = event.data("one\rid: 6").encode(&mut out)?;
//! assert_eq!(bytes, b"event: log\nid: 7\ndata: one\ndata: id: 6\n\n");
//! # Ok::<(), sse_wire::BufferTooSmall>(())
//! ```
//!
//! # Features
//!
//! They only add, and none is on by default: `alloc` (`GrowingBuffer` and `Box` as buffers, `Vec` as
//! output), `std` (`alloc`, and AVX2 found at run time), `heapless-v0.9` (`heapless::Vec` as output),
//! `embedded-io-v0.7` and `embedded-io-async-v0.7` (module `io`: readers and writers), `defmt` (every
//! public type can be logged).
//!
//! # Cost
//!
//! Time is linear in the input, however it is cut. What is copied, and when, is said at [`Decoder`],
//! [`Event::encode`] and [`FormattedEvent`].
//!
//! [standard]: https://html.spec.whatwg.org/multipage/server-sent-events.html
#![no_std]
// Where there is none, and where there is one file of it: `x86_64.rs`.
#![cfg_attr(not(all(target_arch = "x86_64", target_feature = "sse2")), forbid(unsafe_code))]
#![cfg_attr(all(target_arch = "x86_64", target_feature = "sse2"), deny(unsafe_code))]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(test, allow(clippy::restriction))]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(any(test, feature = "std"))]
extern crate std;

mod client;
mod copy;
mod decode;
mod encode;
mod escaped;
#[cfg(feature = "_io")]
pub mod io;
mod replay;
mod scan;
#[cfg(all(target_arch = "x86_64", target_feature = "sse2", not(sse_wire_no_vectors)))]
#[allow(unsafe_code)]
mod x86_64;

pub use client::{Backoff, EventSource, ReadyState, Refused, Response, UnsendableId};
#[cfg(feature = "alloc")]
pub use decode::GrowingBuffer;
pub use decode::{
    Buffer, DecodeError, Decoder, Field, LastEventIdError, Lossy, MessageEvent, Progress, Token,
    Tokenizer,
};
pub use encode::{
    BufferTooSmall, Event, EventId, EventType, FormatError, FormattedEvent, InvalidField, Output,
};
pub use replay::{Cursor, Lagged, ReplayBuffer, Resume};

/// The media type of an event stream: the value of a server's header `Content-Type`, and of a
/// client's header `Accept`.
pub const CONTENT_TYPE: &str = "text/event-stream";

/// The name of the header with which a client says where it stopped.
///
/// Its value is the last event ID, as UTF-8; it is left out if that is empty.
pub const LAST_EVENT_ID: &str = "Last-Event-ID";

/// The headers, name and value, that a server should send with an event stream: the media type, no
/// caching, and no buffering in nginx and proxies that do as it does.
///
/// `no-transform` ([RFC 9111, 5.2.2.6][no-transform]) keeps proxies and compression layers from compressing the
/// stream: they hold events back until there is enough to compress.
///
/// [no-transform]: https://www.rfc-editor.org/rfc/rfc9111#section-5.2.2.6
pub const RESPONSE_HEADERS: [(&str, &str); 3] = [
    ("Content-Type", CONTENT_TYPE),
    ("Cache-Control", "no-cache, no-transform"),
    ("X-Accel-Buffering", "no"),
];

/// A comment and a blank line, to be sent in pauses, about every 15 seconds: it keeps proxies from
/// closing the connection and shows a dead one. Clients ignore it.
pub const KEEP_ALIVE: &[u8] = b":\n\n";

/// Whether short code counts more than speed: on targets of fewer than 64 bits, and with
/// `--cfg sse_wire_small`, for tests.
const SMALL_CODE: bool = cfg!(any(not(target_pointer_width = "64"), sse_wire_small));

/// For the fuzz target of the one file with unsafe code.
#[cfg(fuzzing)]
#[doc(hidden)]
pub use scan::line_ends;
#[cfg(all(fuzzing, target_arch = "x86_64", target_feature = "sse2", not(sse_wire_no_vectors)))]
#[doc(hidden)]
pub fn from_utf8(bytes: &[u8]) -> Result<&str, core::str::Utf8Error> {
    x86_64::from_utf8(bytes)
}

#[cfg(all(doctest, feature = "embedded-io-async-v0.7"))]
#[doc = include_str!("../README.md")]
struct Readme;
