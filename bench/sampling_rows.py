"""What is measured: each row of `ROWS` runs one target under one tool and gives named numbers.

A row's bare runs come first in every repetition; slow-downs are against the bare run of the same
repetition. Work is fixed (rounds counted once, bare), so that a slow-down can be seen at all.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable

from harness.profile import Profile, impossible
from harness.runs import Run, different_cores, run
from harness.tools import Tool

Numbers = dict[str, float]


@dataclass
class Cell:
    """One row on one interpreter: how much work it does, and its latest bare run."""

    python: str
    seconds: float
    rounds: int = 0
    arguments: tuple[str, ...] = ()  # that make every run do the work of the first
    bare: Run | None = None
    notes: Numbers = field(default_factory=dict)


@dataclass(frozen=True)
class Row:
    """One workload at one rate."""

    name: str
    title: str
    measure: Callable[[Cell, Row, Tool | None], Numbers]
    target: str
    arguments: tuple[str, ...] = ()
    rate_hz: int = 1000
    seconds: float = 1.5
    by_rounds: bool = True
    children: bool = False


def start(cell: Cell, row: Row, tool: Tool | None) -> Run:
    """Run the row's target once; its folder is removed, what was read of it stays."""
    arguments = [*row.arguments, *cell.arguments]
    if row.by_rounds and cell.rounds:
        arguments += ["--rounds", str(cell.rounds)]
    elif row.target not in ("short_run", "processes"):
        arguments += ["--seconds", str(cell.seconds)]
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    try:
        return run(
            cell.python,
            row.target,
            *arguments,
            tool=tool,
            rate_hz=row.rate_hz,
            children=row.children,
            cores=different_cores(),
            folder=folder,
            timeout_s=240,
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def busy_s(run_: Run) -> float:
    """Time of the window without the target's waits for a core, as seen by its main thread."""
    window = run_.truth["window"]
    return float(window["wall_ns"] - window["runnable_ns"]) * 1e-9


def window_of(run_: Run) -> Profile:
    """What the tool saw in the window."""
    assert run_.profile is not None
    return run_.profile.within()


def wall_s(run_: Run) -> float:
    """Length of the window."""
    return float(run_.truth["window"]["wall_ns"]) * 1e-9


def largest_error(run_: Run, truth: Run, labels: list[str]) -> float:
    """Largest deviation of a share in `labels` from the truth of a run, points."""
    window = window_of(run_)
    return 100 * max(
        abs(window.share(label, of=labels) - truth.share(label, labels)) for label in labels
    )


def common(cell: Cell, run_: Run) -> Numbers:
    """What every window gives: slow-down, rate, cost, losses."""
    assert run_.profile is not None
    assert cell.bare is not None
    window = window_of(run_)
    samples = window.samples or 0.0
    numbers = {
        "slow_down": busy_s(run_) / busy_s(cell.bare),
        "samples_per_s": samples / wall_s(run_),
        "cpu_percent": 100 * run_.tool_window_cpu_ns * 1e-9 / wall_s(run_),
        "samples": samples,
    }
    if samples:
        numbers["cpu_ms_per_1000"] = run_.tool_work_cpu_ns * 1e-6 / samples * 1000
    if run_.profile.lost is not None:
        read = run_.profile.notes.get("stacks") or run_.profile.samples or run_.profile.weight
        whole = float(read) + run_.profile.lost
        numbers["lost_percent"] = 100 * run_.profile.lost / max(1.0, whole)
    return numbers


def bare_numbers(cell: Cell, run_: Run) -> Numbers:
    """A bare run: kept for the comparisons of this repetition."""
    cell.bare = run_
    return {"wall_s": wall_s(run_), "busy_s": busy_s(run_)}


def mix(cell: Cell, row: Row, tool: Tool | None) -> Numbers:
    """`cpu_mix`: cost and shares."""
    done = start(cell, row, tool)
    if tool is None:
        return bare_numbers(cell, done)
    assert cell.bare is not None
    numbers = common(cell, done)
    if numbers["samples"]:
        labels = done.labels
        numbers["error_points_bare"] = largest_error(done, cell.bare, labels)
        numbers["error_points"] = largest_error(done, done, labels)
    return numbers


def edges(cell: Cell, row: Row, tool: Tool | None) -> Numbers:
    """`impossible_edges`: stacks that never were, and shares where stacks change all the time."""
    done = start(cell, row, tool)
    if tool is None:
        return bare_numbers(cell, done)
    assert done.profile is not None
    numbers = common(cell, done)
    window = window_of(done)
    if window.weight:
        weight, _ = impossible(done.profile, done.truth["edges"])
        numbers["impossible_percent"] = 100 * weight / window.weight
        phases = ["phase_alternate", "phase_steady"]
        numbers["error_points"] = largest_error(done, done, phases)
        chains = done.truth["chains"]
        pair = [chains["swift"], chains["steady"]]
        seen = window.share(pair[0], of=pair)
        numbers["chain_error_points"] = 100 * abs(seen - chains["swift_ratio"])
        numbers["chain_uncertainty_points"] = 100 * chains["uncertainty"]
    return numbers


def deep(cell: Cell, row: Row, tool: Tool | None) -> Numbers:
    """`deep_shallow` at 900 frames."""
    done = start(cell, row, tool)
    if tool is None:
        return bare_numbers(cell, done)
    numbers = common(cell, done)
    if numbers["samples"]:
        assert cell.bare is not None
        phases = ["phase_deep", "phase_shallow"]
        numbers["error_points_bare"] = largest_error(done, cell.bare, phases)
        numbers["error_points"] = largest_error(done, done, phases)
    return numbers


def threads(cell: Cell, row: Row, tool: Tool | None) -> Numbers:
    """`many_threads`: how often all threads are looked at, at what cost, and what they notice."""
    done = start(cell, row, tool)
    if tool is None:
        cell.bare = done
        return {"rounds_per_s": done.truth["rounds"] / wall_s(done)}
    assert cell.bare is not None
    numbers = common(cell, done)
    here, before = (r.truth["rounds"] / wall_s(r) for r in (done, cell.bare))
    numbers["slow_down"] = before / max(1e-9, here)
    busy = window_of(done).filter(lambda s: any(f.function == "busy_thread" for f in s.frames))
    # Every look at the process sees each working thread once.
    numbers["looks_per_s"] = (busy.samples or 0.0) / done.truth["busy"] / wall_s(done)
    del numbers["samples_per_s"]
    return numbers


def short(cell: Cell, row: Row, tool: Tool | None) -> Numbers:
    """`short_run`: what a tool adds before the first line and after the last, and sees."""
    done = start(cell, row, tool)
    begin = (done.truth["first_line_ns"] - done.started_ns) * 1e-6
    end = (done.ended_ns - done.truth["last_line_ns"]) * 1e-6
    if tool is None:
        cell.bare = done
        cell.notes = {"begin_ms": begin, "end_ms": end}
        return dict(cell.notes)
    assert done.profile is not None
    true_s = (done.truth["last_line_ns"] - done.truth["first_line_ns"]) * 1e-9
    return {
        "start_ms": begin - cell.notes["begin_ms"],
        "end_ms": end - cell.notes["end_ms"],
        "seen_percent": 100 * done.profile.total("spin") * (done.profile.unit_s or 0.0) / true_s,
    }


def pool(cell: Cell, row: Row, tool: Tool | None) -> Numbers:
    """`processes`: how much of the workers' running time is seen."""
    done = start(cell, row, tool)
    if tool is None:
        cell.bare = done
        return {"wall_s": wall_s(done)}
    assert done.profile is not None
    true_s = sum(child["work_ns"] for child in done.truth["children"]) * 1e-9
    seen_s = done.profile.total("child_work") * (done.profile.unit_s or 0.0)
    return {"seen_percent": 100 * seen_s / true_s}


def fix_work(cell: Cell, row: Row) -> None:
    """Find out, bare, how many rounds take the row's time; not for rows that work by the clock."""
    if row.by_rounds:
        truth = start(cell, row, None).truth
        cell.rounds = int(max(1, truth["rounds"]))
        if "work" in truth:
            cell.arguments = ("--work", truth["work"])


ROWS = {
    row.name: row
    for row in (
        Row("cost", "cpu_mix, 1,000 Hz", mix, "cpu_mix", seconds=2.0),
        Row("cost-100", "cpu_mix, 100 Hz", mix, "cpu_mix", rate_hz=100, seconds=2.0),
        Row("cost-10k", "cpu_mix, 10,000 Hz", mix, "cpu_mix", rate_hz=10_000, seconds=1.0),
        Row("rate", "cpu_mix, 100,000 Hz asked", mix, "cpu_mix", rate_hz=100_000, seconds=0.7),
        Row("edges", "impossible edges, 1,000 Hz", edges, "impossible_edges", seconds=2.0),
        Row(
            "edges-10k",
            "impossible edges, 10,000 Hz",
            edges,
            "impossible_edges",
            rate_hz=10_000,
            seconds=1.0,
        ),
        Row(
            "deep",
            "900 frames deep, 1,000 Hz",
            deep,
            "deep_shallow",
            arguments=("--depth", "900", "--pieces", "800"),
            seconds=0.6,
        ),
        Row(
            "threads",
            "51 threads of which 2 work, 1,000 Hz",
            threads,
            "many_threads",
            arguments=("--threads", "51"),
            by_rounds=False,
        ),
        Row("short", "a 0.3 s program, 1,000 Hz", short, "short_run", by_rounds=False),
        Row(
            "pool",
            "a pool of 2 processes, 200 Hz",
            pool,
            "processes",
            arguments=("--kind", "pool", "--milliseconds", "1000"),
            rate_hz=200,
            by_rounds=False,
            children=True,
        ),
    )
}
