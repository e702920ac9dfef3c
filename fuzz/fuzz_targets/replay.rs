//! Compares the replay buffer with a model, for any size and any sequence of calls.
#![no_main]

#[path = "../../tests/support/replay.rs"]
mod model;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u16, u64, Vec<(u8, u8)>)| {
    let (capacity, epoch, steps) = input;
    model::run(usize::from(capacity % 1024), epoch, &steps);
});
