//! Measures the subjects of a table row in turn, pass by pass, and takes the fastest pass of each. The speed of a
//! shared machine changes within seconds, so consecutive measurements are not comparable.

use std::time::Instant;

/// The most passes of each subject.
pub const PASSES: usize = 400;

/// The most seconds for a row.
const SECONDS: f64 = 4.0;

/// The seconds of the fastest pass of each subject.
#[must_use]
pub fn take_turns(subjects: &mut [&mut dyn FnMut()]) -> Vec<f64> {
    let mut fastest = vec![f64::MAX; subjects.len()];
    let start = Instant::now();
    // As criterion does, for the results alone.
    let passes = if std::env::args().any(|argument| argument == "--test") { 1 } else { PASSES };
    for _ in 0..passes {
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
