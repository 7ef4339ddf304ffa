"""Reads MOJO, the binary format Austin writes, as far as stacks of wall-clock runs need it.

Written from the event list in Austin's src/mojo.h (versions 3 and 4). Frames are defined before the
stack that uses them; a stack is its references, root first, and ends with its metric.
"""

from __future__ import annotations

from .profile import Frame, Profile, Stack

(
    METADATA,
    STACK,
    FRAME,
    FRAME_INVALID,
    FRAME_REF,
    FRAME_KERNEL,
    GC,
    IDLE,
    METRIC_TIME,
    METRIC_MEMORY,
    STRING,
    STRING_REF,
    STACK_REPEAT,
) = range(1, 14)


class _Bytes:
    """The file and a position in it."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def byte(self) -> int:
        self.at += 1
        return self.data[self.at - 1]

    def integer(self) -> int:
        """6 bits and a sign first, then groups of 7, least significant first."""
        byte = self.byte()
        value, shift, negative = byte & 0x3F, 6, bool(byte & 0x40)
        while byte & 0x80:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            shift += 7
        return -value if negative else value

    def text(self) -> str:
        end = self.data.index(b"\0", self.at)
        raw, self.at = self.data[self.at : end], end + 1
        return raw.decode("utf-8", "surrogateescape")


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.bytes = _Bytes(data)
        self.strings: dict[int, str] = {1: "<unknown>"}
        # Keys are the target's addresses; processes of one recording could share them.
        self.frames: dict[tuple[int, int], Frame] = {}
        self.metadata: dict[str, str] = {}
        self.totals: dict[tuple[int, int, tuple[Frame, ...]], float] = {}
        self.counts: dict[tuple[int, int, tuple[Frame, ...]], int] = {}
        self.process_id = 0
        self.thread_id = 0
        self.stack: list[Frame] = []
        self.previous: dict[tuple[int, int], list[Frame]] = {}

    def frame(self) -> None:
        read = self.bytes
        key = (self.process_id, read.integer())
        file, name, line = read.integer(), read.integer(), read.integer()
        for _ in range(3):  # line_end, column, column_end
            read.integer()
        self.frames[key] = Frame(self.strings.get(name, "?"), self.strings.get(file, "?"), line)

    def metric(self, microseconds: int) -> None:
        owner = (self.process_id, self.thread_id)
        self.previous[owner] = list(self.stack)
        key = (*owner, tuple(self.stack))
        self.totals[key] = self.totals.get(key, 0.0) + microseconds
        self.counts[key] = self.counts.get(key, 0) + 1

    def event(self, kind: int) -> None:
        read = self.bytes
        if kind == METADATA:
            key = read.text()
            self.metadata[key] = read.text()
        elif kind == STACK:
            self.process_id = read.integer()
            read.integer()  # interpreter
            self.thread_id = int(read.text(), 16)
            self.stack = []
        elif kind == FRAME:
            self.frame()
        elif kind == FRAME_INVALID:
            self.stack.append(Frame(":INVALID:"))
        elif kind == FRAME_REF:
            self.stack.append(self.frames[(self.process_id, read.integer())])
        elif kind == FRAME_KERNEL:
            self.stack.append(Frame(read.text(), "kernel"))
        elif kind == METRIC_TIME:
            self.metric(read.integer())
        elif kind == METRIC_MEMORY:
            read.integer()
        elif kind == STRING:
            string = read.integer()
            self.strings[string] = read.text()
        elif kind == STACK_REPEAT:
            self.stack = list(self.previous.get((self.process_id, self.thread_id), []))
        elif kind not in (GC, IDLE):
            raise ValueError(f"MOJO: event {kind} at byte {read.at - 1}")

    def run(self) -> None:
        read = self.bytes
        if read.data[:3] != b"MOJ":
            raise ValueError("MOJO: no header")
        read.at = 3
        read.integer()
        while read.at < len(read.data):
            self.event(read.byte())


def _lost(metadata: dict[str, str]) -> float | None:
    errors = metadata.get("errors")
    return float(errors.split("/")[0]) if errors else None


def read_mojo(data: bytes) -> Profile:
    """The stacks of a recording; weights are seconds, as Austin measures each sample's length.

    Raises
    ------
    ValueError
        The data is not MOJO of a known version, or ends within an event.
    """
    reader = _Reader(data)
    try:
        reader.run()
    except (IndexError, KeyError) as error:
        raise ValueError(f"MOJO: cut or unknown reference: {error!r}") from error
    stacks = [
        Stack(frames, micros * 1e-6, process_id, thread_id)
        for (process_id, thread_id, frames), micros in reader.totals.items()
    ]
    return Profile(
        stacks,
        samples=float(sum(reader.counts.values())),
        lost=_lost(reader.metadata),
        unit_s=1.0,
        notes={"metadata": reader.metadata},
    )
