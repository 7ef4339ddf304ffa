"""The program that `make demo` records, on every interpreter."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

DEMO = Path(__file__).resolve().parents[2] / "examples" / "demo" / "bookshop.py"


def test_demo_prints_the_same_figures_everywhere(interpreter: Path, tmp_path: Path) -> None:
    probe = subprocess.run([interpreter, "-c", "import sqlite3"], capture_output=True, check=False)
    if probe.returncode != 0:
        pytest.skip(f"{interpreter.name} was built without sqlite3, which the demo needs")
    answer = subprocess.run(
        [interpreter, DEMO, "--folder", tmp_path, "--orders", "400"],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.splitlines() == [
        "report: 164 rows typeset",
        "400 orders and 453 visits, 17,276.99 earned",
        "bought together most often: Quiet Harbour and Quiet Orchard (13 times)",
        "archive: 2 pieces, ebe3c4123ed9 … f30402b86d13",
    ]
    assert len(list((tmp_path / "archive").iterdir())) == 2
