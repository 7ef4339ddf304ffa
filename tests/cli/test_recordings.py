"""What report and export do with files that are no good recordings."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
from calling import Recording, Run

READERS = [["report"], ["report", "--json"], ["export", "--to", "collapsed"]]


def assert_refused(answer: subprocess.CompletedProcess[str], *parts: str) -> None:
    assert answer.returncode == 2, answer.stdout
    assert answer.stdout == ""
    assert re.fullmatch(r"barograph: [^\n]+\n", answer.stderr), answer.stderr
    for part in parts:
        assert part in answer.stderr


@pytest.mark.parametrize("reader", READERS, ids=" ".join)
class TestReaders:
    def test_missing_file(self, run: Run, reader: list[str]) -> None:
        assert_refused(run(*reader, "no.baro"), "no.baro", "No such file or directory")

    def test_default_file(self, run: Run, reader: list[str]) -> None:
        assert_refused(run(*reader), "barograph.baro", "No such file or directory")

    def test_folder(self, run: Run, reader: list[str], tmp_path: Path) -> None:
        assert_refused(run(*reader, tmp_path), str(tmp_path))

    def test_other_file(self, run: Run, reader: list[str], tmp_path: Path) -> None:
        path = tmp_path / "text.baro"
        path.write_text("no recording at all, but quite long a text " * 20)
        assert_refused(run(*reader, path), "text.baro", "not a")

    def test_empty_file(self, run: Run, reader: list[str], tmp_path: Path) -> None:
        path = tmp_path / "empty"
        path.touch()
        assert_refused(run(*reader, path), "empty")

    def test_special_file(self, run: Run, reader: list[str], tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "fifo")
        assert_refused(run(*reader, tmp_path / "fifo"), "fifo")
        assert_refused(run(*reader, "/dev/null"), "/dev/null")

    def test_cut_file(self, run: Run, reader: list[str], recording: Recording) -> None:
        """What comes before the cut is reported, or there is one line of error; never a crash."""
        path = recording("small")
        whole = path.read_bytes()
        for length in range(0, len(whole), 7):
            path.write_bytes(whole[:length])
            answer = run(*reader, path)
            if answer.returncode == 0:
                assert answer.stdout != "" or reader[0] == "export"
            else:
                assert_refused(answer, "small.baro")


def test_a_cut_recording_says_so(run: Run, recording: Recording) -> None:
    path = recording("night")
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    answer = run("report", path)
    assert answer.returncode == 0
    assert re.search(r"^  damaged +\S", answer.stdout, re.M)
    head = json.loads(run("report", "--json", path).stdout)["head"]
    assert head["complete"] is False
    assert head["damage"]


def test_an_export_of_a_damaged_recording_says_so(run: Run, recording: Recording) -> None:
    # What is exported looks whole, and nobody sees what is missing.
    whole = recording("night").read_bytes()
    answer = run("export", "--to", "collapsed", recording("night"))
    assert (answer.returncode, answer.stderr) == (0, "")
    path = recording("night")
    path.write_bytes(whole[: len(whole) - 20])
    answer = run("export", "--to", "collapsed", path)
    assert answer.returncode == 0
    assert answer.stdout
    assert re.fullmatch(r"barograph: export: \S+night.baro is damaged: .*\n", answer.stderr)
    path.write_bytes(whole[:200])
    answer = run("export", "--to", "csv", path)
    assert answer.returncode == 2
    assert "none can be read: the recording is damaged" in answer.stderr
    assert answer.stderr.count("\n") == 1


def test_a_prediction_from_a_damaged_recording_says_so(run: Run, recording: Recording) -> None:
    path = recording("small")
    faster = ["--set", "disk=2x"]
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) - 20])
    for command in (["predict", *faster], ["predict", "--json", *faster], ["explain", "--json"]):
        answer = run(*command, path)
        assert answer.returncode == 0
        said = rf"barograph: {command[0]}: \S+small.baro is damaged: .*\n"
        assert re.fullmatch(said, answer.stderr)
    path.write_bytes(whole[:200])
    for command in (["predict", *faster], ["explain"]):
        answer = run(*command, path)
        assert answer.returncode == 2
        assert "samples: it is damaged, see: barograph report" in answer.stderr
        assert answer.stderr.count("\n") == 1


def test_nothing_sampled(run: Run, recording: Recording) -> None:
    answer = run("report", recording("empty"))
    assert answer.returncode == 0
    assert "Nothing was sampled" in answer.stdout
    report = json.loads(run("report", "--json", recording("empty")).stdout)
    assert report["functions"] == []
    assert report["threads"] == []


def test_only_idle(run: Run, recording: Recording) -> None:
    answer = run("report", recording("idle"))
    assert answer.returncode == 0
    assert "none: no thread did anything but wait idly" in answer.stdout


def test_full_disk_on_stdout(barograph: Path, recording: Recording) -> None:
    path = recording("small")
    for arguments in (["report", path], ["report", "--json", path], ["help"], ["--version"]):
        with open("/dev/full", "w", encoding="utf-8") as full:
            answer = subprocess.run(
                [barograph, *arguments], stdout=full, stderr=subprocess.PIPE, text=True, check=False
            )
        assert answer.returncode == 2
        assert "No space left on device" in answer.stderr
        assert answer.stderr.count("\n") == 1


class TestExportFiles:
    def test_file_is_private_and_not_replaced(
        self, run: Run, recording: Recording, tmp_path: Path
    ) -> None:
        path = recording("small")
        out = tmp_path / "out.txt"
        assert run("export", "--to", "collapsed", "-o", out, path).returncode == 0
        assert out.stat().st_mode & 0o777 == 0o600
        first = out.read_text(encoding="utf-8")
        assert_refused(run("export", "--to", "collapsed", "-o", out, path), "out.txt")
        again = run("export", "--to", "collapsed", "--lines", "-f", "-o", out, path)
        assert again.returncode == 0
        assert out.read_text(encoding="utf-8") != first

    def test_folder_that_does_not_exist(self, run: Run, recording: Recording) -> None:
        answer = run("export", "--to", "collapsed", "-o", "no/such/out", recording("small"))
        assert_refused(answer, "no/such/out", "No such file or directory")

    def test_formats_differ(self, run: Run, recording: Recording) -> None:
        path = recording("small")
        assert run("export", "--to", "collapsed", path).stdout.endswith("\n")
        speedscope = json.loads(run("export", "--to", "speedscope", path).stdout)
        assert speedscope["$schema"].startswith("https://www.speedscope.app/")
