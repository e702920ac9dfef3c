//! What the tests share: the oracle, ways to drive the crate, and the vectors.
#![allow(dead_code, unreachable_pub, reason = "each test uses a part")]

pub mod drive;
pub mod oracle;
pub mod vectors;
