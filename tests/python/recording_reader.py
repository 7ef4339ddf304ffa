"""A second reader of recordings, written from docs/recording-format.md alone.

Tests hold it against the C reader: what both read alike, the document says clearly enough. It is
slow, keeps the whole file in memory, and is not part of the package.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, field
from typing import Any

import zstandard

U64 = 2**64
STATES = "unknown cpu runnable gil lock disk network pipe child sleep idle collector".split()
COUNTERS = "ticks missed_ticks stacks unmoved retries rejected unreadable".split()
COUNTERS += "sampler_cpu_ns target_cpu_ns rss_bytes rss_peak_bytes".split()
# Names of the record types 1, 2 ..., and the fields of those that are just fields: v varint, i of
# 32 bits, z status, b flag, t string; capitals are ids of the kind with that initial (S of a
# string), p one of a process or none.
TYPES = [
    *("info:tt", "anchor:vv", "string", "function:SSSii", "frame:Fi", "stack", "process:ipvvSS"),
    *("thread:PivSb", "thread_name:TS", "process_end:Pvz", "thread_end:Tvz", "counters"),
    *("note:vpt", "samples", "dropped", "close"),
]
KINDS = {"S": "string", "F": "function", "P": "process", "T": "thread"}
Record = list[Any]


class CorruptError(Exception): ...  # a rule of the format is broken


class RecordingError(Exception): ...  # not a recording that this reader reads; says in which way


def require(condition: bool, what: str) -> None:
    if not condition:
        raise CorruptError(what)


class Bytes:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, length: int) -> bytes:
        require(length <= len(self.data) - self.at, "ends early")
        self.at += length
        return self.data[self.at - length : self.at]

    def rest(self) -> bytes:
        return self.take(len(self.data) - self.at)

    def varint(self) -> int:
        value = 0
        for i in range(10):
            byte = self.take(1)[0]
            require(i < 9 or byte <= 1, "varint above 64 bits")
            value |= (byte & 0x7F) << (7 * i)
            if byte < 0x80:
                return value
        raise CorruptError("varint")

    def id(self, defined: int) -> int:
        value = self.varint()
        require(value < defined, "refers to what is not defined")
        return value


def unzigzag(coded: int) -> int:
    return -(coded + 1 >> 1) if coded & 1 else coded >> 1


@dataclass
class Thread:
    """What is known of a thread before its next sample."""

    successor: int
    time: int | None = None
    state: int = 0
    recent: list[int] = field(default_factory=list)


def column(coding: int, data: bytes, limit: int) -> list[int]:
    require(coding <= 2, "unknown coding")
    values, source = list(data) if coding == 0 else [], Bytes(data)
    while coding != 0 and source.at < len(data):
        value, times = source.varint(), source.varint() if coding == 2 else 1
        require(0 < times <= limit - len(values), "column is longer than the block")
        values += [value] * times
    return values


class Reader:
    def __init__(self) -> None:
        self.records: list[Record] = []
        self.counts = dict.fromkeys("string function frame stack process thread".split(), 0)
        self.threads: list[Thread] = []
        self.last = self.other = 0
        self.sample_count = self.dropped_count = self.unknown = 0
        self.times: list[int] = []  # of the samples of this chunk
        self.closed = False

    def put(self, *record: object) -> None:
        self.records.append(list(record))

    def define(self, kind: str, *values: object) -> None:
        limit = 2**20 if kind == "thread" else 2**32 - 2
        require(self.counts[kind] < limit, "too many definitions")
        self.put(kind, self.counts[kind], *values)
        self.counts[kind] += 1

    def string(self, b: Bytes) -> None:
        require(len(b.data) <= 2**20, "string is too long")
        self.define("string", b.rest().decode("latin-1"))

    def stack(self, b: Bytes) -> None:
        up, back = b.varint(), b.varint()
        require(up <= self.counts["stack"], "parent is not defined")
        require(back < self.counts["frame"], "frame is not defined")
        parent = -1 if up == 0 else self.counts["stack"] - up
        self.define("stack", parent, self.counts["frame"] - 1 - back)

    def field(self, b: Bytes, kind: str) -> object:
        if kind in KINDS:
            return b.id(self.counts[KINDS[kind]])
        if kind == "t":
            return b.take(b.varint()).decode("latin-1")
        value = b.varint() if kind != "p" else b.id(self.counts["process"] + 1) - 1
        require(kind not in "iz" or value < 2**32, "above 32 bits")
        return unzigzag(value) if kind == "z" else bool(value & 1) if kind == "b" else value

    def counters(self, b: Bytes) -> None:
        process, time, count = self.field(b, "p"), b.varint(), b.varint()
        values = dict.fromkeys(COUNTERS, 0)
        for _ in range(count):
            counter, value = b.varint(), b.varint()
            if counter < len(COUNTERS):
                values[COUNTERS[counter]] = value
        self.put("counters", process, time, values)

    def dropped(self, b: Bytes) -> None:
        before, self.dropped_count = self.dropped_count, b.varint()
        require(self.dropped_count >= before, "dropped")

    def close(self, b: Bytes) -> None:
        counts = self.sample_count, self.dropped_count
        require((b.varint(), b.varint()) == counts, "samples are missing")
        self.closed = True

    def samples(self, b: Bytes) -> None:
        flags, count, now, columns = b.varint(), b.varint(), b.varint(), b.varint()
        require(flags <= 1 and columns >= 9, "head of a block")
        require(count == 0 or self.counts["thread"] > 0, "samples before any thread")
        for i in range(len(self.threads), self.counts["thread"]):
            self.threads.append(Thread(i))
        if flags:
            self.threads = [Thread(i) for i in range(len(self.threads))]
            self.last = self.other = 0
        stored = [(b.take(1)[0], b.take(b.varint())) for _ in range(9)]
        require(stored[4][0] == 0, "low bytes of time are not bytes")
        *plain, waited = (column(coding, data, count) for coding, data in stored)
        require(all(len(values) == count for values in plain), "columns disagree")
        require(len(waited) == count - plain[7].count(0), "columns disagree")
        waits = iter(waited)
        for row in zip(*plain):
            now = (now + unzigzag(row[5]) * 256 + row[4]) % U64
            self.sample(row, next(waits) if row[7] else 0, now)

    def sample(self, row: tuple[int, ...], runnable: int, now: int) -> None:
        require(row[0] <= self.counts["thread"], "thread is not defined")
        index = self.threads[self.last].successor if row[0] == 0 else row[0] - 1
        self.threads[self.last].successor = self.last = index
        thread = self.threads[index]
        gap = 0 if thread.time is None else now - thread.time
        weight = (gap + unzigzag(row[1])) % U64
        thread.time = now
        require(row[2] < 2**32 and row[3] <= 256, "ticks or state do not fit")
        thread.state = row[3] - 1 if row[3] else thread.state
        cpu = max(row[7] - 1, 0)
        ns = [1000 * us for us in (now, weight, 100 * cpu, 100 * runnable)]
        require(max(ns) < U64, "time does not fit")
        state = STATES[thread.state] if thread.state < len(STATES) else "unknown"
        stack = self.recent_stack(thread.recent, row[6])
        self.put("sample", index, ns[0], ns[1], row[2], stack, state, ns[2], ns[3])
        self.times.append(ns[0])
        self.sample_count += 1

    def recent_stack(self, recent: list[int], code: int) -> int:
        stack = -1
        if code < 128:
            require(code < len(recent), "no such recent stack")
            stack = recent.pop(code)
        elif code > 128:
            self.other = stack = (self.other + unzigzag(code - 129)) % U64
            require(stack < self.counts["stack"], "stack is not defined")
        recent.insert(0, stack)
        del recent[128:]
        return stack

    def chunk(self, raw: bytes) -> None:
        self.times, source = [], Bytes(raw)
        while source.at < len(source.data):
            kind = source.varint()
            payload = Bytes(source.take(source.varint()))
            require(not self.closed, "record after the close record")
            known = 1 <= kind <= len(TYPES)
            self.unknown += not known
            name, _, fields = TYPES[kind - 1].partition(":") if known else ("", "", "")
            if fields:
                values = [self.field(payload, kind) for kind in fields]
                (self.define if name in self.counts else self.put)(name, *values)
            elif known:
                getattr(self, name)(payload)


def unpack(head: tuple[int, ...], stored: bytes) -> bytes:
    _, flags, _, _, _, length, *_, crc = head
    require(zlib.crc32(stored) == crc, "checksum of the chunk")
    if not flags & 1 and len(stored) == length:
        return stored
    try:
        require(flags & 1 == 1 and zstandard.frame_content_size(stored) == length, "lengths")
        unpacker = zstandard.ZstdDecompressor().decompressobj()
        raw = unpacker.decompress(stored)
    except zstandard.ZstdError as error:
        raise CorruptError(str(error)) from error
    require(unpacker.eof and not unpacker.unused_data and len(raw) == length, "zstd frame")
    return raw


def read_chunks(data: bytes, reader: Reader, damage: dict[str, int]) -> None:
    entries, ended = list[int](), False
    while damage["good_bytes"] < len(data):
        at, sequence = damage["good_bytes"], damage["chunks"]
        if len(data) < at + 48:
            raise EOFError
        magic, *fields, head_crc = struct.unpack_from("<4sBBHIIIIQQII", data, at)
        kind, flags, zero, number, size, length, samples, first, last, _ = fields
        require(magic == b"BCHK" and zlib.crc32(data[at : at + 44]) == head_crc, "chunk head")
        require(zero == 0 and flags <= 1 and length <= 64 * 2**20, "chunk head")
        require(number == sequence and not ended, "chunk out of order")
        if len(data) - at - 48 < size:
            raise EOFError
        raw = unpack(tuple(fields), data[at + 48 : at + 48 + size])
        if kind == 1:
            reader.chunk(raw)
            times = reader.times
            expected = (len(times), min(times, default=0), max(times, default=0))
            require((samples, first, last) == expected, "head disagrees with samples")
        elif kind == 2:
            index, ended = Bytes(raw), True
            numbers = [index.varint() for _ in range(len(entries) + 1)]
            require(numbers == [sequence, *entries], "index disagrees with the chunks")
            require(index.rest() == struct.pack("<QI4s", at, sequence, b"BIDX"), "index")
        else:
            reader.unknown += 1
        entries += [48 + size, samples, first, last - first]
        damage |= {"good_bytes": at + 48 + size, "chunks": sequence + 1}


def read(data: bytes) -> list[Record]:
    """All records, and what is wrong as a last one; RecordingError where it is not a recording."""
    if len(data) < 24:
        raise RecordingError("truncated")
    magic, major, _, _, crc = struct.unpack_from("<12sHHII", data)
    if magic != b"BAROGRAPH\x1a\r\n":
        raise RecordingError("invalid input")
    if zlib.crc32(data[:20]) != crc:
        raise RecordingError("corrupt recording")
    if major != 1:
        raise RecordingError("not supported")
    reader = Reader()
    damage = {"truncated": False, "corrupt": False, "good_bytes": 24, "chunks": 0}
    try:
        read_chunks(data, reader, damage)
    except EOFError:
        damage["truncated"] = True
    except CorruptError:
        damage["corrupt"] = True
    damage |= {"complete": reader.closed, "file_bytes": len(data)}
    damage |= {"unknown_records": reader.unknown, "dropped_samples": reader.dropped_count}
    return [*reader.records, ["damage", damage]]
