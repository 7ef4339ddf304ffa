"""What Sparklens does: tasks as long as they were, on another number of slots; driver time stays.

A baseline for bench/predict.py and bench/predict_pairs.py, written anew from what Sparklens says
that it does ("estimated wall clock time with different executor counts"), since it does not run on
Spark 3. It knows no other resource than slots.
"""

from __future__ import annotations

import gzip
import heapq
import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO


@dataclass
class Stage:
    """What ran of it; s."""

    parents: set[int] = field(default_factory=set)
    tasks: list[tuple[float, float]] = field(default_factory=list)  # launch, duration


@dataclass
class Job:
    """When it ran, s, and what for."""

    start_s: float
    end_s: float = 0.0
    stages: list[int] = field(default_factory=list)


@dataclass
class Log:
    """Of one application."""

    slots: int
    jobs: dict[int, Job]
    stages: dict[int, Stage]


def read_log(path: Path) -> Log:
    """An event log, plain or packed by gzip."""
    packed = path.suffix == ".gz"
    with gzip.open(path, "rt") if packed else path.open(encoding="utf-8") as file:
        return read_events(file)


def read_events(lines: Iterable[str] | IO[str]) -> Log:
    """Jobs, the stages that ran, and the most slots that executors had together."""
    log = Log(0, {}, defaultdict(Stage))
    cores: dict[str, int] = {}  # of executors that are there
    for line in lines:
        event = json.loads(line)
        kind = event["Event"]
        if kind == "SparkListenerExecutorAdded":
            cores[event["Executor ID"]] = event["Executor Info"]["Total Cores"]
            log.slots = max(log.slots, sum(cores.values()))
        elif kind == "SparkListenerExecutorRemoved":
            cores.pop(event["Executor ID"], None)
        elif kind == "SparkListenerJobStart":
            log.jobs[event["Job ID"]] = Job(
                event["Submission Time"] / 1e3, stages=sorted(event["Stage IDs"])
            )
            for info in event["Stage Infos"]:
                log.stages[info["Stage ID"]].parents = set(info.get("Parent IDs", ()))
        elif kind == "SparkListenerJobEnd":
            log.jobs[event["Job ID"]].end_s = event["Completion Time"] / 1e3
        elif kind == "SparkListenerTaskEnd":
            info = event["Task Info"]
            launch_s, finish_s = info["Launch Time"] / 1e3, info["Finish Time"] / 1e3
            log.stages[event["Stage ID"]].tasks.append((launch_s, finish_s - launch_s))
    return log


def job_groups(log: Log) -> list[list[Job]]:
    """Jobs that ran at the same time are one thing."""
    groups: list[list[Job]] = []
    for job in sorted(log.jobs.values(), key=lambda one: one.start_s):
        if groups and job.start_s < max(one.end_s for one in groups[-1]):
            groups[-1].append(job)
        else:
            groups.append([job])
    return groups


def replay(log: Log, stages: list[int], slots: int) -> float:
    """How long the stages' tasks take, s: the oldest stage that may run goes first."""
    waiting = {one: {p for p in log.stages[one].parents if p in stages} for one in stages}
    free = [0.0] * slots
    done_s: dict[int, float] = {}
    while waiting:
        ready = [one for one, parents in waiting.items() if parents <= done_s.keys()]
        one = min(ready, key=lambda s: (max((done_s[p] for p in waiting[s]), default=0.0), s))
        begin_s = max((done_s[p] for p in waiting.pop(one)), default=0.0)
        end_s = begin_s
        for _, duration_s in sorted(log.stages[one].tasks):
            finish_s = max(heapq.heappop(free), begin_s) + duration_s
            heapq.heappush(free, finish_s)
            end_s = max(end_s, finish_s)
        done_s[one] = end_s
    return max(done_s.values(), default=0.0)


def predicted_s(path: Path, base_s: float, slots_ratio: float) -> float:
    """The recorded run, base_s, less what its jobs took, plus what they would take."""
    log = read_log(path)
    slots = max(1, round(log.slots * slots_ratio))
    took_s, would_s = 0.0, 0.0
    for group in job_groups(log):
        stages = sorted({stage for job in group for stage in job.stages if log.stages[stage].tasks})
        took_s += max(job.end_s for job in group) - min(job.start_s for job in group)
        would_s += replay(log, stages, slots)
    return base_s - took_s + would_s
