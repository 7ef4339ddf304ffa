"""Calling the program: what the fixtures of conftest.py are, and where their tools lie."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Callable

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
