#!/usr/bin/env bash
# Builds `measure/` and runs it on QEMU's LM3S6965 board: prints the codec's instructions, which are counted, not timed,
# and its stack on a Cortex-M3. Fails if the count is not exact.
set -euo pipefail
cd "$(dirname "$0")"
source ./toolchain.sh

for level in s 3; do
    echo "opt-level $level:"
    CARGO_PROFILE_RELEASE_OPT_LEVEL=$level "${cargo[@]}" run --quiet --release --package measure
done
