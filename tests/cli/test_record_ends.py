"""The edges of a recording: CPU time of what nobody saw, the last interval, who lives on."""

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

from calling import Run

# Threads of 4 ms, one after the other: the sampler sees some, and none from its start to its end.
SHORT_THREADS = """
import threading, time
def work():
    end = time.thread_time() + 0.004
    while time.thread_time() < end:
        sum(range(200))
for _ in range(100):
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
print(time.process_time())
"""
WAIT = "import time; time.sleep({})"


def head_of(run: Run, *options: object) -> dict[str, Any]:
    answer = run("report", "--json", *options)
    assert answer.returncode == 0, answer.stderr
    head: dict[str, Any] = json.loads(answer.stdout)["head"]
    return head


def text_of(run: Run) -> str:
    return " ".join(run("report").stdout.split())


def test_cpu_time_of_threads_too_short_to_be_seen(run: Run) -> None:
    answer = run("record", "-q", "--", sys.executable, "-c", SHORT_THREADS)
    used_s = float(answer.stdout)
    for basis in ("run", "threads"):
        head = head_of(run, "--basis", basis)
        # Its start, before it was attached, is not in it; its end, after it printed, is.
        assert 0.85 * used_s < head["cpu_ns"] / 1e9 < 1.15 * used_s
        assert head["unseen_cpu_ns"] > 0.05 * head["cpu_ns"]
    assert re.search(r"CPU \d+ ms, \d+ % of one core, \d+ ms of it in threads that", text_of(run))


def test_cpu_time_of_a_program_that_was_seen(run: Run) -> None:
    code = "import time\nwhile time.process_time() < 0.5: sum(range(999))"
    assert run("record", "-q", "--", sys.executable, "-c", code).returncode == 0
    head = head_of(run)
    assert 0.4 < head["cpu_ns"] / 1e9 < 0.6
    assert head["unseen_cpu_ns"] < 0.05 * head["cpu_ns"]
    assert "too short to be seen" not in text_of(run)


def test_at_one_sample_a_second_the_last_interval_counts(run: Run) -> None:
    # It ends at once: a look at the interpreter's end would stand for all of the second before.
    code = f"import os; {WAIT.format(2.5)}; os._exit(0)"
    begin = time.monotonic()
    assert run("record", "-q", "--rate", "1", "--", sys.executable, "-c", code).returncode == 0
    lasted_s = time.monotonic() - begin
    head = head_of(run)
    assert 2.2 < head["duration_ns"] / 1e9 <= lasted_s
    # It slept, or, where the only look came before that, nobody knows: it did not run.
    assert head["states"]["cpu"] < 0.1
    assert head["cpu_ns"] < 0.1 * head["duration_ns"]


def test_a_stopped_program_has_no_cpu_time_and_that_is_known(run: Run) -> None:
    with subprocess.Popen([sys.executable, "-c", WAIT.format(30)]) as target:
        try:
            time.sleep(0.3)
            target.send_signal(signal.SIGSTOP)
            assert run("record", "-q", "-p", target.pid, "--duration", "0.5").returncode == 0
        finally:
            target.kill()
    text = text_of(run)
    assert "CPU none: no thread ran while it was recorded" in text
    assert "the thread was stopped by a signal or a debugger" in text
    head = head_of(run)
    assert head["cpu_ns"] == 0
    assert head["states"]["unknown"] > 0.99


def test_processes_that_outlive_the_first_one_are_named(run: Run) -> None:
    code = (
        "import subprocess, sys, time\n"
        "nothing = subprocess.DEVNULL\n"
        "for command in (['sleep', '20'], [sys.executable, '-c', 'import time; time.sleep(20)']):\n"
        "    child = subprocess.Popen(command, stdout=nothing, stderr=nothing)\n"
        "    print(child.pid)\n"
        "time.sleep(0.3)\n"
    )
    answer = run("record", "--", sys.executable, "-c", code)
    pids = answer.stdout.split()
    try:
        first, last = answer.stderr.splitlines()
        assert first.startswith(
            "barograph: 2 processes that it started live on and are no longer recorded: "
        )
        assert set(re.findall(r"(\d+) \(", first)) == set(pids)
        assert f"{pids[0]} (sleep)" in first
        assert "-> barograph.baro" in last
        quiet = run("record", "-qf", "--", sys.executable, "-c", code)
        pids += quiet.stdout.split()
        assert quiet.stderr == ""
    finally:
        for pid in pids:
            os.kill(int(pid), signal.SIGKILL)


def test_processes_that_end_with_the_first_one_are_not(run: Run) -> None:
    code = (
        "import subprocess, sys\n"
        "wait = 'import sys; sys.stdin.read()'\n"
        "child = subprocess.Popen([sys.executable, '-c', wait], stdin=subprocess.PIPE)\n"
        "import time; time.sleep(0.3)\n"
        "import os; os._exit(0)\n"
    )
    answer = run("record", "--", sys.executable, "-c", code)
    assert answer.stderr.count("\n") == 1
    assert "live on" not in answer.stderr


def test_a_crash_is_no_exit(run: Run) -> None:
    code = "import os, time; time.sleep(0.3); os.kill(os.getpid(), 11)"
    assert run("record", "--", sys.executable, "-c", code).returncode == 139
    head = head_of(run)
    assert (head["end"], head["exit_status"], head["signal"]) == ("exit", 139, 11)
    assert "; ended by SIGSEGV (exit status 139) " in text_of(run)


def test_a_full_disk_is_told_by_record_and_by_report(
    barograph: Path, run: Run, tmp_path: Path
) -> None:
    """The limit of a file's size stands for a full disk, which only root can make."""
    # A quiet second and more, then names that no compressor makes small.
    code = (
        "import os, time\n"
        "end = time.monotonic() + 1.5\n"
        "while time.monotonic() < end: sum(range(999))\n"
        "for _ in range(200):\n"
        "    name = 'f' + os.urandom(1000).hex()\n"
        "    exec(f'def {name}(): sum(range(200000))\\n{name}()')\n"
        "raise SystemExit({})"
    )
    for own, expected in ((0, 2), (3, 3)):
        program = [sys.executable, "-c", code.replace("{}", str(own))]
        answer = subprocess.run(
            ["sh", "-c", 'ulimit -f 64; exec "$@"', "sh", barograph, "record", "-f", *program],
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
        )
        assert answer.returncode == expected, answer.stderr
        assert answer.stderr == (
            "barograph: record: barograph.baro: write: File too large; what was written "
            "before is kept; see: barograph report barograph.baro\n"
        )
        head = head_of(run)
        assert head["complete"] is True
        assert head["end"] == "disk_full"
        assert head["samples"] > 0
        assert head["dropped_samples"] > 0
        assert "its end is missing: the disk was full" in text_of(run)
        assert re.search(r", lost [\d,]+ \(", text_of(run))


def test_a_disk_that_is_full_at_once_leaves_a_head(
    barograph: Path, run: Run, tmp_path: Path
) -> None:
    code = (
        "import time\nend = time.monotonic() + 0.7\nwhile time.monotonic() < end: sum(range(999))"
    )
    # Room for the end of a recording, and for no samples.
    limit = (
        "import os, resource, sys\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1536, 1536))\n"
        "os.execv(sys.argv[1], sys.argv[1:])"
    )
    command = [str(barograph), "record", sys.executable, "-c", code]
    subprocess.run(
        [sys.executable, "-c", limit, *command], capture_output=True, check=False, cwd=tmp_path
    )
    head = head_of(run)
    assert (head["samples"], head["end"]) == (0, "disk_full")
    assert head["dropped_samples"] > 0
    text = text_of(run)
    assert "command " in text
    assert "time.monotonic()" in text
    assert "its end is missing: the disk was full" in text
    assert re.search(r", lost [\d,]+ \(100", text)
    assert re.search(r"[\d,]+ samples were lost because the disk was full", text)
    assert "Nothing was sampled" not in text


def test_a_killed_recorder_is_told_by_report(barograph: Path, run: Run, tmp_path: Path) -> None:
    command = [str(barograph), "record", "-q", "--", sys.executable, "-c", WAIT.format(2)]
    with subprocess.Popen(command, cwd=tmp_path) as recorder:
        time.sleep(1.4)
        recorder.kill()
    assert "was cut off: its recorder was killed, or the disk was full" in text_of(run)


def test_record_and_report_count_the_same_processes(run: Run) -> None:
    """Children that are Python for a moment only: each is counted by both, or by neither."""
    code = (
        "import subprocess, sys\n"
        'execs = \'import os; os.execvp("true", ["true"])\'\n'
        "for _ in range(12):\n"
        "    subprocess.run([sys.executable, '-c', execs])\n"
        "    subprocess.run([sys.executable, '-c', ''])\n"
        "    subprocess.run(['sh', '-c', 'exit 0'])\n"
    )
    answer = run("record", "--", sys.executable, "-c", code)
    told = re.search(r", ([\d,]+) processes, ", answer.stderr)
    shown = re.search(r"; ([\d,]+) processes, ", run("report").stdout)
    assert told, answer.stderr
    assert shown
    assert told[1] == shown[1]
    assert 1 < int(told[1]) <= 25
