"""What doctor says of the machine, of Python processes, and of those it must refuse."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from calling import Run

MACHINE = [
    "proc",
    "kernel",
    "seccomp",
    "capability",
    "yama",
    "user_namespace",
    "security_module",
    "schedstat",
]
TARGET = ["target_memory", "target_waits", "target_tracer"]
WAITING = "import sys; print('ready', flush=True); sys.stdin.read()"


@contextmanager
def process(*command: object) -> Iterator[subprocess.Popen[str]]:
    """A process that says a line when it is ready and ends with its standard input."""
    child = subprocess.Popen(
        [str(part) for part in command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        yield child
    finally:
        child.kill()
        child.communicate()


def checks_of(answer: subprocess.CompletedProcess[str]) -> dict[str, dict[str, Any]]:
    report = json.loads(answer.stdout)
    assert report["schema"] == "barograph.doctor/1"
    levels = ["ok", "limited", "blocked"]
    worst = max(levels.index(check["level"]) for check in report["checks"])
    assert levels.index(report["level"]) == worst
    assert answer.returncode == (1 if report["level"] == "blocked" else 0)
    for check in report["checks"]:
        assert check["found"], check
        assert (check["level"] == "ok") == (check["follows"] is None), check
    return {check["name"]: check for check in report["checks"]}


@pytest.fixture
def readable(run: Run) -> None:
    """Skips where we may not read a process that is not our child."""
    yama = checks_of(run("doctor", "--json"))["yama"]
    if yama["level"] != "ok":
        pytest.skip(f"{yama['found']}: {yama['follows']}")


def test_machine_is_checked(run: Run) -> None:
    answer = run("doctor", "--json")
    assert list(checks_of(answer)) == MACHINE
    assert json.loads(answer.stdout)["process"] is None


def test_text_says_the_same_as_json(run: Run) -> None:
    checks = checks_of(run("doctor", "--json"))
    answer = run("doctor", env={"COLUMNS": "400"})
    for check in checks.values():
        for member in ("found", "follows", "allow"):
            if check[member] is not None:
                assert check[member] in answer.stdout
    assert answer.stdout.startswith("barograph ")
    assert answer.stdout.rstrip().endswith(".")


@pytest.mark.usefixtures("readable")
@pytest.mark.parametrize("columns", [40, 80, 200])
def test_text_fits_the_terminal(run: Run, columns: int) -> None:
    with process(sys.executable, "-c", WAITING) as child:
        answer = run("doctor", "-p", child.pid, env={"COLUMNS": str(columns)})
    for line in answer.stdout.splitlines():
        # A word that is longer than the line (a path) stays whole, alone on its line.
        assert len(line) <= columns or " " not in line.strip(), line


@pytest.mark.usefixtures("readable")
def test_python_is_named_and_checked(run: Run, interpreter: Path) -> None:
    version = subprocess.run(
        [
            interpreter,
            "-c",
            "import platform, sys; print(platform.python_version() + sys.abiflags)",
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    with process(interpreter, "-c", WAITING) as child:
        answer = run("doctor", "-p", child.pid, "--json")
    checks = checks_of(answer)
    assert list(checks) == [*MACHINE, *TARGET, "interpreter", "self_check"]
    assert answer.returncode == 0
    seen = json.loads(answer.stdout)["process"]
    assert seen["process_id"] == child.pid
    assert seen["thread_count"] == 1
    # 3.9 and 3.10 do not tell their patch release.
    assert version.startswith(seen["interpreter"]["version"])
    assert seen["interpreter"]["free_threaded"] is version.endswith("t")
    assert seen["interpreter"]["self_check"] is True
    assert seen["interpreter"]["python_thread_count"] == 1


@pytest.mark.usefixtures("readable")
def test_no_python_is_blocked(run: Run) -> None:
    with process("sh", "-c", "echo ready; read line") as child:
        checks = checks_of(run("doctor", "-p", child.pid, "--json"))
    assert checks["target_memory"]["level"] == "ok"
    assert checks["interpreter"]["level"] == "blocked"
    assert "not a Python" in checks["interpreter"]["found"]
    assert "self_check" not in checks


def test_missing_process_is_blocked(run: Run) -> None:
    with process("sh", "-c", "echo ready; read line") as child:
        pid = child.pid
    checks = checks_of(run("doctor", "-p", pid, "--json"))
    assert "no process" in checks["target_memory"]["found"]
    assert list(checks) == [*MACHINE, "target_memory"]


@pytest.mark.usefixtures("readable")
def test_traced_process_is_limited(run: Run) -> None:
    tracer = (
        "import ctypes, os, sys\n"
        "libc = ctypes.CDLL(None, use_errno=True)\n"
        "pid = int(sys.argv[1])\n"
        "assert libc.ptrace(0x4206, pid, None, None) == 0, ctypes.get_errno()\n"  # PTRACE_SEIZE
        "print('ready', flush=True)\n"
        "sys.stdin.read()\n"
    )
    if os.geteuid() != 0:
        pytest.skip("needs the right to trace a process that is no child")
    with (
        process(sys.executable, "-c", WAITING) as child,
        process(sys.executable, "-c", tracer, child.pid) as debugger,
    ):
        checks = checks_of(run("doctor", "-p", child.pid, "--json"))
    assert checks["target_tracer"]["level"] == "limited"
    assert str(debugger.pid) in checks["target_tracer"]["found"]


def test_process_of_another_user_is_refused_with_the_way_out(barograph: Path) -> None:
    if os.geteuid() != 0 or shutil.which("setpriv") is None:
        pytest.skip("needs root and setpriv to become another user")
    somebody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    # The program is read by a descriptor: another user may not be allowed on the way to it.
    program = os.open(barograph, os.O_RDONLY)
    with process(sys.executable, "-c", WAITING) as child:
        command = [f"/proc/self/fd/{program}", "doctor", "-p", str(child.pid), "--json"]
        answer = subprocess.run(
            [*somebody, *command],
            pass_fds=[program],
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
        )
    os.close(program)
    checks = checks_of(answer)
    assert checks["capability"]["level"] == "limited"
    assert checks["target_memory"]["level"] == "blocked"
    assert "65534" in checks["target_memory"]["found"]
    assert "root" in checks["target_memory"]["allow"]
