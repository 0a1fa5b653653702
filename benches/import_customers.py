#!/usr/bin/env python3
"""Imports a million customers from CSV through the server, against a bare COPY of the same rows.

Makes two databases on the PostgreSQL server whose URL is given (and drops them at the end). Into one, the server
imports a generated CSV file as a person would: upload, dry run, import. Into the other goes a COPY of the same rows
into a bare table with the same columns: a primary key and nothing else. Both happen in one go, taking turns, on the
same PostgreSQL; the median of the goes counts. An import stores more than the file's rows: phone numbers are sealed and
indexed blindly, names are found by their pieces and their pinyin. So what it stored is copied as well, by a bare COPY
into tables of the same columns, checks and indexes (without foreign keys): what storing the same takes PostgreSQL by
itself. The bar is held against these rows; docs/adr/0011-tables.md says why. Says what each step took, and that
importing the same file again changes nothing. Exits with 1 when the import takes more than 3 times as long as a bare
COPY of the same rows as stored.

    python3 benches/import_customers.py --patron target/quick/patron --postgres-url postgres://user@host/postgres
    python3 benches/import_customers.py … --customers 20000 --times 1      # a first look

Needs python3 and `psql`, and a role that may create databases.
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
from datetime import datetime
from pathlib import Path

from api_firm import Server, write_customers

TIMES_COPY_MAX = 3.0
PSQL = ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1"]
QUIET = os.environ | {"PGOPTIONS": "-c client_min_messages=warning"}
COLUMNS = ["external_id", "name", "kind", "brand", "region", "phone", "since"]


def psql(url, *commands):
    """Runs commands, one connection."""
    arguments = [part for command in commands for part in ("-c", command)]
    subprocess.run([*PSQL, url, *arguments], check=True, env=QUIET)


def database_url(url, name):
    """The URL of another database of the same server."""
    parts = urllib.parse.urlsplit(url)
    return urllib.parse.urlunsplit(parts._replace(path=f"/{name}"))


def make_database(url, name):
    psql(url, f'DROP DATABASE IF EXISTS "{name}"', f'CREATE DATABASE "{name}"')
    return database_url(url, name)


def copied(url, path):
    """Seconds that a bare COPY takes."""
    psql(url, "DROP TABLE IF EXISTS bare",
         "CREATE TABLE bare (external_id TEXT NOT NULL PRIMARY KEY, name TEXT, kind TEXT NOT NULL, brand TEXT, "
         "region TEXT, phone TEXT, since DATE)")
    start = time.monotonic()
    with path.open("rb") as rows:
        command = f"COPY bare ({', '.join(COLUMNS)}) FROM STDIN (FORMAT csv, HEADER)"
        subprocess.run([*PSQL, url, "-c", command], stdin=rows, check=True, env=QUIET)
    return time.monotonic() - start


def stored_again(url, folder):
    """Seconds that a bare COPY of what was stored takes, into the like of the tables it stands in."""
    seconds = 0.0
    for table in ("customers", "identities", "search_keys"):
        path = Path(folder) / table
        with path.open("wb") as rows:
            subprocess.run([*PSQL, url, "-c", f"COPY {table} TO STDOUT"], stdout=rows, check=True, env=QUIET)
        psql(url, f"CREATE TABLE bare_{table} (LIKE {table} INCLUDING ALL)")
        start = time.monotonic()
        with path.open("rb") as rows:
            subprocess.run([*PSQL, url, "-c", f"COPY bare_{table} FROM STDIN"], stdin=rows, check=True, env=QUIET)
        seconds += time.monotonic() - start
        path.unlink()
        psql(url, f"DROP TABLE bare_{table}")
    return seconds


class Importer(Server):
    """The server, with the steps of an import one by one."""

    def upload(self, path):
        edge = "-----a-million-customers"
        head = (f'--{edge}\r\nContent-Disposition: form-data; name="kind"\r\n\r\ncustomers\r\n'
                f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="{path.name}"\r\n'
                f"Content-Type: text/csv\r\n\r\n")
        body = head.encode() + path.read_bytes() + f"\r\n--{edge}--\r\n".encode()
        status, _, content = self.call("POST", "/api/v1/imports", body, f"multipart/form-data; boundary={edge}")
        if status >= 300:
            raise SystemExit(f"upload: {status} {content.decode(errors='replace')[:500]}")
        return json.loads(content)["id"]

    def imported(self, path):
        """What upload, dry run and import took, and the report."""
        seconds, began = {}, time.monotonic()
        number = self.upload(path)
        seconds["upload"] = time.monotonic() - began
        options = {"mapping": {name: name for name in COLUMNS}, "source": "benchmark", "currency": "CNY",
                   "zone": "Asia/Shanghai"}
        for step, body in (("dry-run", options), ("start", {"reject_limit_percent": 1})):
            job = self.ask("POST", f"/api/v1/imports/{number}/{step}", body)
            self.finish(job)
            # As the job itself says: whoever waits looks only once a second.
            job = self.ask("GET", f"/api/v1/jobs/{job['id']}")
            at = [datetime.fromisoformat(job[when]) for when in ("started_at", "finished_at")]
            seconds[step] = (at[1] - at[0]).total_seconds()
        return seconds, self.ask("GET", f"/api/v1/imports/{number}")["report"]


def one_go(arguments, number, path):
    """One import and one COPY of the same rows into the same PostgreSQL."""
    names = [f"patron_bench_{os.getpid()}_{number}_{what}" for what in ("server", "copy")]
    try:
        server_url, copy_url = (make_database(arguments.postgres_url, name) for name in names)
        with tempfile.TemporaryDirectory(prefix="patron-import-") as folder:
            server = Importer(arguments.patron.resolve(), Path(folder), arguments.port, server_url)
            try:
                server.wait_until_ready()
                server.sign_in()
                # Turn about, so that what else the machine does disturbs both alike.
                bare = copied(copy_url, path) if number % 2 else None
                seconds, report = server.imported(path)
                bare = bare if bare is not None else copied(copy_url, path)
                if (report["created"], report["rejected"]) != (arguments.customers, 0):
                    raise SystemExit(f"not every row was imported: {json.dumps(report)[:1000]}")
                stored = stored_again(server_url, folder)
                if not arguments.once:
                    _, again = server.imported(path)
                    if (again["created"], again["updated"], again["unchanged"]) != (0, 0, arguments.customers):
                        raise SystemExit(f"the same file changed something: {json.dumps(again)[:1000]}")
            finally:
                server.stop()
    finally:
        for name in names:
            psql(arguments.postgres_url, f'DROP DATABASE IF EXISTS "{name}"')
    return bare, stored, seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--patron", type=Path, required=True)
    parser.add_argument("--postgres-url", required=True, help="a database of a server on which others can be made")
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--once", action="store_true", help="do not import the same file again")
    parser.add_argument("--port", type=int, default=8091)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="patron-rows-") as folder:
        path = Path(folder) / "customers.csv"
        write_customers(path, arguments.customers, random.Random(arguments.seed))
        # A phone number belongs to one customer: those that the generator gave twice are left out.
        path = with_phones_once(path)
        print(f"{arguments.customers} customers, {path.stat().st_size / 1e6:.0f} MB", flush=True)
        print("| go | COPY of the file s | COPY as stored s | upload s | dry run s | import s | import / file | "
              "import / stored |\n| --- | --- | --- | --- | --- | --- | --- | --- |")
        to_file, to_stored = [], []
        for number in range(arguments.times):
            bare, stored, seconds = one_go(arguments, number, path)
            to_file.append(seconds["start"] / bare)
            to_stored.append(seconds["start"] / stored)
            print(f"| {number + 1} | {bare:.2f} | {stored:.2f} | {seconds['upload']:.2f} | {seconds['dry-run']:.2f} | "
                  f"{seconds['start']:.2f} | {to_file[-1]:.2f} | {to_stored[-1]:.2f} |", flush=True)
    median = statistics.median(to_stored)
    print(f"\nimport / COPY of the rows as stored, median: {median:.2f} (bar: {TIMES_COPY_MAX:g} at most)")
    print(f"import / COPY of the file's columns into a bare table, median: {statistics.median(to_file):.2f} (no bar)")
    sys.exit(0 if median <= TIMES_COPY_MAX else 1)


def with_phones_once(path):
    """The same file with each phone number where it came first."""
    seen, out_path = set(), path.with_name("customers-once.csv")
    place = COLUMNS.index("phone")
    with path.open(encoding="utf-8") as rows, out_path.open("w", encoding="utf-8") as out:
        for row in rows:
            cells = row.rstrip("\n").split(",")
            if cells[place] in seen:
                cells[place] = ""
            seen.add(cells[place])
            out.write(",".join(cells) + "\n")
    return out_path


if __name__ == "__main__":
    main()
