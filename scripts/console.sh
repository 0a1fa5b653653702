#!/usr/bin/env bash
# Builds the console into web/dist, which the binary embeds. Does nothing when nothing has changed.
set -euo pipefail
cd "$(dirname "$0")/../web"

inputs() { find . -path ./node_modules -prune -o -path ./dist -prune -o -path ./e2e -prune -o -type f -print0 | sort -z | xargs -0 sha256sum; }

if [ ! -d node_modules ] || ! cmp -s package-lock.json node_modules/.patron-lock; then
    echo "==> installing the console's packages"
    npm ci --no-audit --no-fund --loglevel=error
    cp package-lock.json node_modules/.patron-lock
fi
now="$(inputs | sha256sum)"
if [ -f dist/index.html ] && [ "$(cat node_modules/.patron-built 2>/dev/null)" = "$now" ]; then
    exit 0
fi
echo "==> building the console"
npm run --silent build
echo "$now" > node_modules/.patron-built
