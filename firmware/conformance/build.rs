//! Links with the memory layout of the target's board, and sizes the decoder's buffer for it.

use std::path::PathBuf;
use std::{env, fs};

fn main() {
    let target = env::var("TARGET").unwrap();
    // The buffer leaves at least 6 KiB of the RAM to the stack.
    let (board, buffer) = match target.as_str() {
        "thumbv6m-none-eabi" => ("microbit", 9 * 1024),
        "thumbv7m-none-eabi" => ("lm3s6965", 40 * 1024),
        "riscv32imc-unknown-none-elf" => ("virt", 6 * 1024 * 1024),
        _ => panic!("there is no board for {target}"),
    };
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap());
    fs::write(out.join("buffer.rs"), buffer.to_string()).unwrap();
    let memory = format!("{}/../memory/{board}", env!("CARGO_MANIFEST_DIR"));
    println!("cargo:rerun-if-changed={memory}/memory.x");
    println!("cargo:rustc-link-search={memory}");
    if board == "virt" {
        println!("cargo:rustc-link-arg-bins=-Tmemory.x");
    }
    println!("cargo:rustc-link-arg-bins=-Tlink.x");
    // A page-aligned layout would leave gaps in the image.
    println!("cargo:rustc-link-arg-bins=--nmagic");
}
