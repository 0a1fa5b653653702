#!/usr/bin/env bash
# Installs what a fresh Debian machine lacks. `install.sh console` needs only node; `install.sh test`
# also brings Chromium, a Chinese font and PostgreSQL from the distribution.
set -euo pipefail
cd "$(dirname "$0")/.."

missing() { echo "patron: $1" >&2; exit 1; }

command -v cargo >/dev/null || missing "cargo is not installed: Rust 1.94 or newer is needed (https://rustup.rs)"
if [ "${1:-}" = test ]; then
    cargo fmt --version >/dev/null 2>&1 || missing "rustfmt is not installed: rustup component add rustfmt"
    cargo clippy --version >/dev/null 2>&1 || missing "clippy is not installed: rustup component add clippy"
fi
command -v python3 >/dev/null || missing "python3 is not installed: apt-get install python3"
command -v node >/dev/null || missing "node is not installed: Node.js 20 or newer is needed"
node -e 'process.exit(+process.versions.node.split(".")[0] >= 20 ? 0 : 1)' ||
    missing "node $(node --version) is too old: 20 or newer is needed"
command -v npm >/dev/null || missing "npm is not installed: it comes with Node.js (Debian: apt-get install npm)"

install_packages() {
    local as_root=""
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null || missing "please install as root: apt-get install $*"
        as_root="sudo"
    fi
    echo "==> installing from the distribution: $*"
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

packages=()
command -v cc >/dev/null || packages+=(build-essential)
if [ "${1:-}" = test ]; then
    command -v chromium >/dev/null || packages+=(chromium)
    # grep -c reads to the end: one that stops at the first hit breaks the pipe, which counts as not found.
    [ "$(fc-list 2>/dev/null | grep -ci "noto.*cjk")" != 0 ] || packages+=(fonts-noto-cjk fontconfig)
    ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || packages+=(postgresql)
fi
[ ${#packages[@]} = 0 ] || install_packages "${packages[@]}"
