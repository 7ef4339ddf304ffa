"""Names, files and first lines are right, however hard to write."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from harness import bias
from harness.recorder import Python, Recorder
from harness.tolerance import Comparison, assert_all
from harness.tools import barograph_program
from test_shares import context

# Cut names are marked, not dropped; this much of the start is kept at least.
KEPT = 200


def matches(function: dict[str, Any], truth: dict[str, Any], qualified: bool) -> bool:
    """Whether a reported function is this one: text without surrogates and controls exactly."""
    name = truth["qualified" if qualified else "plain"]
    if not name:
        return truth["tag"] in (function["file"] or "")
    if len(name) > KEPT:
        return bool(function["name"].startswith(name[:KEPT]))
    if not name.isprintable():
        return truth["tag"] in function["name"]
    return bool(function["name"] == name)


@pytest.mark.quick_on("3.9", "3.12")
def test_hard_names(python: Python, record: Recorder) -> None:
    """Non-ASCII, binary, 10,000 bytes long, in classes, in functions, at line 70,000."""
    run = record(python, "names", "--seconds", "3")
    assert run.profile is not None
    report = run.profile.notes["report"]
    assert isinstance(report, dict)
    comparisons = []
    whole = run.truth["threads"][0]["wall_ns"]
    for truth in run.truth["names"]:
        found = [
            function
            for function in report["functions"]
            if matches(function, truth, python.at_least("3.11"))
            and (truth["tag"] not in ("<lambda>", "<genexpr>") or "scopes_tag" in function["file"])
        ]
        assert found, f"{truth['label']}: no function {truth['qualified'][:80]!r} in the report"
        file = truth["file"]
        if file.isprintable() and len(file) < KEPT:
            assert any(function["file"].endswith(file) for function in found), (truth, found)
        # A lambda's own test is another lambda, on the same line.
        assert any(function["line"] == truth["first_line"] for function in found), (truth, found)
        if truth["label"] not in ("lambda", "genexpr"):
            # Shares are of the whole recording; `total_ratio` of the window's root puts them right.
            root = max(f["total_ratio"] for f in report["functions"] if f["name"] == "measured")
            comparisons.append(
                Comparison(
                    truth["label"],
                    run.label(truth["label"]) / whole,
                    sum(function["total_ratio"] for function in found) / root,
                    whole * 1e-6,
                    bias.widened(run, bias.SHARE),
                )
            )
    assert_all(comparisons, context(run))


@pytest.mark.only_on("3.12")
def test_every_output_of_hard_names_is_valid(
    python: Python, record: Recorder, tmp_path: Path
) -> None:
    """Text, JSON and exports of such a recording are UTF-8 without control characters."""
    run = record(python, "names", "--seconds", "0.5")
    assert run.request is not None
    recording = str(run.request.output)
    text = subprocess.run(
        [barograph_program(), "report", recording], capture_output=True, timeout=60, check=True
    ).stdout.decode("utf-8")
    assert not [character for character in text if ord(character) < 32 and character != "\n"]
    for name in ("collapsed", "speedscope"):
        output = tmp_path / name
        command = [barograph_program(), "export", recording, "--to", name, "-o", str(output)]
        subprocess.run(command, capture_output=True, timeout=60, check=True)
        exported = output.read_bytes().decode("utf-8")
        if name == "speedscope":
            json.loads(exported)
        else:
            assert all(line.rpartition(" ")[2].isdigit() for line in exported.split("\n") if line)
