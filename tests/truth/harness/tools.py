"""The profilers compared, one row each in `TOOLS`: how each is run, and how its output is read.

All are asked for the same thing: wall time of all threads, waiting ones included, as stacks with
lines. A row knows which interpreters its tool supports; asking for one it does not is the caller's
bug.
"""

from __future__ import annotations

import functools
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable

from .mojo import read_mojo
from .profile import Frame, Profile, Stack, collapsed_lines, frame_of_text

ROOT = Path(__file__).resolve().parents[3]


class ToolMissingError(Exception):
    """A tool is not on this machine; the text says what was looked for."""


@dataclass(frozen=True)
class Request:
    """What a tool is asked to do."""

    python: str  # the interpreter, executable
    arguments: Sequence[str]  # script and its arguments
    output: Path
    rate_hz: int = 1000
    children: bool = False
    process_id: int | None = None  # attach to this instead of starting `arguments`


@dataclass(frozen=True)
class Tool:
    """One profiler."""

    name: str
    version: Callable[[str], str]  # by interpreter
    supports: Callable[[str], bool]  # an interpreter's version, as "3.12"
    command: Callable[[Request], list[str]]
    read: Callable[[Request, str], Profile]  # second: what the tool printed
    pauses: bool = False  # stops the target while it looks


def _program(name: str, variable: str) -> str:
    """A program by its environment variable, beside this Python, on PATH, or below build/."""
    candidates = [os.environ.get(variable), str(Path(sys.executable).parent / name)]
    candidates += [shutil.which(name), str(ROOT / "build" / name)]
    for candidate in candidates:
        if candidate and os.access(candidate, os.X_OK) and not os.path.isdir(candidate):
            return candidate
    raise ToolMissingError(
        f"{name}: not on PATH, beside {sys.executable}, and ${variable} is not set"
    )


def _printed(command: Sequence[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return (done.stdout or done.stderr).strip()


def _short_version(command: Sequence[str]) -> str:
    match = re.search(r"\d+\.\d+[\w.+-]*", _printed(command))
    return match.group(0) if match else "?"


# --- barograph ---


def barograph_program() -> str:
    """The program under test."""
    return _program("barograph", "BAROGRAPH")


def _barograph_command(request: Request, *options: str) -> list[str]:
    command = [barograph_program(), "record", "-f", "-o", str(request.output)]
    command += ["--rate", str(request.rate_hz), "--quiet", *options]
    if not request.children:
        command.append("--no-children")
    if request.process_id is not None:
        return [*command, "-p", str(request.process_id)]
    return [*command, "--", request.python, *request.arguments]


def barograph_report(recording: Path) -> dict[str, Any]:
    """What `report --json` says of a recording."""
    command = [barograph_program(), "report", str(recording), "--json", "--top", "0"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode != 0:
        raise ValueError(f"report: status {done.returncode}: {done.stderr.strip()}")
    report = json.loads(done.stdout)
    if not isinstance(report, dict):
        raise ValueError("report: no object")
    return report


_PROCESS = re.compile(r"^process (\d+)(?:: ?(.*))?$", re.DOTALL)
# py-spy: "thread (14363)", "thread (0x7F01): worker"; barograph: "thread worker (14363)".
_THREAD = re.compile(
    r"^thread (?:(?P<before>.*) )?\((?P<id>0x[0-9a-fA-F]+|\d+)\)(?:: ?(?P<after>.*))?$", re.DOTALL
)


def _stack_of_texts(texts: list[str], count: float, frame: Callable[[str], Frame]) -> Stack:
    """A stack whose first entries may name its process and thread."""
    process_id = thread_id = None
    thread_name = ""
    match = _PROCESS.match(texts[0]) if texts else None
    if match:
        process_id = int(match[1])
        texts = texts[1:]
    match = _THREAD.match(texts[0]) if texts else None
    if match:
        thread_id = int(match["id"], 0)
        thread_name = match["before"] or match["after"] or ""
        texts = texts[1:]
    return Stack(tuple(map(frame, texts)), count, process_id, thread_id, thread_name)


def _barograph_stacks(recording: Path, weight: str) -> list[Stack]:
    output = recording.with_suffix(f".{weight}.collapsed")
    command = [barograph_program(), "export", str(recording), "--to", "collapsed", "-f"]
    command += ["--threads", "--lines", "--idle", "--weight", weight, "-o", str(output)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode != 0:
        raise ValueError(f"export: status {done.returncode}: {done.stderr.strip()}")
    text = output.read_text(encoding="utf-8")
    return [_stack_of_texts(texts, n, frame_of_text) for texts, n in collapsed_lines(text)]


def _read_barograph(request: Request, _: str) -> Profile:
    report = barograph_report(request.output)
    head, processes = report["head"], report["processes"]
    lost = stacks = None
    if head["rejected"] is not None:
        lost = float(head["rejected"] + head["unreadable"])
        stacks = float(sum(process["stacks"] or 0 for process in processes))
    return Profile(
        _barograph_stacks(request.output, "us"),
        samples=sum(stack.weight for stack in _barograph_stacks(request.output, "ticks")),
        lost=lost,
        unit_s=1e-6,
        notes={"report": report, "stacks": stacks},
    )


# --- py-spy ---


def _py_spy_command(request: Request, *options: str) -> list[str]:
    command = [_program("py-spy", "PY_SPY"), "record", "-f", "raw", "-t", "-i"]
    command += ["--full-filenames", "-r", str(request.rate_hz), "-o", str(request.output), *options]
    if request.children:
        command.append("-s")
    if request.process_id is not None:
        return [*command, "-p", str(request.process_id)]
    return [*command, "--", request.python, *request.arguments]


def _read_py_spy(request: Request, printed: str) -> Profile:
    text = request.output.read_text(encoding="utf-8", errors="surrogateescape")
    stacks = [_stack_of_texts(texts, n, frame_of_text) for texts, n in collapsed_lines(text)]
    errors = re.search(r"Errors: (\d+)", printed)
    return Profile(stacks, lost=float(errors[1]) if errors else None, unit_s=1.0 / request.rate_hz)


# --- Austin ---


@functools.cache
def _austin_prefix() -> tuple[str, ...]:
    """Austin, through the C library of build/pythons where the system's is too old for it."""
    program = _program("austin", "AUSTIN")
    if subprocess.run([program, "--version"], capture_output=True, check=False).returncode == 0:
        return (program,)
    for root in sorted((ROOT / "build" / "pythons").glob("debian-sid*")):
        libraries = root / "usr" / "lib" / "x86_64-linux-gnu"
        loader = libraries / "ld-linux-x86-64.so.2"
        if loader.exists():
            return (str(loader), "--library-path", str(libraries), program)
    raise ToolMissingError(
        f"austin: {program} does not run here, and build/pythons has no newer libc"
    )


def _austin_command(request: Request) -> list[str]:
    command = [*_austin_prefix(), "-i", f"{max(1, 1_000_000 // request.rate_hz)}us"]
    command += ["-o", str(request.output)]
    if request.children:
        command.append("-C")
    if request.process_id is not None:
        return [*command, "-p", str(request.process_id)]
    return [*command, request.python, *request.arguments]


def _read_austin(request: Request, _: str) -> Profile:
    return read_mojo(request.output.read_bytes())


# --- CPython's profiling.sampling ---


def _tachyon_command(request: Request, *options: str) -> list[str]:
    command = [request.python, "-m", "profiling.sampling"]
    command.append("run" if request.process_id is None else "attach")
    command += ["-a", "-r", str(request.rate_hz), "--collapsed", "-o", str(request.output)]
    command += options
    if request.children:
        command.append("--subprocesses")
    if request.process_id is not None:
        return [*command, str(request.process_id)]
    return [*command, *request.arguments]


def _tachyon_frame(text: str) -> Frame:
    parts = text.rsplit(":", 2)
    if len(parts) != 3:
        return Frame(text)
    return Frame(parts[1], parts[0], int(parts[2]) if parts[2].isdigit() else None)


def _tachyon_stacks(text: str, process_id: int | None) -> list[Stack]:
    stacks = []
    for texts, count in collapsed_lines(text):
        has_thread = texts[0].startswith("tid:")
        thread = int(texts[0][4:]) if has_thread else None
        frames = tuple(map(_tachyon_frame, texts[has_thread:]))
        stacks.append(Stack(frames, count, process_id, thread))
    return stacks


def _read_tachyon(request: Request, printed: str) -> Profile:
    # With --subprocesses every child has a file of its own beside the first: OUTPUT_PID.
    output = request.output
    paths: list[tuple[Path, int | None]] = [(output, None)]
    for path in sorted(output.parent.glob(f"{output.stem}_*{output.suffix}")):
        paths.append((path, int(path.stem.rpartition("_")[2])))
    stacks = []
    for path, process_id in paths:
        if path.exists():
            text = path.read_text(encoding="utf-8", errors="surrogateescape")
            stacks += _tachyon_stacks(text, process_id)
    captured = re.search(r"Captured ([\d,]+) samples", printed)
    failed = re.search(r"Error rate: ([\d.]+)", printed)
    lost = None
    if captured and failed:
        lost = float(captured[1].replace(",", "")) * float(failed[1]) / 100.0
    elif captured:
        lost = 0.0
    return Profile(stacks, lost=lost, unit_s=1.0 / request.rate_hz)


# --- the table ---


def _between(first: str, last: str) -> Callable[[str], bool]:
    def numbers(version: str) -> list[int]:
        return [int(part) for part in version.split(".")[:2]]

    return lambda version: numbers(first) <= numbers(version) <= numbers(last)


TOOLS = {
    tool.name: tool
    for tool in (
        Tool(
            "barograph",
            lambda _: _short_version([barograph_program(), "--version"]),
            _between("3.9", "3.15"),
            _barograph_command,
            _read_barograph,
        ),
        Tool(
            "barograph-stop",
            lambda _: _short_version([barograph_program(), "--version"]),
            _between("3.9", "3.15"),
            lambda request: _barograph_command(request, "--stop"),
            _read_barograph,
            pauses=True,
        ),
        Tool(
            "py-spy",
            lambda _: _short_version([_program("py-spy", "PY_SPY"), "--version"]),
            _between("3.9", "3.15"),
            _py_spy_command,
            _read_py_spy,
            pauses=True,
        ),
        Tool(
            "py-spy-nonblocking",
            lambda _: _short_version([_program("py-spy", "PY_SPY"), "--version"]),
            _between("3.9", "3.15"),
            lambda request: _py_spy_command(request, "--nonblocking"),
            _read_py_spy,
        ),
        Tool(
            "austin",
            lambda _: _short_version([*_austin_prefix(), "--version"]),
            _between("3.9", "3.14"),
            _austin_command,
            _read_austin,
        ),
        Tool(
            "tachyon",
            lambda python: _short_version([python, "--version"]),
            _between("3.15", "3.15"),
            _tachyon_command,
            _read_tachyon,
        ),
        Tool(
            "tachyon-blocking",
            lambda python: _short_version([python, "--version"]),
            _between("3.15", "3.15"),
            lambda request: _tachyon_command(request, "--blocking"),
            _read_tachyon,
            pauses=True,
        ),
    )
}
