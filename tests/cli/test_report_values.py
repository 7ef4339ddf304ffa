"""Arguments and results from the decorator to what people read: report, JSON, csv."""

from __future__ import annotations

import csv
import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from calling import REPOSITORY, Run

import find_pythons

PROGRAM = f"""
import sys
sys.path.insert(0, {str(REPOSITORY / "python")!r})
from barograph import trace

@trace(arguments=True, returns=True)
def load(path, *, retries=3, api_key):
    return [path] * retries

@trace
def plain(x):
    return x

load("a,b\\n", api_key="hunter2")
load("", retries=2, api_key=None)
plain("hidden")
"""

VALUES = ("arguments", "keyword_arguments", "return_value")
LOADED = [
    ("path='a,b\\n'", "retries=3, api_key=<redacted>", "['a,b\\n', 'a,b\\n', 'a,b\\n']"),
    ("path=''", "retries=2, api_key=<redacted>", "['', '']"),
]


def interpreters() -> list[Path]:
    """One of each way in which the agent is told of calls, and this one."""
    found = [find_pythons.find(version) for version in ("3.9", "3.13")]
    return [Path(sys.executable), *(path for path in found if path is not None)]


def test_from_the_program_to_the_reader(run: Run, tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(PROGRAM)
    pythons = interpreters()
    assert len(pythons) == 3 or not (REPOSITORY / "build" / "pythons").is_dir()
    for python in pythons:
        done = run("record", "-f", "-o", "run.baro", "--calls=@trace", "--", python, "program.py")
        assert done.returncode == 0, done.stderr

        text = run("report", "run.baro", env={"COLUMNS": "200"}).stdout
        for arguments, keywords, result in LOADED:
            assert f"({arguments}, {keywords}) -> {result}" in text
        assert "hidden" not in text
        assert "hunter2" not in text
        assert " values\n" in text

        slowest: list[dict[str, Any]] = json.loads(run("report", "--json", "run.baro").stdout)[
            "slowest_calls"
        ]
        loads = [tuple(row[key] for key in VALUES) for row in slowest if row["name"] == "load"]
        assert sorted(loads) == sorted(LOADED)
        (plain,) = (row for row in slowest if row["name"] == "plain")
        assert [plain[key] for key in VALUES] == [None, None, None]

        rows = list(
            csv.DictReader(io.StringIO(run("export", "--to=csv", "run.baro", "-o-").stdout))
        )
        assert [tuple(row[key] for key in VALUES) for row in rows] == [*LOADED, ("", "", "")]


@pytest.mark.parametrize("columns", [40, 80])
def test_without_values_there_is_no_column(run: Run, columns: int) -> None:
    golden = REPOSITORY / "tests" / "recordings" / "calls.baro"
    text = run("report", golden, env={"COLUMNS": str(columns)}).stdout
    assert "Slowest calls" in text
    assert "values" not in text
