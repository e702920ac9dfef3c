//! Events over a connection: readers and writers for the traits of embedded-io, blocking and async.
//!
//! `asynch` is there with feature `embedded-io-async-v0.7`, `blocking` with `embedded-io-v0.7`. A
//! reader takes the body of a response, a writer makes one; HTTP is the business of the stack between
//! them and the socket.
//!
//! The stack must undo the transfer coding before the reader. A reader over the bare socket of a response with
//! `Transfer-Encoding: chunked` takes the lengths of the chunks for lines of the stream, and events are cut short.
//! [`Decoder::ignored_lines`](crate::Decoder::ignored_lines) shows it: it grows with each chunk.

// `read` and `write` hold what both worlds share: all but the waiting. `blocking` and `asynch` only
// move bytes between them and the connection, so that there is one way in which an interrupted call
// goes on.

#[cfg(feature = "embedded-io-async-v0.7")]
pub mod asynch;
#[cfg(feature = "embedded-io-v0.7")]
pub mod blocking;
mod buffered;
mod read;
mod write;

pub use buffered::{Buffered, BufferedError};
pub use read::{ReadError, Received};
pub use write::{Encode, WriteError};
