//! For flash.sh: a tokenizer.
#![no_std]
#![no_main]

use core::hint::black_box;
use flash as _;
use sse_wire::Tokenizer;

/// Exported, so that its size can be read.
#[unsafe(no_mangle)]
static mut TOKENIZER: Tokenizer = Tokenizer::new();

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let tokenizer = &raw mut TOKENIZER;
    // SAFETY: this is the only reference, and there is one thread.
    let tokenizer = unsafe { &mut *tokenizer };
    loop {
        let mut chunk: &[u8] = black_box(&[]);
        while let Some(token) = tokenizer.next(&mut chunk) {
            black_box(token);
        }
    }
}
