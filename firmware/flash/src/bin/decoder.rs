//! For flash.sh: a decoder, with `next`.
#![no_std]
#![no_main]

use core::hint::black_box;

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    // SAFETY: called once, at the start of the program.
    let decoder = unsafe { flash::decoder() };
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
