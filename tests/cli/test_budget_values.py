"""record --overhead where what calls cost is nearly all telling their values."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from calling import REPOSITORY, Run, check_weights, python_of, rows_of

# Telling takes some 30 us, the work between two calls about as long; cheap() takes no part in it.
PROGRAM = f"""
import sys, time
sys.path.insert(0, {str(REPOSITORY / "python")!r})
from barograph import trace
BIG = {{"order%d" % i: {{"items": list(range(20)), "name": "n" * 30}} for i in range(40)}}
@trace(arguments=True, returns=True)
def dear(orders):
    return orders
@trace
def cheap():
    pass
times, end = 0, time.thread_time() + 0.5
while time.thread_time() < end:
    for _ in range(400):
        sum(i * i for i in range(300))
        dear(BIG)
    cheap()
    times += 1
print(times)
"""


@pytest.mark.parametrize("version", ["3.9", "3.12"])
def test_values_are_part_of_what_a_budget_counts(run: Run, tmp_path: Path, version: str) -> None:
    """Else all calls have their values, and the program takes twice its time."""
    app, recording = tmp_path / "app.py", tmp_path / "values.baro"
    app.write_text(PROGRAM, encoding="utf-8")
    command = ["record", "--calls=@trace", "--overhead=5%", "-o", recording, "--"]
    answer = run(*command, python_of(version), app)
    assert answer.returncode == 0, answer.stderr
    times = int(answer.stdout)
    report = json.loads(run("report", "--json", recording).stdout)
    functions = {row["short_name"]: row for row in report["functions"]}
    assert functions["dear"]["calls"] == times * 400
    assert functions["cheap"]["calls"] == times
    assert functions["cheap"]["skipped_calls"] == 0
    rows = rows_of(run, recording)["dear"]
    # 5 % would be one in 20; the first ten milliseconds or so have all.
    assert len(rows) < times * 400 / 4
    check_weights("dear", times * 400, rows)
