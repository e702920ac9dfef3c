//! One pass over a stream, chunk by chunk, by this crate and by each peer. All hand out each event
//! and count what they have handed out. All read the chunks from the same list, which is made before
//! the pass.
//!
//! Each gets its input and its memory in the way that is best for it. A pass is a stream of its own:
//! state is new. Memory that a decoder takes from its caller or can hand on to its next stream is
//! allocated once for all passes; what a peer allocates beyond that is its own affair.
//!
//! | subject | input | checks UTF-8 | hands out | allocates | ids |
//! |---|---|---|---|---|---|
//! | `tokenizer` | `&[u8]` | no | fragments of the chunk | never | each line |
//! | `next` | `&[u8]` | no | what lies in the chunk borrowed, else a copy | never | carried on |
//! | `next_str` | `&[u8]` | data | the same | never | carried on |
//! | `sse_core` 0.2 | `&[u8]` | all, replaced | `String`, `Arc<str>` | for data, type and each id | carried on |
//! | `sse_stream` 0.3 | `Stream` of `&[u8]` | all, an error | `String` | for data, type and id | of the event's own block only |
//! | `sseer` 0.3 | `Stream` of `Bytes` | all, an error | slices of the chunk's `Bytes`, else a copy | for what straddles, for several lines | carried on |
//! | `eventsource_stream` 0.2 | `Stream` of `&[u8]` | all, an error | `String` | for each line and each part | carried on |
//!
//! The peers' streams are polled without a runtime, over chunks that are there already. For `sseer`
//! they are static, which spares it the counting of references that a connection's would cost. In the
//! corpora no event takes its id from a block before it, so that sse-stream delivers what all deliver.
//!
//! Where a stream sets the reconnection time, all but `tokenizer` parse it, and none counts it: some
//! return it with the event, sse-core as an item of its own, this crate when it is asked for it.

use crate::Delivered;
use bytes::Bytes;
use futures_util::stream::{self, Stream};
use sse_core::{SseDecoder, SseEvent};
use sse_wire::{Buffer, Decoder, Field, Token, Tokenizer};
use std::convert::Infallible;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// This crate's tokenizer, and the counters that make events of its tokens.
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

/// This crate's decoder over `buffer`; events as bytes.
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

/// The same, with the data as text.
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

/// sse-core. The decoder is cleared and keeps its memory.
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

/// sse-stream. Its decoder is only to be had as a `Stream`.
///
/// # Panics
/// If it cannot decode the stream.
#[must_use]
pub fn sse_stream(chunks: &[&[u8]]) -> Delivered {
    let mut delivered = Delivered::default();
    let chunks = stream::iter(chunks.iter().copied().map(Ok::<_, Infallible>));
    drain(sse_stream::SseByteStream::new(chunks), |event| {
        let event = event.unwrap();
        // It gives parts, where others give events: blocks without data, and no default type.
        if let Some(data) = &event.data {
            let event_type = event.event.as_deref().unwrap_or("message");
            let id = event.id.as_deref().unwrap_or_default();
            delivered.count(event_type.as_bytes(), data.as_bytes(), id.as_bytes());
        }
    });
    delivered
}

/// sseer. Its parser of lines is to be had without the `Stream`, what makes events of them is not.
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

/// Takes all items of a stream that never has to wait.
pub(crate) fn drain<S: Stream>(stream: S, mut each: impl FnMut(S::Item)) {
    let mut stream = pin!(stream);
    let mut context = Context::from_waker(Waker::noop());
    while let Poll::Ready(Some(item)) = stream.as_mut().poll_next(&mut context) {
        each(item);
    }
}
