#!/usr/bin/env bash
# Runs the tests in the configurations that `cargo test --all-features` on x86-64 does not cover, and names each: the
# code of a Cortex-M0 and of a Cortex-M3, on 32 bits; aarch64, in QEMU; and SSE2 without any other feature.
#
# The musl targets need no C compiler: Rust ships their C library and a linker.
#
# Usage: tests/configurations.sh [sse2|cortex_m0|cortex_m3|aarch64]...     (default: all)
set -euo pipefail
cd "$(dirname "$0")/.."
source .ci/install.sh

# Usage: configuration EXPECTED CARGO_OPTION... Runs the tests, if the configuration is the expected one.
configuration() {
    local expected=$1 start=$SECONDS shown
    shift
    shown=$(cargo test --quiet "$@" --lib -- --exact scan::tests::configuration --nocapture |
        sed -n 's/^configuration: //p')
    echo "=== $shown"
    [ "$shown" = "$expected" ] || {
        echo "configurations.sh: not the expected configuration: $expected" >&2
        exit 1
    }
    cargo test --quiet "$@" --lib -- scan --skip any_bytes
    cargo test --quiet "$@" "${tests[@]}"
    echo "=== passed: $shown ($((SECONDS - start)) s)"
}

export CARGO_TARGET_I686_UNKNOWN_LINUX_MUSL_LINKER=rust-lld
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_MUSL_LINKER=rust-lld
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_MUSL_RUNNER=qemu-aarch64
# The default configuration runs all cases of the properties.
export CASES_DIVISOR=4
small="--cfg sse_wire_no_vectors --cfg sse_wire_small"

cortex_m0() {
    need_target i686-unknown-linux-musl
    tests=(--test suite --test out_of_memory)
    RUSTFLAGS=$small configuration \
        "x86, 32 bits, small code: true, line ends: words::Words<false>, 16 bytes: scan::bitmap::words::ends_in_16, std: true" \
        --all-features --target i686-unknown-linux-musl
}

cortex_m3() {
    need_target i686-unknown-linux-musl
    tests=(--test suite -- conformance:: equivalence:: encoder::)
    RUSTFLAGS="$small --cfg sse_wire_words" configuration \
        "x86, 32 bits, small code: true, line ends: words::Words<true>, 16 bytes: scan::bitmap::words::ends_in_16, std: true" \
        --all-features --target i686-unknown-linux-musl
}

aarch64() {
    need_target aarch64-unknown-linux-musl
    need qemu-aarch64 qemu-user
    tests=(--test suite -- equivalence:: encoder::)
    CASES_DIVISOR=40 configuration \
        "aarch64, 64 bits, small code: false, line ends: bitmap::Bitmap, 16 bytes: scan::bitmap::words::ends_in_16, std: true" \
        --all-features --target aarch64-unknown-linux-musl
}

# Also checks that nothing is allocated without the features that allocate.
sse2() {
    tests=(--test suite --test allocation -- --skip exhaustive::)
    configuration \
        "x86_64, 64 bits, small code: false, line ends: bitmap::Bitmap, 16 bytes: x86_64::ends_in_16, std: false"
}

[ $# -gt 0 ] || set -- sse2 cortex_m0 cortex_m3 aarch64
for name; do
    case $name in
    sse2 | cortex_m0 | cortex_m3 | aarch64) ;;
    *) echo "Usage: tests/configurations.sh [sse2|cortex_m0|cortex_m3|aarch64]..." >&2 && exit 2 ;;
    esac
done
for name; do
    "$name"
done
