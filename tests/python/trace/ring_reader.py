"""A second reader of what agents write into a spool directory, from the words of ring.h alone.

`read_spool` takes everything at once, after the target's end. `Drain` is a consumer that runs
beside the target, as the recorder's does: it moves the tails of rings, so that a target may go on
for ever.
"""

from __future__ import annotations

import mmap
import struct
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

KINDS = (
    "enter return raise yield resume throw frame lost usage spawn skipped weight value own".split()
)
REMARKS = KINDS[8:]  # said beside the calls
VALUES = [None, "arguments", "keyword_arguments", "return_value"]
MAGIC = 0x31474E49524F5242
HEAD = struct.Struct("<QIIQQQIIQ64sI")
HEAD_OFFSET, LOST_OFFSET, UNTOLD_OFFSET = 128, 136, 144
TAIL_OFFSET, BEAT_OFFSET = 256, 264
BEAT_OVER = 2**64 - 1
EVENT = struct.Struct("<QQ")
WORD = struct.Struct("<Q")


@dataclass(frozen=True)
class Code:
    """A DEFINE_CODE."""

    id: int
    first_line: int
    flags: int
    name: str
    qualified_name: str
    file: str
    module: str


class Event(NamedTuple):
    """One event, with the FRAME or text behind it: in a usage the CPU time. There are millions."""

    time: int
    kind: str
    id: int
    detail: int
    frame: int | None = None
    text: str | None = None


@dataclass
class Ring:
    """One thread."""

    serial: int
    os_pid: int
    os_tid: int
    name: str
    clock: int
    closed: bool
    lost: int
    untold: int
    events: list[Event]
    remarks: list[Event] = field(default_factory=list)
    spawns: list[Event] = field(default_factory=list)  # and events
    told: list[Event] = field(default_factory=list)  # both, as they came


@dataclass
class Process:
    """One process' agent."""

    pid: int
    birth: int
    parent: int
    version: str
    command_line: str
    codes: list[Code] = field(default_factory=list)
    exceptions: dict[int, str] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    facts: dict[str, str] = field(default_factory=dict)
    rings: list[Ring] = field(default_factory=list)

    def words(self, ring: Ring | None = None, *, spawns: bool = False) -> list[str]:
        """Events as text, ``enter main.f``; frames are numbered in order of appearance."""
        ring = ring or self.main
        frames: dict[int, int] = {}
        words = []
        for event in ring.spawns if spawns else ring.events:
            if event.kind == "lost":
                words.append(f"lost {event.time}")
                continue
            code = self.codes[event.id]
            text = f"{event.kind} {code.qualified_name}"
            if event.frame is not None:
                text += f" #{frames.setdefault(event.frame, len(frames))}"
            if event.kind == "raise" and event.detail:
                text += f" {self.exceptions[event.detail]}"
            words.append(text)
        return words

    def values(self, ring: Ring | None = None) -> list[tuple[str, str, str]]:
        """Qualified name, what it is, and text of every value."""
        values = []
        told = (ring or self.main).told
        events = [event for event in told if event.kind not in REMARKS or event.kind == "value"]
        for index, event in enumerate(events):
            if event.kind != "value":
                continue
            which = VALUES[event.detail]
            near = index + 1 if which == "return_value" else index - 1
            while events[near].kind == "value":
                near -= 1
            assert events[near].kind == ("return" if which == "return_value" else "enter")
            assert which is not None
            assert event.text is not None
            values.append((self.codes[events[near].id].qualified_name, which, event.text))
        return values

    @property
    def main(self) -> Ring:
        """The ring of the thread that made the process."""
        (ring,) = [ring for ring in self.rings if ring.os_tid == ring.os_pid]
        return ring

    def count(self, kind: str, qualified_name: str) -> int:
        """How often this happened in all threads."""
        ids = {code.id for code in self.codes if code.qualified_name == qualified_name}
        events = [event for ring in self.rings for event in ring.spawns]
        return sum(event.kind == kind and event.id in ids for event in events)


def _definitions(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(data):
        (length,) = struct.unpack_from("<I", data, at)
        assert 1 <= length <= len(data) - at - 4, "a definition is written whole"
        yield data[at + 4], data[at + 5 : at + 4 + length]
        at += 4 + length


def _numbers_and_strings(body: bytes, count: int) -> tuple[list[int], list[str]]:
    numbers = list(struct.unpack_from(f"<{count}I", body))
    at = 4 * count
    strings = []
    while at < len(body):
        (length,) = struct.unpack_from("<I", body, at)
        strings.append(body[at + 4 : at + 4 + length].decode("utf-8", "surrogatepass"))
        at += 4 + length
    assert at == len(body)
    return numbers, strings


def _read_process(path: Path) -> Process:
    pid, birth = map(int, path.stem.split("-"))
    process: Process | None = None
    for kind, body in _definitions(path.read_bytes()):
        if kind == 1:
            assert process is None
            (own, parent), (version, command_line) = _numbers_and_strings(body, 2)
            assert own == pid
            process = Process(pid, birth, parent, version, command_line)
            continue
        assert process is not None, "the process is defined first"
        if kind == 2:
            (number, line, flags), strings = _numbers_and_strings(body, 3)
            assert number == len(process.codes), "ids are dense"
            name, qualified_name, file, module = strings
            process.codes.append(Code(number, line, flags, name, qualified_name, file, module))
        elif kind == 3:
            (number,), (name,) = _numbers_and_strings(body, 1)
            assert number == len(process.exceptions) + 1
            process.exceptions[number] = name
        else:
            _, (key, value) = _numbers_and_strings(body, 0)
            {4: process.notes, 5: process.facts}[kind][key] = value
    assert process is not None
    return process


def _join_frames(raw: list[tuple[int, int]]) -> list[Event]:
    events: list[Event] = []
    slots = iter(raw)
    for time_or_frame, word in slots:
        kind = KINDS[word & 0xFF]
        number, detail = word >> 8 & 0xFFFFFFFF, word >> 40
        if kind == "frame":
            last = events.pop()
            assert last.frame is None
            events.append(Event(last.time, last.kind, last.id, last.detail, time_or_frame))
        elif kind == "value":
            data = b"".join(EVENT.pack(*next(slots)) for _ in range((number + 15) // 16))
            text = data[:number].decode()
            events.append(Event(time_or_frame, kind, number, detail, text=text))
        else:
            events.append(Event(time_or_frame, kind, number, detail))
    return events


def _calls(events: list[Event]) -> list[Event]:
    return [event for event in events if event.kind not in REMARKS]


def _read_head(data: bytes | mmap.mmap) -> tuple[Ring, int] | None:
    """The ring without its events, and its capacity; None: not ready."""
    magic, head_bytes, clock, capacity, _, _, pid, tid, serial, name, closed = HEAD.unpack_from(
        data
    )
    if magic != MAGIC:
        return None
    assert head_bytes == 4096
    (lost,) = WORD.unpack_from(data, LOST_OFFSET)
    (untold,) = WORD.unpack_from(data, UNTOLD_OFFSET)
    text = name.split(b"\0")[0].decode()
    return Ring(serial, pid, tid, text, clock, bool(closed), lost, untold, []), capacity


def _take(data: bytes | mmap.mmap, capacity: int, tail: int, head: int) -> list[tuple[int, int]]:
    assert tail <= head <= tail + capacity
    events: list[tuple[int, int]] = []
    while tail < head:  # at most twice: to the end of the ring, and from its begin
        slot = tail % capacity
        count = min(head - tail, capacity - slot)
        events += EVENT.iter_unpack(data[4096 + slot * 16 : 4096 + (slot + count) * 16])
        tail += count
    return events


def read_spool(folder: Path) -> list[Process]:
    """All processes in order of birth, with the events that are in their rings now."""
    processes = sorted(map(_read_process, folder.glob("*.defs")), key=lambda each: each.birth)
    for process in processes:
        for path in folder.glob(f"{process.pid}-{process.birth}-*.ring"):
            data = path.read_bytes()
            found = _read_head(data)
            assert found is not None
            ring, capacity = found
            assert path.stem.endswith(f"-{ring.serial}")
            (head,) = WORD.unpack_from(data, HEAD_OFFSET)
            (tail,) = WORD.unpack_from(data, TAIL_OFFSET)
            events = _join_frames(_take(data, capacity, tail, head))
            ring.told = events
            ring.events = _calls(events)
            ring.spawns = [e for e in events if e.kind == "spawn" or e.kind not in REMARKS]
            ring.remarks = [event for event in events if event.kind in REMARKS]
            process.rings.append(ring)
        process.rings.sort(key=lambda ring: ring.serial)
    return processes


class Drain(threading.Thread):
    """Takes events while the target runs; `finish` gives what rings had, by file name."""

    def __init__(self, folder: Path) -> None:
        super().__init__(daemon=True)
        self.folder = folder
        self.raw: dict[str, list[tuple[int, int]]] = {}
        self.lost: dict[str, int] = {}
        self.visits = 0  # that are over: what was taken is given back, too
        self._maps: dict[str, tuple[mmap.mmap, int]] = {}
        self._over = threading.Event()
        self._failure: BaseException | None = None

    def run(self) -> None:
        try:
            while not self._over.wait(0.001):
                self._visit()
            self._visit()
        except BaseException as error:
            self._failure = error

    def _visit(self) -> None:
        for path in self.folder.glob("*.ring"):
            if path.name not in self._maps:
                self._open(path)
        for name, (data, capacity) in self._maps.items():
            (head,) = WORD.unpack_from(data, HEAD_OFFSET)
            (tail,) = WORD.unpack_from(data, TAIL_OFFSET)
            self.raw[name] += _take(data, capacity, tail, head)
            (self.lost[name],) = WORD.unpack_from(data, LOST_OFFSET)
            WORD.pack_into(data, TAIL_OFFSET, head)
            WORD.pack_into(data, BEAT_OFFSET, time.monotonic_ns())
        self.visits += 1

    def _open(self, path: Path) -> None:
        with path.open("r+b") as file:
            if path.stat().st_size > 4096:
                data = mmap.mmap(file.fileno(), 0)
                found = _read_head(data)
                if found is not None:
                    self._maps[path.name] = (data, found[1])
                    self.raw[path.name] = []

    def finish(self) -> dict[str, list[Event]]:
        """Stop, and give the events."""
        self._over.set()
        self.join()
        if self._failure is not None:
            raise self._failure
        return {name: _calls(_join_frames(raw)) for name, raw in self.raw.items()}


def end_recording(folder: Path) -> None:
    """What the recorder does when it stops before the target: ring.h, BARO_RING_BEAT_OVER."""
    for path in folder.glob("*.ring"):
        with path.open("r+b") as file:
            file.seek(BEAT_OFFSET)
            file.write(WORD.pack(BEAT_OVER))
