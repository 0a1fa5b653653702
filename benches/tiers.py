#!/usr/bin/env python3
"""Decides on everybody and simulates a draft, on a running server with a published value run, and compares the time with
a bare read of the same profiles.

    PATRON_LOGIN=admin PATRON_PASSWORD=… python3 benches/tiers.py --url http://127.0.0.1:8080

Makes a programme of its own (code `bench-…`) and a second administrator who publishes it, so use a firm that is there to be
measured. A job's time is from its start to its end, as the server says. The bare read is DuckDB (requirements.txt) reading
every column of the run's profiles.parquet once, the median of three. Exits with 1 when deciding on everybody takes more
than 10 seconds.
"""

import argparse
import datetime
import http.cookiejar
import json
import os
import statistics
import sys
import tempfile
import time
import urllib.error
import urllib.request

DECIDE_SECONDS_MAX = 10.0
PASSWORD = "a password of this benchmark"


class Patron:
    """A session."""

    def __init__(self, url, login, password):
        self.url = url.rstrip("/") + "/api/v1"
        jar = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
        self.ask("POST", "/session", {"login": login, "password": password})

    def ask(self, method, path, body=None, version=None):
        headers = {"Content-Type": "application/json", "Origin": self.url.removesuffix("/api/v1")}
        if version is not None:
            headers["If-Match"] = f'"{version}"'
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        try:
            with self.opener.open(request) as answer:
                raw = answer.read()
        except urllib.error.HTTPError as error:
            sys.exit(f"{method} {path}: {error.code} {error.read().decode()}")
        return json.loads(raw) if raw else None

    def over(self, job):
        """Waits for a job; gives its seconds and its result."""
        while True:
            job = self.ask("GET", f"/jobs/{job['id']}")
            if job["state"] not in ("queued", "running"):
                break
            time.sleep(0.1)
        if job["state"] != "succeeded":
            sys.exit(f"{job['kind']}: {job}")
        moment = datetime.datetime.fromisoformat
        return (moment(job["finished_at"]) - moment(job["started_at"])).total_seconds(), job["result"]


def document(day, spend, top):
    rule = lambda times: {"any": [{"measure": "spend", "at_least": spend * times * 100},
                                  {"measure": "percentile", "figure": "clv_36m", "top_per_mille": top // times}]}
    return {
        "schema": 1,
        "levels": [{"code": code, "zh": zh, "en": en, "colour": "#808080", "qualify": rule(times)}
                   for code, zh, en, times in [("silver", "银卡", "Silver", 1), ("gold", "金卡", "Gold", 4),
                                               ("diamond", "钻石卡", "Diamond", 16)]],
        "period": {"kind": "rolling_months", "months": 12}, "downgrade": {"kind": "at_once"}, "landing": "earned",
        "notice_days": 0, "effective_on": day,
    }


def bare_read(patron):
    """Seconds DuckDB takes to read every column of the published profiles once."""
    import duckdb

    with tempfile.NamedTemporaryFile(suffix=".parquet") as file:
        with patron.opener.open(patron.url + "/value/runs/latest/profiles.parquet") as answer:
            while piece := answer.read(1 << 20):
                file.write(piece)
        file.flush()
        seconds = []
        for _ in range(3):
            begun = time.perf_counter()
            duckdb.sql(f"SELECT count(COLUMNS(*)) FROM '{file.name}'").fetchall()
            seconds.append(time.perf_counter() - begun)
    return statistics.median(seconds)


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--url", default="http://127.0.0.1:8080")
    options.add_argument("--times", type=int, default=3)
    options.add_argument("--spend", type=int, default=1_000, help="what silver takes in twelve months, major units")
    options.add_argument("--top", type=int, default=200, help="how many of a thousand have silver by what is expected of them")
    options = options.parse_args()
    patron = Patron(options.url, os.environ["PATRON_LOGIN"], os.environ["PATRON_PASSWORD"])
    mark = f"bench-{int(time.time())}"
    user = {"login": mark, "name": mark, "role": "administrator", "branch_id": None, "active": True}
    one_time = patron.ask("POST", "/users", user)["one_time_password"]
    second = Patron(options.url, mark, one_time)
    second.ask("POST", "/session/password", {"current_password": one_time, "new_password": PASSWORD})

    zone_day = datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=8))).date().isoformat()
    programme = patron.ask("POST", "/tiers/programmes", {"code": mark, "zh": "测量", "en": "Bench"})["id"]
    draft = patron.ask("POST", f"/tiers/programmes/{programme}/versions", document(zone_day, options.spend, options.top))
    patron.over(patron.ask("POST", f"/tiers/versions/{draft['id']}/simulation", {}))
    second.ask("POST", f"/tiers/versions/{draft['id']}/publish", {}, version=1)
    while True:
        jobs = patron.ask("GET", "/jobs?kind=tier_decisions&limit=1")["items"]
        if jobs and jobs[0]["state"] == "succeeded":
            break
        time.sleep(0.2)
    first, told = patron.over(jobs[0])
    again = [patron.over(patron.ask("POST", f"/tiers/programmes/{programme}/decide", {}))[0] for _ in range(options.times)]

    draft = patron.ask("POST", f"/tiers/programmes/{programme}/versions", document(zone_day, options.spend * 2, options.top // 2))
    values = [options.spend * 100 * n for n in range(1, 26)]
    asked = {"sensitivity": {"level": "silver", "condition": 0, "values": values}}
    simulate = f"/tiers/versions/{draft['id']}/simulation"
    plain = [patron.over(patron.ask("POST", simulate, {}))[0] for _ in range(options.times)]
    curve = patron.over(patron.ask("POST", simulate, asked))[0]
    bare = bare_read(patron)

    again, plain = statistics.median(again), statistics.median(plain)
    print(f"{told['customers']:,} customers, {told['changed']:,} decisions stored at first\n")
    print("| what | seconds | times the bare read |\n|---|---|---|")
    for what, seconds in [("bare read of the profiles", bare), ("deciding at first, storing what changed", first),
                          ("deciding again, nothing changed", again), ("simulation of a draft", plain),
                          ("simulation with a curve of 25", curve)]:
        print(f"| {what} | {seconds:.2f} | {seconds / bare:.1f} |")
    if first > DECIDE_SECONDS_MAX:
        sys.exit(f"deciding on everybody took {first:.1f} s, more than {DECIDE_SECONDS_MAX:.0f}")


if __name__ == "__main__":
    main()
