#!/usr/bin/env python3
"""How wide intervals must be to hold: python tools/calibrate.py [--check].

Reads tools/pairs/predictions.tsv, which `bench/predict_pairs.py --rows` writes: predictions of runs
from other runs of the same job, with intervals as wide as the terms' ranges make them. Writes
src/predict/calibration_rows.h: for each key the factor that their half widths, in logarithms, are
multiplied by, so that 90 % of a further job's runs lie inside (split conformal prediction, the
score being the distance in half widths on that side; the unknown start of a run is not widened).
With --check it compares only.

Prints for each key how many runs lay inside before, and how many with the factor that the *other*
jobs give: what a job that was never seen may expect.
"""

from __future__ import annotations

import argparse
import csv
import math
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PREDICTIONS = ROOT / "tools" / "pairs" / "predictions.tsv"
HEADER = ROOT / "src" / "predict" / "calibration_rows.h"
WANTED = 0.9
# No narrower: runs elsewhere differ by more than those of a machine that had nothing else to do.
LEAST = 0.6
# Numbers of tasks, not amounts of a resource: of two runs nothing follows for a third number.
NOT_CALIBRATED = ("partitions",)


@dataclass(frozen=True)
class Prediction:
    """Of the runs under one setting of a job, from one run under another; s."""

    job: str
    key: str
    change: str  # from one configuration to another
    ratio: float  # >= 1
    predicted_s: float
    low_s: float
    high_s: float
    start_s: float  # of the run before its first job, give or take itself: never widened
    truths_s: tuple[float, ...]

    def scores(self) -> list[float]:
        """Of each run: how far from the prediction, in half widths on its side."""
        return [self._score(truth) for truth in self.truths_s]

    def _score(self, truth: float) -> float:
        away = abs(math.log(truth / self.predicted_s))
        is_later = truth > self.predicted_s
        half = abs(math.log((self.high_s if is_later else self.low_s) / self.predicted_s))
        start = min(self.start_s, self.predicted_s / 2) / self.predicted_s
        bound = abs(math.log1p(start if is_later else -start))
        # Half widths add up as squares: what is left for the rest, of what the rest has.
        rest = max(half**2 - bound**2, 1e-12)
        return math.sqrt(max(away**2 - bound**2, 0) / rest)


def read_predictions(path: Path) -> list[Prediction]:
    """All of a file's of one key, but those of keys that are not calibrated."""
    found = []
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            key, _, value = row["setting"].partition("=")
            if key in NOT_CALIBRATED or "," in value:
                continue
            ratio = float(value.removesuffix("x"))
            found.append(
                Prediction(
                    job=row["job"],
                    key=key,
                    change=f"{row['source']} {row['target']}",
                    ratio=max(ratio, 1 / ratio),
                    predicted_s=float(row["predicted_s"]),
                    low_s=float(row["low_s"]),
                    high_s=float(row["high_s"]),
                    start_s=float(row["start_s"]),
                    truths_s=tuple(float(truth) for truth in row["truths_s"].split(",")),
                )
            )
    return found


def factor_of(predictions: list[Prediction]) -> float:
    """The quantile of the scores that 90 % of further runs stay below.

    A change of a job is one observation, however often it was repeated: each has the same weight,
    and their number stands for that of independent ones. Fewer than nine: the largest score.
    """
    groups: dict[tuple[str, str], list[float]] = defaultdict(list)
    for one in predictions:
        groups[one.job, one.change] += one.scores()
    weighted = sorted(
        (score, 1 / len(scores) / len(groups)) for scores in groups.values() for score in scores
    )
    level = WANTED * (1 + 1 / len(groups))
    below = 0.0
    for score, weight in weighted:
        below += weight
        if below >= level - 1e-9:
            return score
    return weighted[-1][0]


def inside(predictions: list[Prediction], factor: float) -> tuple[int, int]:
    """How many runs lie inside intervals so many times as wide, of how many."""
    scores = [score for one in predictions for score in one.scores()]
    return sum(score <= factor for score in scores), len(scores)


def left_out(predictions: list[Prediction]) -> tuple[int, int]:
    """Of runs of each job, with the factor that the other jobs give: as inside."""
    held, runs = 0, 0
    for job in sorted({one.job for one in predictions}):
        others = [one for one in predictions if one.job != job]
        own = [one for one in predictions if one.job == job]
        job_held, job_runs = inside(own, max(LEAST, factor_of(others)))
        held, runs = held + job_held, runs + job_runs
    return held, runs


def by_key(predictions: list[Prediction]) -> dict[str, list[Prediction]]:
    """Of keys with at least two jobs: of one alone nothing is known of others."""
    keys: dict[str, list[Prediction]] = defaultdict(list)
    for one in predictions:
        keys[one.key].append(one)
    return {key: of for key, of in keys.items() if len({one.job for one in of}) > 1}


def header_text(predictions: list[Prediction]) -> str:
    """What the C program is built with."""
    lines = [
        "/* Written by tools/calibrate.py from tools/pairs/predictions.tsv. */",
        "#ifndef BARO_PREDICT_CALIBRATION_ROWS_H",
        "#define BARO_PREDICT_CALIBRATION_ROWS_H",
        "",
        "/* Key; factor; changed by up to; comparisons of predictions with runs; jobs. */",
        "/* clang-format off */",
        "#define BARO_CALIBRATION_LIST(X) \\",
    ]
    rows = []
    for key, of in by_key(predictions).items():
        up_to = max(one.ratio for one in of)
        comparisons = sum(len(one.truths_s) for one in of)
        jobs = len({one.job for one in of})
        factor = max(LEAST, factor_of(of))
        rows.append(f"  X({key.upper()}, {factor:.3f}, {up_to:g}, {comparisons}, {jobs})")
    lines += [f"{row} \\" for row in rows[:-1]] + rows[-1:]
    return "\n".join([*lines, "/* clang-format on */", "", "#endif", ""])


def share(counts: tuple[int, int]) -> str:
    """12 of 16, 75 %."""
    return f"{counts[0]} of {counts[1]}, {counts[0] / counts[1]:.0%}"


def print_table(predictions: list[Prediction]) -> None:
    """One line a key, and one for all."""
    print(f"{'key':10} {'factor':>7} {'jobs':>5} {'inside before':>18} {'job left out':>18}")
    before, after = [0, 0], [0, 0]
    for key, of in by_key(predictions).items():
        plain, others = inside(of, 1.0), left_out(of)
        before = [have + more for have, more in zip(before, plain)]
        after = [have + more for have, more in zip(after, others)]
        jobs = len({one.job for one in of})
        factor = max(LEAST, factor_of(of))
        print(f"{key:10} {factor:7.3f} {jobs:5} {share(plain):>18} {share(others):>18}")
    plain, others = (before[0], before[1]), (after[0], after[1])
    print(f"{'all':10} {'':7} {'':5} {share(plain):>18} {share(others):>18}")


def main() -> int:
    """Write the header, or say that it is not what would be written."""
    cli = argparse.ArgumentParser(description=__doc__)
    cli.add_argument("--check", action="store_true", help="write nothing; 1 if it would differ")
    options = cli.parse_args()
    predictions = read_predictions(PREDICTIONS)
    text = header_text(predictions)
    if options.check:
        if HEADER.read_text(encoding="utf-8") != text:
            print(f"{HEADER} is not what {PREDICTIONS} gives: run tools/calibrate.py")
            return 1
        return 0
    HEADER.write_text(text, encoding="utf-8")
    print_table(predictions)
    return 0


if __name__ == "__main__":
    sys.exit(main())
