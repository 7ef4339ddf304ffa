"""The package beside the program, as pip installs both."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import barograph as package
from barograph import __main__ as entry

ROOT = Path(__file__).resolve().parents[2]


def run(*command: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
        cwd="/",
    )


def test_python_m_is_the_program(barograph: Path) -> None:
    program = run(barograph, "--version")
    module = run(sys.executable, "-m", "barograph", "--version")
    assert module.returncode == program.returncode == 0
    assert module.stdout == program.stdout == f"barograph {package.__version__}\n"


def test_every_python_finds_the_program_of_its_environment(
    interpreter: Path, tmp_path: Path
) -> None:
    # 3.9 names no default scheme: barograph.record() and python -m ended with a traceback there.
    (tmp_path / "pyvenv.cfg").write_text(f"home = {interpreter.parent}\n")
    (tmp_path / "bin").mkdir()
    python, program = tmp_path / "bin" / "python", tmp_path / "bin" / "barograph"
    python.symlink_to(interpreter)
    program.write_text('#!/bin/sh\necho "the program: $*"\n')
    program.chmod(0o755)
    packages = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").stdout
    shutil.copytree(ROOT / "python" / "barograph", Path(packages.strip()) / "barograph")
    answer = run(python, "-m", "barograph", "one", "2")
    assert (answer.stdout, answer.stderr) == ("the program: one 2\n", "")


def test_python_m_passes_arguments_and_status_on() -> None:
    answer = run(sys.executable, "-m", "barograph", "no such command")
    assert answer.returncode == 2
    assert "no such command" in answer.stderr


def test_version_is_the_one_of_the_build() -> None:
    text = (ROOT / "meson.build").read_text(encoding="utf-8")
    match = re.search(r"^  version: '([^']+)'", text, re.MULTILINE)
    assert match is not None
    assert package.__version__ == match[1]


def test_import_runs_nothing() -> None:
    # A decorated program pays for the import: it must load no module of its own accord.
    code = "import sys; old = set(sys.modules); import barograph; print(*sys.modules.keys() - old)"
    answer = run(sys.executable, "-I", "-c", code)
    assert set(answer.stdout.split()) == {"__future__", "barograph"}


def test_unknown_attribute_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = package.no_such_name


def test_copied_package_without_program_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entry, "__file__", str(tmp_path / "barograph" / "__main__.py"))
    with pytest.raises(
        SystemExit, match=r"barograph: the program barograph is not there: .*; reinstall"
    ):
        entry.main()
