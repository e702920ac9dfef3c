//! What a decoder has handed out, counted.

use std::hint::black_box;

/// The number of events, and the bytes of their types, data and last event IDs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delivered {
    /// How many events.
    pub events: usize,
    /// Of the types; `message` where the stream has none.
    pub type_bytes: usize,
    /// Of the data, with a LF between lines.
    pub data_bytes: usize,
    /// Of the last event ID as of each event.
    pub id_bytes: usize,
}

impl Delivered {
    /// Counts one event.
    #[inline]
    pub fn count(&mut self, event_type: &[u8], data: &[u8], id: &[u8]) {
        // Or a decoder could be spared to say where they are.
        black_box((event_type.as_ptr(), data.as_ptr(), id.as_ptr()));
        self.events += 1;
        self.type_bytes += event_type.len();
        self.data_bytes += data.len();
        self.id_bytes += id.len();
    }
}
