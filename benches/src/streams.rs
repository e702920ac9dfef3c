//! One pass over a stream of chunks, by the companion crate and by each peer. All are polled without a runtime, over
//! chunks of `Bytes` that are made before the pass, as an HTTP client hands them out.
//!
//! | subject | data | type and id | copies | checks UTF-8 | limit |
//! |---|---|---|---|---|---|
//! | `borrowed` | `&[u8]` | `&[u8]` | nothing of an event that is whole in a chunk | no | 16 MiB |
//! | `owned::<String>` | `String` | shared while they do not change | data once | data, replaced | 16 MiB |
//! | `owned::<Bytes>` | a slice of the chunk | the same | nothing of an event that is whole in a chunk | no | 16 MiB |
//! | `sse_stream` 0.3 | `String` | `String` | data twice | all, an error | none |
//! | `sse_core` 0.2 | `String` | `Arc<str>`, static for `message` | data three times | all, replaced | 512 KiB |
//! | `sseer` 0.3 | a slice of the chunk | slices of the chunk | what is split between chunks | all, an error | none |
//! | `eventsource_stream` 0.2 | `String` | `String` | each line several times | all, an error | none |

use crate::Delivered;
use crate::decoders::{count_sse_stream, drain};
use bytes::Bytes;
use futures_util::stream::{self, Stream};
use serde::Deserialize;
use sse_wire_http::{EventStream, Eventsource, FromEvent};
use std::convert::Infallible;

const LIMIT: usize = 16 * 1024 * 1024;

fn chunks(chunks: &[Bytes]) -> impl Stream<Item = Result<Bytes, Infallible>> {
    stream::iter(chunks.iter().cloned().map(Ok))
}

/// The companion crate, events borrowed.
///
/// # Panics
/// If it cannot decode the stream.
#[must_use]
pub fn borrowed(input: &[Bytes]) -> Delivered {
    let mut delivered = Delivered::default();
    let events = chunks(input).events_with(LIMIT, |event| {
        delivered.count(event.event_type(), event.data(), event.last_event_id());
    });
    drain(events, |event| event.unwrap());
    delivered
}

/// The companion crate, events with their own data.
///
/// # Panics
/// If it cannot decode the stream.
#[must_use]
pub fn owned<D: FromEvent<Bytes> + AsRef<[u8]>>(input: &[Bytes]) -> Delivered {
    let mut delivered = Delivered::default();
    drain(EventStream::new(chunks(input)).with_data::<D>(), |event| {
        let event = event.unwrap();
        delivered.count(event.event.as_bytes(), event.data.as_ref(), event.id.as_bytes());
    });
    delivered
}

/// sse-stream.
///
/// # Panics
/// If it cannot decode the stream.
#[must_use]
pub fn sse_stream(input: &[Bytes]) -> Delivered {
    let mut delivered = Delivered::default();
    drain(sse_stream::SseByteStream::new(chunks(input)), |event| {
        count_sse_stream(&mut delivered, &event.unwrap());
    });
    delivered
}

/// sse-core.
///
/// # Panics
/// If it cannot decode the stream.
#[must_use]
pub fn sse_core(input: &[Bytes]) -> Delivered {
    let mut delivered = Delivered::default();
    drain(sse_core::SseStream::new(Box::pin(chunks(input))), |event| {
        if let sse_core::SseEvent::Message(event) = event.unwrap() {
            let id = event.last_event_id.as_deref().unwrap_or_default();
            delivered.count(event.event.as_bytes(), event.data.as_bytes(), id.as_bytes());
        }
    });
    delivered
}

/// sseer.
///
/// # Panics
/// If it cannot decode the stream.
#[must_use]
pub fn sseer(input: &[Bytes]) -> Delivered {
    let mut delivered = Delivered::default();
    drain(sseer::EventStream::new(chunks(input)), |event| {
        let event = event.unwrap();
        delivered.count(event.event.as_bytes(), event.data.as_bytes(), event.id.as_bytes());
    });
    delivered
}

/// eventsource-stream.
///
/// # Panics
/// If it cannot decode the stream.
#[must_use]
pub fn eventsource_stream(input: &[Bytes]) -> Delivered {
    let mut delivered = Delivered::default();
    drain(eventsource_stream::EventStream::new(chunks(input)), |event| {
        let event = event.unwrap();
        delivered.count(event.event.as_bytes(), event.data.as_bytes(), event.id.as_bytes());
    });
    delivered
}

/// The fields of a completion's chunk that a client of OpenAI's API reads.
#[derive(Debug, Deserialize)]
#[expect(missing_docs, reason = "arbitrary fields")]
pub struct Completion {
    pub id: String,
    pub model: String,
    pub created: u64,
    pub choices: Vec<Choice>,
}

#[derive(Debug, Deserialize)]
#[expect(missing_docs, reason = "arbitrary fields")]
pub struct Choice {
    pub index: u32,
    pub delta: Delta,
    pub finish_reason: Option<String>,
}

#[derive(Debug, Deserialize)]
#[expect(missing_docs, reason = "arbitrary fields")]
pub struct Delta {
    pub content: String,
}

/// The companion crate, to structs. Returns the bytes of their contents.
///
/// # Panics
/// If it cannot decode the stream.
#[must_use]
pub fn json(input: &[Bytes]) -> usize {
    let mut bytes = 0;
    let values = chunks(input).eventsource().json::<Completion>().until("[DONE]");
    let mut ends = 0;
    drain(values, |value| match value {
        Ok(value) => bytes += value.choices[0].delta.content.len(),
        Err(sse_wire_http::JsonError::Truncated) => ends += 1,
        Err(error) => panic!("{error}"),
    });
    assert_eq!(ends, 1, "the corpora have no end marker");
    bytes
}

/// sse-stream, to structs.
///
/// # Panics
/// If it cannot decode the stream.
#[must_use]
pub fn sse_stream_json(input: &[Bytes]) -> usize {
    let mut bytes = 0;
    drain(sse_stream::SseByteStream::new(chunks(input)), |event| {
        let data = event.unwrap().data.unwrap();
        let value: Option<Completion> =
            (data != "[DONE]").then(|| serde_json::from_str(&data).unwrap());
        bytes += value.unwrap().choices[0].delta.content.len();
    });
    bytes
}

/// sse-core, to structs.
///
/// # Panics
/// If it cannot decode the stream.
#[must_use]
pub fn sse_core_json(input: &[Bytes]) -> usize {
    let mut bytes = 0;
    drain(sse_core::SseStream::new(Box::pin(chunks(input))), |event| {
        if let sse_core::SseEvent::Message(event) = event.unwrap() {
            let value: Option<Completion> =
                (&*event.data != "[DONE]").then(|| serde_json::from_str(&event.data).unwrap());
            bytes += value.unwrap().choices[0].delta.content.len();
        }
    });
    bytes
}

/// eventsource-stream, to structs.
///
/// # Panics
/// If it cannot decode the stream.
#[must_use]
pub fn eventsource_stream_json(input: &[Bytes]) -> usize {
    let mut bytes = 0;
    drain(eventsource_stream::EventStream::new(chunks(input)), |event| {
        let data = event.unwrap().data;
        let value: Option<Completion> =
            (data != "[DONE]").then(|| serde_json::from_str(&data).unwrap());
        bytes += value.unwrap().choices[0].delta.content.len();
    });
    bytes
}
