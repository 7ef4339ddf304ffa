"""Calling the program: the fixtures of conftest.py, their tools, and what it recorded of calls."""

from __future__ import annotations

import csv
import io
import math
import os
import signal
import subprocess
from pathlib import Path
from typing import Callable

import pytest

import find_pythons

REPOSITORY = Path(__file__).resolve().parents[2]

# Those that others send to end a program, and that a program can catch.
ENDING_SIGNALS = [
    signal.SIGINT,
    signal.SIGTERM,
    signal.SIGHUP,
    signal.SIGQUIT,
    signal.SIGPIPE,
    signal.SIGXCPU,
    signal.SIGALRM,
    signal.SIGUSR1,
    signal.SIGUSR2,
]

Run = Callable[..., "subprocess.CompletedProcess[str]"]
Recording = Callable[[str], Path]


def tool_path(program: Path) -> Path:
    """tests/cli/make_recording of the same build, or of the build that `make check` keeps."""
    named = os.environ.get("BAROGRAPH_MAKE_RECORDING")
    folders = [program.resolve().parent, REPOSITORY / "build" / "gcc"]
    places = [Path(named)] if named else [f / "tests" / "cli" / "make_recording" for f in folders]
    for place in places:
        if place.exists():
            return place
    raise AssertionError(f"make_recording is not built: none of {[str(p) for p in places]}")


def python_of(version: str) -> Path:
    """An interpreter; the test is skipped, but not in CI, where there is none."""
    python = find_pythons.find(version)
    if python is None:
        assert os.environ.get("CI", "") in ("", "false", "0"), f"python {version} is missing"
        pytest.skip(f"there is no Python {version}")
    return python


def rows_of(run: Run, recording: Path) -> dict[str, list[dict[str, str]]]:
    """Weight and outcome of each call with a row, by function: whole rows would take seconds."""
    answer = run("export", "--to", "csv", "-o", "-", recording)
    assert answer.returncode == 0, answer.stderr
    lines = csv.reader(io.StringIO(answer.stdout))
    head = next(lines)
    name, weight, outcome = map(head.index, ("function_name", "weight", "outcome"))
    rows: dict[str, list[dict[str, str]]] = {}
    for line in lines:
        row = {"weight": line[weight], "outcome": line[outcome]}
        rows.setdefault(line[name], []).append(row)
    return rows


# Of a function that rests (BARO_BUDGET_REST_SHIFT).
HEAVIEST = 2048


def check_weights(name: str, count: int, rows: list[dict[str, str]]) -> None:
    """What weights add up to is the number of calls, but for chance: five standard errors.

    They are estimated by the rows that came, and one of the heaviest: where chance gave none of the
    calls of the last windows a row, no row tells how heavy it would have been. (Of 30 runs on 3.12,
    20,000 calls each: mean 19,427, scatter 2,117, where the rows of one told 442.)
    """
    weights = [int(row["weight"]) for row in rows]
    error = math.sqrt(HEAVIEST**2 + sum(weight * (weight - 1) for weight in weights))
    assert abs(sum(weights) - count) <= 5 * error, (name, count, sum(weights), error)
