"""dump: the stacks of a program that says when it stands where."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from calling import Run, tool_path

PROGRAM = """
import sys, threading, time
gate = threading.Lock()
gate.acquire()
def inner():
    gate.acquire()
def waiter():
    inner()
def sleeper():
    time.sleep(60)
for target in (waiter, sleeper):
    threading.Thread(target=target, daemon=True).start()
time.sleep(0.3)
print('ready', flush=True)
sys.stdin.readline()
"""


def wait_until_asleep(pid: int) -> None:
    end = time.monotonic() + 10
    while ") S " not in Path(f"/proc/{pid}/stat").read_text(encoding="utf-8"):
        assert time.monotonic() < end, "the program did not wait for its input"
        time.sleep(0.01)


@pytest.fixture
def target(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    path = tmp_path / "program.py"
    path.write_text(PROGRAM, encoding="utf-8")
    with subprocess.Popen(
        [sys.executable, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        wait_until_asleep(process.pid)
        yield process
        process.kill()


def test_json(run: Run, target: subprocess.Popen[str]) -> None:
    answer = run("dump", "--json", "-p", target.pid)
    assert answer.returncode == 0, answer.stderr
    dump = json.loads(answer.stdout)
    assert dump["schema"] == "barograph.dump/1"
    assert dump["process_id"] == target.pid
    assert dump["python"] == ".".join(map(str, sys.version_info[:3]))
    assert [thread["is_main"] for thread in dump["threads"]] == [True, False, False]
    by_function = {t["frames"][0]["name"]: t for t in dump["threads"]}
    inner, sleeper = by_function["inner"], by_function["sleeper"]
    assert inner["state"] == "lock"
    assert [frame["name"] for frame in inner["frames"][:2]] == ["inner", "waiter"]
    assert inner["frames"][0]["line"] == 6
    assert inner["frames"][1]["line"] == 8
    assert inner["frames"][0]["file"].endswith("program.py")
    assert sleeper["state"] == "sleep"
    assert by_function["<module>"]["state"] in ("pipe", "idle")
    assert not any(thread["holds_gil"] for thread in dump["threads"])


def test_text(run: Run, target: subprocess.Popen[str]) -> None:
    answer = run("dump", "-p", target.pid)
    assert answer.returncode == 0
    assert re.search(rf"^Process {target.pid}  ", answer.stdout)
    assert re.search(r"^Thread \d+ .*  l waiting for a lock", answer.stdout, re.M)
    assert re.search(
        r"^    inner +.*program\.py:6\n    waiter +.*program\.py:8$", answer.stdout, re.M
    )
    assert "\033" not in answer.stdout
    assert "\033[" in run("dump", "--color", "always", "-p", target.pid).stdout


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        ([], "which process? give -p PID"),
        (["-p", "4194304"], "there is no process 4194304"),
        (["-p", "x"], "'x' is not a whole number"),
        (["4312"], "unexpected argument '4312'"),
    ],
)
def test_mistakes(run: Run, arguments: list[str], part: str) -> None:
    answer = run("dump", *arguments)
    assert answer.returncode == 2
    assert answer.stdout == ""
    assert re.fullmatch(r"barograph: dump: [^\n]+\n", answer.stderr)
    assert part in answer.stderr


def test_a_process_that_is_no_python(run: Run) -> None:
    with subprocess.Popen(["sleep", "60"]) as process:
        answer = run("dump", "-p", process.pid)
        process.kill()
    assert answer.returncode == 2
    assert re.fullmatch(r"barograph: dump: [^\n]+\n", answer.stderr)


def test_a_process_that_has_ended(run: Run) -> None:
    with subprocess.Popen(["true"]) as process:
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        answer = run("dump", "-p", process.pid)
    assert answer.returncode == 2
    assert answer.stderr == (
        f"barograph: dump: process {process.pid} (true) has ended; its parent, process "
        f"{os.getpid()}, has not waited for it yet\n"
    )


def test_a_python_that_is_too_old(run: Run, barograph: Path) -> None:
    """dump and record -p refuse it; record of a command says so, however short it is."""
    old = tool_path(barograph).parent / "python3.6"
    refusal = r"process \d+ \(python3\.6\): CPython 3\.6 is not supported \(3\.9 to 3\.\d+ are\)\n"
    with subprocess.Popen([old, "60000"]) as process:
        time.sleep(0.1)
        dumped = run("dump", "-p", process.pid)
        recorded = run("record", "-p", process.pid)
        process.kill()
    assert re.fullmatch("barograph: dump: " + refusal, dumped.stderr), dumped.stderr
    assert re.fullmatch("barograph: record: " + refusal, recorded.stderr), recorded.stderr
    assert dumped.returncode == recorded.returncode == 2
    for wait_ms in (50, 1500):
        answer = run("record", "-f", "--", old, wait_ms)
        assert answer.returncode == 0
        assert re.fullmatch("barograph: " + refusal, answer.stderr), (wait_ms, answer.stderr)
        assert re.search(r"notes +process \d+ \(python3.6\): CPython 3.6", run("report").stdout)


CONSTRUCTOR = """
import sys
class Thing:
    def __init__(self, wait):
        if wait:
            print('ready', flush=True)
            sys.stdin.readline()
def make(wait):
    return Thing(wait)
for i in range(1001):
    make(i == 1000)
"""


def test_no_frame_between_a_class_and_its_init(run: Run, interpreter: Path, tmp_path: Path) -> None:
    """From 3.13 the interpreter has a frame of its own there, which tracebacks do not show."""
    path = tmp_path / "program.py"
    path.write_text(CONSTRUCTOR, encoding="utf-8")
    with subprocess.Popen(
        [interpreter, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        wait_until_asleep(process.pid)
        dumped = run("dump", "--json", "-p", process.pid)
        recorded = run("record", "-o", "thing.baro", "--duration", "0.1", "-p", process.pid)
        process.kill()
    assert dumped.returncode == recorded.returncode == 0, dumped.stderr + recorded.stderr
    names = [
        frame["name"].split(".")[-1] for frame in json.loads(dumped.stdout)["threads"][0]["frames"]
    ]
    assert names == ["__init__", "make", "<module>"]
    lines = run("export", "--to", "collapsed", "--idle", "thing.baro").stdout.splitlines()
    assert lines
    for line in lines:
        assert [part.split(" ")[0].split(".")[-1] for part in line.split(";")] == names[::-1]
