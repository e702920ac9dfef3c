//! The standard's client without I/O: [`event_source`] is the state machine, [`response`] checks the head of a
//! response, [`backoff`] computes the wait before a reconnection.

mod backoff;
mod event_source;
mod response;

pub use backoff::Backoff;
pub use event_source::{EventSource, ReadyState, UnsendableId};
pub use response::{Refused, Response};
