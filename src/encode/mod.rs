//! Encoding: [`field`] has the values that are checked when they are made, [`event`] puts an event
//! together, [`lines`] splits what may have line breaks, [`output`] is what can be written to.

mod digits;
mod event;
mod field;
mod formatted;
mod lines;
mod output;

pub use event::Event;
pub use field::{EventId, EventType, InvalidField};
pub use formatted::{FormatError, FormattedEvent};
pub use output::{BufferTooSmall, Output};
