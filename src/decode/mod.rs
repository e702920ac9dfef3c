//! Decoding: bytes to [`token`]s to events. [`decoder`] applies the rules of the standard to an
//! event, [`two_ended`] lays its parts out in a [`buffer`], [`message`] is what comes out.
//! [`short_way`], [`seam`] and [`cut_line`] come to the same with fewer instructions, for usual lines.

mod buffer;
mod cut_line;
mod decoder;
#[cfg(feature = "alloc")]
mod growing;
mod message;
mod seam;
mod short_way;
mod token;
mod two_ended;

pub use buffer::Buffer;
#[cfg(feature = "_io")]
pub(crate) use decoder::Found;
pub use decoder::{DecodeError, Decoder, LastEventIdError, Progress};
#[cfg(feature = "alloc")]
pub use growing::GrowingBuffer;
pub use message::{Lossy, MessageEvent};
pub use token::{Field, Token, Tokenizer};
