//! Decoding: bytes to lines to events. [`decoder`] is what users see. [`chunk`] chooses the path through a chunk. What a
//! line is, [`field`] decides; what it does, [`gather`], and [`whole`] for a block of lines that need not be kept. What is
//! kept of a cut event lies in a [`buffer`] as [`store`] has it; a [`message`] comes out. [`tokenizer`] does without a
//! buffer.

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
