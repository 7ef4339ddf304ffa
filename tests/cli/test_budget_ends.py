"""record --overhead where a process forks, or is killed, amid calls that are only counted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from calling import Run, check_weights, python_of, rows_of

# Forks three times: inside of a recursion and of generators that are thinned, while another thread
# is in the middle of calls that are. Each function is called for long enough to be thinned, however
# fast the machine; how often, the program says.
FORKING = """
import json, os, sys, threading, time
def leaf():
    pass
def of_child():
    pass
def steps(n):
    for i in range(n):
        yield i
def busy():
    pass
def waves(n):
    return n if n < 2 else waves(n - 1) + waves(n - 2)
def deep(n, last):
    leaf()
    return deep(n - 1, last) if n else last()
def often(call, *arguments):
    times, end = 0, time.thread_time() + 0.03
    while time.thread_time() < end:
        for _ in range(20):
            call(*arguments)
        times += 20
    return times
def step():
    for _ in steps(1):
        pass
def main():
    times = {"deep": often(deep, 200, int), "steps": often(step), "waves": often(waves, 10)}
    counts = []
    thread = threading.Thread(target=lambda: counts.append(often(busy)))
    thread.start()
    for _ in range(3):
        active = [steps(2) for _ in range(1000)]
        for one in active:
            next(one)
        child = deep(200, os.fork)
        for one in active:
            list(one)
        waves(15)
        for _ in range(5000):
            leaf()
        if child == 0:
            for _ in range(5000):
                of_child()
            sys.exit()
        os.waitpid(child, 0)
    thread.join()
    times["busy"] = counts[0]
    print(json.dumps(times))
main()
"""


def forked_counts(times: dict[str, int]) -> dict[str, int]:
    deep = (times["deep"] + 3) * 201
    return {
        "deep": deep,
        "leaf": deep + 3 * 2 * 5000,
        "of_child": 3 * 5000,
        "waves": times["waves"] * 177 + 3 * 2 * 1973,
        # What is suspended when a process forks goes on in both: a call of each.
        "steps": times["steps"] + 3 * 2 * 1000,
        "busy": times["busy"],
        "main": 1,
    }


def thinned(
    run: Run, tmp_path: Path, version: str, program: str, status: int
) -> tuple[str, Any, Path]:
    """What the program says with next to no budget, the report as JSON, and the recording."""
    app, recording = tmp_path / "app.py", tmp_path / "thinned.baro"
    app.write_text(program, encoding="utf-8")
    answer = run(
        "record", "--calls", "--overhead=0.01%", "-o", recording, "--", python_of(version), app
    )
    assert answer.returncode == status, answer.stderr
    return answer.stdout, json.loads(run("report", "--json", recording).stdout), recording


@pytest.mark.parametrize("version", ["3.9", "3.14"])
def test_parent_and_child_count_their_own(run: Run, tmp_path: Path, version: str) -> None:
    said, report, recording = thinned(run, tmp_path, version, FORKING, 0)
    counts = forked_counts(json.loads(said))
    functions = {row["short_name"]: row for row in report["functions"]}
    assert {name: functions[name]["calls"] for name in counts} == counts
    assert report["head"]["notes"] == []
    rows = rows_of(run, recording)
    for name, count in counts.items():
        assert len(rows[name]) == count - functions[name]["skipped_calls"]
        check_weights(name, count, rows[name])
    for name in ("leaf", "busy", "waves", "steps", "deep"):
        assert functions[name]["skipped_calls"] > 0, name


# The thread is a daemon, and waits when the program ends: the end of its own never comes.
WAITING = """
import json, threading, time
def busy():
    pass
def work():
    times, end = 0, time.thread_time() + 0.05
    while time.thread_time() < end:
        for _ in range(20):
            busy()
        times += 20
    counts.append(times)
    done.set()
    threading.Event().wait()
counts = []
done = threading.Event()
threading.Thread(target=work, daemon=True).start()
done.wait()
print(json.dumps(counts[0]))
"""


@pytest.mark.parametrize("version", ["3.9", "3.12", "3.14"])
def test_a_thread_that_never_ends_is_told_at_the_end(
    run: Run, tmp_path: Path, version: str
) -> None:
    said, report, _ = thinned(run, tmp_path, version, WAITING, 0)
    (busy,) = (row for row in report["functions"] if row["short_name"] == "busy")
    assert busy["skipped_calls"] > 0
    assert busy["calls"] == json.loads(said)


# Two threads wait, and the third kills the process: nobody has told the last calls of any.
KILLED = """
import os, signal, threading
def leaf():
    pass
def mine():
    pass
def steps():
    yield
def failing():
    raise ValueError
def rare():
    pass
done = threading.Barrier(3)
def work():
    for i in range(90000):
        leaf()
        if i % 4 == 0:
            mine()
            list(steps())
            try:
                failing()
            except ValueError:
                pass
        if i % 30000 == 0:
            rare()
def in_thread():
    work()
    done.wait()
    threading.Event().wait()
for _ in range(2):
    threading.Thread(target=in_thread, daemon=True).start()
work()
done.wait()
os.kill(os.getpid(), signal.SIGKILL)
"""
KILLED_COUNTS = {"leaf": 90000, "mine": 22500, "steps": 22500, "failing": 22500}
# Of a function and thread (docs/commands/record.md): fewer than 1,000 calls that are not told yet,
# and the 64 or fewer of a piece that is not over.
MOST_LOST = 1063


def test_a_kill_loses_what_was_not_told_and_no_more(run: Run, tmp_path: Path) -> None:
    _, report, recording = thinned(run, tmp_path, "3.12", KILLED, 128 + 9)
    functions = {row["short_name"]: row for row in report["functions"]}
    rows = rows_of(run, recording)
    for name, count in KILLED_COUNTS.items():
        calls = functions[name]["calls"]
        assert 3 * (count - MOST_LOST) <= calls <= 3 * count, name
        assert functions[name]["skipped_calls"] > 0, name
        assert len(rows[name]) == calls - functions[name]["skipped_calls"]
        check_weights(name, 3 * count, rows[name])
    assert {name: functions[name]["calls"] for name in ("rare", "work", "in_thread")} == {
        "rare": 3 * 3,
        "work": 3,
        "in_thread": 2,
    }
    assert {row["outcome"] for row in rows["in_thread"]} == {"unfinished"}
    assert {row["outcome"] for row in rows["failing"]} == {"raised"}
