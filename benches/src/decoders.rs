//! One pass over a stream, chunk by chunk, by this crate and by each peer. Every subject returns each event, and the
//! events are counted.
//!
//! Each subject gets the input type and the memory that suit it best. Each pass starts with new state. Memory that a
//! decoder takes from its caller, or can keep for its next stream, is allocated once for all passes; other allocations
//! count.
//!
//! | subject | input | validates UTF-8 | returns | allocates | ids |
//! |---|---|---|---|---|---|
//! | `tokenizer` | `&[u8]` | no | fragments of the chunk | never | each line |
//! | `next` | `&[u8]` | no | a borrow of the chunk, else a copy | never | carried on |
//! | `next_str` | `&[u8]` | data | the same | never | carried on |
//! | `sse_core` 0.2 | `&[u8]` | all, replaced | `String`, `Arc<str>` | for data, type and each id | carried on |
//! | `sse_stream` 0.3 | `Stream` of `&[u8]` | all, an error | `String` | for data, type and id | of the event's own block only |
//! | `sseer` 0.3 | `Stream` of `Bytes` | all, an error | slices of the chunk's `Bytes`, else a copy | for events in two chunks or with several data lines | carried on |
//! | `eventsource_stream` 0.2 | `Stream` of `&[u8]` | all, an error | `String` | for each line and each part | carried on |
//!
//! The peers' streams are polled without a runtime, over chunks in memory. The chunks of `sseer` are static, which
//! saves the reference counting of a real connection. No event of a corpus inherits its ID from an earlier one, so
//! sse-stream gives the same result as the others.
//!
//! If a stream has `retry` lines, all but `tokenizer` parse them, and no pass counts them.

use crate::Delivered;
use bytes::Bytes;
use futures_util::stream::{self, Stream};
use sse_core::{SseDecoder, SseEvent};
use sse_wire::{Buffer, Decoder, Field, Token, Tokenizer};
use std::convert::Infallible;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// This crate's tokenizer, with counters that make events of its tokens.
#[must_use]
pub fn tokenizer(chunks: &[&[u8]]) -> Delivered {
    let mut delivered = Delivered::default();
    let mut tokenizer = Tokenizer::new();
    let (mut type_bytes, mut data_bytes, mut data_lines, mut id_bytes) = (0, 0, 0, 0);
    let mut mid_value = false;
    for mut chunk in chunks.iter().copied() {
        while let Some(token) = tokenizer.next(&mut chunk) {
            match token {
                Token::Value { field: Field::Data, fragment, end } => {
                    data_bytes += fragment.len();
                    data_lines += usize::from(end);
                }
                Token::Value { field, fragment, end } => {
                    let bytes = match field {
                        Field::Event => &mut type_bytes,
                        Field::Id => &mut id_bytes,
                        _ => continue,
                    };
                    *bytes = if mid_value { *bytes } else { 0 } + fragment.len();
                    mid_value = !end;
                }
                Token::Dispatch => {
                    if data_lines > 0 {
                        delivered.events += 1;
                        delivered.type_bytes += match type_bytes {
                            0 => "message".len(),
                            given => given,
                        };
                        delivered.data_bytes += data_bytes + data_lines - 1;
                        delivered.id_bytes += id_bytes;
                    }
                    (type_bytes, data_bytes, data_lines) = (0, 0, 0);
                }
            }
        }
    }
    delivered
}

/// This crate's decoder with `buffer`; events as bytes.
///
/// # Panics
/// If an event is too long for the buffer.
#[must_use]
pub fn next(chunks: &[&[u8]], buffer: impl Buffer) -> Delivered {
    let mut delivered = Delivered::default();
    let mut decoder = Decoder::new(buffer);
    for mut chunk in chunks.iter().copied() {
        while let Some(event) = decoder.next(&mut chunk) {
            let event = event.unwrap();
            delivered.count(event.event_type(), event.data(), event.last_event_id());
        }
    }
    delivered
}

/// This crate's decoder with `buffer`; data as text.
///
/// # Panics
/// If an event is too long for the buffer, or its data is not UTF-8.
#[must_use]
pub fn next_str(chunks: &[&[u8]], buffer: impl Buffer) -> Delivered {
    let mut delivered = Delivered::default();
    let mut decoder = Decoder::new(buffer);
    for mut chunk in chunks.iter().copied() {
        while let Some(event) = decoder.next(&mut chunk) {
            let event = event.unwrap();
            let data = event.data_str().unwrap();
            delivered.count(event.event_type(), data.as_bytes(), event.last_event_id());
        }
    }
    delivered
}

/// sse-core. The decoder is cleared, but keeps its memory.
///
/// # Panics
/// If an event is too long.
#[must_use]
pub fn sse_core(chunks: &[&[u8]], decoder: &mut SseDecoder) -> Delivered {
    let mut delivered = Delivered::default();
    decoder.clear();
    for mut chunk in chunks.iter().copied() {
        while let Some(event) = decoder.next(&mut chunk) {
            if let SseEvent::Message(event) = event.unwrap() {
                let id = event.last_event_id.as_deref().unwrap_or_default();
                delivered.count(event.event.as_bytes(), event.data.as_bytes(), id.as_bytes());
            }
        }
    }
    delivered
}

/// sse-stream. Its decoder is public only as a `Stream`.
///
/// # Panics
/// If it cannot decode the stream.
#[must_use]
pub fn sse_stream(chunks: &[&[u8]]) -> Delivered {
    let mut delivered = Delivered::default();
    let chunks = stream::iter(chunks.iter().copied().map(Ok::<_, Infallible>));
    drain(sse_stream::SseByteStream::new(chunks), |event| {
        count_sse_stream(&mut delivered, &event.unwrap());
    });
    delivered
}

/// Counts an event of sse-stream, which also returns blocks without data, and no default type.
pub(crate) fn count_sse_stream(delivered: &mut Delivered, event: &sse_stream::Sse) {
    if let Some(data) = &event.data {
        let event_type = event.event.as_deref().unwrap_or("message");
        let id = event.id.as_deref().unwrap_or_default();
        delivered.count(event_type.as_bytes(), data.as_bytes(), id.as_bytes());
    }
}

/// sseer. Its line parser is public, but its events are available only as a `Stream`.
///
/// # Panics
/// If it cannot decode the stream.
#[must_use]
pub fn sseer(chunks: &[&'static [u8]]) -> Delivered {
    let mut delivered = Delivered::default();
    let chunks = chunks.iter().map(|chunk| Ok::<_, Infallible>(Bytes::from_static(chunk)));
    drain(sseer::EventStream::new(stream::iter(chunks)), |event| {
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
pub fn eventsource_stream(chunks: &[&[u8]]) -> Delivered {
    let mut delivered = Delivered::default();
    let chunks = stream::iter(chunks.iter().copied().map(Ok::<_, Infallible>));
    drain(eventsource_stream::EventStream::new(chunks), |event| {
        let event = event.unwrap();
        delivered.count(event.event.as_bytes(), event.data.as_bytes(), event.id.as_bytes());
    });
    delivered
}

/// Takes all items of a stream that is always ready.
pub(crate) fn drain<S: Stream>(stream: S, mut each: impl FnMut(S::Item)) {
    let mut stream = pin!(stream);
    let mut context = Context::from_waker(Waker::noop());
    while let Poll::Ready(Some(item)) = stream.as_mut().poll_next(&mut context) {
        each(item);
    }
}
