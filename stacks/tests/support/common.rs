//! Shared by all tests: a runtime with a time limit, and events to compare.

use sse_wire::{GrowingBuffer, MessageEvent};
use std::time::Duration;
use tokio::task::LocalSet;
use tokio::time::timeout;

/// Runs a test on one thread, as on a device. A test that hangs fails after the time limit.
pub fn run<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let test = async { timeout(Duration::from_secs(60), test).await.expect("the test hangs") };
    LocalSet::new().block_on(&runtime, test)
}

/// An event, as received by a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    pub event_type: String,
    pub id: String,
    pub data: String,
}

impl From<MessageEvent<'_>> for Received {
    fn from(event: MessageEvent<'_>) -> Self {
        Self {
            event_type: event.event_type_lossy().to_string(),
            id: String::from_utf8_lossy(event.last_event_id()).into_owned(),
            data: event.data_lossy().to_string(),
        }
    }
}

/// A buffer for decoders.
pub fn growing_buffer() -> GrowingBuffer {
    GrowingBuffer::with_limit(256 * 1024)
}
