//! How a table's row is measured: the subjects take turns, pass by pass, and the fastest pass of each counts. A shared
//! machine changes its speed within seconds, so that what benches measure one after the other cannot be compared there.

use std::time::Instant;

/// How many passes of each subject there are.
pub const PASSES: usize = 400;

/// The most seconds for a row.
const SECONDS: f64 = 4.0;

/// The seconds of the fastest pass of each.
#[must_use]
pub fn take_turns(subjects: &mut [&mut dyn FnMut()]) -> Vec<f64> {
    let mut fastest = vec![f64::MAX; subjects.len()];
    let start = Instant::now();
    for _ in 0..PASSES {
        for (subject, fastest) in subjects.iter_mut().zip(&mut fastest) {
            let start = Instant::now();
            subject();
            *fastest = fastest.min(start.elapsed().as_secs_f64());
        }
        if start.elapsed().as_secs_f64() > SECONDS {
            break;
        }
    }
    fastest
}
