//! Measures the stack of a function: paints the free stack before the call, and searches the paint after it.

use cortex_m::register::msp;

const PAINT: u32 = 0xcccc_cccc;

unsafe extern "C" {
    // From `memory.x`. This is an address; no object is there.
    static mut _stack_end: u32;
}

/// The stack that `f` uses, in bytes.
#[inline(never)]
pub fn used_by(f: &mut dyn FnMut()) -> usize {
    let end = &raw mut _stack_end;
    let top = end.with_addr(msp::read() as usize);
    let mut word = end;
    while word < top {
        // SAFETY: below the stack pointer nothing is in use, and no interrupt is enabled.
        unsafe { word.write_volatile(PAINT) };
        word = word.wrapping_add(1);
    }
    f();
    word = end;
    // SAFETY: initialized above.
    while word < top && unsafe { word.read_volatile() } == PAINT {
        word = word.wrapping_add(1);
    }
    top.addr() - word.addr()
}
