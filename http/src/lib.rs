//! Server-Sent Events (`text/event-stream`, [WHATWG HTML 9.2][standard]) for std, on the codec [`sse_wire`]: events from any
//! stream of bytes, a client that reconnects, and responses with replay, for reqwest, axum, tokio and http-body.
//!
//! Every stream does what a browser does with its bytes, and has a limit for the memory of an event. Nothing here parses,
//! encodes, reconnects or replays by rules of its own: that is all [`sse_wire`]'s.
//!
//! | for | take | feature |
//! | --- | --- | --- |
//! | events from a stream of chunks, such as reqwest's `bytes_stream()` | [`Eventsource`], [`EventStream`] | |
//! | events without a copy | [`Eventsource::events_with`], or [`Event`]`<Bytes>` and [`Text`] | |
//! | values from JSON, up to `[DONE]` | `EventStream::json` | `json` |
//! | events in a file or a cache | `Serialize`, `Deserialize` | `serde` |
//! | the end of a stream that is silent | `EventStream::idle_timeout` | `tokio` |
//! | `FramedRead` and `FramedWrite` | [`codec`] | `codec` |
//! | a client that reconnects | [`EventSource`], [`reqwest`] | `client`, `reqwest-v0.13` |
//! | a response, with keep-alives | [`EventBody`], [`axum`] | `body`, `axum-v0.8` |
//! | one stream for many clients, with replay | [`Hub`] | `body` |
//! | a proxy that rewrites events | [`Rewritten`] | `body` |
//!
//! # Events from a stream
//!
//! ```
//! use futures_util::{StreamExt, stream};
//! use sse_wire_http::Eventsource;
//!
//! # futures_util::FutureExt::now_or_never(async {
//! // reqwest: `client.get(url).send().await?.bytes_stream()`
//! let body = stream::iter([Ok::<_, std::io::Error>("id: 7\ndata: 23"), Ok(".4\n\n")]);
//! let mut events = body.eventsource();
//! while let Some(event) = events.next().await {
//!     let event = event?;
//!     assert_eq!((&*event.event, &*event.data, &*event.id), ("message", "23.4", "7"));
//! }
//! assert_eq!(events.last_event_id(), "7");
//! # Ok::<(), sse_wire_http::Error<std::io::Error>>(()) }).unwrap()?;
//! # Ok::<(), sse_wire_http::Error<std::io::Error>>(())
//! ```
//!
//! # What is bounded
//!
//! A stream, a client and a [`Rewritten`] body keep one event, its type and its last event ID, each within the limit, and
//! one chunk of their input. An event that is longer than the limit is dropped, and no other. A [`Hub`] keeps as many bytes
//! as its capacity, and its newest event a second time, however slow its clients are.
//!
//! A stream that waits keeps no chunk. Between events it keeps at most 1 KiB of its buffer, or four times the last event ID,
//! and the type and the ID of its latest event.
//!
//! # Panics
//!
//! Nothing in this crate panics. Timers (features `tokio`, `body` and `client`) need tokio's runtime with its clock; tokio
//! panics without one. `reqwest::EventSource::get` makes a `reqwest::Client`, which may panic.
//!
//! [standard]: https://html.spec.whatwg.org/multipage/server-sent-events.html
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(
    not(all(
        feature = "body",
        feature = "client",
        feature = "codec",
        feature = "reqwest-v0.13",
        feature = "axum-v0.8"
    )),
    allow(rustdoc::broken_intra_doc_links)
)]

#[cfg(feature = "axum-v0.8")]
pub mod axum;
#[cfg(feature = "body")]
mod body;
#[cfg(feature = "client")]
mod client;
#[cfg(feature = "codec")]
pub mod codec;
mod event;
#[cfg(feature = "body")]
mod hub;
#[cfg(feature = "json")]
mod json;
#[cfg(feature = "body")]
mod out_event;
#[cfg(feature = "reqwest-v0.13")]
pub mod reqwest;
#[cfg(feature = "body")]
mod rewritten;
mod silence;
mod stream;

#[cfg(feature = "body")]
pub use body::{EventBody, KeepAlive};
#[cfg(feature = "client")]
pub use client::{ClientError, Connect, EventSource, Incoming, Options};
pub use event::{Event, FromEvent, Id, Name, Text};
#[cfg(feature = "body")]
pub use hub::{Hub, Subscription};
#[cfg(feature = "json")]
pub use json::{JsonError, JsonStream};
#[cfg(feature = "body")]
pub use out_event::OutEvent;
#[cfg(feature = "body")]
pub use rewritten::{Rewritten, Sink};
pub use sse_wire;
#[cfg(feature = "client")]
pub use sse_wire::{Backoff, ReadyState, Refused};
pub use stream::{Error, EventStream, EventsWith, Eventsource};

#[cfg(all(doctest, feature = "axum-v0.8", feature = "json", feature = "reqwest-v0.13"))]
#[doc = include_str!("../README.md")]
struct Readme;
