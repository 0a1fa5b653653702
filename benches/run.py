#!/usr/bin/env python3
"""Compares `patron value run` with lifetimes and with DuckDB's bare aggregation, in one go.

Prepares what it needs in a cache directory (Python packages at the versions of requirements.txt, the
generated ledgers, the binary), runs every job in a process of its own, several times and in turn, and
prints wall time, CPU time (user and system) and peak memory as Markdown. Exits with 1 when a bar is
missed or the fitted parameters differ. Needs python3 with venv, and cargo unless --patron is given.

    python3 benches/run.py
    python3 benches/run.py --customers 100000 --times 1 --patron target/quick/patron
"""

import argparse
import hashlib
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
AS_OF = "2024-12-31"
SEED = 1
JOBS = ("patron", "duckdb", "lifetimes")

# The bars. They hold from BAR_CUSTOMERS customers on, where start-up no longer counts.
BAR_CUSTOMERS = 1_000_000
PATRON_PER_DUCKDB_MAX = 1.5
LIFETIMES_PER_PATRON_MIN = 6.0
PATRON_PEAK_GIB_MAX = 3.0
PARAMETER_DIFFERENCE_MAX = 1e-3  # relative: three digits

JOB_SECONDS_MAX = 1_800
PREPARE_SECONDS_MAX = 3_600


def say(text):
    """Progress; the results alone go to standard output."""
    print(text, file=sys.stderr, flush=True)


def prepare(command, **options):
    """Runs a preparing command; its output goes to standard error."""
    say("$ " + " ".join(str(part) for part in command))
    subprocess.run(command, check=True, stdout=sys.stderr, timeout=PREPARE_SECONDS_MAX, **options)


def fingerprint(*parts):
    """A short name for inputs, so that a changed input makes a new cache entry."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]


def python_with_peers(cache):
    """The interpreter of a virtual environment that holds exactly requirements.txt."""
    requirements = HERE / "requirements.txt"
    venv = cache / f"venv-{fingerprint(requirements.read_text(), sys.version)}"
    python = venv / "bin" / "python"
    complete = venv / "complete"
    if not complete.exists():
        shutil.rmtree(venv, ignore_errors=True)
        prepare([sys.executable, "-m", "venv", venv])
        prepare([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", requirements])
        complete.touch()
    return python


def ledger(cache, python, customers):
    """The generated ledger of so many customers."""
    script = HERE / "generate.py"
    name = f"tx-{customers}-{fingerprint(script.read_text(), (HERE / 'requirements.txt').read_text(), str(SEED))}"
    path = cache / f"{name}.parquet"
    if not path.exists():
        prepare([python, script, "--customers", str(customers), "--seed", str(SEED), "--out", path])
    return path


def built_patron():
    """The binary of this checkout, built by the `quick` profile where it is missing or older than the code."""
    prepare(["cargo", "build", "--profile", "quick", "-p", "patron"], cwd=ROOT)
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    return target / "quick" / "patron"


def commands(python, patron, transactions, scratch):
    """What each job runs."""
    peers = HERE / "peers"
    return {
        "patron": [
            patron, "value", "run", "--transactions", transactions, "--customer", "customer_id", "--at", "ts",
            "--amount", "amount", "--as-of", AS_OF, "--model", "bg_nbd",
            "--out", scratch / "patron.parquet", "--report", scratch / "patron.json",
        ],
        "duckdb": [python, peers / "duckdb_run.py", "--transactions", transactions, "--out", scratch / "duckdb.parquet"],
        "lifetimes": [
            python, peers / "lifetimes_run.py", "--transactions", transactions, "--as-of", AS_OF,
            "--out", scratch / "lifetimes.parquet", "--report", scratch / "lifetimes.json",
        ],
    }


def measured(command, log):
    """Runs one job; wall and CPU seconds and peak MiB of that process alone."""
    with open(log, "wb") as output:
        started = time.perf_counter()
        # This process stays small on purpose: a child's peak memory starts from its parent's at the fork.
        child = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        killer = threading.Timer(JOB_SECONDS_MAX, child.kill)
        killer.start()
        try:
            _, status, usage = os.wait4(child.pid, 0)
        finally:
            killer.cancel()
        wall = time.perf_counter() - started
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        tail = Path(log).read_text(errors="replace")[-2_000:]
        raise SystemExit(f"{command[0]} ended with {child.returncode} after {wall:.0f} s:\n{tail}")
    peak_kib = usage.ru_maxrss / (1024 if sys.platform == "darwin" else 1)
    return {"wall_s": wall, "cpu_s": usage.ru_utime + usage.ru_stime, "peak_mib": peak_kib / 1024}


def read_through(path):
    """Brings the file into the page cache, so that no job pays for the disk and the next does not."""
    with open(path, "rb") as file:
        while file.read(1 << 22):
            pass


def parameters(report, model):
    """The fitted parameters in a report."""
    return json.loads(report.read_text())["models"][model]["params"]


def parameter_rows(scratch):
    """Each parameter by both, with the relative difference."""
    rows = []
    for model in ("bg_nbd", "gamma_gamma"):
        ours, theirs = (parameters(scratch / f"{job}.json", model) for job in ("patron", "lifetimes"))
        for name, value in theirs.items():
            rows.append((model, name, ours[name], value, abs(ours[name] - value) / abs(value)))
    return rows


def bars(customers, median):
    """What is demanded, what was measured, whether it holds."""
    rows = []
    for figure, unit in (("wall_s", "wall"), ("cpu_s", "CPU")):
        if "duckdb" in median:
            ratio = median["patron"][figure] / median["duckdb"][figure]
            rows.append((f"patron / duckdb, {unit}", f"≤ {PATRON_PER_DUCKDB_MAX}", f"{ratio:.2f}",
                         ratio <= PATRON_PER_DUCKDB_MAX))
        if "lifetimes" in median:
            ratio = median["lifetimes"][figure] / median["patron"][figure]
            rows.append((f"lifetimes / patron, {unit}", f"≥ {LIFETIMES_PER_PATRON_MIN:g}", f"{ratio:.2f}",
                         ratio >= LIFETIMES_PER_PATRON_MIN))
    peak = median["patron"]["peak_mib"] / 1024
    rows.append(("patron peak", f"< {PATRON_PEAK_GIB_MAX:g} GiB", f"{peak:.2f} GiB", peak < PATRON_PEAK_GIB_MAX))
    if customers < BAR_CUSTOMERS:
        return [(what, "none at this size", value, True) for what, _, value, _ in rows]
    return rows


def table(head, rows):
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def compare(customers, jobs, times, cache, python, patron):
    """Runs all jobs at one size and prints the results; whether everything held."""
    transactions = ledger(cache, python, customers)
    scratch = cache / f"run-{os.getpid()}-{customers}"
    scratch.mkdir(parents=True, exist_ok=True)
    try:
        runs = {job: [] for job in jobs}
        for turn in range(times):
            for job in jobs:
                read_through(transactions)
                run = measured(commands(python, patron, transactions, scratch)[job], scratch / f"{job}.log")
                say(f"{customers} customers, {job} {turn + 1}/{times}: "
                    f"wall {run['wall_s']:.2f} s, CPU {run['cpu_s']:.2f} s, peak {run['peak_mib']:.0f} MiB")
                runs[job].append(run)
        median = {
            job: {figure: statistics.median(run[figure] for run in measures) for figure in measures[0]}
            for job, measures in runs.items()
        }
        held = True
        print(f"\n### {customers:,} customers ({transactions.stat().st_size / 1e6:.0f} MB), median of {times}\n")
        print(table(
            ["job", "wall s", "CPU s", "peak MiB", "wall s, all runs", "CPU s, all runs"],
            [[job, f"{m['wall_s']:.2f}", f"{m['cpu_s']:.2f}", f"{m['peak_mib']:.0f}",
              ", ".join(f"{run['wall_s']:.2f}" for run in runs[job]),
              ", ".join(f"{run['cpu_s']:.2f}" for run in runs[job])] for job, m in median.items()],
        ))
        if "patron" in median and len(median) > 1:
            rows = bars(customers, median)
            held &= all(row[-1] for row in rows)
            print("\n" + table(["ratio", "bar", "measured", ""],
                               [[*row[:-1], "held" if row[-1] else "**missed**"] for row in rows]))
        if "patron" in median and "lifetimes" in median:
            rows = parameter_rows(scratch)
            held &= all(row[-1] <= PARAMETER_DIFFERENCE_MAX for row in rows)
            print("\n" + table(["model", "parameter", "patron", "lifetimes", "difference"],
                               [[model, name, f"{ours:.5g}", f"{theirs:.5g}",
                                 f"{difference:.1e}" + ("" if difference <= PARAMETER_DIFFERENCE_MAX else " **differs**")]
                                for model, name, ours, theirs, difference in rows]))
        return held
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def machine():
    """One line on where this was measured."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line.split(":", 1)[1].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line]
        model = names[0] if names else model
    return f"{os.cpu_count()} × {model}, {platform.system()} {platform.release()}, load before {os.getloadavg()[0]:.1f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", default="100000,1000000", help="sizes, separated by commas")
    parser.add_argument("--times", type=int, default=3, help="runs of each job; the median counts")
    parser.add_argument("--patron", type=Path, help="a binary built before; else this checkout is built")
    parser.add_argument("--jobs", default=",".join(JOBS), help="some of " + ", ".join(JOBS))
    parser.add_argument("--cache", type=Path, help="default: patron/bench under XDG_CACHE_HOME or ~/.cache")
    arguments = parser.parse_args()
    jobs = arguments.jobs.split(",")
    if not set(jobs) <= set(JOBS) or arguments.times < 1:
        parser.error(f"--jobs takes some of {', '.join(JOBS)}; --times is at least 1")
    sizes = [int(size) for size in arguments.customers.split(",")]
    cache = arguments.cache or Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "patron" / "bench"
    cache.mkdir(parents=True, exist_ok=True)

    python = python_with_peers(cache)
    patron = None
    if "patron" in jobs:
        patron = arguments.patron.resolve() if arguments.patron else built_patron()
    print(f"Measured on {machine()}.")
    held = [compare(size, jobs, arguments.times, cache, python, patron) for size in sizes]
    if set(jobs) != set(JOBS):
        say("Not all jobs were run: not all bars were checked.")
    sys.exit(0 if all(held) else 1)


if __name__ == "__main__":
    main()
