//! A decoder that takes events from chunks with `next`.
#![no_std]
#![no_main]

use core::hint::black_box;
use flash::BUFFER;
use sse_wire::Decoder;

/// Exported, so that its size can be read.
#[unsafe(no_mangle)]
static mut STATE: Decoder<[u8; BUFFER]> = Decoder::new([0; BUFFER]);

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let decoder = &raw mut STATE;
    // SAFETY: this is the only reference, and there is one thread.
    let decoder = unsafe { &mut *decoder };
    loop {
        let mut chunk: &[u8] = black_box(&[]);
        while let Some(event) = decoder.next(&mut chunk) {
            if let Ok(event) = event {
                black_box(event.event_type());
                black_box(event.data());
                black_box(event.last_event_id());
            }
        }
    }
}
