//! For flash.sh: a client that connects, sends headers, checks the response, reads events with `next`, and waits.
#![no_std]
#![no_main]

use core::hint::black_box;
use flash::BUFFER;
use sse_wire::{Decoder, EventSource, ReadyState, Response};

/// Exported, so that its size can be read.
#[unsafe(no_mangle)]
static mut EVENT_SOURCE: EventSource<[u8; BUFFER]> = EventSource::new(Decoder::new([0; BUFFER]));

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let source = &raw mut EVENT_SOURCE;
    // SAFETY: this is the only reference, and there is one thread.
    let source = unsafe { &mut *source };
    while let Some(wait) = source.connect(black_box(0)) {
        black_box(wait);
        for (name, value) in source.headers() {
            black_box(name);
            black_box(value);
        }
        let head = Response::new(black_box(0)).header(black_box(""), black_box(""));
        if let Err(refused) = source.open(&head) {
            if refused.is_temporary() {
                source.retry(head.retry_after());
            }
            continue;
        }
        while source.ready_state() == ReadyState::Open {
            let mut chunk: &[u8] = black_box(&[]);
            if chunk.is_empty() {
                break;
            }
            while let Some(event) = source.next(&mut chunk) {
                if let Ok(event) = event {
                    black_box(event.event_type());
                    black_box(event.data());
                    black_box(event.last_event_id());
                }
            }
            if black_box(false) {
                source.close();
            }
        }
    }
    loop {
        black_box(());
    }
}
