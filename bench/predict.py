#!/usr/bin/env python3
"""How far predictions are from runs: python bench/predict.py [--data FOLDER] [--barograph PROGRAM].

FOLDER (bench/data/spark) has a folder for each run of a Spark job: its event log, and truth.json
with `runtime_s`, the driver's wall clock around the job, taken outside of Spark. Each pair is
predicted both ways, from one log alone. Beside it what needs no model, that nothing changes, and
that time goes with the number of slots; and what Sparklens does (unchanged_replay.py). No constant
of the model was fitted to these runs. Prints a table; decides no test.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from unchanged_replay import predicted_s

# run, run with other resources, what is set to get from the first to the second, and back
PAIRS = [
    ("s35-join_agg", "s35-join_agg-1slot", "cores=1", "cores=2"),
    ("s35-kmeans", "s35-kmeans-1slot", "cores=1", "cores=2"),
    ("s35-sort", "s35-sort-1slot", "cores=1", "cores=2"),
    # 700 MB against 1,800 MB; the second one also had a larger part of it for execution.
    ("s35-spill", "s35-spill-bigmemory", "memory=1800m", None),
]
DATA = Path(__file__).resolve().parent / "data" / "spark"
FACTOR = {"cores=1": 2.0, "cores=2": 0.5}


def log_of(folder: Path) -> Path:
    """The event log in a run's folder."""
    return next(path for path in sorted(folder.iterdir()) if path.name != "truth.json")


def predict(program: str, log: Path, change: str) -> dict[str, Any]:
    """What the program says of a log and a change."""
    with tempfile.TemporaryDirectory() as work:
        recording = f"{work}/job.baro"
        subprocess.run([program, "import", "-q", "-o", recording, str(log)], check=True)
        command = [program, "predict", "--json", "--set", change, recording]
        answer = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(answer.stdout)
    return found


def main() -> None:
    """Predict all pairs and print what came of it."""
    cli = argparse.ArgumentParser(description=__doc__)
    cli.add_argument("--data", type=Path, default=DATA)
    cli.add_argument("--barograph", default=os.environ.get("BAROGRAPH", "barograph"))
    options = cli.parse_args()
    missing = [run for pair in PAIRS for run in pair[:2] if not (options.data / run).is_dir()]
    if missing:
        cli.error(f"{options.data} has no folders {', '.join(missing)}")
    errors: dict[str, list[float]] = {
        "predict": [],
        "no change": [],
        "linear": [],
        "unchanged replay": [],
    }
    inside = 0
    print(
        f"{'from':22} {'set':12} {'truth':>7} {'predict':>8} {'90 %':>15} {'error':>8} "
        f"{'no change':>10} {'linear':>8} {'unchanged replay':>17}"
    )
    for first, second, there, back in PAIRS:
        for source, target, change in ((first, second, there), (second, first, back)):
            if change is None:
                continue
            truth = json.loads((options.data / target / "truth.json").read_text())["runtime_s"]
            log = log_of(options.data / source)
            found = predict(options.barograph, log, change)
            base = found["base_s"]
            factor = FACTOR.get(change, math.nan)
            replayed = math.nan if math.isnan(factor) else predicted_s(log, base, 1 / factor)
            guesses = {
                "predict": found["predicted_s"],
                "no change": base,
                "linear": base * factor,
                "unchanged replay": replayed,
            }
            shown = {name: guess / truth - 1 for name, guess in guesses.items()}
            for name, error in shown.items():
                if not math.isnan(error):
                    errors[name].append(abs(error))
            inside += found["low_s"] <= truth <= found["high_s"]
            linear, replay = (
                "-" if math.isnan(shown[name]) else f"{shown[name]:+.1%}"
                for name in ("linear", "unchanged replay")
            )
            interval = f"{found['low_s']:.2f} to {found['high_s']:.2f}"
            print(
                f"{source:22} {change:12} {truth:7.2f} {found['predicted_s']:8.2f} {interval:>15} "
                f"{shown['predict']:+8.1%} {shown['no change']:+10.1%} {linear:>8} {replay:>17}"
            )
    means = ", ".join(f"{name} {statistics.mean(all_):.1%}" for name, all_ in errors.items())
    print(f"mean absolute error: {means}")
    print(f"within the interval: {inside} of {len(errors['predict'])}")


if __name__ == "__main__":
    main()
