"""record --calls: an agent tells every call; what is said, and what is left behind."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from calling import Run

COUNTED = """
import sys
def leaf(n):
    return n + 1
def branch(n):
    if n < 0:
        raise ValueError(n)
    return leaf(n)
def work(count):
    for i in range(count):
        branch(i)
    try:
        branch(-1)
    except ValueError:
        pass
"""


def script(tmp_path: Path, end: str, name: str = "app.py") -> Path:
    path = tmp_path / name
    path.write_text(COUNTED + end + "\n", encoding="utf-8")
    return path


def calls_said(stderr: str) -> int:
    """Return the number of calls in the line at the end."""
    found = re.search(r"([\d,]+) calls? in ", stderr)
    assert found is not None, stderr
    return int(found[1].replace(",", ""))


def report_of(run: Run, *path: object) -> dict[str, Any]:
    answer = run("report", "--json", *path)
    assert answer.returncode == 0, answer.stderr
    loaded: dict[str, Any] = json.loads(answer.stdout)
    return loaded


def spools(pattern: str) -> set[Path]:
    """Return the spool directories of recordings with that pattern."""
    folders = [Path("/dev/shm"), Path(os.environ.get("TMPDIR", "/tmp"))]
    found = set()
    for folder in folders:
        for config in folder.glob("barograph-spool-*/config"):
            try:
                text = config.read_text(encoding="utf-8")
            except OSError:  # somebody else's, or gone meanwhile
                continue
            if pattern in text:
                found.add(config.parent)
    return found


def test_one_line_at_the_end(run: Run, tmp_path: Path) -> None:
    app = script(tmp_path, "work(100); print('done'); sys.exit(3)")
    answer = run("record", "--calls=__main__.*", "--", sys.executable, app)
    assert answer.returncode == 3
    assert answer.stdout == "done\n"
    line = (
        r"barograph: [\d,]+ calls in [\d.]+ m?s, [\d.]+ k?B -> barograph\.baro; "
        r"see: barograph report barograph\.baro\n"
    )
    assert re.fullmatch(line, answer.stderr), answer.stderr
    assert (tmp_path / "barograph.baro").stat().st_mode & 0o777 == 0o600


def test_every_call_is_counted(run: Run, tmp_path: Path, interpreter: Path) -> None:
    app = script(tmp_path, "work(5000)")
    answer = run("record", "--calls=__main__.branch,__main__.leaf", "--", interpreter, app)
    assert answer.returncode == 0
    if "needs an agent of its own" in answer.stderr and os.environ.get("CI", "") in ("", "0"):
        pytest.skip(f"no agent for {interpreter.name}: configured without it")
    assert calls_said(answer.stderr) == 5000 + 5001
    head = json.loads(run("report", "--json", "barograph.baro").stdout)["head"]
    code = "import sys; sys.exit(not hasattr(sys, 'monitoring'))"
    has_none = subprocess.run([interpreter, "-c", code], check=False).returncode
    engine = "frame evaluation" if has_none else "sys.monitoring"
    assert head["call_engine"] == engine


def test_more_calls_than_a_ring_holds(run: Run, tmp_path: Path) -> None:
    """Nothing is lost, however fast they come: the program waits for the recorder."""
    app = script(tmp_path, "work(400_000)")
    answer = run("record", "--calls=__main__.branch,__main__.leaf", "--", sys.executable, app)
    assert calls_said(answer.stderr) == 800_001
    assert "lost" not in answer.stderr


def test_default_is_the_users_own_code(run: Run, tmp_path: Path) -> None:
    app = script(tmp_path, "import json\nwork(10)\njson.loads(json.dumps([1]))")
    answer = run("record", "--calls", "--", sys.executable, app)
    # <module>, work, 11 branches, 10 leaves.
    assert calls_said(answer.stderr) == 23


def test_calls_of_a_killed_program_are_there(run: Run, tmp_path: Path) -> None:
    end = "import os, signal\nwork(1000)\nos.kill(os.getpid(), signal.SIGKILL)"
    app = script(tmp_path, end)
    answer = run("record", "--calls=__main__.branch,__main__.leaf", "--", sys.executable, app)
    assert answer.returncode == 128 + 9
    assert calls_said(answer.stderr) == 2001


@pytest.mark.parametrize("ends", ["by a kill", "by --duration"])
def test_calls_that_hang_have_their_time(run: Run, tmp_path: Path, ends: str) -> None:
    """They ended with the last event of their thread: who hung for an hour had taken nothing."""
    app = tmp_path / "app.py"
    app.write_text(
        """
import os, signal, threading, time
def hang():
    time.sleep(0.9)
thread = threading.Thread(target=hang, daemon=True)
thread.start()
threading.Timer(0.6, os.kill, (os.getpid(), signal.SIGKILL)).start()
hang()
""",
        encoding="utf-8",
    )
    recording = tmp_path / "app.baro"
    options = [] if ends == "by a kill" else ["--duration=0.4"]
    answer = run("record", "--calls", *options, "-o", recording, "--", sys.executable, app)
    assert answer.returncode == 128 + 9, answer.stderr
    calls = [c for c in report_of(run, recording)["slowest_calls"] if c["name"] == "hang"]
    assert [call["outcome"] for call in calls] == ["unfinished"] * 2
    # From its own clock: it cannot have begun later than the timer, but for a machine that is busy.
    assert min(call["self_ns"] for call in calls) > (400e6 if ends == "by a kill" else 50e6)


def test_waiting_for_the_recorder_is_no_time_of_the_program(run: Run, tmp_path: Path) -> None:
    """A recorder that gets no CPU for a second lets the program wait as long, for room."""
    app = tmp_path / "app.py"
    app.write_text(
        """
import os, signal, subprocess
def f():
    pass
def loop():
    for _ in range(200_000):
        f()
recorder = os.getppid()
helper = subprocess.Popen(["sh", "-c", f"sleep 1; kill -CONT {recorder}"])
os.kill(recorder, signal.SIGSTOP)
loop()
helper.wait()
""",
        encoding="utf-8",
    )
    recording = tmp_path / "app.baro"
    answer = run("record", "--calls", "-o", recording, "--", sys.executable, app)
    assert (answer.returncode, calls_said(answer.stderr)) == (0, 200_002)
    # 0.02 s, the usual cost of so many calls, where waiting was the program's.
    assert report_of(run, recording)["head"]["own_cost_ns"] > 200_000_000


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_children_are_recorded(run: Run, tmp_path: Path, method: str) -> None:
    end = f"""
if __name__ == "__main__":
    import multiprocessing
    context = multiprocessing.get_context("{method}")
    children = [context.Process(target=work, args=(100,)) for _ in range(3)]
    for child in children:
        child.start()
    for child in children:
        child.join()
    work(100)
"""
    app = script(tmp_path, end)
    patterns = "--calls=*.branch,*.leaf"
    answer = run("record", patterns, "--", sys.executable, app)
    assert calls_said(answer.stderr) == 4 * 201
    # To spawn, multiprocessing starts a process of its own besides.
    assert f", {4 if method == 'fork' else 5} processes," in answer.stderr
    assert "lives on" not in answer.stderr
    answer = run("record", "-f", "--no-children", patterns, "--", sys.executable, app)
    assert calls_said(answer.stderr) == 201


def test_threads_are_told_apart(run: Run, tmp_path: Path) -> None:
    end = """
import threading
threads = [threading.Thread(target=work, args=(100,)) for _ in range(5)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""
    app = script(tmp_path, end)
    answer = run("record", "--calls=__main__.branch,__main__.leaf", "--", sys.executable, app)
    assert calls_said(answer.stderr) == 5 * 201
    assert ", 5 threads," in answer.stderr


def test_samples_and_calls_together(run: Run, tmp_path: Path) -> None:
    app = script(
        tmp_path, "import time\nend = time.monotonic() + 1\nwhile time.monotonic() < end: work(100)"
    )
    answer = run("record", "--calls", "--rate", "1000", "--", sys.executable, app)
    # On a fast machine a line about the functions that make most calls stands before it.
    said = re.search(r"^barograph: [\d,]+ samples and [\d,]+ calls in ", answer.stderr, re.M)
    assert said is not None, answer.stderr
    report = report_of(run)
    # What is sampled and what is traced is one process with one thread.
    assert len(report["threads"]) == 1
    assert report["head"]["samples"] > 0


def test_no_samples_without_a_rate(run: Run, tmp_path: Path) -> None:
    app = script(tmp_path, "import time\nwork(100)\ntime.sleep(0.3)")
    answer = run("record", "--calls", "--", sys.executable, app)
    assert "sample" not in answer.stderr
    assert report_of(run)["head"]["samples"] == 0


@pytest.mark.parametrize("option", ["-I", "-E", "-S"])
def test_a_deaf_python_is_said(run: Run, tmp_path: Path, option: str) -> None:
    app = script(tmp_path, "work(1)")
    answer = run("record", "--calls", "--", sys.executable, option, app)
    assert answer.returncode == 0
    assert f"no calls were recorded: Python was started with {option}" in answer.stderr


def test_no_python_at_all(run: Run) -> None:
    answer = run("record", "--calls", "--", "sh", "-c", "exit 3")
    assert answer.returncode == 3
    assert re.fullmatch(r"barograph: no calls were recorded: no Python [^\n]+\n", answer.stderr)


def test_patterns_that_match_nothing_are_said(run: Run, tmp_path: Path) -> None:
    app = script(tmp_path, "work(1)")
    answer = run("record", "--calls=nothing.*", "--", sys.executable, app)
    assert "no calls were recorded: nothing that matches nothing.*" in answer.stderr
    answer = run(
        "record", "-f", "--calls=@trace", "--", sys.executable, script(tmp_path, "work(1)")
    )
    assert "nothing that @barograph.trace marks was called" in answer.stderr


def test_a_target_without_room_for_its_calls_is_said(run: Run, tmp_path: Path) -> None:
    # It was said to have called no functions of its own.
    limited = ("sh", "-c", 'ulimit -f 1000; exec "$@"', "sh", sys.executable)
    answer = run("record", "--calls", "--", *limited, script(tmp_path, "work(5)"))
    reason = "a thread has no buffer of 4 MiB: File too large"
    assert answer.stderr == f"barograph: no calls were recorded: {reason}\n"
    assert f"lost_calls: {reason}" in report_of(run)["head"]["notes"]


def test_a_pattern_behind_a_blank_is_no_command(run: Run) -> None:
    answer = run("record", "--calls", "mypkg.*", "--", sys.executable)
    assert answer.returncode == 127
    assert answer.stderr.endswith("a pattern belongs to its option: --calls='mypkg.*'\n")
    assert run("record", "--", "mypkg.*").stderr.endswith("command not found\n")


def test_what_cannot_be_asked_for(run: Run, tmp_path: Path) -> None:
    answer = run("record", "--calls", "-p", os.getpid())
    assert answer.returncode == 2
    assert "--calls needs a command" in answer.stderr
    answer = run("record", "--calls", "--stop", "--", sys.executable, "-c", "")
    assert answer.returncode == 2
    assert "--stop" in answer.stderr
    answer = run("record", "--calls=", "--", sys.executable, "-c", "")
    assert answer.returncode == 2
    answer = run("record", "--calls=*,@trac", "--", sys.executable, "-c", "")
    assert answer.returncode == 2
    assert "'@trac' is no GLOB" in answer.stderr
    answer = run("record", "--calls=app.[ab]*,app.[", "--", sys.executable, "-c", "")
    assert answer.returncode == 2
    assert "'app.[' has a [ without ]" in answer.stderr
    answer = run(
        "record", "--calls", "--", sys.executable, "-c", "", env={"BAROGRAPH_AGENT": "/no/such.so"}
    )
    assert answer.returncode == 2
    assert re.fullmatch(r"barograph: record: [^\n]*/no/such\.so[^\n]*\n", answer.stderr)
    assert not (tmp_path / "barograph.baro").exists()


@pytest.mark.parametrize("before", [None, "/some/where:/else"])
def test_the_environment_is_the_users(run: Run, tmp_path: Path, before: str | None) -> None:
    end = """
import os
print(os.environ.get("PYTHONPATH"))
print([path for path in sys.path if "_startup" in path])
"""
    app = script(tmp_path, end)
    env = {} if before is None else {"PYTHONPATH": before}
    answer = run("record", "--calls", "--", sys.executable, app, env=env)
    assert answer.stdout == f"{before}\n[]\n"


def test_a_program_that_becomes_another_is_recorded_on(run: Run, tmp_path: Path) -> None:
    end = """
import os
work(10)
if len(sys.argv) == 1:
    os.execv(sys.executable, [sys.executable, *sys.argv, "again"])
"""
    app = script(tmp_path, end)
    answer = run("record", "--calls=__main__.leaf", "--", sys.executable, app)
    assert calls_said(answer.stderr) == 20


def test_a_recorder_in_a_recorded_program(run: Run, tmp_path: Path, barograph: Path) -> None:
    inner = script(tmp_path, "import os\nwork(10)\nprint(os.environ.get('PYTHONPATH'))", "inner.py")
    command = [str(barograph), "record", "-o", "inner.baro", "--calls=*.leaf", "--"]
    end = f"import subprocess\nwork(5)\nsubprocess.run({[*command, sys.executable, str(inner)]})"
    app = script(tmp_path, end)
    answer = run("record", "-o", "outer.baro", "--calls=*.leaf", "--", sys.executable, app)
    assert answer.stdout == "None\n"
    said = [line for line in answer.stderr.splitlines() if " calls in " in line]
    assert [line.split()[1] for line in said] == ["10", "5"], answer.stderr


def test_nothing_is_left_behind(run: Run, tmp_path: Path) -> None:
    pattern = "nothing_is_left.*"
    option = f"--calls={pattern}"
    app = script(tmp_path, "work(10)")
    run("record", option, "--", sys.executable, app)
    pause = "import time; time.sleep(0.5)"
    run("record", "-f", option, "--duration", "0.2", "--", sys.executable, "-c", pause)
    run("record", "-f", option, "--", "no-such-command")
    assert spools(pattern) == set()


def test_a_program_goes_on_after_the_recording(run: Run, tmp_path: Path) -> None:
    """It neither waits for a recorder that has gone, nor notices that it has."""
    # However fast the machine is, it calls long after that.
    wait = "import time\nend = time.monotonic() + 1\nwhile time.monotonic() < end: work(10_000)"
    app = script(tmp_path, f"{wait}\nprint('done')")
    started = time.monotonic()
    answer = run("record", "--calls", "--duration", "0.2", "--", sys.executable, app)
    assert answer.stdout == "done\n"
    assert answer.returncode == 0
    assert time.monotonic() - started < 30
    assert report_of(run)["head"]["end"] == "duration"


def test_a_killed_recorder_harms_nobody(barograph: Path, tmp_path: Path, run: Run) -> None:
    """The program ends as it would have; the next recording removes what the killed one left."""
    pattern = "a_killed_recorder.*"
    app = script(tmp_path, "print('begun', flush=True)\nwork(1_000_000)\nprint('done')")
    option = f"--calls={pattern},__main__.*"
    command = [str(barograph), "record", option, "--", sys.executable, str(app)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=tmp_path, text=True) as recorder:
        assert recorder.stdout is not None
        assert recorder.stdout.readline() == "begun\n"
        recorder.send_signal(signal.SIGKILL)
        assert recorder.stdout.read() == "done\n"
    # What it left may be gone already: any other recorder on the machine removes it.
    assert len(spools(pattern)) <= 1
    run("record", "-f", "--calls", "--", sys.executable, "-c", "pass")
    assert spools(pattern) == set()
    assert report_of(run)["head"]["kind"] == "calls"
