//! The client of the standard without I/O: [`event_source`] is its state machine, [`response`] judges the head of a
//! response, [`backoff`] says how long to wait. What the stream means is the decoder's business alone.

mod backoff;
mod event_source;
mod response;

pub use backoff::Backoff;
pub use event_source::{EventSource, ReadyState, UnsendableId};
pub use response::{Refused, Response};
