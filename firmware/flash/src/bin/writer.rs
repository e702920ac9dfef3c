//! For flash.sh: the events of `encoder`, and events with data in pieces, into a slice.
#![no_std]
#![no_main]

use core::hint::black_box;
use core::time::Duration;
use flash as _;
use sse_wire::{Event, EventId, event_type};

static mut OUTPUT: [u8; 128] = [0; 128];

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let output = &raw mut OUTPUT;
    // SAFETY: this is the only reference, and there is one thread.
    let output = unsafe { &mut *output };
    loop {
        let event = Event::new()
            .event_type(event_type!("temp"))
            .id(EventId::from_u64(black_box(0)))
            .retry(Duration::from_secs(3))
            .data_bytes(black_box(&[]));
        if let Ok(bytes) = event.encode(output) {
            black_box(bytes);
        }
        let mut data = event.begin(output);
        data.write_bytes(black_box(&[]));
        data.write_bytes(black_box(&[]));
        if let Ok(bytes) = data.finish() {
            black_box(bytes);
        }
    }
}
