//! The event of type `gap`, which says that samples are missing. The firmware compiles this file, too: both servers
//! serve the same page.

use core::time::Duration;
use sse_wire::{Event, FormatError, event_type};

/// The time after which a client should reconnect.
pub(crate) const RETRY: Duration = Duration::from_secs(2);

/// Encodes the number of missing samples; `None` if it is unknown. The event has no ID, so that a client that loses it
/// is told again.
pub(crate) fn encode_gap(missed: Option<u64>, out: &mut [u8]) -> Result<&[u8], FormatError> {
    let event = Event::new().event_type(event_type!("gap")).retry(RETRY);
    match missed {
        Some(missed) => Ok(event.data_fmt(format_args!(r#"{{"missed":{missed}}}"#)).encode(out)?),
        None => Ok(event.data(r#"{"missed":null}"#).encode(out)?),
    }
}
