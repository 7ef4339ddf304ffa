"""Event logs of Spark that a test makes up, of runs that can be said by hand."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from calling import Run

START_MS = 1_795_000_000_000
# Between the session's start and the first job; half of it belongs to the run.
LEAD_MS = 1000


class Log:
    """An event log of Spark with what a test says, times in ms from the first job's submission."""

    def __init__(
        self,
        slots: int = 2,
        executors: int = 1,
        master: str = "local[2]",
        *,
        hosts: Sequence[str] = ("h",),
        settings: dict[str, str] | None = None,
        version: str = "3.5.6",
    ) -> None:
        """hosts: of the executors, in turn."""
        self.slots = slots
        self.executors = executors
        self.hosts = [hosts[e % len(hosts)] for e in range(executors)]
        self.events: list[dict[str, Any]] = []
        self.tasks = 0
        self.add("LogStart", **{"Spark Version": version})
        name = {"App Name": "t", "App ID": "a"}
        self.add("ApplicationStart", Timestamp=self.at(-1000), **name)
        basic = {"spark.master": master, "spark.driver.memory": "1000m"}
        self.add("EnvironmentUpdate", **{"Spark Properties": basic | (settings or {})})
        for executor in range(executors):
            info = {"Host": self.hosts[executor], "Total Cores": slots}
            which = {"Executor ID": str(executor + 1), "Executor Info": info}
            self.add("ExecutorAdded", Timestamp=self.at(-500), **which)

    @staticmethod
    def at(ms: float) -> int:
        return START_MS + LEAD_MS + round(ms)

    def add(self, event: str, **members: Any) -> None:
        self.events.append({"Event": f"SparkListener{event}"} | members)

    def job(self, number: int, begin: float, end: float, stages: list[int]) -> None:
        infos = [{"Stage ID": s, "Stage Attempt ID": 0} for s in stages]
        ids = {"Job ID": number, "Stage IDs": stages, "Stage Infos": infos, "Properties": {}}
        self.add("JobStart", **{"Submission Time": self.at(begin)}, **ids)
        self.events.append(
            {
                "Event": "SparkListenerJobEnd",
                "Job ID": number,
                "Completion Time": self.at(end),
                "Job Result": {"Result": "JobSucceeded"},
            }
        )

    def stage(
        self,
        number: int,
        begin: float,
        lengths: list[float],
        metrics: dict[str, Any] | None = None,
        *,
        scope: str = "WholeStageCodegen (1)",
        where: Sequence[tuple[int, str]] | None = None,
        persisted: int | None = None,
        called: str | None = None,
    ) -> float:
        """Tasks of these lengths, each on the first slot that is free. When the last one ends.

        where: index of the executor and locality of each; persisted: an RDD that stays in memory;
        called: the stage's name, else "collect at app.py:NUMBER".
        """
        rdd = {"RDD ID": number, "Scope": json.dumps({"id": str(number), "name": scope})}
        rdds = [rdd]
        if persisted is not None:
            rdds.append(
                {"RDD ID": persisted, "Storage Level": {"Use Disk": False, "Use Memory": True}}
            )
        info = {
            "Stage ID": number,
            "Stage Attempt ID": 0,
            "Stage Name": called or f"collect at app.py:{number}",
            "Number of Tasks": len(lengths),
            "RDD Info": rdds,
            "Parent IDs": [],
            "Submission Time": self.at(begin),
        }
        self.add("StageSubmitted", **{"Stage Info": info})
        free = [begin] * (self.slots * self.executors)
        for index, length in enumerate(lengths):
            executor, locality = (None, "PROCESS_LOCAL") if where is None else where[index]
            first = 0 if executor is None else executor * self.slots
            mine = free if executor is None else free[first : first + self.slots]
            slot = first + mine.index(min(mine))
            start, free[slot] = free[slot], free[slot] + length
            task = {
                "Task ID": self.tasks,
                "Index": index,
                "Attempt": 0,
                "Launch Time": self.at(start),
                "Finish Time": self.at(start + length),
                "Executor ID": str(slot // self.slots + 1),
                "Host": self.hosts[slot // self.slots],
                "Locality": locality,
            }
            self.tasks += 1
            ran = {"Executor Run Time": length, "Executor CPU Time": length * 1_000_000}
            # As a share of the task's time, where it is one.
            for name, value in (metrics or {}).items():
                ran[name] = round(value * ran[name]) if name in ran else value
            self.add(
                "TaskEnd",
                **{
                    "Stage ID": number,
                    "Stage Attempt ID": 0,
                    "Task End Reason": {"Reason": "Success"},
                    "Task Info": task,
                    "Task Metrics": ran,
                },
            )
        end = max(free)
        self.add("StageCompleted", **{"Stage Info": info | {"Completion Time": self.at(end)}})
        return end

    def write(self, run: Run, folder: Path, name: str = "job") -> Path:
        path = folder / name
        order = {"JobStart": 0, "JobEnd": 2}
        events = sorted(self.events[1:], key=lambda e: order.get(e["Event"][13:], 1))
        lines = (json.dumps(e, separators=(",", ":")) for e in [self.events[0], *events])
        path.write_text("".join(line + "\n" for line in lines))
        out = path.with_suffix(".baro")
        done = run("import", "-q", "-f", "-o", out, path)
        assert done.returncode == 0, done.stderr
        return out


def predicted(run: Run, recording: Path, change: str, *others: Path) -> dict[str, Any]:
    done = run("predict", "--json", "--set", change, recording, *others)
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    assert answer["schema"] == "barograph.predict/1"
    assert answer["low_s"] < answer["predicted_s"] < answer["high_s"]
    return answer
