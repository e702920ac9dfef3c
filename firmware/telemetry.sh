#!/usr/bin/env bash
# Builds `telemetry/` and runs it on QEMU's LM3S6965 board until Ctrl-C or a signal. Only this machine can reach it.
# Shows its log if defmt-print is installed.
#
# Usage: telemetry.sh [PORT [CARGO OPTION...]]     (default: 8080)
set -euo pipefail
cd "$(dirname "$0")"
source ./toolchain.sh

port=${1:-8080}
"${cargo[@]}" build --release --package telemetry "${@:2}"
program=${CARGO_TARGET_DIR:-target}/$board/release/telemetry

open_log "$program"

# The board can connect to nothing; the host can connect to one port of the board.
qemu-system-arm -machine lm3s6965evb -nic "user,restrict=on,hostfwd=tcp:127.0.0.1:$port-10.0.2.15:80" \
    "${qemu[@]}" "$program" </dev/null >&3 &
board_pid=$!
exec 3>&-
trap 'kill $board_pid 2>/dev/null || true' EXIT
trap exit INT TERM HUP

# QEMU exits at once if the port is in use.
sleep 0.5
kill -0 $board_pid
echo "the board serves http://127.0.0.1:$port/ and http://127.0.0.1:$port/events"
wait $board_pid
