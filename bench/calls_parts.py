#!/usr/bin/env python3
"""How much time a recording of calls puts on the wrong part of a program.

A program of six parts (calls of a function that does nothing, one long call of C code, small and
middle-sized functions, a recursion, steps of a generator) clocks each part itself by its thread's
CPU time. It runs bare and recorded in turn; then the parts' CPU times in the report are compared
with the bare program's own clocks. "wrong" is half the sum of the differences of all shares: the
part of the time that stands at another part than in the bare run.

    bench/calls_parts.py                                     # about a minute
    bench/calls_parts.py --pythons 3.12 --repeat 15
    bench/calls_parts.py --program values       # parts that call functions whose values are told

"as clocked" is the same of the recorded program's own clocks: what a tool that does not take its
own cost off puts on the wrong part. Medians of all repetitions; a busy machine shows more.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tools")]

import find_pythons  # noqa: E402  found by the path above

PROGRAM = """
import hashlib, json, time
def tiny():
    pass
def add(a, b):
    return a + b
def sum_of_squares(n):
    total = 0
    for i in range(n):
        total += i * i
    return total
def recurse(n):
    return 1 if n < 2 else recurse(n - 1) + recurse(n - 2)
def generate(n):
    for i in range(n):
        yield i
def nothing_calls():
    for _ in range(150_000):
        tiny()
def long_call():
    hashlib.pbkdf2_hmac("sha1", b"x", b"y", 12_000)
    sorted(range(400_000, 0, -1))
def small_calls():
    total = 0
    for i in range(60_000):
        total = add(total, i)
def middle_calls():
    for _ in range(1500):
        sum_of_squares(150)
def recursion():
    recurse(21)
def steps():
    for _ in generate(60_000):
        pass
clocked = {}
for part in (nothing_calls, long_call, small_calls, middle_calls, recursion, steps):
    before = time.thread_time_ns()
    part()
    clocked[part.__name__] = time.thread_time_ns() - before
print(json.dumps(clocked))
"""

# Telling a call's arguments and results takes up to a hundred times what the call takes.
VALUES = f"""
import json, sys, time
sys.path.insert(0, {str(ROOT / "python")!r})
from barograph import trace
ORDERS = {{"order%d" % i: {{"items": list(range(20)), "name": "n" * 30}} for i in range(40)}}
ROWS = [(i, "row %d" % i, 1.5) for i in range(500)]
@trace(arguments=True, returns=True)
def take(orders, rows, *, limit=5):
    return rows
@trace(arguments=True)
def add(a, b):
    return a
@trace(returns=True)
def find(name):
    return ORDERS
def big_arguments():
    for _ in range(1500):
        total = 0
        for i in range(150):
            total += i * i % 7
        take(ORDERS, ROWS, limit=3)
def small_arguments():
    for _ in range(6000):
        total = 0
        for i in range(40):
            total += i * i % 7
        add(total, None)
def big_results():
    for _ in range(3000):
        total = 0
        for i in range(80):
            total += i * i % 7
        find("a")
def no_values():
    total = 0
    for i in range(300_000):
        total += i * i % 7
clocked = {{}}
for part in (big_arguments, small_arguments, big_results, no_values):
    before = time.thread_time_ns()
    part()
    clocked[part.__name__] = time.thread_time_ns() - before
print(json.dumps(clocked))
"""
PROGRAMS = {"calls": PROGRAM, "values": VALUES}
Parts = dict[str, float]


def recorded(barograph: str, python: Path, program: Path, recording: Path) -> tuple[Parts, Parts]:
    """CPU time of each part by the report, and by the recorded program's own clocks."""
    command = [barograph, "record", "--quiet", "--calls", "-f", "-o", str(recording), "--"]
    output = subprocess.run(
        [*command, str(python), str(program)], check=True, stdout=subprocess.PIPE
    ).stdout
    clocked: Parts = json.loads(output)
    text = subprocess.check_output([barograph, "report", "--json", "--top", "0", str(recording)])
    times = {row["name"]: row["calls_cpu_ns"] for row in json.loads(text)["functions"]}
    return {part: times[part] or 0 for part in clocked}, clocked


def medians(runs: list[Parts]) -> Parts:
    """For each part the median of all runs."""
    return {part: statistics.median(run[part] for run in runs) for part in runs[0]}


def wrong_ratio(true: Parts, found: Parts) -> float:
    """The part of the time that stands at another part."""
    true_sum, found_sum = sum(true.values()), sum(found.values())
    return sum(abs(true[part] / true_sum - found[part] / found_sum) for part in true) / 2


def measure(
    barograph: str, python: Path, text: str, repeat: int, folder: Path
) -> tuple[Parts, Parts, Parts]:
    """Of a program: bare, by the report, as clocked: medians."""
    program = folder / "parts.py"
    program.write_text(text, encoding="utf-8")
    bare: list[Parts] = []
    found: list[Parts] = []
    clocked: list[Parts] = []
    for _ in range(repeat):
        bare.append(json.loads(subprocess.check_output([str(python), str(program)])))
        by_report, by_clock = recorded(barograph, python, program, folder / "parts.baro")
        found.append(by_report)
        clocked.append(by_clock)
    return medians(bare), medians(found), medians(clocked)


def main() -> None:
    """Measure, and print a table for each Python."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--pythons", default="3.9,3.11,3.12,3.13", help="versions")
    parser.add_argument("--repeat", type=int, default=7, help="runs of each kind")
    parser.add_argument("--program", default="calls", choices=PROGRAMS, help="which parts")
    options = parser.parse_args()
    barograph = os.environ.get("BAROGRAPH", str(ROOT / "build" / "venv" / "bin" / "barograph"))
    for version in options.pythons.split(","):
        python = find_pythons.find(version)
        if python is None:
            parser.error(f"there is no Python {version}")
        with tempfile.TemporaryDirectory() as folder:
            text = PROGRAMS[options.program]
            bare, found, clocked = measure(barograph, python, text, options.repeat, Path(folder))
        print(f"{version}: wrong {wrong_ratio(bare, found):.1%}", end=", ")
        print(f"as clocked {wrong_ratio(bare, clocked):.1%}")
        for part in bare:
            times = (f"{run[part] / 1e6:8.2f}" for run in (bare, found, clocked))
            print(f"  {part:14} ms bare, report, clocked {' '.join(times)}")


if __name__ == "__main__":
    main()
