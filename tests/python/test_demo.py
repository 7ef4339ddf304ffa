"""The program that `make demo` records, on every interpreter, and what its recording costs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

BYTES_PER_SAMPLE = 4.0
# Names and stacks of the demo take 12 kB, however long it runs: 1.5 bytes of so many samples.
ENOUGH_SAMPLES = 8000
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


def test_a_recording_of_the_demo_takes_four_bytes_a_sample(barograph: Path, tmp_path: Path) -> None:
    """All of the file counts, at 1,000 Hz. On a fast machine the shop has more orders."""
    recording = tmp_path / "demo.baro"
    samples, orders = 0, 25_000
    while samples < ENOUGH_SAMPLES:
        orders *= 2
        assert orders <= 400_000, f"only {samples} samples of {orders // 2} orders"
        demo = [sys.executable, str(DEMO), "--folder", f"{tmp_path}/shop", "--orders", f"{orders}"]
        record = [str(barograph), "record", "-f", "--rate", "1000", "-o", str(recording), "--"]
        subprocess.run([*record, *demo], check=True, capture_output=True)
        report = [str(barograph), "report", "--json", str(recording)]
        answer = subprocess.run(report, check=True, capture_output=True).stdout
        samples = json.loads(answer)["head"]["samples"]
    size = recording.stat().st_size
    assert size <= BYTES_PER_SAMPLE * samples, (
        f"{size} bytes for {samples} samples: {size / samples:.2f} each, allowed {BYTES_PER_SAMPLE}"
    )
