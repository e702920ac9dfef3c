//! Encoding events.
//!
//! * [`event`]: the event and the table of its fields.
//! * [`field`]: values that are validated when they are made, event types and IDs.
//! * [`lines`]: writes fields, and splits values at line breaks.
//! * [`writer`] and [`formatted`]: data that arrives in pieces, and formatted data.
//! * [`output`]: the slices and vectors that events are written to.
//! * [`digits`]: a number in decimal digits.

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
