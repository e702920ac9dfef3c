//! A decoder that is driven with `decode` and `event`, and does what a client needs to reconnect.
#![no_std]
#![no_main]

use core::hint::black_box;
use flash::BUFFER;
use sse_wire::{Decoder, Progress};

/// Exported, so that its size can be read.
#[unsafe(no_mangle)]
static mut STATE: Decoder<[u8; BUFFER]> = Decoder::new([0; BUFFER]);

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let decoder = &raw mut STATE;
    // SAFETY: this is the only reference, and there is one thread.
    let decoder = unsafe { &mut *decoder };
    loop {
        let _ = black_box(decoder.set_last_event_id(black_box(&[])));
        let mut chunk: &[u8] = black_box(&[]);
        while let Ok(Progress::Event) = decoder.decode(&mut chunk) {
            if let Some(event) = decoder.event() {
                black_box(event.event_type());
                black_box(event.data());
                black_box(event.last_event_id());
            }
        }
        black_box(decoder.is_mid_event());
        black_box(decoder.reconnection_time());
        black_box(decoder.last_event_id());
        decoder.reconnect();
    }
}
