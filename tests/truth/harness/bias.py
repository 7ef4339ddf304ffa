"""The biases allowed, each with the promise it checks, and how a crowded machine widens them."""

from __future__ import annotations

from .runs import Run

SHARE = 0.01
"""Shares are right within 1 point beyond chance, also on stacks that change all the time."""

STATE = 0.03
"""Why a thread waits is right within 3 points."""

CHAIN_TRUTH = 0.03
"""What isolated timing cannot tell of two chains a few hundred ns long: samplers that pause the
target, whose stacks are right, differ from it by up to 3 points (November 2026). The phases of the
same target are exact; the promise is held to them."""

IMPOSSIBLE = 0.0005
"""Of the accepted samples, 0.05 % may hold an edge that never happened."""

LOST = 0.01
"""Of the samples due, fewer than 1 % are lost after retries."""

IMPOSSIBLE_HEAP = 0.02
LOST_HEAP = 0.15
SHARE_HEAP = 0.10
"""The same three before 3.11, on stacks that change all the time.

There every frame is an object of its own on the heap, found only through the one above, so that no
read can hold a whole stack: nothing is promised for such programs. Bounds that tell a defect from
that."""

CHILD_UNSEEN = 0.03
"""At least 97 % of a child's running time is seen."""

FOLLOW_S = 0.050
"""A child is followed within 50 ms of its interpreter being ready."""

START_S = 0.020
"""The first sample comes within 20 ms of the interpreter's start."""

CROWDED = 0.02
"""Part of the window the sampler may be without a core before bounds are widened."""

TRY_AGAIN = 0.10
"""Beyond this part a run is done again, up to `TRIES` times, and the least crowded one counts."""

TRIES = 2

PER_WAIT = 0.5
"""Points of share allowed per point of the window in which the sampler had no core.

While it waits, moments go unsampled that are not random: it competes for the core with what it
looks at. What it can miss or attribute wrongly is the time it waited; half of that allows for the
worst case of a phase that always loses against an equal one. A core that the host took away is
none: no clock of the target counts that time, and what a thread seems to wait for meanwhile is
neither true nor false."""


def crowding(run: Run) -> float:
    """Part of the window in which the sampler was ready and had no core, or only one in name."""
    wall = float(run.truth["window"].get("wall_ns", 0))
    return (run.tool_core_wait_ns + run.stolen_ns) / wall if wall else 0.0


def widened(run: Run, bias: float) -> float:
    """The bias allowed to a run, wider where the sampler did not have a core."""
    waited = crowding(run)
    return bias if waited <= CROWDED else bias + PER_WAIT * waited
