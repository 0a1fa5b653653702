#!/usr/bin/env bash
# Looking up a customer by phone number or external id, timed by wrk, whose own share is some hundredths of a
# millisecond: with one connection and with two, one request after the other.
#   PATRON_LOGIN=admin PATRON_PASSWORD=… benches/lookup.sh [http://127.0.0.1:8080]
# Needs curl, python3 and wrk (apt-get install wrk), and a firm that api_firm.py made. Bar: 99% under 5 ms.
set -euo pipefail
url="${1:-http://127.0.0.1:8080}"
here="$(cd "$(dirname "$0")" && pwd)"
credentials="$(python3 -c 'import json, os; print(json.dumps({"login": os.environ["PATRON_LOGIN"], "password": os.environ["PATRON_PASSWORD"]}))')"
COOKIE="$(curl -fsS -D - -o /dev/null -H 'Content-Type: application/json' -d "$credentials" "$url/api/v1/session" |
    sed -n 's/^set-cookie: \([^;]*\).*/\1/Ip')"
export COOKIE
for connections in 1 2; do
    wrk -t1 -c"$connections" -d15s --latency -s "$here/lookup.lua" "$url"
done
