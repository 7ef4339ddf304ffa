"""`barograph predict --sweep`: its steps, and ends that cannot be predicted."""

from __future__ import annotations

import json
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
