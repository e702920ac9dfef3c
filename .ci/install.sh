# Sourced by the scripts that need other programs: installs missing ones. Each function fails, and reports what it could
# not install, if the server is unreachable.

# Usage: need COMMAND PACKAGE... Installs Debian's packages for a command that is missing.
need() {
    command -v "$1" >/dev/null || need_packages "${@:2}"
}

# Usage: need_packages PACKAGE...
need_packages() {
    echo "$0: installing from Debian: $*" >&2
    { apt-get update -qq && apt-get install -qq -y --no-install-recommends "$@"; } >&2 ||
        cannot_install "run 'apt-get install $*' as root, and try again"
}

# Usage: need_target TARGET. Installs Rust's standard library for a target.
need_target() {
    rustc --target "$1" --print target-libdir 2>/dev/null | xargs -r test -d ||
        rustup target add "$1" || cannot_install "rustup cannot add the target $1"
}

# Usage: need_toolchain TOOLCHAIN [COMPONENT...]
need_toolchain() {
    local component
    rustup run "$1" true 2>/dev/null || rustup toolchain install "$1" --profile minimal ||
        cannot_install "rustup cannot install the toolchain $1" || return
    for component in "${@:2}"; do
        rustup component add --toolchain "$1" "$component" || cannot_install "rustup cannot add $component" || return
    done
}

# Usage: need_cargo COMMAND. Installs a cargo subcommand, from the package cargo-COMMAND.
need_cargo() {
    cargo "$1" --version >/dev/null 2>&1 || cargo install --quiet --locked "cargo-$1" ||
        cannot_install "cargo cannot install cargo-$1"
}

cannot_install() {
    echo "$0: $1" >&2
    return 1
}
