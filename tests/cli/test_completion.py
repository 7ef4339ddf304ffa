"""Completion scripts, asked as the shells ask them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from calling import Run

ASK_BASH = """
eval "$COMPLETION"
COMP_WORDS=("$@")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_barograph
printf '%s\\n' "${COMPREPLY[@]}"
"""


def ask_bash(run: Run, folder: Path, *words: str) -> list[str]:
    script = run("completion", "bash").stdout
    answer = subprocess.run(
        ["bash", "--norc", "-c", ASK_BASH, "bash", *words],
        cwd=folder,
        env={"COMPLETION": script, "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stderr == ""
    return answer.stdout.split()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "files"
    place.mkdir()
    (place / "a.baro").touch()
    (place / "notes.txt").touch()
    return place


def test_commands(run: Run, folder: Path) -> None:
    assert ask_bash(run, folder, "barograph", "rep") == ["report"]
    listed = ask_bash(run, folder, "barograph", "")
    help_text = run("help").stdout
    for command in listed:
        if not command.startswith("-"):
            assert f"\n  {command} " in help_text


def test_options(run: Run, folder: Path) -> None:
    assert ask_bash(run, folder, "barograph", "report", "--so") == ["--sort"]
    assert "--help" in ask_bash(run, folder, "barograph", "export", "-")


def test_values(run: Run, folder: Path) -> None:
    choices = ask_bash(run, folder, "barograph", "report", "--sort", "")
    assert choices == ["self", "total", "wait"]
    # Bash hands over --sort=t as three words.
    assert ask_bash(run, folder, "barograph", "report", "--sort", "=", "t") == ["total"]
    formats = ask_bash(run, folder, "barograph", "export", "--to", "")
    assert {"collapsed", "speedscope", "pprof"} <= set(formats)


def test_files(run: Run, folder: Path) -> None:
    assert ask_bash(run, folder, "barograph", "report", "") == ["a.baro"]
    assert ask_bash(run, folder, "barograph", "report", "no") == ["notes.txt"]


def test_topics(run: Run, folder: Path) -> None:
    assert ask_bash(run, folder, "barograph", "help", "exp") == ["explain", "export"]
    assert ask_bash(run, folder, "barograph", "completion", "") == ["bash", "zsh"]


@pytest.mark.skipif(shutil.which("zsh") is None, reason="zsh is not installed")
def test_zsh_understands_its_script(run: Run, tmp_path: Path) -> None:
    script = tmp_path / "_barograph"
    script.write_text(run("completion", "zsh").stdout, encoding="utf-8")
    load = f"autoload -Uz compinit; compinit -u -d {tmp_path}/dump; source {script}"
    answer = subprocess.run(
        ["zsh", "-f", "-c", f"{load}; print $_comps[barograph]"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout.strip() == "_barograph"
    assert answer.stderr == ""
