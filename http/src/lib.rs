//! Server-Sent Events for std.
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "client")]
mod client;
mod event;
#[cfg(feature = "json")]
mod json;
#[cfg(feature = "reqwest-v0.13")]
pub mod reqwest;
mod silence;
mod stream;

#[cfg(feature = "client")]
pub use client::{ClientError, Connect, EventSource, Incoming, Options};
pub use event::{Event, FromEvent, Id, Name, Text};
#[cfg(feature = "json")]
pub use json::{JsonError, JsonStream};
pub use sse_wire;
#[cfg(feature = "client")]
pub use sse_wire::{Backoff, ReadyState, Refused};
pub use stream::{Error, EventStream, EventsWith, Eventsource};
