//! Server-Sent Events for std.
#![cfg_attr(docsrs, feature(doc_cfg))]

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
