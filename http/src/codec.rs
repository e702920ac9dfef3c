//! Codecs for tokio-util's `FramedRead` and `FramedWrite`.

use crate::event::{Event, FromEvent, Id, Name};
use crate::stream::{Chunk, LIMIT, Source, own};
use bytes::{Bytes, BytesMut};
use sse_wire::{BufferTooSmall, DecodeError, Decoder, GrowingBuffer};
use std::io;
use std::marker::PhantomData;

/// Decodes [`Event`]s for `tokio_util::codec::FramedRead`.
///
/// An item is an event, or the reason why one was lost. That is not the error of the codec, because `FramedRead` ends after
/// an error, and a lost event ends nothing. What was read is kept in the codec, not in the buffer of `FramedRead`.
///
/// ```
/// use futures_util::StreamExt;
/// use sse_wire_http::codec::EventDecoder;
/// use tokio_util::codec::FramedRead;
///
/// # futures_util::FutureExt::now_or_never(async {
/// let mut events = FramedRead::new(&b"data: 1\n\n"[..], EventDecoder::<String>::with_limit(1024));
/// let event = events.next().await.unwrap()??;
/// assert_eq!(event.data, "1");
/// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct EventDecoder<D = String> {
    decoder: Decoder<GrowingBuffer>,
    chunk: Chunk<Bytes>,
    name: Name,
    id: Id,
    data: PhantomData<fn() -> D>,
}

impl<D> EventDecoder<D> {
    /// A codec with a limit of 16 MiB for an event.
    #[must_use]
    pub fn new() -> Self {
        Self::with_limit(LIMIT)
    }

    /// A codec with another limit: that of [`EventStream::with_limit`](crate::EventStream::with_limit).
    #[must_use]
    pub fn with_limit(limit: usize) -> Self {
        Self {
            decoder: Decoder::new(GrowingBuffer::with_limit(limit)),
            chunk: Chunk::default(),
            name: Name::default(),
            id: Id::default(),
            data: PhantomData,
        }
    }

    /// The decoder: last event ID, reconnection time, counts of comments and of ignored lines.
    #[must_use]
    pub const fn decoder(&self) -> &Decoder<GrowingBuffer> {
        &self.decoder
    }
}

impl<D> Default for EventDecoder<D> {
    fn default() -> Self {
        Self::new()
    }
}

impl<D: FromEvent<Bytes>> tokio_util::codec::Decoder for EventDecoder<D> {
    type Item = Result<Event<D>, DecodeError>;
    type Error = io::Error;

    fn decode(&mut self, input: &mut BytesMut) -> io::Result<Option<Self::Item>> {
        let Self { decoder, chunk, name, id, .. } = self;
        loop {
            if let Some((event, chunk)) = chunk.next(decoder) {
                return Ok(Some(event.map(|event| own(&event, chunk, name, id))));
            }
            chunk.clear();
            if input.is_empty() {
                decoder.shrink_before_wait();
                return Ok(None);
            }
            chunk.fill(input.split().freeze());
        }
    }
}

/// Encodes the core's [`Event`](sse_wire::Event) for `tokio_util::codec::FramedWrite`.
#[derive(Clone, Copy, Debug, Default)]
pub struct EventEncoder;

impl tokio_util::codec::Encoder<sse_wire::Event<'_>> for EventEncoder {
    type Error = io::Error;

    fn encode(&mut self, event: sse_wire::Event<'_>, out: &mut BytesMut) -> io::Result<()> {
        event.append_to(out).map_err(|error: BufferTooSmall| io::Error::other(error))
    }
}

#[cfg(feature = "body")]
impl tokio_util::codec::Encoder<crate::OutEvent> for EventEncoder {
    type Error = io::Error;

    fn encode(&mut self, event: crate::OutEvent, out: &mut BytesMut) -> io::Result<()> {
        out.extend_from_slice(event.as_bytes());
        Ok(())
    }
}
