#!/usr/bin/env bash
# Every test: formatting, lints, the Rust tests on SQLite and on a real PostgreSQL, the console's
# logic, and the journeys in a real browser against the real binary.
set -euo pipefail
cd "$(dirname "$0")/.."
target="${CARGO_TARGET_DIR:-target}"

echo "==> formatting and lints"
cargo fmt --all --check
cargo clippy --workspace --all-targets --locked --quiet -- -D warnings

if cargo deny --version >/dev/null 2>&1; then
    # Known vulnerabilities are asked of the network: `make deny`.
    cargo deny --offline check licenses bans sources
fi

if PATRON_TEST_POSTGRES_URL="$(scripts/postgres-for-tests.sh url 2>/dev/null)"; then
    echo "==> using the PostgreSQL that runs for this checkout"
else
    echo "==> starting PostgreSQL"
    trap 'scripts/postgres-for-tests.sh stop' EXIT
    PATRON_TEST_POSTGRES_URL="$(scripts/postgres-for-tests.sh start)"
fi
export PATRON_TEST_POSTGRES_URL

echo "==> the console"
scripts/console.sh
(cd web && npm run --silent check)

echo "==> the Rust tests"
if cargo nextest --version >/dev/null 2>&1; then
    cargo nextest run --workspace --locked
else
    cargo test --workspace --locked
fi

echo "==> the journeys"
cargo build --workspace --locked --quiet
(cd web && PATRON_BINARY="$(realpath "$target")/debug/patron" npm run --silent e2e)
