//! Shared by the programs: a panic handler that does not link, upper bounds for the size of the state, and the decoder.
//!
//! The programs never run. `black_box` stands for the hardware, so that the compiler removes nothing of the codec, and
//! nothing else is measured.
#![no_std]

use sse_wire::{Decoder, Tokenizer};

/// The size of the decoders' buffers.
pub const BUFFER: usize = 256;

#[cfg(target_pointer_width = "32")]
const _: () = {
    assert!(size_of::<Decoder<[u8; 0]>>() <= 72);
    assert!(size_of::<Tokenizer>() <= 16);
};

/// A decoder, exported so that its size can be read.
#[unsafe(no_mangle)]
static mut DECODER: Decoder<[u8; BUFFER]> = Decoder::new([0; BUFFER]);

/// The decoder of a program.
///
/// # Safety
/// Must be called at most once.
pub unsafe fn decoder() -> &'static mut Decoder<[u8; BUFFER]> {
    let decoder = &raw mut DECODER;
    // SAFETY: the caller calls this once, so this is the only reference.
    unsafe { &mut *decoder }
}

/// Does not link: a program that can panic needs a function that is not defined.
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    unsafe extern "C" {
        fn a_panic_is_reachable() -> !;
    }
    // SAFETY: never called, because a program that reaches it does not link.
    unsafe { a_panic_is_reachable() }
}
