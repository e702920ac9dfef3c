//! For flash.sh: a ring of events, and a client that resumes and reads events.
#![no_std]
#![no_main]

use core::hint::black_box;
use core::time::Duration;
use flash as _;
use sse_wire::{Event, ReplayBuffer, Resume, event_type};

static mut MEMORY: [u8; 1024] = [0; 1024];

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let memory = &raw mut MEMORY;
    // SAFETY: this is the only reference, and there is one thread.
    let mut replay = ReplayBuffer::new(black_box(0), unsafe { &mut (&mut *memory)[..] });
    let mut cursor = match replay.resume(black_box(&[])) {
        Resume::Exact(cursor) => cursor,
        Resume::Gap { missed, cursor } => {
            black_box(missed);
            cursor
        }
        Resume::Unknown if black_box(false) => replay.live(),
        Resume::Unknown => replay.oldest(),
    };
    loop {
        let event = Event::new()
            .event_type(event_type!("temp"))
            .retry(Duration::from_secs(3))
            .data_bytes(black_box(&[]));
        black_box(replay.push(&event).is_ok());
        while let Some(event) = replay.next(&mut cursor) {
            match event {
                Ok(bytes) => black_box(bytes).len(),
                Err(lagged) => black_box(lagged.missed).try_into().unwrap_or_default(),
            };
        }
    }
}
