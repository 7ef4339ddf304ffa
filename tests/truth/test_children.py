"""Children are followed soon, into the same recording, and their running time is seen."""

from __future__ import annotations

import pytest
from harness import bias
from harness.profile import Profile
from harness.recorder import Python, Recorder
from harness.runs import Run
from test_shares import context

SOME = pytest.mark.only_on("3.9", "3.12", "3.14t", "3.15")
KINDS = [
    "fork",
    pytest.param("pool", marks=pytest.mark.quick_on("3.12")),
    "subprocess",
    *(pytest.param(kind, marks=SOME) for kind in ("spawn", "exec", "tree")),
]


def seconds(profile: Profile) -> float:
    """Wall time the samples stand for."""
    assert profile.unit_s is not None
    return profile.weight * profile.unit_s


def assert_children_seen(run: Run) -> None:
    assert run.profile is not None
    children = run.truth["children"]
    assert children
    lines, failed = [], False
    true_work = seen_work = 0.0
    for child in children:
        own = run.profile.of_process(child["process_id"])
        work = child["work_ns"] * 1e-9
        seen = seconds(own.filter(lambda s: any(f.function == "child_work" for f in s.frames)))
        life = (child["last_ns"] - child["ready_ns"]) * 1e-9
        # What was missed of its life is missed at its start: samples stand for time without gaps.
        unseen = life - seconds(own)
        late = unseen > bias.FOLLOW_S + bias.PER_WAIT * bias.crowding(run) * life
        failed = failed or late
        true_work += work
        seen_work += seen
        mark = "FAIL" if late else "ok  "
        lived = f"lived {1e3 * life:.1f} ms, unseen {1e3 * unseen:.1f} ms"
        worked = f"worked {1e3 * work:.1f} ms, seen {1e3 * seen:.1f} ms"
        limit = f"(allowed {1e3 * bias.FOLLOW_S:.0f})"
        lines.append(f"{mark} process {child['process_id']}: {lived} {limit}; {worked}")
    share = seen_work / true_work
    allowed = bias.widened(run, bias.CHILD_UNSEEN)
    lines.append(f"{100 * share:.2f} % of the work seen; {100 * (1 - allowed):.2f} % asked")
    assert 1 - allowed <= share <= 1 + allowed, "\n".join([context(run), *lines])
    assert not failed, "\n".join([context(run), *lines])


@pytest.mark.parametrize("kind", KINDS)
def test_running_time_of_children(python: Python, record: Recorder, kind: str) -> None:
    # Long enough that being followed a few ms late is not the share that is asked about.
    run = record(python, "processes", "--kind", kind, "--milliseconds", "700", children=True)
    assert_children_seen(run)


@pytest.mark.only_on("3.12")
def test_each_process_is_a_track(python: Python, record: Recorder) -> None:
    """Every child is a process of the report, and has its thread."""
    run = record(python, "processes", "--kind", "pool", "--milliseconds", "200", children=True)
    assert run.profile is not None
    report = run.profile.notes["report"]
    assert isinstance(report, dict)
    children = {child["process_id"] for child in run.truth["children"]}
    assert children <= {process["process_id"] for process in report["processes"]}
    assert children <= {thread["process_id"] for thread in report["threads"]}


@pytest.mark.only_on("3.12")
def test_no_children_leaves_them_out(python: Python, record: Recorder) -> None:
    run = record(python, "processes", "--kind", "subprocess", "--milliseconds", "100")
    assert run.profile is not None
    processes = {stack.process_id for stack in run.profile.stacks}
    assert processes == {run.truth["process_id"]}
