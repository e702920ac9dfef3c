//! For flash.sh: a decoder, with `decode` and `event`, and the methods that a client needs in order to reconnect.
#![no_std]
#![no_main]

use core::hint::black_box;
use sse_wire::Progress;

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    // SAFETY: called once, at the start of the program.
    let decoder = unsafe { flash::decoder() };
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
