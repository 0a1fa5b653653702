#!/usr/bin/env python3
"""Makes a firm of many customers in a fresh database, by the same imports a person would use, and drives its API.

Starts the server on an empty data folder, imports a generated file of customers (names, brands, regions, kinds)
and one of their transactions, runs the value engine, and then runs api_latency.py against it. Says how long each
step took. The folder, and with --database-url the database, have to be empty, or those of an earlier go: what it
imported is then not imported again, and only the value run and the measuring are done.

    python3 benches/api_firm.py --patron target/quick/patron --customers 1000000
    python3 benches/api_firm.py --patron target/quick/patron --database-url postgres://…/an_empty_database

Needs python3 and nothing else.
"""

import argparse
import http.client
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
PASSWORD = "a password of this benchmark"
STEP_SECONDS_MAX = 3_600
SURNAMES = "王李张刘陈杨黄赵周吴徐孙马朱胡郭何林高罗"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华建文辉玲志国"
REGIONS = ["北京", "上海", "广州", "深圳", "成都", "杭州", "武汉", "西安", "南京", "重庆", "天津", "苏州"]
BRANDS = ["全球行", "和悦", "校园派", "商务通"]


def write_customers(path, customers, rng):
    """One row per customer; one in fifty is an organisation."""
    with path.open("w", encoding="utf-8") as out:
        out.write("external_id,name,kind,brand,region,phone,since\n")
        for number in range(customers):
            name = rng.choice(SURNAMES) + rng.choice(GIVEN) + (rng.choice(GIVEN) if rng.random() < 0.7 else "")
            kind = "person"
            if number % 50 == 0:
                name, kind = f"{rng.choice(REGIONS)}{name}有限公司", "organisation"
            phone = f"13{number * 387_420_489 % 10**9:09}"  # each another: no factor in common with 10
            since = f"20{rng.randrange(15, 24)}-{rng.randrange(1, 13):02}-{rng.randrange(1, 29):02}"
            out.write(f"C{number:08},{name},{kind},{rng.choice(BRANDS)},{rng.choice(REGIONS)},"
                      f"{phone},{since}\n")


def write_transactions(path, customers, mean, rng):
    """Purchases over two years, a few of some customers and many of others."""
    lines = 0
    with path.open("w", encoding="utf-8") as out:
        out.write("id,customer,at,amount\n")
        for number in range(customers):
            for _ in range(1 + min(int(rng.expovariate(1 / (mean - 1))), 60)):
                month, day = divmod(rng.randrange(24 * 28), 28)
                out.write(f"T{lines:09},C{number:08},{2023 + month // 12}-{month % 12 + 1:02}-{day + 1:02},"
                          f"{rng.lognormvariate(4, 0.8):.2f}\n")
                lines += 1
    return lines


class Server:
    """The server on its own folder."""

    def __init__(self, patron, folder, port, database_url):
        self.port, self.cookie = port, None
        environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
        if database_url:
            environment["DATABASE_URL"] = database_url
        self.environment = environment
        self.folder, self.patron = folder, patron
        self.log = (folder / "server.log").open("wb")
        self.process = subprocess.Popen(
            [patron, "serve", "--data-dir", folder / "data", "--listen", f"127.0.0.1:{port}"],
            stdout=self.log, stderr=self.log, env=environment)

    def wait_until_ready(self):
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                if self.call("GET", "/readyz")[0] == 200:
                    return
            except OSError:
                pass
            time.sleep(0.2)
        raise SystemExit(f"the server did not start: see {self.folder / 'server.log'}")

    def sign_in(self):
        """As an operator would: a one-time password from the command line, then one of one's own."""
        if (self.folder / "imported").exists():
            self.session("/api/v1/session", {"login": "admin", "password": PASSWORD})
            return
        command = [self.patron, "user", "reset-password", "admin", "--data-dir", self.folder / "data"]
        said = subprocess.run(command, capture_output=True, text=True, env=self.environment, check=True)
        once = re.search(r"password:\s+(\S+)", said.stdout).group(1)
        self.session("/api/v1/session", {"login": "admin", "password": once})
        self.session("/api/v1/session/password", {"current_password": once, "new_password": PASSWORD})

    def session(self, path, body):
        status, headers, content = self.call("POST", path, json.dumps(body).encode())
        if status != 200:
            raise SystemExit(f"POST {path}: {status} {content!r}")
        self.cookie = headers["set-cookie"].split(";")[0]

    def call(self, method, path, body=None, kind="application/json"):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=600)
        headers = {"Content-Type": kind} if body is not None else {}
        if self.cookie:
            headers["Cookie"] = self.cookie
        connection.request(method, path, body=body, headers=headers)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, content

    def ask(self, method, path, body=None):
        status, _, content = self.call(method, path, None if body is None else json.dumps(body).encode())
        if status >= 300:
            raise SystemExit(f"{method} {path}: {status} {content.decode(errors='replace')[:500]}")
        return json.loads(content)

    def finish(self, job):
        """Waits for a job to end well."""
        until = time.monotonic() + STEP_SECONDS_MAX
        while time.monotonic() < until:
            job = self.ask("GET", f"/api/v1/jobs/{job['id']}")
            if job["state"] == "succeeded":
                return
            if job["state"] in ("failed", "cancelled"):
                raise SystemExit(f"the job did not succeed: {json.dumps(job)[:1000]}")
            time.sleep(1)
        raise SystemExit("the job takes too long")

    def bring_in(self, kind, path, mapping):
        """Uploads, checks and imports a file."""
        edge = "-----a-firm-of-many"
        parts = [f'--{edge}\r\nContent-Disposition: form-data; name="kind"\r\n\r\n{kind}\r\n',
                 f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="{path.name}"\r\n'
                 f"Content-Type: text/csv\r\n\r\n"]
        body = "".join(parts).encode() + path.read_bytes() + f"\r\n--{edge}--\r\n".encode()
        status, _, content = self.call("POST", "/api/v1/imports", body, f"multipart/form-data; boundary={edge}")
        if status >= 300:
            raise SystemExit(f"upload: {status} {content.decode(errors='replace')[:500]}")
        number = json.loads(content)["id"]
        options = {"mapping": mapping, "source": "benchmark", "currency": "CNY", "zone": "Asia/Shanghai"}
        self.finish(self.ask("POST", f"/api/v1/imports/{number}/dry-run", options))
        self.finish(self.ask("POST", f"/api/v1/imports/{number}/start", {"reject_limit_percent": 1}))

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()


def timed(what, work):
    start = time.monotonic()
    result = work()
    print(f"{what}: {time.monotonic() - start:.1f} s", flush=True)
    return result


def bring_in_everything(server, folder, arguments, rng):
    """Generates the two files and imports them."""
    people, lines = folder / "customers.csv", folder / "transactions.csv"
    write_customers(people, arguments.customers, rng)
    count = write_transactions(lines, arguments.customers, arguments.lines_per_customer, rng)
    print(f"{arguments.customers} customers, {count} transactions", flush=True)
    same = ["external_id", "name", "kind", "brand", "region", "phone", "since"]
    timed("customers imported", lambda: server.bring_in("customers", people, {name: name for name in same}))
    timed("transactions imported", lambda: server.bring_in("transactions", lines, {
        "external_id": "id", "customer": "customer", "at": "at", "amount": "amount"}))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--patron", type=Path, required=True)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--lines-per-customer", type=float, default=3.0)
    parser.add_argument("--database-url", help="an empty PostgreSQL database; SQLite where not given")
    parser.add_argument("--folder", type=Path, help="an empty folder to work in, which stays; else one that goes")
    parser.add_argument("--imports-only", action="store_true", help="end after the imports; needs --folder")
    parser.add_argument("--port", type=int, default=8089)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("latency", nargs="*", help="arguments for api_latency.py, after --")
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    with tempfile.TemporaryDirectory(prefix="patron-api-") as scratch:
        folder = arguments.folder or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        server = Server(arguments.patron.resolve(), folder, arguments.port, arguments.database_url)
        try:
            server.wait_until_ready()
            server.sign_in()
            if not (folder / "imported").exists():
                bring_in_everything(server, folder, arguments, rng)
                (folder / "imported").touch()
            if arguments.imports_only:
                return
            run = server.ask("POST", "/api/v1/value/runs", {"as_of": "2024-12-31"})
            timed("value run", lambda: server.finish(run["job"]))
            held = subprocess.run(
                [sys.executable, HERE / "api_latency.py", "--url", f"http://127.0.0.1:{arguments.port}",
                 *arguments.latency],
                env=os.environ | {"PATRON_LOGIN": "admin", "PATRON_PASSWORD": PASSWORD})
        finally:
            server.stop()
    sys.exit(held.returncode)


if __name__ == "__main__":
    main()
