//! The maximum depth of the stack, from the paint that cortex-m-rt writes before the program starts.

use cortex_m_rt::STACK_PAINT_VALUE;

unsafe extern "C" {
    // From `memory.x`. These are addresses; no object is at the start.
    static _stack_start: u32;
    static _stack_end: u32;
}

/// The most bytes in use at one time.
pub fn most_used() -> usize {
    (&raw const _stack_start).addr() - (&raw const _stack_end).addr() - never_used()
}

/// The number of bytes that were never in use.
pub fn never_used() -> usize {
    let mut word = &raw const _stack_end;
    let top = &raw const _stack_start;
    // SAFETY: the words are painted, so initialized, and on the stack below `top`. Volatile, because the upper end is
    // in use and can change.
    while word < top && unsafe { word.read_volatile() } == STACK_PAINT_VALUE {
        word = word.wrapping_add(1);
    }
    word.addr() - (&raw const _stack_end).addr()
}
