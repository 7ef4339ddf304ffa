"""record: exit statuses, signals, files, what it says; on the interpreter that runs the tests."""

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
from terminals import open_terminal, read_shown

BUSY = "import time\nend = time.monotonic() + {}\nwhile time.monotonic() < end: sum(range(999))"
LINE = (
    r"barograph: [\d,]+ samples? in [\d.]+ m?s \(1,000 Hz asked, [\d,.]+ achieved\), [\d.]+ k?B "
    r"-> barograph\.baro; see: barograph report barograph\.baro\n"
)


def busy(seconds: float) -> list[str]:
    return [sys.executable, "-c", BUSY.format(seconds)]


def report_of(run: Run, *path: object) -> dict[str, Any]:
    answer = run("report", "--json", *path)
    assert answer.returncode == 0, answer.stderr
    loaded: dict[str, Any] = json.loads(answer.stdout)
    return loaded


def test_one_line_at_the_end(run: Run, tmp_path: Path) -> None:
    answer = run("record", "--", *busy(0.3))
    assert answer.returncode == 0
    assert answer.stdout == ""
    assert re.fullmatch(LINE, answer.stderr), answer.stderr
    assert (tmp_path / "barograph.baro").stat().st_mode & 0o777 == 0o600
    report = report_of(run)
    assert report["head"]["end"] == "exit"
    assert report["functions"][0]["name"] == "<module>"


def test_record_and_report_say_one_rate(run: Run) -> None:
    told = re.search(r"Hz asked, ([\d,.]+) achieved", run("record", "--", *busy(0.5)).stderr)
    shown = re.search(r"at ([\d,.]+) Hz \(1,000 asked\)", run("report").stdout)
    assert told is not None
    assert shown is not None
    assert told[1] == shown[1]
    # So few ticks say nothing about a rate.
    answer = run("record", "-f", "--rate", "100", "--duration", "0.05", "--", *busy(0.3))
    assert "(100 Hz asked), " in answer.stderr, answer.stderr
    assert "(100 Hz asked); rejected" in run("report").stdout
    assert report_of(run)["head"]["achieved_rate_hz"] is None


def cpu_ticks() -> tuple[int, int]:
    """Of all CPUs: ran something, and were to run something while the host ran others."""
    fields = [int(field) for field in Path("/proc/stat").read_text().split("\n")[0].split()[1:9]]
    return sum(fields) - fields[3] - fields[4], fields[7]


def test_what_the_host_took_is_told(run: Run) -> None:
    before = cpu_ticks()
    run("record", "-q", "--", *busy(1))
    after = cpu_ticks()
    stolen = report_of(run)["head"]["stolen_ratio"]
    # Counted in hundredths of a second, over a little more than the recording.
    whole, taken = after[0] - before[0], after[1] - before[1]
    assert taken / whole - 0.2 <= stolen <= (taken + 1) / max(whole - 40, 50)


def test_quiet(run: Run) -> None:
    answer = run("record", "--quiet", *busy(0.2))
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "", "")


def test_the_program_keeps_its_streams(run: Run) -> None:
    code = "import sys; print(sys.stdin.read().upper()); print('told', file=sys.stderr)"
    answer = run("record", "-q", "--", sys.executable, "-c", code, stdin="given")
    assert answer.stdout == "GIVEN\n"
    assert answer.stderr == "told\n"


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("raise SystemExit(7)", 7),
        ("raise SystemExit(255)", 255),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", 128 + 9),
        ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", 128 + 15),
        ("1 / 0", 1),
    ],
)
def test_exit_status_is_the_programs(run: Run, code: str, status: int) -> None:
    answer = run("record", "-q", "--", sys.executable, "-c", code)
    assert answer.returncode == status


def test_a_command_that_is_no_python(run: Run, tmp_path: Path) -> None:
    answer = run("record", "--", "sh", "-c", "exit 3")
    assert answer.returncode == 3
    assert re.fullmatch(r"barograph: [^\n]+\n", answer.stderr)
    assert "no samples" in answer.stderr
    assert "Nothing was sampled" in run("report").stdout


@pytest.mark.parametrize(
    ("command", "status", "part"),
    [
        ("no-such-command", 127, "no-such-command: command not found"),
        ("./no-such-file", 127, "./no-such-file: No such file or directory"),
        ("./app.py", 126, "did you mean: barograph record -- python3 ./app.py"),
        ("app.py", 127, "did you mean: barograph record -- python3 app.py"),
        ("./folder", 126, "./folder: Is a directory"),
        ("./data", 126, "./data: Permission denied"),
    ],
)
def test_a_command_that_cannot_run(
    run: Run, tmp_path: Path, command: str, status: int, part: str
) -> None:
    (tmp_path / "app.py").touch()
    (tmp_path / "data").touch()
    (tmp_path / "folder").mkdir()
    answer = run("record", "--", command)
    assert answer.returncode == status
    assert re.fullmatch(r"barograph: [^\n]+\n", answer.stderr)
    assert part in answer.stderr
    assert not (tmp_path / "barograph.baro").exists()


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        ([], "nothing to record"),
        (["--"], "nothing to record"),
        (["-p", "1", "true"], "not both"),
        (["-p", "0"], "'0' is not a whole number from 1"),
        (["-p", "me"], "'me' is not a whole number"),
        (["-p", "4194304"], "there is no process 4194304"),
        (["--rate", "0", "true"], "'0' is not a number from 1 to 100000"),
        (["--rate", "fast", "true"], "'fast' is not a number"),
        (["--duration", "-1", "true"], "'-1' is not a number"),
        (["-o", "no/such/x.baro", "true"], "folder must be there: No such file or directory"),
        (["-o", "-", "true"], "cannot be written to standard output; give -o FILE"),
    ],
)
def test_mistakes(run: Run, arguments: list[str], part: str) -> None:
    answer = run("record", *arguments)
    assert answer.returncode == 2
    assert re.fullmatch(r"barograph: record: [^\n]+\n", answer.stderr), answer.stderr
    assert part in answer.stderr


def test_a_recording_is_not_replaced_unless_asked(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "x.baro"
    path.write_text("precious")
    ran = tmp_path / "ran"
    answer = run("record", "-o", path, "--", "touch", ran)
    assert answer.returncode == 2
    assert "-f" in answer.stderr
    assert path.read_text() == "precious"
    assert not ran.exists()
    assert run("record", "-fo", path, "--", *busy(0.1)).returncode == 0
    assert (tmp_path / "x.baro.old").read_text() == "precious"
    assert report_of(run, path)["schema"] == "barograph.report/1"


def test_a_failed_attach_replaces_nothing(run: Run, tmp_path: Path) -> None:
    path, older = tmp_path / "x.baro", tmp_path / "x.baro.old"
    path.write_text("precious")
    older.write_text("older")
    with subprocess.Popen(["sleep", "60"]) as target:
        answer = run("record", "-fo", path, "-p", target.pid)
        target.kill()
    assert answer.returncode == 2
    answer = run("record", "-fo", path, "--", "./no-such-program")
    assert answer.returncode == 127
    assert (path.read_text(), older.read_text()) == ("precious", "older")
    assert sorted(tmp_path.iterdir()) == [path, older]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_recording_and_keeps_it(
    barograph: Path, run: Run, tmp_path: Path, number: signal.Signals
) -> None:
    """Sent to the recorder alone, as `kill` does; the program gets it too."""
    with subprocess.Popen(
        [barograph, "record", "--", *busy(30)], cwd=tmp_path, stderr=subprocess.PIPE, text=True
    ) as process:
        wait_for(tmp_path / "barograph.baro")
        time.sleep(0.5)
        process.send_signal(number)
        _, errors = process.communicate(timeout=20)
    assert "-> barograph.baro" in errors
    assert process.returncode != 0
    assert report_of(run)["head"]["samples"] > 0


def wait_for(path: Path) -> None:
    end = time.monotonic() + 10
    while not path.exists():
        assert time.monotonic() < end, f"{path} did not come"
        time.sleep(0.01)


def test_attaching_leaves_the_program_as_it_was(run: Run) -> None:
    with subprocess.Popen(busy(30)) as target:
        try:
            time.sleep(0.3)
            answer = run("record", "-p", target.pid, "--duration", "0.5")
            assert answer.returncode == 0, answer.stderr
            assert re.fullmatch(LINE, answer.stderr), answer.stderr
            assert target.poll() is None
            status = Path(f"/proc/{target.pid}/status").read_text(encoding="utf-8")
            assert "TracerPid:\t0" in status
            assert not re.search(r"State:\s+[tT]", status)
        finally:
            target.kill()
    report = report_of(run)
    assert report["head"]["end"] == "duration"
    assert report["threads"][0]["process_id"] == target.pid


def test_children_are_recorded_unless_not_wanted(run: Run, tmp_path: Path) -> None:
    child = BUSY.format(0.8)
    code = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {child!r}])"
    assert run("record", "-q", "--", sys.executable, "-c", code).returncode == 0
    assert len(report_of(run)["processes"]) == 2
    assert run("record", "-qf", "--no-children", sys.executable, "-c", code).returncode == 0
    assert len(report_of(run)["processes"]) == 1


def read_terminal(program: Path, arguments: list[str], folder: Path) -> str:
    main, side = open_terminal(24, 80)
    with subprocess.Popen([program, *arguments], stderr=side, cwd=folder) as process:
        os.close(side)
        shown = read_shown(main)
        process.wait()
    return shown.decode()


def test_progress_shows_on_a_terminal_when_attached(barograph: Path, tmp_path: Path) -> None:
    with subprocess.Popen(busy(30)) as target:
        try:
            arguments = ["record", "-p", str(target.pid), "--duration", "2"]
            shown = read_terminal(barograph, arguments, tmp_path)
            quiet = read_terminal(barograph, [*arguments, "-q", "-f"], tmp_path)
        finally:
            target.kill()
    assert re.search(r"\r\x1b\[K1\.\d+ s  [\d,]+ samples  [\d,.]+ Hz  [\d.]+ k?B", shown)
    # At most 4 lines a second after the first, and the last one is wiped away.
    assert shown.count("\r\x1b[K") <= 6
    assert shown.rpartition("\r\x1b[K")[2].startswith("barograph: ")
    assert quiet == ""


def test_a_spawned_program_has_the_terminal_for_itself(barograph: Path, tmp_path: Path) -> None:
    shown = read_terminal(barograph, ["record", "--", *busy(1.6)], tmp_path)
    assert shown.startswith("barograph: ")
    assert shown.count("\n") == 1
