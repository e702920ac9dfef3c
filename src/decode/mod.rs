//! Decoding: bytes to [`token`]s to events. [`decoder`] is what users see, [`ways`] chooses how a chunk
//! is gone through. [`long_way`] applies the rules of the standard, token by token; [`short_way`],
//! [`seam`] and [`cut_line`] come to the same with fewer instructions, for usual lines. What is not
//! copied is [`lent`], what is lies in a [`buffer`] as [`two_ended`] has it; [`message`] comes out.

mod buffer;
mod cut_line;
mod decoder;
#[cfg(feature = "alloc")]
mod growing;
mod lent;
mod long_way;
mod message;
mod seam;
mod short_way;
mod token;
mod two_ended;
mod ways;

pub use buffer::Buffer;
#[cfg(feature = "_io")]
pub(crate) use decoder::Found;
pub use decoder::{DecodeError, Decoder, LastEventIdError, Progress};
#[cfg(feature = "alloc")]
pub use growing::GrowingBuffer;
pub use message::{Lossy, MessageEvent};
pub use token::{Field, Token, Tokenizer};
