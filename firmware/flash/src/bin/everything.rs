//! All of the codec except formatting, so that the linker proves that none of it can panic. Its flash is not measured.
#![no_std]
#![no_main]

use core::hint::black_box;
use core::time::Duration;
use flash::BUFFER;
use sse_wire::{
    Backoff, Decoder, Event, EventId, EventSource, EventType, Progress, ReadyState, ReplayBuffer,
    Response, Resume, Token, Tokenizer,
};

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    loop {
        tokenize();
        decode();
        encode();
        client();
        replay();
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
        black_box((event.own_event_type(), event.own_id(), event.retry()));
        black_box(event.event_type_str().is_ok());
        black_box(event.data_str().is_ok());
        black_box(event.last_event_id_str().is_ok());
    }
    while let Ok(Progress::Event) = decoder.decode(&mut chunk) {
        black_box(decoder.event().map(|event| event.data().len()));
    }
    black_box((decoder.is_mid_event(), decoder.is_too_long()));
    black_box((decoder.comments(), decoder.ignored_lines()));
    black_box((decoder.last_event_id(), decoder.reconnection_time()));
    decoder.shrink_buffer();
    decoder.reconnect();
    black_box(decoder.buffer().len());
    black_box(decoder.into_buffer());
}

fn encode() {
    let text: &str = black_box("");
    let mut event = Event::new().comment_bytes(text.as_bytes()).data_bytes(text.as_bytes());
    event = event.retry(Duration::from_millis(black_box(0)));
    if let Ok(event_type) = EventType::from_bytes(text.as_bytes()) {
        event = event.event_type(event_type);
    }
    if let Ok(id) = EventId::new(text) {
        event = event.id(id);
    }
    black_box(Event::new().comment(text).id(EventId::from_u64(black_box(0))));
    black_box(event.encoded_len());
    black_box(event.to_array::<64>());
    let mut out = [0; BUFFER];
    black_box(event.encode(&mut out).is_ok());
    let mut data = event.begin(&mut out);
    data.write_bytes(text.as_bytes());
    black_box(data.finish().is_ok());
    let mut out = heapless::Vec::<u8, BUFFER>::new();
    black_box(event.append_to(&mut out).is_ok());
    let mut data = event.begin_append(&mut out);
    data.write_bytes(text.as_bytes());
    black_box(data.finish().is_ok());
    black_box(out.as_slice());
}

fn client() {
    let time = black_box(Duration::ZERO);
    let backoff = Backoff::new().reconnection_time(time).floor(time).doubled_to(time).ceiling(time);
    let mut memory = [0; BUFFER];
    let mut source = EventSource::with_backoff(Decoder::new(&mut memory[..]), backoff);
    black_box(source.connect(black_box(0)));
    black_box(source.header_id().is_ok());
    for (name, value) in source.headers() {
        black_box((name, value));
    }
    let head = Response::new(black_box(0)).header(black_box(""), black_box(""));
    black_box((head.status(), head.retry_after(), head.check().is_ok()));
    if let Err(refused) = source.open(&head) {
        black_box(refused.is_temporary());
        source.retry(time);
    }
    let mut chunk: &[u8] = black_box(&[]);
    black_box(source.next(&mut chunk).is_some());
    source.shrink_buffer();
    source.close();
    black_box((source.ready_state() == ReadyState::Closed, source.attempts()));
    black_box(source.decoder().is_mid_event());
    black_box(source.into_decoder().into_buffer());
}

fn replay() {
    let mut replay = ReplayBuffer::new(black_box(0), [0; BUFFER]);
    let event = Event::new().data(black_box(""));
    black_box(replay.push(&event).is_ok());
    black_box(replay.id_before(replay.live(), &mut [0; 41]).as_bytes());
    let mut cursor = match replay.resume(black_box(&[])) {
        Resume::Exact(cursor) | Resume::Gap { cursor, .. } => cursor,
        Resume::Unknown => replay.live(),
    };
    black_box(replay.next(&mut cursor));
    black_box(replay.next(&mut replay.oldest()));
}
