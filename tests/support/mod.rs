//! Shared by the tests: the oracle, functions that run the crate, and the vectors.
#![allow(dead_code, unreachable_pub, reason = "each test uses a part")]

pub mod drive;
pub mod oracle;
pub mod vectors;
