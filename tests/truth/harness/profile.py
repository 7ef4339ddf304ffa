"""What every profiler's output is read into: stacks with weights.

One weight is one sample of a tool with equal samples, or seconds where samples differ in length;
shares do not care. `Profile.within` keeps what was seen inside the targets' window.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Callable, NamedTuple


class Frame(NamedTuple):
    """One function on a stack: its name, qualified where the tool knows it, and current line."""

    name: str
    file: str = ""
    line: int | None = None

    @property
    def function(self) -> str:
        """The last part of the name: tools differ in whether they qualify."""
        return self.name.rpartition(".")[2]


class Stack(NamedTuple):
    """A stack, root first, and how much was seen of it."""

    frames: tuple[Frame, ...]
    weight: float
    process_id: int | None = None
    thread_id: int | None = None
    thread_name: str = ""


# What tools put where they could not read a frame: such a stack is degraded, and says so.
MARKS = ("(unreadable)", "(deeper frames cut)", ":INVALID:")

ROOT = "measured"
"""The function below which targets do all their work (tests/targets/selftime.py)."""


@dataclass
class Profile:
    """The stacks a tool saw, and what it says of itself."""

    stacks: list[Stack]
    # Stacks read, where the tool says so; else the sum of the weights, which are then counts.
    samples: float | None = None
    # Samples that were due and gave no stack.
    lost: float | None = None
    # Seconds one weight stands for.
    unit_s: float | None = None
    notes: dict[str, Any] = field(default_factory=dict)

    @property
    def weight(self) -> float:
        """Sum over all stacks."""
        return sum(stack.weight for stack in self.stacks)

    def filter(self, keep: Callable[[Stack], bool]) -> Profile:
        """The stacks `keep` is true of; the sample count is scaled with the weight."""
        stacks = [stack for stack in self.stacks if keep(stack)]
        kept = sum(stack.weight for stack in stacks)
        whole = self.weight
        samples = self.samples if self.samples is not None else whole
        share = kept / whole if whole else 0.0
        return Profile(stacks, samples * share, self.lost, self.unit_s, self.notes)

    def within(self, root: str = ROOT) -> Profile:
        """What was seen below the function `root`."""
        return self.filter(lambda stack: holds(stack, root))

    def of_thread(self, thread_id: int) -> Profile:
        """What was seen of one thread."""
        return self.filter(lambda stack: stack.thread_id == thread_id)

    def of_process(self, process_id: int) -> Profile:
        """What was seen of one process."""
        return self.filter(lambda stack: stack.process_id == process_id)

    def total(self, function: str) -> float:
        """Weight of the stacks a function is on, however often."""
        return sum(stack.weight for stack in self.stacks if holds(stack, function))

    def share(self, function: str, of: Iterable[str] = ()) -> float:
        """`total` over the whole weight, or over that of the functions `of`."""
        names = tuple(of)
        whole = sum(map(self.total, names)) if names else self.weight
        return self.total(function) / whole if whole else 0.0

    def self_share(self, function: str) -> float:
        """Share of the stacks whose last function this is."""
        found = sum(s.weight for s in self.stacks if s.frames and s.frames[-1].function == function)
        return found / self.weight if self.weight else 0.0


def holds(stack: Stack, function: str) -> bool:
    """Whether a function is on a stack."""
    return any(frame.function == function for frame in stack.frames)


def impossible(profile: Profile, edges: Iterable[Iterable[str]]) -> tuple[float, list[str]]:
    """Weight of the stacks that hold neighbours which never called each other.

    Looks below `measured`. A stack that holds a function of the target, has no `measured` above it,
    and does not start at the script either, lost its root and counts too; one that does start there
    belongs to the target's calibrations. A stack that says of itself that a frame
    is missing claims nothing.

    Returns
    -------
    (float, list of str)
        The weight, and up to five such stacks as text.
    """
    allowed = {tuple(edge) for edge in edges}
    inside = {name for edge in allowed for name in edge if name not in ("start", "stop")}
    weight = 0.0
    examples: list[str] = []
    for stack in profile.stacks:
        names = [frame.function for frame in stack.frames]
        if any(mark in names for mark in MARKS):
            continue
        if ROOT in names:
            names = names[names.index(ROOT) :]
            wrong = any(pair not in allowed for pair in zip(names, names[1:]))
        else:
            wrong = "<module>" not in names and any(name in inside for name in names)
        if wrong:
            weight += stack.weight
            if len(examples) < 5:
                examples.append(" > ".join(names))
    return weight, examples


_NUMBERED = re.compile(r"^(?P<name>.*?) \((?P<file>.*?)(?::(?P<line>\d+))?\)$", re.S)


def frame_of_text(text: str) -> Frame:
    """Read ``name (file:line)``, as py-spy and barograph write frames in collapsed stacks."""
    match = _NUMBERED.match(text)
    if match is None:
        return Frame(text)
    line = match["line"]
    return Frame(match["name"], match["file"], int(line) if line else None)


def collapsed_lines(text: str) -> Iterable[tuple[list[str], float]]:
    """The frames and the count of each line ``a;b;c 12``.

    Names that a tool read from torn memory may hold any character, line ends too: a line without a
    count is a piece of such a name and goes to the stack whose count follows it.
    """
    pieces = ""
    for line in text.split("\n"):
        stack, _, count = line.rpartition(" ")
        if not (stack and count.isascii() and count.replace(".", "", 1).isdigit()):
            pieces += line
            continue
        yield (pieces + stack).split(";"), float(count)
        pieces = ""
