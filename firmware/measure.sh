#!/usr/bin/env bash
# Builds `measure/` and runs it on QEMU's LM3S6965 board: what the codec costs on a Cortex-M3 in
# instructions, counted and not timed, and in stack. Fails if the count is not exact.
set -euo pipefail
cd "$(dirname "$0")"
source ./toolchain.sh

for level in s 3; do
    echo "opt-level $level:"
    CARGO_PROFILE_RELEASE_OPT_LEVEL=$level "${cargo[@]}" run --quiet --release --package measure
done
