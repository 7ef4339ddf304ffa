"""Telling arguments and results is no time of the callers, however long it takes.

A program whose parts call functions with values clocks each part itself. The parts' shares by the
report of a recorded run are compared with those by the clocks of a bare run, in which the
decorator does nothing (bench/calls_parts.py).
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from harness.recorder import Python
from harness.tools import barograph_program

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "bench"))

import calls_parts  # noqa: E402  found by the path above

# What is promised of calls: at most so much of the time stands at another part than it belongs to.
WRONG_RATIO = 0.08
REPEAT, TRIES = 5, 2

pytestmark = pytest.mark.only_on("3.9", "3.12", "3.15")


def test_parts_that_call_functions_with_values(python: Python, tmp_path: Path) -> None:
    wrong = 1.0
    for _ in range(TRIES):  # medians of runs that others disturb: the better one counts
        bare, found, clocked = calls_parts.measure(
            barograph_program(), Path(python), calls_parts.VALUES, REPEAT, tmp_path
        )
        # Else there is nothing to be taken off, and this shows nothing.
        assert calls_parts.wrong_ratio(bare, clocked) > 2 * WRONG_RATIO
        wrong = min(wrong, calls_parts.wrong_ratio(bare, found))
        if wrong <= WRONG_RATIO:
            break
    print(f"{wrong:.1%} at the wrong part, {WRONG_RATIO:.0%} allowed")
    assert wrong <= WRONG_RATIO


SLEEPS = f"""
import json, sys, time
sys.path.insert(0, {str(ROOT / "python")!r})
from barograph import trace
class Slow:
    def __repr__(self):
        time.sleep(0.01)
        return "slow"
@trace(arguments=True, repr=True)
def take(what):
    pass
def part():
    until = time.thread_time_ns() + 2_000_000
    for _ in range(50):
        take(Slow())
        while time.thread_time_ns() < until:
            pass
        until += 2_000_000
part()
"""


def test_descriptions_that_wait(python: Python, tmp_path: Path) -> None:
    """500 ms of sleep are no time of the caller, and no wait that makes its CPU time less."""
    program, recording = tmp_path / "sleeps.py", tmp_path / "sleeps.baro"
    program.write_text(SLEEPS, encoding="utf-8")
    command = [barograph_program(), "record", "--quiet", "--calls=*.part,*.take"]
    subprocess.run([*command, "-o", recording, "--", python, program], check=True)
    text = subprocess.check_output([barograph_program(), "report", "--json", recording])
    (part,) = (row for row in json.loads(text)["functions"] if row["name"] == "part")
    # 100 ms of CPU, less what describing took of it; wall time may be more on a crowded machine.
    assert part["calls_self_ns"] < 350e6
    assert 70e6 < part["calls_cpu_ns"] < 115e6
