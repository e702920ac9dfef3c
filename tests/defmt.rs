//! Every public type can be logged, and logging walks through it.
#![cfg(feature = "defmt")]
#![allow(clippy::restriction, reason = "tests may panic")]

use defmt::Format;
use sse_wire::{
    BufferTooSmall, DecodeError, Decoder, Event, EventId, EventType, Field, FormatError,
    FormattedEvent, InvalidField, LastEventIdError, Lossy, MessageEvent, Progress, Token,
    Tokenizer,
};

const fn is_logged<T: Format>() {}

#[test]
fn every_public_type() {
    is_logged::<BufferTooSmall>();
    is_logged::<DecodeError>();
    is_logged::<Decoder<[u8; 8]>>();
    is_logged::<Decoder<&mut [u8]>>();
    is_logged::<Event<'_>>();
    is_logged::<EventId<'_>>();
    is_logged::<EventType<'_>>();
    is_logged::<Field>();
    is_logged::<FormatError>();
    is_logged::<FormattedEvent<'_>>();
    is_logged::<InvalidField>();
    is_logged::<LastEventIdError>();
    is_logged::<Lossy<'_>>();
    is_logged::<MessageEvent<'_>>();
    is_logged::<Progress>();
    is_logged::<Token<'_>>();
    is_logged::<Tokenizer>();
    #[cfg(feature = "alloc")]
    is_logged::<sse_wire::GrowingBuffer>();
}
