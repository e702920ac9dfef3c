# Sourced, in this directory, by the scripts that run a program on QEMU's board: installs what they need, and sets
# `cargo` to the command that builds. Where rustup cannot reach its server, that is Debian's, whose
# compiler builds `core` itself. `open_log` shows what a program logs.

board=thumbv7m-none-eabi

source ../.ci/install.sh

need qemu-system-arm qemu-system-arm

cargo=(cargo)
if ! need_target $board; then
    echo "$0: building with Debian's compiler" >&2
    need /usr/bin/rustc rustc-web
    need /usr/bin/cargo cargo-web
    need arm-none-eabi-ld binutils-arm-none-eabi
    [ -d /usr/share/doc/rust-web-src ] || need_packages rust-web-src
    export RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1
    export CARGO_TARGET_THUMBV7M_NONE_EABI_LINKER=arm-none-eabi-ld
    cargo=(/usr/bin/cargo -Zbuild-std=core,alloc)
fi

# Usage: open_log PROGRAM. Opens file descriptor 3, to which QEMU's standard output is to go: the log
# has numbers in place of its strings, which are in the program's file alone.
open_log() {
    if command -v defmt-print >/dev/null; then
        exec 3> >(exec defmt-print -e "$1")
    else
        echo "$0: 'cargo install defmt-print' shows the board's log" >&2
        exec 3>/dev/null
    fi
}
