"""What the README and the pages show of a log is what the program says of it."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from calling import REPOSITORY, Run
from framework_logs import LOGS, recording_of

SORT = REPOSITORY / "bench" / "data" / "spark" / "s35-sort" / "local-1795263147907.gz"


def code_lines(page: Path) -> list[str]:
    """Lines of examples, fenced or indented; "" where one ends."""
    found, is_fenced = [], False
    for line in page.read_text(encoding="utf-8").splitlines():
        if line.startswith("```"):
            is_fenced = not is_fenced
            found.append("")
        elif not is_fenced and not line.startswith("    "):
            found.append("")
        elif line.strip():
            found.append(line.strip())
    return found


def examples(page: Path, recording: str) -> list[tuple[list[str], list[str]]]:
    """Commands on the recording, as words, and the lines that are shown behind each."""
    found: list[tuple[list[str], list[str]]] = []
    shown: list[str] = []
    for line in code_lines(page):
        if line == "" or line.startswith("$ "):
            shown = []
        if line.startswith("$ barograph "):
            words = shlex.split(line.removeprefix("$ barograph "), comments=True)
            if words[-1] == recording:
                found.append((words, shown))
        elif line:
            shown.append(line)
    return found


@pytest.mark.parametrize(
    ("page", "recording", "log"),
    [
        ("README.md", "job.baro", LOGS / "spark35_python.gz"),
        ("docs/commands/explain.md", "sort.baro", SORT),
    ],
)
def test_examples_are_what_the_program_says(
    run: Run, tmp_path: Path, page: str, recording: str, log: Path
) -> None:
    recording_of(run, log, tmp_path).rename(tmp_path / recording)
    found = examples(REPOSITORY / page, recording)
    assert found
    for words, shown in found:
        done = run(*words, env={"COLUMNS": "100"})
        assert done.returncode == 0, done.stderr
        said = iter([line.strip() for line in done.stdout.splitlines()])
        assert shown, words
        for line in shown:  # in this order; others between them may be cut
            assert line in said, f"{' '.join(words)}: {line}"
