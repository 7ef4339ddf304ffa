"""`barograph predict --sweep`: its steps, its ends, and that more slots are no slower."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from calling import Run
from made_log import Log


def recording_of(run: Run, folder: Path) -> Path:
    log = Log(slots=2)
    metrics = {"Input Metrics": {"Bytes Read": 1 << 20, "Records Read": 10}}
    log.job(0, 0, log.stage(0, 0, [100] * 8, metrics), [0])
    return log.write(run, folder)


@pytest.mark.parametrize("key", ["disk", "cpu_speed", "network", "input"])
def test_steps_are_those_of_the_documentation(run: Run, tmp_path: Path, key: str) -> None:
    recording = recording_of(run, tmp_path)
    done = run("predict", "--json", "--sweep", f"{key}=0.001x..1000x", recording)
    assert done.returncode == 0, done.stderr
    at = [float(point["value"].rstrip("x")) for point in json.loads(done.stdout)["sweep"]]
    assert (at[0], at[-1]) == (0.001, 1000)
    steps = [second / first for first, second in zip(at, at[1:])]
    assert all(abs(step - 2**0.5) < 0.002 for step in steps[:-1])  # values have four digits
    assert 1 < steps[-1] < 1.42


@pytest.mark.parametrize(
    ("sweep", "at", "why"),
    [
        ("cores=0.25x..4x", "cores=0.25x", "no whole number of slots"),
        ("memory=0.1x..2x", "memory=0.1x", "out of memory"),
        ("nodes=1..100000", "nodes=100000", "slots"),
    ],
)
def test_an_end_that_cannot_be_predicted_is_named(
    run: Run, tmp_path: Path, sweep: str, at: str, why: str
) -> None:
    recording = recording_of(run, tmp_path)
    change = ["--set", "cores=100"] if sweep.startswith("nodes") else []
    done = run("predict", "--sweep", sweep, *change, recording)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"--sweep, at {at}: " in done.stderr
    assert why in done.stderr
    assert done.stderr.count("\n") == 1


def random_log(seed: int) -> tuple[Log, int, int]:
    """A cluster's run of up to three stages, first tasks slower, some with one long task."""
    made = random.Random(seed)
    slots, executors = made.choice([1, 2, 3, 4]), made.choice([1, 2, 3])
    log = Log(slots=slots, executors=executors, master="spark://m:7077")
    begin = 0.0
    for stage in range(made.randint(1, 3)):
        lengths: list[float] = [made.randint(50, 400) for _ in range(made.randint(1, 40))]
        if made.random() < 0.6:
            lengths[made.randrange(len(lengths))] = made.randint(1000, 6000)
        for first in range(min(len(lengths), slots * executors)):
            lengths[first] *= made.choice([1, 2, 3])
        share = {"Executor CPU Time": made.choice([0.3, 0.7, 1.0])}
        end = log.stage(stage, begin, lengths, share)
        log.job(stage, begin, end, [stage])
        begin = end + made.randint(5, 100)
    return log, slots, executors


@pytest.mark.parametrize("key", ["cores", "nodes"])
@pytest.mark.parametrize("seed", range(12))
def test_more_slots_of_a_cluster_take_no_longer(
    run: Run, tmp_path: Path, seed: int, key: str
) -> None:
    """A long task of a later wave was 2.8 times as slow where it became the first of its slot."""
    log, slots, executors = random_log(seed)
    recording = log.write(run, tmp_path)
    base = slots if key == "cores" else executors
    # 64 times as many: by doubling, also where there would be each number.
    done = run("predict", "--json", "--sweep", f"{key}={base}..{base * 64}", recording)
    assert done.returncode == 0, done.stderr
    times = [point["predicted_s"] for point in json.loads(done.stdout)["sweep"]]
    assert len(times) == 7
    for fewer, more in zip(times, times[1:]):
        assert more <= fewer * (1 + 1e-9)
