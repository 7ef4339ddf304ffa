"""record --overhead where counting alone is too dear: ends of functions are not told any more."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path

import pytest
from calling import REPOSITORY, Run, check_weights, python_of, rows_of

# Each function is called for so long that it rests, if it may, however fast the machine; how often,
# the program says. What follows is all that could then go wrong: recursion begins, other threads
# call it, exceptions end it, another tool of sys.monitoring wants its ends, the process forks.
PROGRAM = """
import json, os, sys, threading, time
def leaf():
    pass
def turns(n):
    return turns(n - 1) if n else 0
def failing():
    raise ValueError
def shared(n):
    return 1 if n & 1 else 2
def deep():
    pass
def below(n):
    return below(n - 1) if n else often(deep)
def watched():
    pass
def often(call, *arguments):
    times, end = 0, time.thread_time() + 0.1
    while time.thread_time() < end:
        for _ in range(1000):
            try:
                call(*arguments)
            except ValueError:
                pass
        times += 1000
    return times
def in_thread(counts):
    counts.append(often(shared, 1))
def watch():
    monitoring = sys.monitoring
    seen = []
    monitoring.use_tool_id(1, "app")
    monitoring.register_callback(1, monitoring.events.PY_RETURN, lambda *_: seen.append(0))
    monitoring.set_local_events(1, watched.__code__, monitoring.events.PY_RETURN)
    for _ in range(50000):
        watched()
    monitoring.set_local_events(1, watched.__code__, 0)
    monitoring.free_tool_id(1)
    return len(seen)
def main():
    times = {"leaf": often(leaf), "turns": often(turns, 0)}
    for _ in range(200):
        turns(50)
    times["failing"] = often(failing)
    times["watched"] = often(watched)
    assert watch() == 50000
    counts = []
    threads = [threading.Thread(target=in_thread, args=[counts]) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    times["shared"] = sum(counts)
    times["deep"] = below(100)
    child = os.fork()
    for n in range(20000):
        shared(n)
        leaf()
    if child == 0:
        sys.exit()
    os.waitpid(child, 0)
    print(json.dumps(times))
main()
"""


def counts_of(times: dict[str, int]) -> dict[str, int]:
    return times | {
        "leaf": times["leaf"] + 2 * 20000,
        "turns": times["turns"] + 200 * 51,
        "watched": times["watched"] + 50000,
        "shared": times["shared"] + 2 * 20000,
        "below": 101,
        "in_thread": 2,
        "main": 1,
    }


RESTING_WEIGHT = "2048"


@pytest.mark.parametrize("version", ["3.12", "3.14"])
def test_what_rests_is_counted_and_unbiased(run: Run, tmp_path: Path, version: str) -> None:
    app, recording = tmp_path / "app.py", tmp_path / "resting.baro"
    app.write_text(PROGRAM, encoding="utf-8")
    answer = run(
        "record", "--calls", "--overhead=0.01%", "-o", recording, "--", python_of(version), app
    )
    assert answer.returncode == 0, answer.stderr
    times = json.loads(answer.stdout)
    counts = counts_of(times)
    report = json.loads(run("report", "--json", recording).stdout)
    functions = {row["short_name"]: row for row in report["functions"]}
    rows = rows_of(run, recording)
    assert {name: functions[name]["calls"] for name in counts} == counts
    assert report["head"]["notes"] == []
    for name, count in counts.items():
        assert len(rows[name]) == count - functions[name]["skipped_calls"]
        check_weights(name, count, rows[name])
        # An end that was not told would leave its call open.
        ended = "raised" if name == "failing" else "returned"
        assert {row["outcome"] for row in rows[name]} == {ended}
    for name in ("leaf", "turns", "failing", "shared"):
        assert RESTING_WEIGHT in {row["weight"] for row in rows[name]}, name
    # Calls within others are known as such, told or not.
    primitive = times["turns"] + 200
    assert abs(functions["turns"]["primitive_calls"] - primitive) <= 0.05 * primitive


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.14"])
def test_what_counting_costs_is_measured(run: Run, tmp_path: Path, version: str) -> None:
    """Callers' times are without it; what rests is counted for less."""
    recording = tmp_path / "nothing.baro"
    command = [python_of(version), "-c", "pass"]
    answer = run("record", "--calls", "--overhead=5%", "-o", recording, "--", *command)
    assert answer.returncode == 0, answer.stderr
    sys.path.insert(0, str(REPOSITORY / "tests" / "python"))
    records = importlib.import_module("recording_reader").read(recording.read_bytes())
    sys.path.pop(0)
    facts = {record[2]: record[3] for record in records if record[0] == "process_fact"}
    assert float(facts["own_cost_counted_ns"]) > 0
    assert ("own_cost_resting_ns" in facts) == (version != "3.11")
