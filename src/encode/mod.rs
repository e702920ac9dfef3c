//! Encoding: [`field`] has the values that are checked when they are made, [`event`] puts an event
//! together and has the table of its fields, [`lines`] writes them and splits what may have line breaks,
//! [`writer`] and [`formatted`] take data in pieces, [`output`] is what can be written to.

mod digits;
mod event;
mod field;
mod formatted;
mod lines;
mod output;
mod writer;

pub use event::Event;
pub use field::{EventId, EventType, InvalidField};
pub use formatted::{FormatError, FormattedEvent};
#[cfg(feature = "_io")]
pub(crate) use lines::Splitter;
pub use output::{BufferTooSmall, Output};
pub use writer::DataWriter;
