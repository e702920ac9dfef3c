//! Shared by the tests: the oracle, functions that run the crate, the vectors, and the number of cases.
#![allow(dead_code, unreachable_pub, reason = "each test uses a part")]

pub mod drive;
pub mod oracle;
pub mod vectors;

/// The number of cases of a property: `usual`, divided by `CASES_DIVISOR`, as in an emulator.
pub fn cases(usual: u32) -> u32 {
    let divisor = std::env::var("CASES_DIVISOR");
    let divisor = divisor.map_or(1, |divisor| divisor.parse().expect("CASES_DIVISOR is a number"));
    let cases = usual.checked_div(divisor);
    cases.filter(|&cases| cases > 0).expect("CASES_DIVISOR leaves no case")
}
