//! How deep the stack has been: cortex-m-rt paints it before the program starts.

use cortex_m_rt::STACK_PAINT_VALUE;

unsafe extern "C" {
    // From `memory.x`. They are addresses; nothing lies at the start.
    static _stack_start: u32;
    static _stack_end: u32;
}

/// The most that was in use at a time, in bytes.
pub fn most_used() -> usize {
    (&raw const _stack_start).addr() - (&raw const _stack_end).addr() - never_used()
}

/// How much has never been in use, in bytes.
pub fn never_used() -> usize {
    let mut word = &raw const _stack_end;
    let top = &raw const _stack_start;
    // SAFETY: painted, so initialized, and the stack up to `top`. What is in use at its upper end may
    // change meanwhile: hence volatile.
    while word < top && unsafe { word.read_volatile() } == STACK_PAINT_VALUE {
        word = word.wrapping_add(1);
    }
    word.addr() - (&raw const _stack_end).addr()
}
