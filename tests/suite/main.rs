//! The tests of the core, in one program, so that what they share is compiled once. Tests that need an allocator or a logger
//! of their own are beside this directory.
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
