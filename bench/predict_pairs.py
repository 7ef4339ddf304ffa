#!/usr/bin/env python3
"""How far predictions are from runs under other resources: python bench/predict_pairs.py FOLDER.

FOLDER is what tools/make_pairs.py wrote: JOB-CONFIGURATION-REPEAT, each with log.json and
truth.json. Each run of a configuration predicts the others of its job, from its log alone; the
truth is the median of the repeats. Prints a row for each change, of all jobs: the mean absolute
error, beside that of what needs no model (nothing changes; time goes with the resource) and of what
Sparklens does (unchanged_replay.py; it knows slots only), how many single runs lie inside the
interval, and how often the faster of two configurations that differ by more than a tenth is named.
The last line is how far a run that predictions start from is from the median of its repeats: who
knew what a change does would be as far off.
With --rows it writes each prediction, its interval as wide as the terms' ranges make it: what
tools/calibrate.py reads. Decides no test.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import statistics
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from predict import predict
from unchanged_replay import predicted_s

DIFFERENT = 0.1
ROWS = (
    "job",
    "source",
    "target",
    "setting",
    "predicted_s",
    "low_s",
    "high_s",
    "start_s",
    "truths_s",
)


@dataclass(frozen=True)
class Change:
    """From one configuration to another; factor: on the time, if it goes with the resource."""

    source: str
    target: str
    setting: str
    factor: float


def machines(slow: str, fast: str, ratio: float) -> list[Change]:
    """Of a machine with as many times the cores, and as many slots on it."""
    return [
        Change(slow, fast, f"cores={ratio:g}x,cpu_speed={ratio:g}x", 1 / ratio),
        Change(fast, slow, f"cores={1 / ratio:g}x,cpu_speed={1 / ratio:g}x", ratio),
    ]


def both_ways(slow: str, fast: str, key: str, ratio: float) -> list[Change]:
    """Of a resource of which the second configuration has `ratio` times as much."""
    return [
        Change(slow, fast, f"{key}={ratio:g}x", 1 / ratio),
        Change(fast, slow, f"{key}={1 / ratio:g}x", ratio),
    ]


CHANGES = [
    *both_ways("cores1", "base", "cores", 2),
    *both_ways("base", "cores4", "cores", 2),
    *both_ways("cores1", "cores4", "cores", 4),
    *machines("half1", "cpu50", 2),
    *machines("cpu50", "cores4", 2),
    *machines("half1", "cores4", 4),
    *both_ways("cpu50", "base", "cpu_speed", 2),
    *both_ways("cpu25", "base", "cpu_speed", 4),
    *both_ways("cpu25", "cpu50", "cpu_speed", 2),
    *both_ways("nodes1", "nodes2", "nodes", 2),
    *both_ways("disk20", "disk40", "disk", 2),
    *both_ways("disk10", "disk40", "disk", 4),
    *both_ways("net200", "net400", "network", 2),
    *both_ways("net100", "net400", "network", 4),
    *both_ways("memory600", "memory1200", "memory", 2),
    # More input takes longer: the second one has the lesser time.
    Change("base", "input200", "input=2x", 2.0),
    Change("input50", "base", "input=2x", 2.0),
    Change("input50", "input200", "input=4x", 4.0),
    Change("input200", "base", "input=0.5x", 0.5),
    # No one says what time should do here.
    Change("parts4", "parts16", "partitions=16", 1.0),
    Change("parts16", "parts4", "partitions=4", 1.0),
]


@dataclass
class Row:
    """What came of a change, over all jobs and repeats."""

    errors: list[float] = field(default_factory=list)
    no_change: list[float] = field(default_factory=list)
    linear: list[float] = field(default_factory=list)
    replay: list[float] = field(default_factory=list)
    signed: list[float] = field(default_factory=list)
    one_run: list[float] = field(default_factory=list)
    inside: int = 0
    runs: int = 0
    ordered: int = 0
    differing: int = 0

    def add(self, other: Row) -> None:
        """Those of another row, too."""
        self.errors += other.errors
        self.no_change += other.no_change
        self.linear += other.linear
        self.replay += other.replay
        self.signed += other.signed
        self.one_run += other.one_run
        self.inside += other.inside
        self.runs += other.runs
        self.ordered += other.ordered
        self.differing += other.differing


def read_runs(folder: Path) -> dict[tuple[str, str], list[tuple[Path, float]]]:
    """By job and configuration: the log and the run time of each repeat."""
    runs: dict[tuple[str, str], list[tuple[Path, float]]] = defaultdict(list)
    for truth in sorted(folder.glob("*/truth.json")):
        said = json.loads(truth.read_text())
        runs[said["job"], said["configuration"]].append(
            (truth.parent / "log.json", said["runtime_s"])
        )
    return runs


def try_change(
    program: str, change: Change, sources: list[tuple[Path, float]], truths: list[float], row: Row
) -> list[list[str]]:
    """Predict from each source; adds to the row. Returns what --rows writes from setting on."""
    truth = statistics.median(truths)
    usual_s = statistics.median(recorded_s for _, recorded_s in sources)
    written = []
    for log, recorded_s in sources:
        found = predict(program, log, change.setting)
        base = found["base_s"]
        ranges = found["calibration"]
        ends = (
            found["predicted_s"],
            ranges["ranges_low_s"],
            ranges["ranges_high_s"],
            found["lead_error_s"],
        )
        written.append([f"{end:.4f}" for end in ends] + [",".join(f"{one:.4f}" for one in truths)])
        row.errors.append(abs(found["predicted_s"] / truth - 1))
        row.signed.append(found["predicted_s"] / truth - 1)
        row.no_change.append(abs(base / truth - 1))
        row.one_run.append(abs(recorded_s / usual_s - 1))
        row.linear.append(abs(base * change.factor / truth - 1))
        if change.setting.startswith("cores="):
            replayed = predicted_s(log, base, 1 / change.factor)
            row.replay.append(abs(replayed / truth - 1))
        row.inside += sum(found["low_s"] <= one <= found["high_s"] for one in truths)
        row.runs += len(truths)
        if abs(truth / recorded_s - 1) > DIFFERENT:
            row.differing += 1
            row.ordered += (found["predicted_s"] < base) == (truth < recorded_s)
    return written


def main() -> None:
    """Predict all and print what came of it."""
    cli = argparse.ArgumentParser(description=__doc__)
    cli.add_argument("folder", type=Path)
    cli.add_argument("--barograph", default=os.environ.get("BAROGRAPH", "barograph"))
    cli.add_argument("--jobs", nargs="*", default=[], help="only these; default: all")
    cli.add_argument("--rows", type=Path, help="a file of tab separated values, written anew")
    options = cli.parse_args()
    runs = read_runs(options.folder)
    if not runs:
        cli.error(f"{options.folder} has no RUN/truth.json: tools/make_pairs.py writes them")
    jobs = sorted({job for job, _ in runs if not options.jobs or job in options.jobs})
    print(
        f"{'from':10} {'set':26} {'jobs':>4} {'predict':>8} {'bias':>7} {'no change':>10} "
        f"{'linear':>8} {'replay':>8} {'90 % inside':>12} {'order':>8}"
    )
    everything = Row()
    rows: list[list[str]] = []
    for change in CHANGES:
        row = Row()
        count = 0
        for job in jobs:
            sources = runs.get((job, change.source), [])
            truths = [runtime_s for _, runtime_s in runs.get((job, change.target), [])]
            if sources and truths:
                count += 1
                made = try_change(options.barograph, change, sources, truths, row)
                rows += [[job, change.source, change.target, change.setting, *one] for one in made]
        everything.add(row)
        if count > 0:
            print_row(change.source, change.setting, count, row)
    if everything.runs > 0:
        print_row("all", "", len(jobs), everything)
        # All that a model has is one run: with the true ratio of the medians it is off by this.
        print(f"one run and the median of its repeats: {statistics.mean(everything.one_run):.1%}")
    if options.rows is not None:
        with options.rows.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, delimiter="\t", lineterminator="\n").writerows([ROWS, *rows])


def print_row(source: str, setting: str, jobs: int, row: Row) -> None:
    """One line."""
    inside = f"{row.inside} of {row.runs}"
    order = f"{row.ordered}/{row.differing}"
    replay = f"{statistics.mean(row.replay):.1%}" if row.replay else "-"
    print(
        f"{source:10} {setting:26} {jobs:4} {statistics.mean(row.errors):8.1%} "
        f"{statistics.mean(row.signed):+7.1%} {statistics.mean(row.no_change):10.1%} "
        f"{statistics.mean(row.linear):8.1%} {replay:>8} {inside:>12} {order:>8}"
    )


if __name__ == "__main__":
    main()
