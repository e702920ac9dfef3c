#!/usr/bin/env bash
# Builds the programs of `flash/`, and prints the codec's flash on a Cortex-M3 and a Cortex-M0, compared with an empty
# program, and the size of its state. Fails if a program can panic (it does not link then), or if it exceeds its limit
# on a Cortex-M0.
#
# `library` is the part from Rust's compiler_builtins, such as memcpy. A firmware has it once, and mostly has it
# already. The limits apply to `codec`.
set -euo pipefail
cd "$(dirname "$0")"
source ../.ci/install.sh

smallest=thumbv6m-none-eabi
decoder_limit=2816
encoder_limit=1408
writer_limit=500       # over an encoder
event_source_limit=900 # over a decoder that does what a client needs
replay_limit=1300      # over an encoder
buffer=256 # `BUFFER` of flash/src/lib.rs

# The program `everything` calls each public method (of at least one type that has it) outside `io`, except those that
# format or need an allocator.
exceptions='data_fmt|from_fmt|[a-z_]*_lossy|with_limit|allocated'
methods=$(grep -rhoE '^    pub (const )?fn [a-z_0-9]+' ../src/{decode,encode,client,replay.rs} | awk '{ print $NF }')
for method in $methods; do
    if ! grep -qwE "$exceptions" <<<"$method" &&
        ! grep -qE "(\.|::)$method(::<[0-9]+>)?\(" flash/src/bin/everything.rs; then
        echo "flash.sh: flash/src/bin/everything.rs does not call $method" >&2
        exit 1
    fi
done

for target in "$smallest" thumbv7m-none-eabi riscv32imc-unknown-none-elf; do
    need_target "$target"
    for level in 3 s; do
        CARGO_PROFILE_RELEASE_OPT_LEVEL=$level \
            cargo build --quiet --release --package flash --target "$target"
        echo "no panic is reachable: $target, opt-level $level"
    done
done
# The flash of a program: the sections with contents that are part of the running program.
flash() {
    local size sum=0
    while read -r size; do
        sum=$((sum + 16#$size))
    done < <(readelf --sections --wide "$1" |
        sed -nE 's/.* PROGBITS +\w+ \w+ (\w+) \w+ +[WX]*A.*/\1/p')
    echo "$sum"
}

library() {
    readelf --symbols --wide "$1" |
        awk '$4 == "FUNC" && $8 ~ /^__aeabi_|^__u?(div|mul)|^mem(cmp|cpy|move|set)$|compiler_builtins/ { sum += $3 }
             END { print sum + 0 }'
}

# The size of a symbol of a program.
size_of() {
    readelf --symbols --wide "$1" | awk -v name="$2" '$8 == name { print $3 }'
}

declare -A codec
for target in thumbv7m-none-eabi "$smallest"; do
    programs=${CARGO_TARGET_DIR:-target}/$target/release
    baseline=$(flash "$programs/empty")
    printf '\n%-12s %8s %8s %8s   bytes of flash, %s\n' '' codec library total "$target"
    for program in tokenizer decoder decoder_loop event_source encoder writer event_writer replay; do
        total=$(($(flash "$programs/$program") - baseline))
        ((total > 0)) || { echo "flash.sh: cannot read the size of $program" >&2; exit 1; }
        library=$(library "$programs/$program")
        codec[$program]=$((total - library))
        printf '%-12s %8d %8d %8d\n' $program "${codec[$program]}" "$library" "$total"
    done
done
tokenizer=$(size_of "$programs/tokenizer" TOKENIZER)
decoder=$(($(size_of "$programs/decoder" DECODER) - buffer))
event_source=$(($(size_of "$programs/event_source" EVENT_SOURCE) - buffer))
echo "state: tokenizer $tokenizer B, decoder $decoder B, event_source $event_source B, and their buffers"

# Usage: limit PROGRAM LIMIT BYTES. Fails if the program takes more.
limit() {
    if (($3 > $2)); then
        echo "flash.sh: $1 takes $3 B, more than $2" >&2
        exit 1
    fi
}
limit decoder $decoder_limit "${codec[decoder]}"
limit encoder $encoder_limit "${codec[encoder]}"
limit event_source $event_source_limit $((codec[event_source] - codec[decoder_loop]))
limit writer $writer_limit $((codec[writer] - codec[encoder]))
limit replay $replay_limit $((codec[replay] - codec[encoder]))
