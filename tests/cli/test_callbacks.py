"""Calls from C into Python: on 3.11 and 3.12 the interpreter is between two stacks for a moment."""

from __future__ import annotations

import json
from pathlib import Path

from calling import Run

PROGRAM = Path(__file__).parent.parent / "targets" / "callbacks.py"
REJECTED = 0.01


def test_samples_at_the_entry_are_not_lost(run: Run, interpreter: Path) -> None:
    answer = run("record", "-o", "callbacks.baro", "--", interpreter, PROGRAM, "1.5")
    assert answer.returncode == 0, answer.stderr
    report = json.loads(run("report", "--json", "callbacks.baro").stdout)
    # Without a look at the caller's stack: 3 to 8 %, as long as the machine is busy.
    head = report["head"]
    assert head["rejected_ratio"] < REJECTED
    shares = {
        function["name"]: function["total_ratio"]
        for function in report["functions"]
        if (function["file"] or "").endswith(PROGRAM.name)
    }
    assert 0.05 < shares["compare"] / shares["main"] < 0.7
    # No caller is lost either: Python is entered from nowhere else.
    stacks = run("export", "--to", "collapsed", "callbacks.baro").stdout.splitlines()
    entered = [stack for stack in stacks if "compare (" in stack]
    assert entered
    assert [stack for stack in entered if "main (" not in stack] == []
