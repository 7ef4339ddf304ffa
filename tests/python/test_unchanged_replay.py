"""The baseline of bench/predict.py: tasks as long as they were, on other slots."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.append(str(Path(__file__).resolve().parents[2] / "bench"))
baseline = importlib.import_module("unchanged_replay")


def event(kind: str, **members: Any) -> str:
    return json.dumps({"Event": f"SparkListener{kind}", **members})


def executor(name: str, cores: int) -> str:
    return event("ExecutorAdded", **{"Executor ID": name, "Executor Info": {"Total Cores": cores}})


def job(number: int, start_s: float, end_s: float, stages: dict[int, list[int]]) -> list[str]:
    """Stages by number, with their parents; a job's begin and end."""
    infos = [{"Stage ID": one, "Parent IDs": parents} for one, parents in stages.items()]
    begin = {"Job ID": number, "Submission Time": start_s * 1000, "Stage IDs": list(stages)}
    end = {"Job ID": number, "Completion Time": end_s * 1000}
    return [event("JobStart", **begin, **{"Stage Infos": infos}), event("JobEnd", **end)]


def task(stage: int, start_s: float, end_s: float) -> str:
    info = {"Launch Time": start_s * 1000, "Finish Time": end_s * 1000}
    return event("TaskEnd", **{"Stage ID": stage, "Task Info": info})


def test_slots_are_those_of_executors_that_are_there_together() -> None:
    gone = event("ExecutorRemoved", **{"Executor ID": "1"})
    lines = [executor("1", 2), executor("2", 2), gone, executor("3", 2)]
    assert baseline.read_events(lines).slots == 4


def test_driver_time_stays_and_tasks_are_packed(tmp_path: Path) -> None:
    """Four tasks of 1 s on 2 slots, then one of 1 s that needs them; 10 s in all."""
    times = [(1, 2), (1, 2), (2, 3), (2, 3)]
    lines = [executor("1", 2), *job(0, 1, 4, {0: [], 1: [0]})]
    lines += [*(task(0, *one) for one in times), task(1, 3, 4)]
    log = tmp_path / "log"
    log.write_text("\n".join(lines))
    assert baseline.predicted_s(log, 10.0, 1.0) == pytest.approx(10.0)
    assert baseline.predicted_s(log, 10.0, 2.0) == pytest.approx(9.0)
    assert baseline.predicted_s(log, 10.0, 0.5) == pytest.approx(12.0)
