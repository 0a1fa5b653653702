#!/usr/bin/env python3
"""Drives the list page and the customer page of a running server and says how long people wait.

Open loop: request number n is due at n / rate, whether earlier ones have been answered or not, and its
time counts from when it was due. So a server that stalls pays for everyone who would have waited (no
coordinated omission). Which requests are sent follows from --seed and from what the server holds.

    PATRON_LOGIN=admin PATRON_PASSWORD=… python3 benches/api_latency.py --url http://127.0.0.1:8080

Half of the requests are list pages (any figure, up or down, with and without a filter, first page and
by cursor), the rest the record and the value of customers from all over the list. With --what overview
every request is the whole page of a customer (/customers/{id}/overview) instead, 200 per second unless
told; a page with a part that is late or failed counts as an error, and the time of each part is shown.
With --what search customers are searched for by names, pieces of names, pinyin, initials, ends of phone
numbers and companies (50 per second); it says how many whole names found themselves first.
Exits with 1 when the 99th percentile of any kind is above the bar (20 ms; 15 ms for the overview, 50 ms for
searches) or a request fails. Needs python3 and nothing else. (Look-ups take less than this client: lookup.sh.)
"""

import argparse
import asyncio
import json
import math
import os
import random
import re
import sys
import time
import urllib.parse

P99_MS_MAX = {"pages": 20.0, "overview": 15.0, "search": 50.0}
RATE = {"pages": 100.0, "overview": 200.0, "search": 50.0}
# Pieces of the tags that customers have in many firms.
TAGS = ("高尔夫", "投诉", "敏感", "VIP", "校", "老人")
KNOWN_MAX = 400  # so many customers' names and numbers are asked for before the clock starts
# Of names that the firm of api_firm.py is full of.
PINYIN = ("zhangwei", "wangfang", "lina", "zhaomin", "chenjing", "yangli", "huangqiang", "zhoulei", "wujun", "xuyang")
INITIALS = ("zw", "wf", "ln", "zm", "cj", "yl", "hqm", "zl", "wj", "xyg")
TIMEOUT_S = 10.0
CONNECTIONS_MAX = 64
OUTSTANDING_MAX = 2_000  # beyond this the server is lost: what is due is counted as failed
WARM_UP_S = 3.0

FIGURES = (
    "value", "clv_12m", "clv_36m", "value_at_risk", "contribution", "stability", "p_alive",
    "expected_purchases_30d", "expected_purchases_90d", "expected_purchases_365d", "expected_ticket",
    "revenue", "x", "last_purchase", "monetary", "referral_value",
)
LIST = "/api/v1/value/profiles"
NEXT_CURSOR = re.compile(rb'"next_cursor":"([^"]+)"')
CUSTOMER = re.compile(rb'"customer":{"id":"([^"]+)"')


class Connection:
    """One kept-alive HTTP/1.1 connection."""

    def __init__(self, host, port):
        self.host, self.port = host, port
        self.reader = self.writer = None

    async def request(self, method, path, headers, body=b""):
        """The status, the headers and the whole body of the answer."""
        if self.writer is None:
            self.reader, self.writer = await asyncio.open_connection(self.host, self.port)
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self.host}:{self.port}", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self.writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        status = int((await self.reader.readline()).split()[1])
        answer = {}
        while (line := await self.reader.readline()) not in (b"\r\n", b""):
            name, _, value = line.decode("latin-1").partition(":")
            answer[name.strip().lower()] = value.strip()
        if answer.get("transfer-encoding", "").lower() == "chunked":
            content = b""
            while size := int((await self.reader.readline()).split(b";")[0], 16):
                content += await self.reader.readexactly(size)
                await self.reader.readline()
            await self.reader.readline()
        else:
            content = await self.reader.readexactly(int(answer.get("content-length", 0)))
        if answer.get("connection", "").lower() == "close":
            self.close()
        return status, answer, content

    def close(self):
        """Drops the connection; the next request opens another."""
        if self.writer is not None:
            self.writer.close()
        self.reader = self.writer = None


class Client:
    """A bounded pool of connections with the session's cookie."""

    def __init__(self, url):
        parts = urllib.parse.urlsplit(url)
        if parts.scheme != "http" or not parts.hostname:
            raise SystemExit(f"{url!r} is not an address such as http://127.0.0.1:8080")
        self.host, self.port = parts.hostname, parts.port or 80
        self.free = asyncio.LifoQueue()
        for _ in range(CONNECTIONS_MAX):
            self.free.put_nowait(Connection(self.host, self.port))
        self.headers = {"Accept": "application/json"}

    async def send(self, method, path, body=None):
        """The status and the JSON of the answer."""
        connection = await self.free.get()
        try:
            content = b"" if body is None else json.dumps(body).encode()
            headers = self.headers | ({"Content-Type": "application/json"} if body is not None else {})
            async with asyncio.timeout(TIMEOUT_S):
                return await connection.request(method, path, headers, content)
        except BaseException:
            connection.close()
            raise
        finally:
            self.free.put_nowait(connection)

    async def get(self, path):
        """The JSON of a page that has to be there."""
        status, _, content = await self.send("GET", path)
        if status != 200:
            raise SystemExit(f"GET {path}: {status} {content[:500].decode(errors='replace')}")
        return json.loads(content)

    async def sign_in(self, login, password):
        status, answer, content = await self.send("POST", "/api/v1/session", {"login": login, "password": password})
        if status != 200:
            raise SystemExit(f"could not sign in: {status} {content[:500].decode(errors='replace')}")
        if json.loads(content).get("must_change_password"):
            raise SystemExit("this login has to change its password first")
        self.headers["Cookie"] = answer["set-cookie"].split(";")[0]


def page(**query):
    """The address of a list page."""
    return f"{LIST}?{urllib.parse.urlencode(query)}"


async def explore(client, rng):
    """The filters the data has, and customers from all over the list."""
    facets = await client.get("/api/v1/customers/facets")
    filters = [{}, {"class": "E-I"}, {"class": "E-I,E-II"}, {"class": "E-IV"}, {"loyalty": "drifting"},
               {"loyalty": "loyal"}, {"bucket": "lost"}, {"bucket": "shrunk"}, {"kind": "organisation"},
               {"max_p_alive": 0.3}, {"min_p_alive": 0.8}]
    filters += [{"brand": brand} for brand in facets["brands"][:4]]
    filters += [{"region": region} for region in facets["regions"][:12]]
    filters += [{"region": region, "class": "E-I", "min_p_alive": 0.5} for region in facets["regions"][:4]]

    customers = set()
    for figure in FIGURES:
        for sign in ("", "-"):
            for query in ({}, rng.choice(filters)):
                found = await client.get(page(sort=sign + figure, limit=50, **query))
                customers.update(item["customer"]["id"] for item in found["items"])
    if not customers:
        raise SystemExit("there are no value profiles: run the value engine first")
    return filters, sorted(customers)


async def spread(client, rng, filters, pages=4):
    """Some ten thousand customers from all over the list, so that not the same few pages of the disk are read."""
    customers = set()
    for figure in FIGURES:
        for sign in ("", "-"):
            query = {"sort": sign + figure, "limit": 200} | rng.choice(filters)
            for _ in range(pages):
                found = await client.get(page(**query))
                customers.update(item["customer"]["id"] for item in found["items"])
                if not found["next_cursor"]:
                    break
                query["cursor"] = found["next_cursor"]
    return sorted(customers)


class Requests:
    """Makes up the next request; remembers cursors, so that some go on where others ended."""

    def __init__(self, rng, filters, customers):
        self.rng, self.filters, self.customers = rng, filters, customers
        self.cursors = []

    def next(self):
        """Kind, path and, for a list page, its query."""
        draw = self.rng.random()
        if draw < 0.5:
            if self.cursors and self.rng.random() < 0.4:
                query = self.cursors.pop(self.rng.randrange(len(self.cursors)))
                return "list page, by cursor", page(**query), query
            sort = self.rng.choice(("", "-")) + self.rng.choice(FIGURES)
            if self.rng.random() < 0.3:
                sort = "-value"
            query = {"sort": sort, "limit": 50} | (self.rng.choice(self.filters) if self.rng.random() < 0.6 else {})
            return "list page, first", page(**query), query
        customer = self.rng.choice(self.customers)
        if draw < 0.75:
            return "customer", f"/api/v1/customers/{customer}", None
        return "customer's value", f"/api/v1/customers/{customer}/value", None

    def wrong(self, _content):
        """Whether an answer that came is not what it should be."""
        return False

    def report(self):
        """There is nothing more to say of pages."""

    def answered(self, query, content):
        """Keeps the cursor of a list page and the customers on it; after the clock has stopped."""
        if query is None:
            return
        # Not parsed: the client would take the time from the server, with which it shares the machine.
        cursor = NEXT_CURSOR.search(content)
        if cursor and len(self.cursors) < 1_000:
            self.cursors.append(query | {"cursor": cursor.group(1).decode()})
        if len(self.customers) < 100_000:
            self.customers.extend(customer.decode() for customer in CUSTOMER.findall(content))


class Overviews:
    """Makes up requests for customers' pages; remembers how long the server says each part took."""

    def __init__(self, rng, customers):
        self.rng, self.customers = rng, customers
        self.parts, self.sampled = {}, 0

    def next(self):
        """Kind and path."""
        return "overview", f"/api/v1/customers/{self.rng.choice(self.customers)}/overview", None

    def wrong(self, content):
        """Whether a part of a page is not there, by a search: parsing would take time from the server."""
        return b'"state":"late"' in content or b'"state":"failed"' in content

    def answered(self, _query, content):
        """Looks into one page of twenty; after the clock has stopped."""
        self.sampled += 1
        if self.sampled % 20 == 0:
            for name, part in json.loads(content)["parts"].items():
                self.parts.setdefault(name, []).append(part["took_ms"])

    def report(self):
        """Prints how long the parts took within the server."""
        print("\n| part | p50 ms | p99 ms |\n| --- | --- | --- |")
        for name, times in sorted(self.parts.items()):
            times.sort()
            print(f"| {name} | {percentile(times, 0.5):.2f} | {percentile(times, 0.99):.2f} |")


async def known(client, rng, customers):
    """Names, external ids and phone numbers of some customers."""
    found = []
    for customer in rng.sample(customers, min(KNOWN_MAX, len(customers))):
        detail = await client.get(f"/api/v1/customers/{customer}")
        found.append({key: detail.get(key) for key in ("name", "external_id", "phone")})
    return found


class Searches:
    """Makes up searches as people type them; looks whether the first customer found by a whole name has it."""

    def __init__(self, rng, people):
        self.rng, self.people = rng, people
        self.names, self.others = 0, []

    def next(self):
        """Kind and path."""
        person = self.rng.choice(self.people)
        name, draw = person["name"], self.rng.random()
        if draw < 0.3:
            kind, words = "whole name", name
        elif draw < 0.4:
            kind, words = "one character", self.rng.choice(name)
        elif draw < 0.55:
            kind, words = "piece of a name", name[1:]
        elif draw < 0.7:
            kind, words = "pinyin", self.rng.choice(PINYIN)
        elif draw < 0.8:
            kind, words = "initials", self.rng.choice(INITIALS)
        elif draw < 0.88 and person["phone"]:
            kind, words = "end of a phone number", person["phone"][-4:]
        elif draw < 0.94:
            kind, words = "piece of a tag", self.rng.choice(TAGS)
        else:
            kind, words = "beginning of an id", person["external_id"][:6]
        query = name if kind == "whole name" else None
        return kind, f"/api/v1/customers?{urllib.parse.urlencode({'q': words, 'limit': 20})}", query

    def wrong(self, content):
        """Whether this is no list."""
        return b'"items"' not in content

    def answered(self, query, content):
        """Looks at the first customer that a whole name found."""
        if query is not None:
            self.names += 1
            items = json.loads(content)["items"]
            if not items or items[0]["name"] != query:
                self.others.append(query)

    def report(self):
        """Prints how many names found themselves first."""
        print(f"\n{self.names - len(self.others)} of {self.names} whole names found themselves first; "
              f"not: {', '.join(self.others[:5]) or 'none'}")


async def drive(client, requests, rate, seconds):
    """Sends at the rate and answers (kind, path, milliseconds since due, error or None) for each."""
    results, running = [], set()

    async def one(kind, path, query, due):
        error, content = None, b""
        try:
            status, _, content = await client.send("GET", path)
            if status != 200:
                error = f"status {status}: {content[:200].decode(errors='replace')}"
            elif requests.wrong(content):
                error = "the answer is not what was asked for"
        except (OSError, ValueError, IndexError, EOFError, TimeoutError) as failure:
            error = repr(failure)
        results.append((kind, path, (time.perf_counter() - due) * 1_000, error))
        if error is None:
            requests.answered(query, content)

    start = time.perf_counter()
    for number in range(int(rate * seconds)):
        due = start + number / rate
        wait = due - time.perf_counter()
        if wait > 0:
            await asyncio.sleep(wait)
        kind, path, query = requests.next()
        if len(running) >= OUTSTANDING_MAX:
            results.append((kind, path, math.inf, "too many unanswered requests"))
            continue
        task = asyncio.create_task(one(kind, path, query, due))
        running.add(task)
        task.add_done_callback(running.discard)
    if running:
        await asyncio.wait(running)
    return results


def percentile(sorted_values, share):
    """The smallest value that at least this share of the values do not exceed."""
    return sorted_values[max(math.ceil(share * len(sorted_values)) - 1, 0)]


def report(results, rate, seconds, p99_ms_max):
    """Prints the table and the slowest requests; whether the bar was held."""
    held = True
    print(f"{len(results)} requests at {rate:g} per second for {seconds:g} s, time from when each was due\n")
    print("| request | count | p50 ms | p99 ms | max ms | errors | |\n| --- | --- | --- | --- | --- | --- | --- |")
    for kind in sorted({result[0] for result in results}):
        times = sorted(result[2] for result in results if result[0] == kind)
        errors = sum(1 for result in results if result[0] == kind and result[3])
        p99 = percentile(times, 0.99)
        good = p99 <= p99_ms_max and errors == 0
        held &= good
        print(f"| {kind} | {len(times)} | {percentile(times, 0.5):.1f} | {p99:.1f} | {times[-1]:.1f} "
              f"| {errors} | {'held' if good else '**missed**'} |")
    print("\nslowest:")
    for kind, path, milliseconds, error in sorted(results, key=lambda result: -result[2])[:8]:
        print(f"  {milliseconds:8.1f} ms  {urllib.parse.unquote(path)[:150]}{'  ' + error if error else ''}")
    for error in sorted({result[3] for result in results if result[3]})[:5]:
        print(f"error: {error}")
    return held


async def run(arguments):
    rng = random.Random(arguments.seed)
    client = Client(arguments.url)
    await client.sign_in(os.environ.get("PATRON_LOGIN", "admin"), os.environ["PATRON_PASSWORD"])
    filters, customers = await explore(client, rng)
    if arguments.what == "pages":
        requests = Requests(rng, filters, customers)
    else:
        everywhere = sorted({*customers, *await spread(client, rng, filters)})
        if arguments.what == "overview":
            requests = Overviews(rng, everywhere)
        else:
            people = await known(client, rng, everywhere)
            requests = Searches(rng, people)
    rate = arguments.rate or RATE[arguments.what]
    await drive(client, requests, rate, WARM_UP_S)
    results = await drive(client, requests, rate, arguments.seconds)
    held = report(results, rate, arguments.seconds, P99_MS_MAX[arguments.what])
    requests.report()
    return held


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="http://127.0.0.1:8080")
    parser.add_argument("--what", choices=sorted(RATE), default="pages")
    parser.add_argument("--rate", type=float, help="requests per second, instead of what is usual for the kind")
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    if "PATRON_PASSWORD" not in os.environ:
        parser.error("PATRON_PASSWORD (and PATRON_LOGIN, if it is not admin) have to be set")
    sys.exit(0 if asyncio.run(run(arguments)) else 1)


if __name__ == "__main__":
    main()
