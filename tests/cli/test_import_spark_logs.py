"""Event logs that Spark's own tests replay: written by others, by Spark 1.3 to 3.4.

They are in the archive of spark-core's test classes (tools/get_consumers.sh sparklogs), and are
what its history server is tested with: clusters, executors that were excluded, resource profiles,
failures, a shell that was left open.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from calling import Run
from consumers import CONSUMERS, unavailable
from framework_logs import MS
from test_import_logs import METRICS, Recorded

LOGS = CONSUMERS / "sparklogs"
# Spark's own names of the versions of which there are logs with tasks.
VERSIONS = {"1.4.0", "2.1.0", "2.3.0", "3.0.0", "3.1.0", "3.1.1.119", "3.3.0"}
ALL, WITH_TASKS = 22, 15


def all_logs() -> list[Path]:
    if not LOGS.is_dir():
        unavailable("sparklogs")
    found = sorted(path for path in LOGS.rglob("*") if path.is_file())
    assert len(found) == ALL
    return found


def events_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def timed_ends(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    ends = [event for event in events if event["Event"] == "SparkListenerTaskEnd"]
    return [event for event in ends if event["Task Info"]["Finish Time"] > 0]


def key_sums(ends: list[dict[str, Any]]) -> Counter[str]:
    sums: Counter[str] = Counter()
    for event in ends:
        metrics = event.get("Task Metrics") or {}
        for ours, (group, member, unit) in METRICS.items():
            of = (metrics.get(group) or {}) if group else metrics
            sums[ours] += of.get(member, 0) * unit
    return sums


def test_each_is_read_or_has_no_task(run: Run, tmp_path: Path) -> None:
    """Tasks with their times and sums are those of the log; one without any is refused."""
    read, versions = 0, set()
    for log in all_logs():
        events = events_of(log)
        ends = timed_ends(events)
        out = tmp_path / "log.baro"
        done = run("import", "-f", "-o", out, log)
        if not ends:
            assert done.returncode == 2, log
            assert done.stderr.endswith("spark: no task with a time in it\n")
            continue
        assert done.returncode == 0, done.stderr
        recorded = Recorded(out)
        tasks = [row for row in recorded.by_kind["task"] if row[4] != "unfinished"]
        times = [event["Task Info"] for event in ends]
        expected = sorted((one["Finish Time"] - one["Launch Time"]) * MS for one in times)
        assert sorted(end - start for _, _, start, end, *_ in tasks) == expected, log
        sums, found = key_sums(ends), recorded.amounts()
        assert {key: found[key] for key in METRICS} == {key: sums[key] for key in METRICS}, log
        read += 1
        started = [event for event in events if event["Event"] == "SparkListenerLogStart"]
        versions |= {event["Spark Version"].removesuffix("-SNAPSHOT") for event in started}
    assert read == WITH_TASKS
    assert versions >= VERSIONS


def test_each_is_explained_and_predicted(run: Run, tmp_path: Path) -> None:
    """The path has no holes; the replay is off by no more than predict keeps to itself (2 %)."""
    for log in all_logs():
        events = events_of(log)
        if not timed_ends(events):
            continue
        out = tmp_path / "log.baro"
        assert run("import", "-f", "-o", out, log).returncode == 0
        done = run("explain", "--json", out)
        assert done.returncode == 0, done.stderr
        answer = json.loads(done.stdout)
        path = answer["critical_path"]
        assert sum(step["duration_ns"] for step in path) == answer["run_ns"], log
        ends_ns = [step["start_ns"] + step["duration_ns"] for step in path]
        assert ends_ns[:-1] == [step["start_ns"] for step in path[1:]], log
        assert answer["summary"].startswith("Bottleneck: "), log
        done = run("predict", "--json", "--set", "cpu_speed=2x", out)
        assert done.returncode == 0, done.stderr
        faster = json.loads(done.stdout)
        assert faster["replayed_s"] == pytest.approx(faster["base_s"], rel=0.02), log
        assert faster["base_s"] / 2 <= faster["predicted_s"] <= faster["base_s"], log
        assert faster["low_s"] < faster["predicted_s"] < faster["high_s"], log
