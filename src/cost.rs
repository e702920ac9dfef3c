//! Counts the work of the unit tests that prove linear time: bytes searched and moved, and rounds
//! of the loops over tokens.

use std::cell::Cell;

std::thread_local!(static WORK: Cell<usize> = const { Cell::new(0) });

pub(crate) fn add(work: usize) {
    WORK.with(|total| total.set(total.get() + work));
}

/// The work that `run` makes.
pub(crate) fn of(run: impl FnOnce()) -> usize {
    WORK.with(|total| total.set(0));
    run();
    WORK.with(Cell::get)
}

mod linear;
