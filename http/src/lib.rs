//! Server-Sent Events for std.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod event;
#[cfg(feature = "json")]
mod json;
mod silence;
mod stream;

pub use event::{Event, FromEvent, Id, Name, Text};
#[cfg(feature = "json")]
pub use json::{JsonError, JsonStream};
pub use sse_wire;
pub use stream::{Error, EventStream, EventsWith, Eventsource};
