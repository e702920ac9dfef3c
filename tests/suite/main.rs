//! The tests of the core, in one program, so that shared code is compiled once. Tests that need their own allocator or
//! logger are in the parent directory.
#![allow(clippy::restriction, reason = "tests may panic")]

mod client;
mod conformance;
mod decoder;
mod encoder;
mod equivalence;
mod exhaustive;
mod io;
mod regressions;
mod replay;
#[path = "../support/mod.rs"]
mod support;
