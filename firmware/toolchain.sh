# Sourced, in this directory, by the scripts that run a program on QEMU's board. Installs what they need, and sets
# `cargo` to the build command, and `qemu` to QEMU's options. If rustup cannot reach its server, uses
# Debian's compiler, which builds `core` itself.
# `open_log` shows a program's log.

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

# For each board: no window, no ports, and semihosting with the host; the program follows.
qemu=(-display none -serial none -monitor none -semihosting-config enable=on,target=native -kernel)

# Usage: open_log PROGRAM. Opens file descriptor 3 for QEMU's standard output. The log has numbers instead of strings;
# the strings are in the program's file.
open_log() {
    if command -v defmt-print >/dev/null; then
        exec 3> >(exec defmt-print -e "$1")
    else
        echo "$0: 'cargo install defmt-print' shows the board's log" >&2
        exec 3>/dev/null
    fi
}
