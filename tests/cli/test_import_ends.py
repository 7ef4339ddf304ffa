"""`barograph import` that is ended, or cannot go on: one line, and nothing that looks whole."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

import pytest
from calling import ENDING_SIGNALS, Run
from framework_logs import LOGS, lines_of

INTERRUPTED = b"barograph: import: interrupted; no recording was written\n"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@contextmanager
def half_way(barograph: Path, folder: Path, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    """An import that has made its file, and waits for the rest of the log."""
    command = [str(barograph), "import", "-o", str(folder / "out.baro"), *options, "-"]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    assert child.stdin is not None
    filler = b'{"Event":"SparkListenerBlockUpdated","x":"' + b"y" * 60000 + b'"}\n'
    try:
        child.stdin.write(lines_of(LOGS / "spark35_cluster.gz")[0] + filler * 20)
        child.stdin.flush()
        while not any(".part-" in name for name in names(folder)):
            assert child.poll() is None
            sleep(0.001)
        yield child
    finally:
        child.kill()
        child.communicate()


@pytest.mark.usefixtures("no_core_files")
@pytest.mark.parametrize("number", ENDING_SIGNALS)
def test_a_signal_leaves_nothing(barograph: Path, tmp_path: Path, number: signal.Signals) -> None:
    with half_way(barograph, tmp_path) as child:
        child.send_signal(number)
        _, said = child.communicate()
        assert said == INTERRUPTED
        assert child.returncode == -number  # a shell sees Ctrl-C, and stops its loop
        assert names(tmp_path) == []


def test_what_was_there_stays(barograph: Path, tmp_path: Path) -> None:
    (tmp_path / "out.baro").write_bytes(b"yesterday's")
    with half_way(barograph, tmp_path, "--force") as child:
        child.send_signal(signal.SIGINT)
        child.communicate()
    assert names(tmp_path) == ["out.baro"]
    assert (tmp_path / "out.baro").read_bytes() == b"yesterday's"


def test_what_a_killed_one_leaves_is_no_recording_by_its_name(
    run: Run, barograph: Path, tmp_path: Path
) -> None:
    with half_way(barograph, tmp_path) as child:
        child.kill()
        child.wait()
        (left,) = names(tmp_path)
        assert left == f"out.baro.part-{child.pid}"
    done = run("import", "-q", "-o", tmp_path / "out.baro", LOGS / "spark35_cluster.gz")
    assert done.returncode == 0, done.stderr
    assert names(tmp_path) == ["out.baro", left]


def test_what_came_to_be_there_meanwhile_stays(barograph: Path, tmp_path: Path) -> None:
    with half_way(barograph, tmp_path) as child:
        (tmp_path / "out.baro").write_bytes(b"another's")
        rest = b"".join(lines_of(LOGS / "spark35_cluster.gz")[1:])
        _, said = child.communicate(rest, timeout=60)
        assert child.returncode == 2
    assert said.count(b"\n") == 1
    assert b"out.baro: file exists; -f replaces it" in said
    assert names(tmp_path) == ["out.baro"]
    assert (tmp_path / "out.baro").read_bytes() == b"another's"


def test_a_signal_that_is_ignored_stays_so(barograph: Path, tmp_path: Path) -> None:
    """As below nohup, and of Ctrl-C in the background of a script."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with half_way(barograph, tmp_path) as child:
            child.send_signal(signal.SIGHUP)
            rest = b"".join(lines_of(LOGS / "spark35_cluster.gz")[1:])
            _, said = child.communicate(rest, timeout=60)
            assert child.returncode == 0, said
    finally:
        signal.signal(signal.SIGHUP, before)
    assert names(tmp_path) == ["out.baro"]


def catches(child: subprocess.Popen[bytes], number: signal.Signals) -> bool:
    status = Path(f"/proc/{child.pid}/status").read_text()
    caught = re.search(r"^SigCgt:\s*(\w+)$", status, re.MULTILINE)
    return caught is not None and int(caught[1], 16) >> (number - 1) & 1 == 1


def test_a_pipe_that_nobody_writes_ends_by_a_signal(barograph: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    command = [str(barograph), "import", "-o", str(tmp_path / "out.baro"), str(tmp_path / "fifo")]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as child:
        try:
            until = monotonic() + 60
            while not catches(child, signal.SIGINT):
                assert child.poll() is None
                assert monotonic() < until
                sleep(0.001)
            child.send_signal(signal.SIGINT)
            _, said = child.communicate(timeout=60)
        finally:
            child.kill()
    assert said == INTERRUPTED
    assert child.returncode == -signal.SIGINT
    assert names(tmp_path) == ["fifo"]


def test_standard_input_is_not_replaced_by_what_is_made_of_it(
    barograph: Path, tmp_path: Path
) -> None:
    """`import -f -o log - < log` moved the log away: it was taken for a pipe."""
    log = tmp_path / "log"
    log.write_text("main;parse 3\n")
    for out in ("log", "kept"):
        (tmp_path / "kept").write_text("newer")
        (tmp_path / "kept.old").unlink(missing_ok=True)
        os.link(log, tmp_path / "kept.old")
        with log.open("rb") as source:
            command = [str(barograph), "import", "-f", "-o", out, "-"]
            done = subprocess.run(
                command, cwd=tmp_path, stdin=source, capture_output=True, check=False, timeout=60
            )
        assert done.returncode == 2
        assert done.stderr.count(b"\n") == 1
        words = "it is what is read" if out == "log" else "kept in place of /dev/stdin"
        assert words in done.stderr.decode()
        assert log.read_text() == "main;parse 3\n"
        assert names(tmp_path) == ["kept", "kept.old", "log"]


def trace_of(path: Path, slices: int) -> Path:
    """Names of their own, so that what is written is as large."""
    with path.open("w") as out:
        out.write('{"traceEvents":[')
        for i in range(slices):
            event = {"ph": "X", "name": f"f{i * 7919}", "pid": 1, "tid": 1, "ts": i * 10, "dur": 5}
            out.write(("," if i else "") + json.dumps(event))
        out.write("]}")
    return path


@pytest.mark.parametrize("slices", [20_000, 400_000])
def test_no_room_is_one_line(barograph: Path, tmp_path: Path, slices: int) -> None:
    """A limit of the file's size is told as a full disk is; it killed without a word."""
    trace = trace_of(tmp_path / "trace.json", slices)
    script = 'ulimit -f 64; exec "$@"'
    out = str(tmp_path / "out.baro")
    command = ["sh", "-c", script, "sh", str(barograph), "import", "-o", out, str(trace)]
    done = subprocess.run(command, capture_output=True, check=False, timeout=100)
    assert done.returncode == 2
    assert done.stderr.count(b"\n") == 1
    assert done.stderr.decode().endswith(f"chrome: {tmp_path}/out.baro: write: File too large\n")
    assert names(tmp_path) == ["trace.json"]


def test_what_may_not_be_read_is_one_line(barograph: Path, tmp_path: Path) -> None:
    """Folders that may not be entered, or whose files may not be read, a file, a pipe."""
    for name in ("closed", "listed", "files"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "events_1_a").touch()
    os.mkfifo(tmp_path / "fifo", 0)
    (tmp_path / "file").touch(0)
    (tmp_path / "files" / "events_1_a").chmod(0)
    (tmp_path / "closed").chmod(0)
    (tmp_path / "listed").chmod(0o644)
    rights = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
    for name in ("closed", "listed", "files", "file", "fifo"):
        command = [*(rights if os.geteuid() == 0 else []), str(barograph), "import", name]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False, timeout=60)
        words = "files: its log has no file that can be read"
        words = words if name == "files" else f"open {name}: Permission denied"
        assert done.stderr.decode() == f"barograph: import: {words}\n"
        assert done.returncode == 2
    (tmp_path / "closed").chmod(0o700)
    (tmp_path / "listed").chmod(0o700)
