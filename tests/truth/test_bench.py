"""The table of bench/sampling.py says what the measurements say."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parents[2] / "bench"))

import sampling_rows
from sampling_table import METRICS, Metric, decimals, markdown, verdict

pytestmark = pytest.mark.quick


def cell(row: str, tool: str, **numbers: float) -> dict[str, object]:
    return {"row": row, "python": "3.12", "tool": tool, "numbers": numbers}


RESULTS = {
    "date": "2026-11-21",
    "command": "bench/sampling.py",
    "repeat": 3,
    "machine": {
        "cores": 2, "processor": "P", "kernel": "6", "load_before": 0.1, "load_after": 1.0
    },
    "tools": {"barograph": "0.1", "austin": "4.0"},
    "pythons": ["3.12"],
    "titles": {"cost": "cpu_mix, 1,000 Hz", "rate": "rate"},
    "cells": [
        cell("cost", "bare", wall_s=1.0),
        *(cell("cost", "barograph", cpu_ms_per_1000=v, slow_down=1.0) for v in (10, 12, 11)),
        *(cell("cost", "austin", cpu_ms_per_1000=v, slow_down=1.2) for v in (55, 44, 66)),
        {"row": "rate", "python": "3.12", "tool": "austin", "numbers": {}, "failed": "no"},
        cell("rate", "barograph", samples_per_s=80_000),
    ],
}  # fmt: skip


def test_table() -> None:
    lines = markdown(RESULTS).splitlines()
    assert "| sampler CPU, ms per 1,000 samples | 11.0 (10.0–12.0) | 55.0 (44.0–66.0) |" in "".join(
        lines
    )
    assert any("ahead 5.00× (austin)" in line for line in lines)
    assert any("| useful samples a second | 80,000 | failed |" in line for line in lines)
    assert lines[0].startswith("Measured 2026-11-21 by `bench/sampling.py`: 2 cores")


@pytest.mark.parametrize(
    ("better", "ours", "theirs", "floor", "said"),
    [
        ("less", 1.0, 2.0, 0.0, "ahead 2.00×"),
        ("less", 2.0, 1.0, 0.0, "behind 2.00×"),
        ("less", 0.3, 0.1, 1.0, "even"),
        ("less", 0.0, 5.0, 0.5, "ahead 10.00×"),
        ("more", 90.0, 60.0, 0.0, "ahead 1.50×"),
        ("more", 60.0, 90.0, 0.0, "behind 1.50×"),
    ],
)
def test_verdict(better: str, ours: float, theirs: float, floor: float, said: str) -> None:
    metric = Metric("r", "n", "t", better, decimals(1), floor=floor)
    values = {"barograph": ours, "austin": theirs, "barograph-stop": 0.0}
    assert verdict(metric, values).startswith(said)


def test_verdict_of_an_ideal() -> None:
    metric = Metric("r", "n", "t", "", decimals(0), ideal=1000)
    assert verdict(metric, {"barograph": 1001, "austin": 700}) == "ahead (austin)"
    assert verdict(metric, {"barograph": 700, "austin": 1000}) == "behind (austin)"


def test_every_metric_belongs_to_a_row() -> None:
    assert {metric.row for metric in METRICS} == set(sampling_rows.ROWS)
