//! Shared by the tests: the oracle, functions that run the crate, the vectors, and the number of cases.
#![allow(dead_code, unreachable_pub, reason = "each test uses a part")]

pub mod drive;
pub mod oracle;
pub mod vectors;

/// How many cases a property is tried with: fewer where `CASES_DIVISOR` says so, as in an emulator.
pub fn cases(usual: u32) -> u32 {
    let divisor = std::env::var("CASES_DIVISOR");
    usual / divisor.map_or(1, |divisor| divisor.parse().expect("a number"))
}
