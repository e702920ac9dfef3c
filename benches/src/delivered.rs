//! Counts what a decoder returns, to compare it with the expected result.

use std::hint::black_box;

/// The number of events, and the bytes of their types, data and last event IDs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delivered {
    /// The number of events.
    pub events: usize,
    /// Bytes of event types; `message` if the stream has none.
    pub type_bytes: usize,
    /// Bytes of data, with a LF between lines.
    pub data_bytes: usize,
    /// Bytes of the last event ID after each event.
    pub id_bytes: usize,
}

impl Delivered {
    /// Counts one event.
    #[inline]
    pub fn count(&mut self, event_type: &[u8], data: &[u8], id: &[u8]) {
        // Keeps the compiler from removing the work that finds the bytes.
        black_box((event_type.as_ptr(), data.as_ptr(), id.as_ptr()));
        self.events += 1;
        self.type_bytes += event_type.len();
        self.data_bytes += data.len();
        self.id_bytes += id.len();
    }
}
