//! For flash.sh: the baseline without the codec.
#![no_std]
#![no_main]

use core::hint::black_box;
use flash as _;

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    loop {
        let chunk: &[u8] = black_box(&[]);
        black_box(chunk);
    }
}
