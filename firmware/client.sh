#!/usr/bin/env bash
# Builds `client/` and runs it on QEMU's LM3S6965 board. It reads the event stream of the host's program `telemetry`,
# which closes each connection after 7 events, and reports what it decodes. Fails unless it receives 20 events in order,
# without loss or repetition, with two reconnections.
set -euo pipefail
cd "$(dirname "$0")"

# Builds the host's program first: toolchain.sh may select another toolchain, for the board.
host=$(realpath -m "${CARGO_TARGET_DIR:-../target}")
(cd .. && cargo build --release --package telemetry --target-dir "$host")

source ./toolchain.sh
"${cargo[@]}" build --release --package client
program=${CARGO_TARGET_DIR:-target}/$board/release/client

output=$(mktemp -d)
"$host/release/telemetry" --port 0 --drop-after 7 --interval-ms 100 >"$output/server" &
server=$!
trap 'kill $server 2>/dev/null || true; rm -r "$output"' EXIT
trap exit INT TERM HUP

# The first line of the server's output has its port.
port=
while [ -z "$port" ]; do
    sleep 0.1
    kill -0 $server
    port=$(sed -nE '1s|^http://127\.0\.0\.1:([0-9]+)/ .*|\1|p' "$output/server")
done

open_log "$program"

# The board can reach only this address: for each connection to 10.0.2.100:80, QEMU runs a command that forwards its
# standard input and output to the server until the server closes. (QEMU's own `-tcp:127.0.0.1:PORT` is a single
# connection, made when QEMU starts, and allows no reconnection.)
connect="exec 2>/dev/null; exec 3<>/dev/tcp/127.0.0.1/$port 4<&0; cat <&4 >&3 & cat <&3; kill \$!"
timeout 60 qemu-system-arm -machine lm3s6965evb \
    -nic "user,restrict=on,guestfwd=tcp:10.0.2.100:80-cmd:bash -c '$connect'" "${qemu[@]}" "$program" \
    </dev/null 2>&1 >&3 | tee "$output/report"
exec 3>&-

grep -q '^events: 20, reconnections: 2$' "$output/report" || {
    echo "client.sh: the client has not received 20 events with 2 reconnections" >&2
    exit 1
}
