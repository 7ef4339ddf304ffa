"""Tables written by the command line."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from lake import CALLS, EACH_KIND, NO_DEPRECATIONS, lake, rows, write_in_another_process

import barograph as package

pytestmark = NO_DEPRECATIONS


@EACH_KIND
def test_a_missing_extra_is_one_line(kind: str, tmp_path: Path) -> None:
    code = """
import sys
sys.modules["arro3.io"] = sys.modules["deltalake"] = None
from barograph import tables, tables_run
sys.exit(tables.main(sys.argv[1:]))
"""
    command = [sys.executable, "-c", code, kind, str(tmp_path / "lake"), str(CALLS)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == 2
    assert answer.stderr.count("\n") == 1
    assert f"pip install 'barograph[{kind}]'" in answer.stderr
    assert not (tmp_path / "lake").exists()


@EACH_KIND
def test_what_cannot_be_read_or_written_is_one_line(kind: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder, recording in (("lake", "missing.baro"), ("file", str(CALLS))):
        writer = write_in_another_process(kind, tmp_path / folder, tmp_path / recording)
        _, text = writer.communicate(timeout=60)
        assert writer.returncode == 2
        assert text.startswith("barograph: export: ")
        assert text.count("\n") == 1


def export(program: Path, path: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(program), "export", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": path, "LANG": "C.UTF-8"},
    )


@EACH_KIND
def test_export_writes_the_tables(barograph: Path, kind: str, tmp_path: Path) -> None:
    (tmp_path / "barograph").mkdir()  # no package, though a folder of its name
    path = str(Path(sys.executable).parent)
    arguments = ("--to", kind, "-o", tmp_path / "lake", CALLS)
    answers = [export(barograph, path, *arguments) for _ in range(2)]
    assert [answer.returncode for answer in answers] == [0, 0], answers
    count = len(package.load(CALLS).calls)
    assert f"{count} calls" in answers[0].stderr
    assert "was there before" in answers[1].stderr
    assert rows(lake(kind, tmp_path / "lake"), "SELECT count(*) FROM calls") == [(count,)]


def test_export_without_what_it_needs_is_one_line(barograph: Path, tmp_path: Path) -> None:
    program = tmp_path / "barograph"  # no Python beside it
    shutil.copy(barograph, program)
    answers = [export(program, str(tmp_path), "--to", "delta", "-o", tmp_path / "lake", CALLS)]
    assert "needs Python" in answers[0].stderr
    python = tmp_path / "python3"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S "$@"\n', encoding="utf-8")
    python.chmod(0o755)
    answers.append(export(program, "", "--to", "delta", "-o", tmp_path / "lake", CALLS))
    assert "has no package barograph" in answers[1].stderr
    answers.append(export(barograph, "", "--to", "delta", CALLS))
    assert "give -o FOLDER" in answers[2].stderr
    answers.append(export(barograph, "", "--to", "delta", "-f", "-o", tmp_path / "lake", CALLS))
    assert "--force" in answers[3].stderr
    for answer in answers:
        assert answer.returncode == 2
        assert answer.stderr.count("\n") == 1
    assert not (tmp_path / "lake").exists()
