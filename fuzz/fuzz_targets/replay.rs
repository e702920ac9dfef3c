//! The laws of the replay buffer: at every size, whatever is pushed, resumed and taken, it equals a model.
#![no_main]

#[path = "../../tests/support/replay.rs"]
mod model;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u16, u64, Vec<(u8, u8)>)| {
    let (capacity, epoch, steps) = input;
    model::run(usize::from(capacity % 1024), epoch, &steps);
});
