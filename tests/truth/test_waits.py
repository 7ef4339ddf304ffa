"""Why a thread waits, and for how much of its time, is what the thread's own clocks say."""

from __future__ import annotations

from pathlib import Path

import pytest
from harness import bias
from harness.recorder import Python, Recorder
from harness.runs import Run
from harness.tolerance import Comparison, assert_all
from test_shares import context

STATES = (
    "cpu", "runnable", "gil", "lock", "disk", "network", "pipe", "child", "sleep", "idle",
    "collector", "gpu", "copy", "unknown",
)  # fmt: skip


def reported_states(run: Run, thread_id: int) -> dict[str, float]:
    """The states of one thread in `report --json`."""
    assert run.profile is not None
    report = run.profile.notes["report"]
    assert isinstance(report, dict)
    found = [thread for thread in report["threads"] if thread["thread_id"] == thread_id]
    assert len(found) == 1, f"thread {thread_id} is {len(found)} times in the report"
    states = found[0]["states"]
    assert set(states) == set(STATES)
    # A state that does not occur may be null.
    return {state: float(value or 0.0) for state, value in states.items()}


def compare_states(run: Run) -> list[Comparison]:
    """Every state of every measured thread."""
    comparisons = []
    window_s = float(run.truth["window"]["wall_ns"]) * 1e-9
    for thread in run.truth["threads"]:
        seen = reported_states(run, thread["thread_id"])
        # A thread that waits for the GIL or a lock wakes up now and then; on a crowded machine it
        # then waits for a core, which the kernel counts only when that is over.
        crowded = 0.0 if thread["name"].startswith("runnable") else thread["runnable_ns"]
        # The thread's own clocks leave a remainder: the time they take, and waits for the GIL.
        for state in STATES:
            comparisons.append(
                Comparison(
                    f"{thread['name']} {state}",
                    thread["states"].get(state, 0.0),
                    seen[state],
                    window_s * 1000,
                    bias.widened(run, bias.STATE) + bias.PER_WAIT * crowded / thread["wall_ns"],
                    inflation=1.0,
                )
            )
    return comparisons


@pytest.mark.quick_on("3.12")
def test_reasons_that_do_not_disturb_each_other(
    python: Python, record: Recorder, tmp_path: Path
) -> None:
    """Lock, condition, queue, sleep, network, pipe, disk, child and event loop: nine threads."""
    run = record(python, "waits", "--seconds", "3", "--folder", str(tmp_path))
    assert_all(compare_states(run), context(run))


@pytest.mark.only_on("3.12", "3.13t", "3.14t")
def test_thread_beside_the_collector(python: Python, record: Recorder) -> None:
    """Held up while another thread collects: it waits for the GIL, or is suspended without one."""
    run = record(python, "waits", "--seconds", "2", "--reasons", "collector,gil")
    run.truth["threads"] = [t for t in run.truth["threads"] if t["name"] == "gil-0"]
    assert len(run.truth["threads"]) == 1
    assert_all(compare_states(run), context(run))


@pytest.mark.parametrize("reason", ["gil", "runnable", "collector"])
def test_reasons_that_disturb_everybody(python: Python, record: Recorder, reason: str) -> None:
    """The fight for the GIL, a rival process on the core, the garbage collector."""
    run = record(python, "waits", "--seconds", "2", "--reasons", reason)
    assert_all(compare_states(run), context(run))
