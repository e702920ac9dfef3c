//! Tests that the crate does not allocate: counts allocations while it processes millions of events.
//!
//! Other packages enable memchr's feature `std` here. Without it, memchr cannot allocate at all.
#![allow(clippy::restriction, reason = "tests may panic")]
#![allow(unsafe_code, reason = "an allocator that counts is unsafe to implement")]

use sse_wire::{
    CONTENT_TYPE, Decoder, Event, EventId, EventSource, LAST_EVENT_ID, Progress, ReplayBuffer,
    Response, Resume, Token, Tokenizer, event_type,
};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::hint::black_box;

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: `System` does the work.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller fulfils the contract.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller fulfils the contract.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The number of allocations of `run`, in this thread.
fn allocations(run: impl FnOnce()) -> usize {
    let before = ALLOCATIONS.get();
    run();
    ALLOCATIONS.get() - before
}

const EVENTS: u64 = 1_000_000;

#[test]
fn nothing_is_allocated() {
    assert_eq!(allocations(|| drop(black_box(vec![0_u8; 100]))), 1, "the counter counts");

    let encode = allocations(|| {
        let mut out = [0; 128];
        for number in 0..EVENTS {
            let event = Event::new().event_type(event_type!("temp")).id(EventId::from_u64(number));
            black_box(event.data("one\ntwo").encode(&mut out).unwrap());
            black_box(event.data_fmt(format_args!("{number}\r{}", 23.4)).encode(&mut out).unwrap());
            let mut id = [0; 32];
            let id = EventId::from_fmt(&mut id, format_args!("boot-{number}")).unwrap();
            let mut data = event.id(id).begin(&mut out);
            data.write_bytes(b"one\r");
            data.write_bytes(b"\ntwo");
            black_box(data.finish().unwrap());
        }
    });
    assert_eq!(encode, 0, "encoding allocates");

    let stream = b"event: temp\nid: 7\ndata: 23.4\n\nretry: 5\ndata: a\r\ndata: b\r\n\r\n\
        data: longer than the buffer of the decoder, and therefore skipped in every round\n\n\
        : note\n\nid: 8\ndata: \xFF\n\n";
    let decode = allocations(|| {
        for length in [1, 7, 64, usize::MAX] {
            let mut decoder = Decoder::new([0; 48]);
            let (mut events, mut too_long) = (0, 0);
            for _ in 0..EVENTS / 16 {
                for mut chunk in stream.chunks(length.min(stream.len())) {
                    while let Some(event) = decoder.next(&mut chunk) {
                        match event {
                            Ok(event) => events += black_box(event).data().len().min(1),
                            Err(_) => too_long += 1,
                        }
                    }
                }
                for mut chunk in stream.chunks(length.min(stream.len())) {
                    loop {
                        match decoder.decode(&mut chunk) {
                            Ok(Progress::Event) => events += decoder.event().iter().count(),
                            Ok(Progress::NeedInput) => break,
                            Err(_) => too_long += 1,
                        }
                    }
                }
            }
            assert_eq!((events, too_long), ((EVENTS / 16 * 6) as usize, EVENTS / 16 * 2));
        }
    });
    assert_eq!(decode, 0, "decoding allocates");

    let client_and_replay = allocations(|| {
        let mut replay = ReplayBuffer::new(7, [0; 256]);
        let mut source = EventSource::new(Decoder::new([0; 96]));
        let mut events = 0;
        for _ in 0..EVENTS / 16 {
            let _ = black_box(source.connect(0));
            let id = source.headers().find(|header| header.0 == LAST_EVENT_ID);
            let mut cursor = match replay.resume(id.map(|header| header.1).unwrap_or_default()) {
                Resume::Exact(cursor) | Resume::Gap { cursor, .. } => cursor,
                Resume::Unknown => replay.oldest(),
            };
            source.open(&Response::new(200).header("Content-Type", CONTENT_TYPE)).unwrap();
            for _ in 0..4 {
                replay.push(&Event::new().data("23.4")).unwrap();
            }
            while let Some(Ok(mut bytes)) = replay.next(&mut cursor) {
                events += u64::from(source.next(&mut bytes).unwrap().is_ok());
            }
        }
        assert_eq!(events, EVENTS / 16 * 4);
    });
    assert_eq!(client_and_replay, 0, "client or replay allocate");

    #[cfg(all(feature = "embedded-io-v0.7", feature = "embedded-io-async-v0.7"))]
    assert_eq!(allocations(readers_and_writers), 0, "a reader or a writer allocates");

    let tokenize = allocations(|| {
        let mut tokenizer = Tokenizer::new();
        let mut blank_lines = 0;
        for _ in 0..EVENTS {
            let mut chunk: &[u8] = stream;
            while let Some(token) = tokenizer.next(&mut chunk) {
                blank_lines += u64::from(matches!(token, Token::Dispatch));
            }
        }
        assert_eq!(blank_lines, EVENTS * 5);
    });
    assert_eq!(tokenize, 0, "tokenizing allocates");
}

/// Sends one event whole and one in pieces, and reads both, by each reader and writer.
#[cfg(all(feature = "embedded-io-v0.7", feature = "embedded-io-async-v0.7"))]
fn readers_and_writers() {
    use embassy_futures::block_on;
    use sse_wire::io::{Buffered, asynch, blocking};

    let mut wire = [0; 512];
    let mut events = 0;
    for number in 0..EVENTS / 64 {
        let event = Event::new().id(EventId::from_u64(number)).data("one\ntwo");
        let mut writer = blocking::EventWriter::new(&mut wire[..], [0; 64]);
        writer.send(&event).unwrap();
        let mut data = writer.begin(&event).unwrap();
        embedded_io::Write::write_all(&mut data, &[b'x'; 100]).unwrap();
        data.finish().unwrap();
        let free = writer.into_inner();

        let mut writer = asynch::EventWriter::new(free, [0; 64]);
        block_on(writer.send(&event)).unwrap();
        let mut data = block_on(writer.begin(&event)).unwrap();
        block_on(embedded_io_async::Write::write_all(&mut data, &[b'x'; 100])).unwrap();
        block_on(data.finish()).unwrap();
        let free = writer.into_inner().len();

        let written = &wire[..wire.len() - free];
        let mut reader = blocking::EventReader::new(Buffered::new(written, [0; 50]), [0; 160]);
        while reader.next().unwrap().is_some() {
            events += 1;
        }
        let mut reader = asynch::EventReader::new(Buffered::new(written, [0; 50]), [0; 160]);
        while block_on(reader.next()).unwrap().is_some() {
            events += 1;
        }
    }
    assert_eq!(events, EVENTS / 64 * 8);
}
