"""record --calls of a command that runs as another user: nothing is recorded, and why is said."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from calling import Run

NOBODY = 65534


@pytest.mark.parametrize("rest", [("sleep", "0.3"), ("sh", "-c", "sleep 0.3; true")])
def test_other_users_are_named(run: Run, tmp_path: Path, rest: tuple[str, ...]) -> None:
    """The agent's folder is the recorder's own: "no Python that takes the agent" was said."""
    if os.geteuid() != 0 or shutil.which("setpriv") is None:
        pytest.skip("needs root and setpriv to become another user")
    become = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    answer = run("record", "--calls", "-o", tmp_path / "x.baro", "--", *become, *rest)
    assert answer.returncode == 0, answer.stderr
    said = " ".join(answer.stderr.split())
    assert "no calls were recorded: " in said
    assert " ran as user nobody, who may not enter the recorder's folder (" in said
    assert "run barograph itself as nobody, who must be able to read " in said
    assert "_agent" in said


def test_our_own_processes_are_nobody_elses(run: Run, tmp_path: Path) -> None:
    answer = run("record", "--calls", "-o", tmp_path / "x.baro", "--", "sleep", "0.1")
    assert "no Python that takes the agent was started" in " ".join(answer.stderr.split())
