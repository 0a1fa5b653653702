#!/usr/bin/env bash
# A private PostgreSQL for the tests, from the distribution's binaries: never the machine's own server.
#   scripts/postgres-for-tests.sh start   starts it unless it runs, and prints its URL
#   scripts/postgres-for-tests.sh url     prints the URL of the running one
#   scripts/postgres-for-tests.sh stop    stops it and removes its data
# Each checkout has its own, so that two can be tested at once. Reached by a socket in a folder that only
# its owner may enter, so no port can be taken. Its data is
# not worth keeping: fsync is off unless PATRON_TEST_POSTGRES_FSYNC=on (for measurements).
set -euo pipefail

checkout="$(cd "$(dirname "$0")/.." && pwd -P | cksum | cut -d ' ' -f 1)"
home="${PATRON_TEST_POSTGRES_DIR:-${TMPDIR:-/tmp}/patron-postgres-$(id -u)-$checkout}"
data="$home/data" socket="$home/socket"
url="postgres://patron@localhost/postgres?host=$(printf %s "$socket" | sed 's|/|%2F|g')"

fail() { echo "postgres-for-tests: $1" >&2; exit 1; }

bin="$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1 || true)"
if [ -z "$bin" ] && command -v initdb >/dev/null; then bin="$(dirname "$(command -v initdb)")"; fi
[ -n "$bin" ] && [ -x "$bin/initdb" ] || fail "PostgreSQL is not installed: apt-get install postgresql (or scripts/install.sh test)"

# PostgreSQL refuses to run as root.
as_owner() { if [ "$(id -u)" = 0 ]; then (cd / && runuser -u postgres -- "$@"); else "$@"; fi; }

running() { [ -f "$data/postmaster.pid" ] && as_owner "$bin/pg_ctl" -D "$data" status >/dev/null 2>&1; }

start() {
    exec 9>"$home.lock"
    flock 9
    if running; then return; fi
    if [ -f "$data/PG_VERSION" ] && ! "$bin/postgres" --version | grep -q " $(cat "$data/PG_VERSION")"; then
        rm -rf "$home"
    fi
    if [ ! -f "$home/ready" ]; then
        rm -rf "$home"
        mkdir -p "$home"
        if [ "$(id -u)" = 0 ]; then chown postgres "$home"; fi
        chmod 700 "$home"
        as_owner mkdir -p "$socket"
        as_owner "$bin/initdb" -D "$data" -U patron --auth=trust --encoding=UTF8 --locale=C.UTF-8 --no-sync >"$home.log" 2>&1 ||
            { cat "$home.log" >&2; fail "initdb failed"; }
        as_owner touch "$home/ready"
    fi
    # The server must not inherit the lock, or the next start would wait for its end.
    as_owner "$bin/pg_ctl" -D "$data" -l "$home/server.log" -w -t 60 start -o "\
-c listen_addresses='' -c unix_socket_directories='$socket' -c max_connections=400 -c shared_buffers=128MB \
-c fsync=${PATRON_TEST_POSTGRES_FSYNC:-off} -c full_page_writes=${PATRON_TEST_POSTGRES_FSYNC:-off}" \
        9>&- >"$home.log" 2>&1 || { cat "$home.log" "$home/server.log" >&2; fail "the server did not start"; }
}

case "${1:-}" in
    start) start; echo "$url" ;;
    url) running || fail "not running: scripts/postgres-for-tests.sh start"; echo "$url" ;;
    stop)
        if running; then as_owner "$bin/pg_ctl" -D "$data" -m immediate -w stop >/dev/null; fi
        rm -rf "$home" "$home.log" "$home.lock"
        ;;
    *) sed -n '2,9s/^# *//p' "$0" >&2; exit 2 ;;
esac
