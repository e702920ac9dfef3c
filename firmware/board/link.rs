//! The build script of `telemetry` and `client`: links with the board's memory layout and with the scripts of
//! cortex-m-rt and defmt.

fn main() {
    let memory = concat!(env!("CARGO_MANIFEST_DIR"), "/../memory/lm3s6965");
    println!("cargo:rerun-if-changed={memory}/memory.x");
    println!("cargo:rustc-link-search={memory}");
    println!("cargo:rustc-link-arg-bins=-Tlink.x");
    println!("cargo:rustc-link-arg-bins=-Tdefmt.x");
    // A page-aligned layout would leave gaps in the image.
    println!("cargo:rustc-link-arg-bins=--nmagic");
}
