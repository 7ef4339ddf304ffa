"""What threads use, and what recording costs, as reports say it of a program that knows itself."""

from __future__ import annotations

import csv
import io
import json
import subprocess
from pathlib import Path
from typing import Any

PROGRAM = """
import os, threading, time
def waits():
    time.sleep(0.2)
def works():
    until = time.thread_time() + 0.05
    while time.thread_time() < until:
        pass
def takes():
    # 5 % of it is more than can be had between two readings
    return len(bytearray(160 << 20))
def nothing():
    pass
def many():
    for _ in range(2000):
        nothing()
def child():
    works()
many()
waits()
works()
takes()
thread = threading.Thread(target=works)
thread.start()
thread.join()
if os.fork() == 0:
    child()
    os._exit(0)
os.wait()
"""
MB = 1 << 20


def functions_of(report: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Rows of the report by name."""
    return {row["name"]: row for row in report["functions"]}


def test_usage_and_own_cost(barograph: Path, traced_interpreter: Path, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(PROGRAM, encoding="utf-8")
    recording = tmp_path / "app.baro"
    command: list[Any] = [barograph, "record", "--quiet", "--calls", "-o", recording, "--"]
    subprocess.run([*command, traced_interpreter, tmp_path / "app.py"], check=True)
    answer = subprocess.run(
        [barograph, "report", "--json", "--top", "0", recording], check=True, capture_output=True
    )
    report = json.loads(answer.stdout)
    functions = functions_of(report)
    # A sleeping thread is on no CPU; 20 ms are for a machine that is busy.
    assert functions["waits"]["calls_total_ns"] >= 200_000_000
    assert functions["waits"]["calls_cpu_ns"] < 20_000_000
    # In a thread, in the main one, in a fork's child: the last does not come back to tell more.
    assert functions["works"]["calls"] == 3
    assert 100_000_000 < functions["works"]["calls_cpu_ns"] < 200_000_000
    (taker,) = [call for call in report["slowest_calls"] if call["name"] == "takes"]
    assert 156 * MB < taker["memory_usage"] < 176 * MB
    (waiter,) = [call for call in report["slowest_calls"] if call["name"] == "waits"]
    assert waiter["memory_usage"] < MB
    assert waiter["cpu_ns"] < 20_000_000
    # The parts of every call that recording took: no call has none of it, and no time is negative.
    head = report["head"]
    assert 0 < head["own_cost_per_call_ns"] < 100_000
    assert head["own_cost_ns"] >= head["calls"]
    assert functions["nothing"]["calls"] == 2000
    assert functions["many"]["calls_cpu_ns"] is not None


# What a process has used when it executes another program counts as that one's, by getrusage: a
# large parent's memory as the child's, which it starts by vfork or fork. And of functions that are
# called for the first time each, the caller's own work is 2 % of what telling who they are takes.
LARGE_PARENT = """
import subprocess, sys, time
def touches(pages):
    memory = bytearray(pages * 4096)
    memory[::4096] = bytes(pages)
    return memory
def works():
    until = time.thread_time() + 0.005
    while time.thread_time() < until:
        pass
if sys.argv[1:]:
    works()
    touches(4096)
    works()
else:
    source = "".join(f"def f{i}(): pass\\n" for i in range(1000))
    source += "def once():\\n" + "".join(f"    f{i}()\\n" for i in range(1000))
    exec(compile(source, __file__, "exec"))
    once()
    memory = touches(12288)
    subprocess.run([sys.executable, __file__, "child"], check=True)
"""


def rows_of(barograph: Path, interpreter: Path, folder: Path, program: str) -> list[dict[str, str]]:
    """Calls of a program, as csv has them."""
    app, recording = folder / "app.py", folder / "app.baro"
    app.write_text(program, encoding="utf-8")
    command: list[Any] = [barograph, "record", "--quiet", "--force", "--calls", "-o", recording]
    subprocess.run([*command, "--", interpreter, app], check=True)
    export: list[Any] = [barograph, "export", "--to", "csv", "-o", "-", recording]
    answer = subprocess.run(export, check=True, capture_output=True, text=True)
    return list(csv.DictReader(io.StringIO(answer.stdout)))


def test_what_is_no_part_of_calls(
    barograph: Path, traced_interpreter: Path, tmp_path: Path
) -> None:
    rows = rows_of(barograph, traced_interpreter, tmp_path, LARGE_PARENT)
    (once,) = [row for row in rows if row["function_name"] == "once"]
    assert int(once["own_ns"]) > int(once["self_ns"])
    # Of the parent's it may not be known, where it is not sure to 5 %; the child's was 0.
    _, child = [row["memory_usage"] for row in rows if row["function_name"] == "touches"]
    assert child == ""
