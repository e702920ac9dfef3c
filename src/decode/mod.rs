//! Decoding: bytes to lines to events. [`decoder`] is what users see. What a line is, is told in [`field`];
//! what it does, in [`gather`], and, for lines that need not be kept, in [`whole`]. What is kept of a cut event
//! lies in a [`buffer`] as [`store`] has it; a [`message`] comes out. [`tokenizer`] does without a buffer.

mod buffer;
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
