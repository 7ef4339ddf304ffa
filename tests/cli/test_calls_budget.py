"""record --overhead: functions are thinned, their calls counted exactly, their times estimated."""

from __future__ import annotations

import importlib
import json
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest
from calling import REPOSITORY, Run, check_weights, python_of, rows_of

# Each way in which a call may begin and end, for longer than the 10 ms after which a budget of
# nothing thins it.
PROGRAM = """
import os, sys, threading
def leaf():
    pass
def failing():
    raise ValueError
def caught():
    try:
        failing()
    except ValueError:
        pass
def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)
def down(n):
    return 0 if n == 0 else down(n - 1)
def steps():
    yield 1
    yield 2
def nested(n):
    if n:
        yield from nested(n - 1)
    yield n
def in_thread():
    for _ in range(120000):
        leaf()
def work():
    fib(25)
    for _ in range(100):
        down(300)
    for _ in range(20000):
        caught()
        list(steps())
    for _ in range(3000):
        list(nested(3))
def main():
    work()
    threads = [threading.Thread(target=in_thread) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    child = os.fork()
    if child == 0:
        for _ in range(30000):
            leaf()
        sys.exit()
    os.waitpid(child, 0)
main()
"""
COUNTS = {
    "leaf": 3 * 120000 + 30000,
    "failing": 20000,
    "caught": 20000,
    "fib": 242785,
    "down": 100 * 301,
    "steps": 20000,
    "nested": 3000 * 4,
    "in_thread": 3,
    "work": 1,
    "main": 1,
}


@pytest.mark.parametrize("version", ["3.9", "3.11", "3.12", "3.14"])
def test_counts_are_exact_and_sums_unbiased(run: Run, tmp_path: Path, version: str) -> None:
    app, recording = tmp_path / "app.py", tmp_path / "thinned.baro"
    app.write_text(PROGRAM, encoding="utf-8")
    answer = run(
        "record", "--calls", "--overhead=0.01%", "-o", recording, "--", python_of(version), app
    )
    assert answer.returncode == 0, answer.stderr
    report: dict[str, Any] = json.loads(run("report", "--json", recording).stdout)
    functions = {row["short_name"]: row for row in report["functions"]}
    assert {name: functions[name]["calls"] for name in COUNTS} == COUNTS
    rows = rows_of(run, recording)
    for name, count in COUNTS.items():
        assert len(rows[name]) == count - functions[name]["skipped_calls"]
        check_weights(name, count, rows[name])
    for name in ("leaf", "fib", "steps", "caught"):
        assert functions[name]["skipped_calls"] > 0, name
    # Recursion counts once: only the outermost calls have the time of all.
    for name, outermost in (("fib", 1), ("down", 100)):
        assert functions[name]["primitive_calls"] <= 10 * outermost + 0.1 * COUNTS[name]
        assert functions[name]["calls_total_ns"] <= functions["work"]["calls_total_ns"] * 1.5
    head = report["head"]
    assert head["calls"] == sum(map(len, rows.values()))
    assert head["skipped_calls"] == sum(row["skipped_calls"] or 0 for row in report["functions"])
    assert head["thinned_functions"] >= 4
    assert head["overhead_percent"] == 0.01
    assert "thinned" in run("report", recording).stdout


def test_a_budget_that_is_kept_thins_nothing(run: Run, tmp_path: Path) -> None:
    app, recording = tmp_path / "app.py", tmp_path / "all.baro"
    app.write_text("def leaf():\n    pass\nfor _ in range(100):\n    leaf()\n", encoding="utf-8")
    answer = run("record", "--calls", "--overhead=5%", "-o", recording, "--", sys.executable, app)
    assert answer.returncode == 0, answer.stderr
    assert {row["weight"] for row in rows_of(run, recording)["leaf"]} == {"1"}
    assert "nothing was thinned: every call was recorded" in run("report", recording).stdout


MARKED = f"""
import sys
sys.path.insert(0, {str(REPOSITORY / "python")!r})
import barograph
@barograph.trace(overhead="0.01%")
def thinned():
    pass
@barograph.trace
def recorded():
    pass
for _ in range(400000):
    thinned()
    recorded()
"""


def test_a_decorator_has_a_budget_of_its_own(run: Run, tmp_path: Path) -> None:
    app, recording = tmp_path / "app.py", tmp_path / "marked.baro"
    app.write_text(MARKED, encoding="utf-8")
    answer = run("record", "--calls=@trace", "-o", recording, "--", sys.executable, app)
    assert answer.returncode == 0, answer.stderr
    report = json.loads(run("report", "--json", recording).stdout)
    functions = {row["short_name"]: row for row in report["functions"]}
    assert functions["thinned"]["calls"] == functions["recorded"]["calls"] == 400000
    assert functions["thinned"]["skipped_calls"] > 0
    assert functions["recorded"]["skipped_calls"] == 0


CROWDED = """
class Vector:
    def length(self):
        return 1
def other(vector):
    return vector.length()
vector = Vector()
for _ in range(10000):
    other(vector)
for _ in range(1000000):
    vector.length()
"""


def test_who_makes_most_rows_is_told_how_to_leave_it_out(run: Run, tmp_path: Path) -> None:
    app, recording = tmp_path / "app.py", tmp_path / "crowded.baro"
    app.write_text(CROWDED, encoding="utf-8")
    command = ["-f", "-o", recording, "--", sys.executable, app]
    answer = run("record", "--calls", *command)
    assert answer.returncode == 0, answer.stderr
    lines = [line for line in answer.stderr.splitlines() if "--calls=" in line]
    assert len(lines) == 1, answer.stderr
    assert "1 function makes 99" in lines[0]
    assert "--overhead 5%" in lines[0]
    # The report has the same words.
    shown = " ".join(run("report", recording).stdout.split())
    assert lines[0].partition(": ")[2] in shown
    # What is to be pasted does what it says.
    pasted = [word.rstrip(",") for word in shlex.split(lines[0]) if word.startswith("--calls=")]
    answer = run("record", *pasted, *command)
    assert answer.returncode == 0, answer.stderr
    assert "--calls=" not in answer.stderr, answer.stderr
    counts = {name: len(rows) for name, rows in rows_of(run, recording).items()}
    assert counts == {"<module>": 1, "Vector": 1, "other": 10000}
    # Whoever has a budget needs no advice.
    answer = run("record", "--calls", "--overhead=1000%", *command)
    assert answer.returncode == 0, answer.stderr
    assert "--calls=" not in answer.stderr, answer.stderr


NO_PERCENTAGES = [
    *("0", "-5%", "five", "5%%", "1e9%", "", "5", "0x5%", "1e0%", "+5%", " 5%", "5 %", "5%x"),
    *(
        ".5%",
        "5.%",
        ".%",
        "%",
        "5.5.5%",
        "5,5%",
        "1_0%",
        "nan%",
        "inf%",
        "0.009%",
        "1000.1%",
        "\u0665%",
    ),
]
PERCENTAGES = ["5%", "0.5%", "005.50%", "0.01%", "1000%", "1000.000%"]


def test_one_grammar_for_budgets(run: Run, tmp_path: Path) -> None:
    """`--overhead` and `overhead=` take the same texts, and refuse the same."""
    sys.path.insert(0, str(REPOSITORY / "python"))
    try:
        percent_of = importlib.import_module("barograph.tracing").percent_of
    finally:
        sys.path.pop(0)
    for percent in NO_PERCENTAGES:
        answer = run("record", "--calls", f"--overhead={percent}", "-o", "x.baro", "--", "true")
        assert answer.returncode == 2, percent
        assert "--overhead" in answer.stderr
        with pytest.raises(ValueError, match="overhead is a percentage"):
            percent_of(percent)
    for percent in PERCENTAGES:
        # Without a command that is the one thing it finds fault with.
        answer = run("record", "--calls", f"--overhead={percent}", "-o", tmp_path / "x.baro")
        assert "--overhead" not in answer.stderr, percent
        assert percent_of(percent) == float(percent[:-1])


def test_samples_have_no_budget(run: Run, tmp_path: Path) -> None:
    answer = run("record", "--overhead=5%", "-o", tmp_path / "x.baro", "--", "true")
    assert answer.returncode == 2
    assert "--calls" in answer.stderr
