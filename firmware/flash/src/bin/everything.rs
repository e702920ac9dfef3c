//! All of the codec that does not format, so that the linker proves that none of it can panic. It
//! is not measured: no firmware needs it all.
#![no_std]
#![no_main]

use core::hint::black_box;
use core::time::Duration;
use flash::BUFFER;
use sse_wire::{Decoder, Event, EventId, EventType, Progress, Token, Tokenizer};

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    loop {
        tokenize();
        decode();
        encode();
    }
}

fn tokenize() {
    let mut tokenizer = Tokenizer::new();
    let mut input: &[u8] = black_box(&[]);
    while let Some(token) = tokenizer.next(&mut input) {
        if let Token::Value { fragment, .. } = token {
            black_box(fragment);
        }
    }
    black_box(tokenizer.is_mid_line());
}

fn decode() {
    let mut memory = [0; BUFFER];
    let mut decoder = Decoder::new(&mut memory[..]);
    black_box(decoder.set_last_event_id(black_box(&[])).is_ok());
    let mut chunk: &[u8] = black_box(&[]);
    while let Some(Ok(event)) = decoder.next(&mut chunk) {
        black_box(event.event_type_str().is_ok());
        black_box(event.data_str().is_ok());
        black_box(event.last_event_id_str().is_ok());
    }
    while let Ok(Progress::Event) = decoder.decode(&mut chunk) {
        black_box(decoder.event().map(|event| event.data().len()));
    }
    black_box(decoder.is_mid_event());
    black_box(decoder.reconnection_time());
    black_box(decoder.last_event_id());
    decoder.reconnect();
    black_box(decoder.buffer().len());
    black_box(decoder.into_buffer());
}

fn encode() {
    let text: &str = black_box("");
    let mut event = Event::new().comment(text).data_bytes(text.as_bytes());
    event = event.retry(Duration::from_millis(black_box(0)));
    if let Ok(event_type) = EventType::from_bytes(text.as_bytes()) {
        event = event.event_type(event_type);
    }
    if let Ok(id) = EventId::new(text) {
        event = event.id(id);
    }
    black_box(event.encoded_len());
    black_box(event.to_array::<64>());
    let mut out = [0; BUFFER];
    black_box(event.encode(&mut out).is_ok());
    let mut out = heapless::Vec::<u8, BUFFER>::new();
    black_box(event.append_to(&mut out).is_ok());
    black_box(out.as_slice());
}
