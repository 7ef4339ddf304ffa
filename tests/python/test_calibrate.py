"""How wide intervals are made: on predictions of which the right factor is known."""

from __future__ import annotations

import math
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import calibrate

ROOT = Path(__file__).resolve().parents[2]


def prediction(
    job: str,
    truths_s: tuple[float, ...],
    change: str = "a b",
    key: str = "disk",
    start_s: float = 0.0,
) -> calibrate.Prediction:
    """Of 10 s, from 10/e to 10 e**2: half widths of 1 below and 2 above."""
    return calibrate.Prediction(
        job, key, change, 2.0, 10.0, 10 / math.e, 10 * math.e**2, start_s, truths_s
    )


def test_a_score_is_the_distance_in_half_widths_of_its_side() -> None:
    scores = prediction("a", (10 * math.e, 10 / math.e, 10.0, 10 * math.e**4)).scores()
    assert scores == pytest.approx([0.5, 1.0, 0.0, 2.0])


def test_the_unknown_start_explains_what_it_can() -> None:
    """With 2 s of it, 12 s are nothing to explain, and of more what the squares leave."""
    bound = math.log(1.2)
    truth = math.hypot(bound, 0.5 * math.sqrt(4 - bound**2))
    scores = prediction("a", (12.0, 10 * math.exp(truth)), start_s=2.0).scores()
    assert scores == pytest.approx([0.0, 0.5], abs=1e-6)


def test_nine_of_ten_further_jobs_are_inside() -> None:
    """Jobs whose runs are off by a normal error: over many draws 90 % of new ones are inside."""
    rng = random.Random(7)

    def job(number: int) -> calibrate.Prediction:
        return prediction(f"{number}", (10 * math.exp(rng.gauss(0, 1.5)),))

    held = []
    for _ in range(400):
        factor = calibrate.factor_of([job(number) for number in range(19)])
        held.append(calibrate.inside([job(number) for number in range(50)], factor)[0] / 50)
    assert sum(held) / len(held) == pytest.approx(0.9, abs=0.015)


def test_few_changes_give_the_worst_one() -> None:
    few = [prediction(f"{number}", (10 * math.exp(2 * number),)) for number in range(1, 5)]
    assert calibrate.factor_of(few) == pytest.approx(4.0)


def test_repeats_weigh_no_more_than_one_run() -> None:
    """Of 20 changes one was repeated 100 times, and is always far off: it is one of 20."""
    once = [prediction(f"{number}", (10 * math.exp(0.2),)) for number in range(19)]
    often = prediction("often", (10 * math.exp(8.0),) * 100)
    assert calibrate.factor_of([*once, often]) == pytest.approx(0.1)


def test_a_job_that_is_left_out_does_not_help_itself() -> None:
    predictions = [prediction(f"{number}", (11.0,)) for number in range(10)]
    predictions.append(prediction("odd", (10 * math.e**5,)))
    assert calibrate.inside(predictions, calibrate.factor_of(predictions)) == (11, 11)
    assert calibrate.left_out(predictions) == (10, 11)


def test_the_program_is_built_with_what_the_runs_give(tmp_path: Path) -> None:
    """The header is that of the predictions in the tree; of others --check says so."""
    for name in ("tools/calibrate.py", "tools/pairs/predictions.tsv"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    header = tmp_path / "src" / "predict" / "calibration_rows.h"
    header.parent.mkdir(parents=True)
    shutil.copy(ROOT / "src" / "predict" / "calibration_rows.h", header)

    def check() -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(tmp_path / "tools" / "calibrate.py"), "--check"]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    assert (check().returncode, check().stdout) == (0, "")
    rows = tmp_path / "tools" / "pairs" / "predictions.tsv"
    lines = rows.read_text().splitlines()
    fields = lines[1].split("\t")
    fields[-1] = "10000"
    rows.write_text("\n".join([lines[0], *["\t".join(fields)] * 2, *lines[2:]]) + "\n")
    assert check().returncode == 1
    assert "run tools/calibrate.py" in check().stdout
