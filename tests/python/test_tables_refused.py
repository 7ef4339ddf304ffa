"""What keeps tables from being written is one line, and leaves no rows behind."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from test_recording_reader import ROOT

if sys.version_info < (3, 11):
    pytest.skip("what writes the tables is for later Pythons", allow_module_level=True)

CALLS = ROOT / "tests/recordings/calls.baro"
KINDS = ("parquet", "delta")


def write(
    kind: str, folder: Path, file_bytes: int | None = None, recording: Path = CALLS
) -> tuple[int, str]:
    """Export, with files of at most so many bytes: what a full disk says, too, comes from write."""

    def limit() -> None:
        if file_bytes is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, file_bytes))

    answer = subprocess.run(
        [sys.executable, "-m", "barograph.tables", kind, str(folder), str(recording)],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=limit,
    )
    return answer.returncode, answer.stderr


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_cannot_be_written_is_one_line(kind: str, tmp_path: Path) -> None:
    # arro3 panicked (lines of Rust, a traceback, exit status 1), deltalake drew a tree in colours.
    for limit in (512, 15_000):
        status, text = write(kind, tmp_path / str(limit), limit)
        assert status == 2
        table = "calls" if limit == 15_000 else "functions"
        assert text.startswith(f"barograph: export: {tmp_path}/{limit}/{table}: ")
        assert "File too large" in text
        assert text.count("\n") == 1
        assert "\x1b" not in text
    assert not [*tmp_path.glob("*/calls/ingestion_date*/*")]  # nor a draft
    status, text = write(kind, tmp_path)
    assert status == 0
    assert " calls" in text
    assert ", 1 run -> " in text


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_instead_of_a_folder_is_named_once(kind: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    status, text = write(kind, tmp_path / "file")
    assert status == 2
    assert text.startswith(f"barograph: export: {tmp_path}/file/functions")
    assert text.endswith(": Not a directory\n")
    assert text.count(str(tmp_path)) == 1


INTERRUPTED = """
import os, signal, sys
from barograph import tables, tables_files
signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
batches = tables_files._Counted._batches
def interrupted(self):
    for batch in batches(self):
        os.kill(os.getpid(), number)
        yield batch
number = int(sys.argv.pop())
tables_files._Counted._batches = interrupted
sys.exit(tables.main())
"""


@pytest.mark.parametrize(
    ("kind", "number"), [("parquet", signal.SIGINT), ("delta", signal.SIGTERM)]
)
def test_an_interrupt_is_no_traceback(kind: str, number: signal.Signals, tmp_path: Path) -> None:
    command = [sys.executable, "-c", INTERRUPTED, kind, str(tmp_path), str(CALLS), str(int(number))]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (answer.returncode, answer.stderr) == (-number, "")
    assert not [*tmp_path.glob("*/ingestion_date*/*")]


def test_a_broken_log_is_one_line(tmp_path: Path) -> None:
    # deltalake's message went on with a backtrace.
    assert write("delta", tmp_path)[0] == 0
    log = tmp_path / "functions" / "_delta_log" / "00000000000000000001.json"
    log.write_text("no JSON\n", encoding="utf-8")
    status, text = write("delta", tmp_path)
    assert status == 2
    assert text.startswith(f"barograph: export: {tmp_path}/functions: ")
    assert text.count("\n") == 1


def test_what_is_left_of_a_damaged_recording_is_said_to_be_that(tmp_path: Path) -> None:
    (tmp_path / "cut.baro").write_bytes(CALLS.read_bytes()[:-400])
    status, text = write("parquet", tmp_path / "lake", recording=tmp_path / "cut.baro")
    damage, added = text.splitlines()
    assert status == 0
    assert damage.startswith(f"barograph: export: {tmp_path}/cut.baro is damaged: ")
    assert added.startswith("barograph: run ")


def test_one_folder_does_not_get_both_kinds(tmp_path: Path) -> None:
    # A Delta table's folder with Parquet files beside it gave each row twice to who reads files.
    for first, second, why in (
        ("parquet", "delta", "has Parquet files; a Delta table goes to another folder"),
        ("delta", "parquet", "is a Delta table; Parquet files go to another folder"),
    ):
        folder = tmp_path / first
        assert write(first, folder)[0] == 0
        files = {*folder.rglob("*")}
        assert write(second, folder) == (2, f"barograph: export: {folder}/functions {why}\n")
        assert {*folder.rglob("*")} == files
