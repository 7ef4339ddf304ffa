"""Tasks of asyncio, threads and greenlets: who called whom, in what a recording says."""

from __future__ import annotations

import csv
import json
import re
import sys
from pathlib import Path

from calling import Run
from page_reader import Page

PROGRAM = """
import asyncio, sys, threading, types
def plain():
    pass
async def awaited():
    plain()
async def leaf(n):
    await asyncio.sleep(0)
    await awaited()
async def middle():
    await asyncio.gather(leaf(1), leaf(2))
def helper():
    return asyncio.ensure_future(middle())
def in_executor():
    plain()
def in_thread(loop):
    asyncio.run_coroutine_threadsafe(leaf(3), loop).result()
async def main():
    await helper()
    loop = asyncio.get_running_loop()
    await loop.run_in_executor(None, in_executor)
    thread = threading.Thread(target=in_thread, args=(loop,))
    thread.start()
    while thread.is_alive():
        await asyncio.sleep(0.001)
    loop.call_soon(plain)
    await asyncio.sleep(0)
def start():
    asyncio.run(main())
start()
"""


def test_parents_and_tasks(run: Run, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(PROGRAM, encoding="utf-8")
    answer = run("record", "--calls=__main__.*", "-o", "run.baro", "--", sys.executable, "app.py")
    assert answer.returncode == 0, answer.stderr
    assert run("export", "--to", "csv", "run.baro", "-o", "run.csv").returncode == 0
    with (tmp_path / "run.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))

    def name(call: str) -> str:
        return rows[int(call)]["function_name"] if call else ""

    found = sorted(
        (row["function_name"], name(row["parent_call_id"]), name(row["task_id"])) for row in rows
    )
    assert found == [
        ("<module>", "", ""),
        *[("awaited", "leaf", "leaf")] * 3,
        # A thread is another's work, and nobody's call.
        ("helper", "main", "main"),
        ("in_executor", "", ""),
        ("in_thread", "", ""),
        # Of another thread.
        ("leaf", "in_thread", "leaf"),
        *[("leaf", "middle", "leaf")] * 2,
        ("main", "start", "main"),
        ("middle", "helper", "middle"),
        *[("plain", "awaited", "leaf")] * 3,
        ("plain", "in_executor", ""),
        # What a loop calls back is of whoever runs the loop.
        ("plain", "start", ""),
        ("start", "<module>", ""),
    ]
    answer = run("report", "--json", "--callers", "leaf", "run.baro")
    (leaf,) = json.loads(answer.stdout)["callers"]
    callers = {each["name"]: each for each in leaf["callers"]}
    assert {each: callers[each]["calls"] for each in callers} == {"middle": 2, "in_thread": 1}
    total = json.loads(run("report", "--json", "run.baro").stdout)["functions"]
    (of_leaf,) = [each for each in total if each["name"] == "leaf"]
    assert sum(each["calls_total_ns"] for each in callers.values()) == of_leaf["calls_total_ns"]


def test_page_says_what_tasks_and_calls_tell(run: Run, tmp_path: Path) -> None:
    """A tree in which tasks stand below what started them says so; CPU time is a least."""
    busy = "def f(): return sum(range(200000))\nfor _ in range(30): f()\n"
    for name, program, tasks in (("tasks", PROGRAM, True), ("none", busy, False)):
        (tmp_path / "app.py").write_text(program, encoding="utf-8")
        recording = f"{name}.baro"
        answer = run(
            "record", "--calls=__main__.*", "-o", recording, "--", sys.executable, "app.py"
        )
        assert answer.returncode == 0, answer.stderr
        head = Page(run("view", "-o", "-", recording).stdout).head
        (tree,) = head["trees"]
        assert (tree["name"], tree["tasks"]) == ("calls", tasks)
        (side,) = head["sides"]
        assert side["cpu_ns"] is None
        told = re.search(r"at least ([0-9.]+) (us|ms|s),", run("report", recording).stdout)
        assert (side["cpu_least_ns"] is None) == (told is None)
        if told:
            unit_ns = {"us": 1e3, "ms": 1e6, "s": 1e9}[told[2]]
            last_digit_ns = unit_ns * 10 ** -len(told[1].partition(".")[2])
            assert abs(side["cpu_least_ns"] - float(told[1]) * unit_ns) <= 0.51 * last_digit_ns
        assert told or tasks, "a program that is nothing but calls tells its CPU time"
