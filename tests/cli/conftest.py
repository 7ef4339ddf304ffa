"""Calling the program, and recordings whose contents are known."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Callable, Optional

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]

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


@pytest.fixture
def run(barograph: Path, tmp_path: Path) -> Run:
    """Calls the program in an empty folder with a bare environment."""

    def call(
        *arguments: object,
        env: Optional[dict[str, str]] = None,
        stdin: Optional[str] = None,
    ) -> subprocess.CompletedProcess[str]:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "LANG": "C.UTF-8",
            "TERM": "xterm-256color",
        }
        environment.update(env or {})
        return subprocess.run(
            [barograph, *map(str, arguments)],
            cwd=tmp_path,
            env=environment,
            input=stdin,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
            timeout=60,
        )

    return call


@pytest.fixture
def recording(barograph: Path, tmp_path: Path) -> Recording:
    """Makes a recording of one of the scenarios of make_recording.c."""
    tool = tool_path(barograph)

    def make(scenario: str) -> Path:
        path = tmp_path / f"{scenario}.baro"
        subprocess.run([tool, scenario, path], check=True)
        return path

    return make
