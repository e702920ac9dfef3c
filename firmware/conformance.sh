#!/usr/bin/env bash
# Runs all conformance vectors, on QEMU, on a Cortex-M0, a Cortex-M3 and a 32-bit RISC-V, compiled as firmware is,
# and says for each target how many have passed. Fails at the first vector that is decoded wrongly, with its name.
set -euo pipefail
cd "$(dirname "$0")"
source ./toolchain.sh
need qemu-system-riscv32 qemu-system-misc
need python3 python3

directory=$(mktemp -d)
trap 'rm -r "$directory"' EXIT
vectors=$(conformance/pack.py "$directory/vectors")

# Usage: run TARGET QEMU OPTION...
run() {
    local target=$1 program output start=$SECONDS
    need_target "$target"
    "${cargo[@]}" build --quiet --release --package conformance --target "$target"
    program=$(realpath "${CARGO_TARGET_DIR:-target}/$target/release/conformance")
    # The program reads the file `vectors` of QEMU's directory.
    if ! output=$(cd "$directory" && timeout 300 "${@:2}" "${qemu[@]}" "$program" </dev/null 2>errors); then
        echo "conformance.sh: $target: $output" >&2
        cat "$directory/errors" >&2
        exit 1
    fi
    echo "$target: $output ($((SECONDS - start)) s)"
    [[ $output == "$vectors vectors passed"* ]] || {
        echo "conformance.sh: there are $vectors vectors" >&2
        exit 1
    }
}

run thumbv6m-none-eabi qemu-system-arm -machine microbit
run thumbv7m-none-eabi qemu-system-arm -machine lm3s6965evb
run riscv32imc-unknown-none-elf qemu-system-riscv32 -machine virt -bios none
