//! The build script of the programs: links with the memory layout of the board, cortex-m-rt's script
//! and defmt's.

fn main() {
    let memory = concat!(env!("CARGO_MANIFEST_DIR"), "/../memory/lm3s6965");
    println!("cargo:rerun-if-changed={memory}/memory.x");
    println!("cargo:rustc-link-search={memory}");
    println!("cargo:rustc-link-arg-bins=-Tlink.x");
    println!("cargo:rustc-link-arg-bins=-Tdefmt.x");
    // A page-aligned layout would leave holes in the image.
    println!("cargo:rustc-link-arg-bins=--nmagic");
}
