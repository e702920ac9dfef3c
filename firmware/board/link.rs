//! The build script of the programs: links with the memory layout of the board, cortex-m-rt's script
//! and defmt's.

fn main() {
    let workspace = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    println!("cargo:rerun-if-changed={workspace}/memory.x");
    println!("cargo:rustc-link-search={workspace}");
    println!("cargo:rustc-link-arg-bins=-Tlink.x");
    println!("cargo:rustc-link-arg-bins=-Tdefmt.x");
    // A page-aligned layout would leave holes in the image.
    println!("cargo:rustc-link-arg-bins=--nmagic");
}
