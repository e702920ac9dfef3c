//! Runs the benchmarks of the package in `benches` for `cargo bench` in the repository's root, and passes its arguments
//! on.

use std::env;
use std::process::{Command, ExitCode};

fn main() -> ExitCode {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let benches = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/Cargo.toml");
    // Cargo adds `--bench` to the arguments, here and in the inner call.
    let arguments = env::args_os().skip(1).filter(|argument| argument != "--bench");
    let mut command = Command::new(cargo);
    command.args(["bench", "--locked", "--manifest-path", benches, "--"]).args(arguments);
    match command.status() {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("cannot run {command:?}: {error}");
            ExitCode::FAILURE
        }
    }
}
