"""Slots of executors that a log has no beginning of: as many as tasks ran at once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from calling import Run
from framework_logs import LOGS, lines_of
from made_log import Log, predicted

# Files of one application each: the first has executors of a cluster.
WHOLE = ["spark35_cluster.gz", "spark35_cached.gz", "spark35_python.gz", "spark40_python.gz"]


def base_slots(run: Run, lines: list[str], folder: Path) -> int:
    log = folder / "job"
    log.write_text("".join(f"{line}\n" for line in lines))
    out = folder / "job.baro"
    done = run("import", "-q", "-f", "-o", out, log)
    assert done.returncode == 0, done.stderr
    slots: int = predicted(run, out, "cpu_speed=2x")["base_slots"]
    return slots


@pytest.mark.parametrize("name", WHOLE)
def test_lost_executor_has_no_more_slots_than_it_had(run: Run, tmp_path: Path, name: str) -> None:
    lines = [line.decode().rstrip() for line in lines_of(LOGS / name)]
    lost = [line for line in lines if "SparkListenerExecutorAdded" not in line]
    assert len(lost) < len(lines)
    cores = base_slots(run, lines, tmp_path)
    assert 0 < base_slots(run, lost, tmp_path) <= cores


def overlapping(log: Log) -> None:
    """Two slots whose results the driver takes 40 ms after the next task has their slot."""
    log.job(0, 0, 1040, [0])
    log.stage(0, 0, [100] * 20)
    for event in log.events:
        if event["Event"] == "SparkListenerTaskEnd":
            event["Task Info"]["Finish Time"] += 40


def test_results_that_are_taken_late_are_no_further_slots(run: Run, tmp_path: Path) -> None:
    log = Log(slots=2, master="local[2]")
    overlapping(log)
    log.events = [e for e in log.events if e["Event"] != "SparkListenerExecutorAdded"]
    assert predicted(run, log.write(run, tmp_path), "cpu_speed=2x")["base_slots"] == 2


def test_lost_executor_is_like_the_others(run: Run, tmp_path: Path) -> None:
    """It ran one task at a time, and had room for as many as the other one."""
    log = Log(slots=4, executors=2, master="spark://m:7077")
    log.job(0, 0, 400, [0])
    where = [(0, "PROCESS_LOCAL")] * 4 + [(1, "PROCESS_LOCAL")]
    log.stage(0, 0, [100] * 5, where=where)
    told = predicted(run, log.write(run, tmp_path, "told"), "cpu_speed=2x")
    assert told["base_slots"] == 8
    log.events = [
        e
        for e in log.events
        if e["Event"] != "SparkListenerExecutorAdded" or e["Executor ID"] != "2"
    ]
    assert '"2"' in json.dumps(log.events)  # its task is still there
    lost = predicted(run, log.write(run, tmp_path, "lost"), "cpu_speed=2x")
    assert lost["base_slots"] == 8
