"""What the tests of this folder say to each other: programs that ran with the agent."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from ring_reader import Process, read_spool


@dataclass
class Target:
    """What a traced program left."""

    status: int
    output: str
    errors: str
    spool: Path

    @property
    def processes(self) -> list[Process]:
        return read_spool(self.spool)

    @property
    def process(self) -> Process:
        (process,) = self.processes
        return process


class Trace(Protocol):
    """Runs the text of a program, or what `arguments` say, and reads nothing yet."""

    def __call__(
        self,
        interpreter: Path,
        program: str = ...,
        *,
        arguments: list[str] | None = ...,
        settings: dict[str, str] | None = ...,
        env: dict[str, str] | None = ...,
        check: bool = ...,
        agent: bool = ...,
    ) -> Target: ...


class Needs(Protocol):
    """Skips the test where the interpreter was built without a module."""

    def __call__(self, module: str) -> None: ...


class StartTrace(Protocol):
    """As `Trace`, without waiting for the end."""

    def __call__(self, *arguments: Any, **options: Any) -> tuple[subprocess.Popen[str], Path]: ...


def version_of(interpreter: Path) -> tuple[int, int]:
    """As ``(3, 12)``."""
    code = "import sys; print(*sys.version_info[:2])"
    text = subprocess.run(
        [interpreter, "-I", "-c", code], capture_output=True, text=True, check=True
    ).stdout
    major, minor = map(int, text.split())
    return major, minor


def agent_of(folder: Path, version: str) -> Path | None:
    """One for a free-threaded interpreter, "3.13t"."""
    return next(folder.glob(f"_agent.nogil.cpython-{version.replace('.', '')}-*.so"), None)


def sanitizer_environment() -> dict[str, str]:
    """What a target needs whose agent has sanitizers; BAROGRAPH_SANITIZER: their runtime.

    Findings end the process, so that no test can pass over one. Memory of Python's own comes from
    malloc then, where it is watched; what is left at the end is not looked at: Python leaves much.
    """
    runtime = os.environ.get("BAROGRAPH_SANITIZER")
    if runtime is None:
        return {}
    return {
        "LD_PRELOAD": runtime,
        "PYTHONMALLOC": "malloc",
        "ASAN_OPTIONS": "detect_leaks=0:abort_on_error=1",
        "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
    }
