"""Calling the program, and recordings whose contents are known."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from calling import Recording, Run, tool_path

# What it compares is shown where it fails, as in tests.
pytest.register_assert_rewrite("page_checks")


@pytest.fixture(scope="session", autouse=True)
def signals_of_a_terminal() -> Iterator[None]:
    """Shells ignore Ctrl-C in what they run in the background, and programs go on ignoring it."""
    numbers = (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT)
    ignored = [number for number in numbers if signal.getsignal(number) == signal.SIG_IGN]
    for number in ignored:
        signal.signal(number, signal.SIG_DFL)
    yield
    for number in ignored:
        signal.signal(number, signal.SIG_IGN)


@pytest.fixture
def no_core_files() -> Iterator[None]:
    """SIGQUIT and SIGXCPU would leave one in the folder."""
    before = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_CORE, before)


@pytest.fixture
def run(barograph: Path, tmp_path: Path) -> Run:
    """Calls the program in an empty folder with a bare environment."""

    def call(
        *arguments: object,
        env: dict[str, str] | None = None,
        stdin: str | None = None,
    ) -> subprocess.CompletedProcess[str]:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "LANG": "C.UTF-8",
            "TERM": "xterm-256color",
        }
        # A program built with a sanitizer has an agent that no interpreter can load.
        if "BAROGRAPH_AGENT" in os.environ:
            environment["BAROGRAPH_AGENT"] = os.environ["BAROGRAPH_AGENT"]
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
