#!/usr/bin/env bash
# What `make demo` shows once everything is built: the value engine on the real CDNOW log, then a
# firm of one's own in an embedded database with the console.
set -euo pipefail
patron=$1 firm=$2 data=$3 port=$4 customers=$5 seed=$6
cd "$(dirname "$0")/.."

case "$firm" in example | cdnow) ;; *)
    echo "FIRM is example or cdnow, not $firm" >&2
    exit 2
    ;;
esac
out="$(mktemp -d)"
trap 'rm -rf "$out"' EXIT

echo "==> what each customer is worth: the value engine on the CDNOW log (examples/cdnow/README.md)"
"$patron" value run --transactions examples/cdnow/cdnow_master.csv --customer customer_id --at date --amount amount \
    --currency USD --as-of 1998-06-30 --out "$out/profiles.parquet" --report "$out/report.json"

echo
echo "==> the console, with firm \"$firm\" in $data (remove that folder to begin again)"
trap - EXIT
rm -rf "$out"
# Whatever database and address this shell is set up for, the demo is in its own folder.
exec env -u DATABASE_URL -u PATRON_PUBLIC_URL "$patron" demo --firm "$firm" --data-dir "$data" --listen "127.0.0.1:$port" --customers "$customers" --seed "$seed"
