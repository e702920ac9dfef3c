//! Decoding: from bytes to lines to events.
//!
//! * [`decoder`]: the public `Decoder`.
//! * [`chunk`]: chooses between the two paths through a chunk, [`whole`] and [`gather`].
//! * [`whole`]: parses a block of lines in the chunk and borrows it.
//! * [`gather`]: parses lines that arrive in any pieces, and keeps them in the [`store`].
//! * [`store`]: the layout of a [`buffer`]; [`growing`] is the buffer on the heap.
//! * [`field`]: splits a line into field and value.
//! * [`message`]: the event that results.
//! * [`tokenizer`]: decodes without a buffer.

mod buffer;
mod chunk;
mod decoder;
mod field;
mod gather;
#[cfg(feature = "alloc")]
mod growing;
mod message;
mod store;
mod tokenizer;
mod whole;

pub use buffer::Buffer;
pub use decoder::{DecodeError, Decoder, LastEventIdError, Progress};
pub use field::Field;
#[cfg(feature = "alloc")]
pub use growing::GrowingBuffer;
pub use message::{Lossy, MessageEvent};
pub use tokenizer::{Token, Tokenizer};
