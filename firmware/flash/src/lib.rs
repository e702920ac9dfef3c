//! What the programs share: the proof that they cannot panic, and the bounds of the state's size.
//!
//! They are never run. `black_box` stands for the hardware on either end, so that nothing of the
//! codec is optimised away and nothing but the codec is measured.
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

/// The one decoder of a program.
///
/// # Safety
/// To be called once.
pub unsafe fn decoder() -> &'static mut Decoder<[u8; BUFFER]> {
    let decoder = &raw mut DECODER;
    // SAFETY: as promised by the caller, this is the only reference.
    unsafe { &mut *decoder }
}

/// Does not link: a program that could panic would need a function that is nowhere defined.
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    unsafe extern "C" {
        fn a_panic_is_reachable() -> !;
    }
    // SAFETY: it is never called, because it does not exist.
    unsafe { a_panic_is_reachable() }
}
