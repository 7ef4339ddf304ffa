"""A large event log of Spark, made of a real one by a deterministic rule.

Every round says the whole log again as a later part of the same application: ids of jobs, stages,
tasks, RDDs, queries and accumulators go on where the round before ended, and so do times. Each task
stands `copies` times in its stage, as tasks of real stages do: with ids of their own, and the
numbers that Spark wrote. So nothing is there twice, and nothing can be kept in mind.
"""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

Piece = tuple[bytes, str, int]
# Numbers by what they count; `id` is that of an accumulator, within its list.
KINDS: dict[str, tuple[str, ...]] = {
    "job": ("Job ID",),
    "stage": ("Stage ID", "Parent IDs", "Stage IDs"),
    "task": ("Task ID",),
    "rdd": ("RDD ID",),
    "query": ("executionId", "rootExecutionId", "spark.sql.execution.id"),
    "accumulator": ("ID", "accumulatorId", "accumUpdates"),
    "time": ("Launch Time", "Finish Time", "Submission Time", "Completion Time", "Timestamp"),
    "count": ("Number of Tasks",),
    "index": ("Index", "Partition ID"),
}
KINDS["time"] += ("Getting Result Time", "time")
KIND_OF = {name: kind for kind, names in KINDS.items() for name in names}
NUMBER = re.compile(r'"(' + "|".join(map(re.escape, KIND_OF)) + r')":(?:"?(\d+)|(\[[\[\]\d,]*\]))')
ONCE: tuple[str, ...] = (
    "LogStart",
    "ApplicationStart",
    "ApplicationEnd",
    "EnvironmentUpdate",
    "ExecutorAdded",
)
ONCE += ("BlockManagerAdded", "ResourceProfileAdded")


def pieces_of(line: str) -> tuple[list[Piece], bytes]:
    """The line as texts, each before a number of a kind; and its end."""
    pieces: list[Piece] = []
    at = 0
    for found in NUMBER.finditer(line):
        kind = KIND_OF[found[1]]
        if found[2] is not None:
            spans = [found.span(2)]
        else:  # of lists that are pairs only the first of each is an id
            inner = re.finditer(r"\[(\d+)" if found[3].startswith("[[") else r"(\d+)", found[3])
            start = found.start(3)
            spans = [(start + one.start(1), start + one.end(1)) for one in inner]
        for start, end in spans:
            value = int(line[start:end])
            if kind != "time" or value:
                pieces.append((line[at:start].encode(), kind, value))
                at = end
    return pieces, line[at:].encode()


class Rounds:
    """The lines of a log as templates, and what their numbers are in a round, for a copy."""

    def __init__(self, source: Path, copies: int) -> None:
        lines = gzip.decompress(source.read_bytes()).decode().splitlines(keepends=True)
        events = [json.loads(line) for line in lines]
        self.copies = copies
        self.kinds = [str(event["Event"]).rpartition("Listener")[2] for event in events]
        self.cut = [pieces_of(line) for line in lines]
        self.infos: list[dict[str, int] | None] = [event.get("Task Info") for event in events]
        self.lasted: dict[int, int] = {
            info["Task ID"]: info["Finish Time"] - info["Launch Time"]
            for info in self.infos
            if info is not None and info["Finish Time"]
        }
        numbers = [(kind, value) for pieces, _ in self.cut for _, kind, value in pieces]
        self.first = min(value for kind, value in numbers if kind == "time")
        self.step = {kind: 1 + max(v for k, v in numbers if k == kind) for kind in KINDS}
        self.step["time"] = (self.step["time"] - self.first + 1000) * copies

    def number(self, kind: str, value: int, round_number: int) -> int:
        if kind == "time":  # so that all copies of a task have room behind each other
            value = self.first + (value - self.first) * self.copies
        if kind == "count":
            return value * self.copies
        return value if kind == "index" else value + round_number * self.step[kind]

    def of_task(self, line: int, kind: str, value: int, round_number: int, copy: int) -> int:
        if kind in ("task", "index"):
            rounds = self.step["task"] * round_number if kind == "task" else 0
            return (value + rounds) * self.copies + copy
        if kind == "time":
            info = self.infos[line] or {}
            launch = self.number(kind, info["Launch Time"], round_number)
            launch += copy * self.lasted.get(info["Task ID"], 0)
            return launch + value - info["Launch Time"]
        return self.number(kind, value, round_number)

    def line(self, line: int, round_number: int, copy: int) -> bytes:
        pieces, end = self.cut[line]
        parts = []
        for text, kind, value in pieces:
            number = (
                self.number(kind, value, round_number)
                if self.infos[line] is None
                else self.of_task(line, kind, value, round_number, copy)
            )
            parts += [text, str(number).encode()]
        return b"".join(parts) + end


def write_log(out: Path, source: Path, size: int, copies: int) -> int:
    """Writes about `size` bytes; returns the number of tasks that end in them."""
    rounds = Rounds(source, copies)
    done = tasks = round_number = 0
    with out.open("wb") as file:
        while done < size:
            for line, kind in enumerate(rounds.kinds):
                if kind in ONCE and (round_number > 0 or kind == "ApplicationEnd"):
                    continue
                for copy in range(copies if rounds.infos[line] is not None else 1):
                    done += file.write(rounds.line(line, round_number, copy))
                    tasks += kind == "TaskEnd"
            round_number += 1
        file.write(rounds.line(rounds.kinds.index("ApplicationEnd"), round_number, 0))
    return tasks
