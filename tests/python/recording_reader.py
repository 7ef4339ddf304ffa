"""A second reader of recordings, for tests, written from docs/recording-format.md alone."""

from __future__ import annotations

import struct
import zlib
from collections import defaultdict
from types import SimpleNamespace
from typing import Any

import zstandard
from recording_bytes import U64, Bytes, CorruptError, require, unzigzag
from recording_calls import Calls

STATES = (
    "unknown cpu runnable gil lock disk network pipe child sleep idle collector gpu copy".split()
)
COUNTERS = "ticks missed_ticks stacks unmoved retries rejected unreadable".split()
COUNTERS += "sampler_cpu_ns target_cpu_ns rss_bytes rss_peak_bytes".split()
# Names of the record types 1, 2 ..., and the fields of those that are just fields: v varint, i of
# 32 bits, z status, b flag, t string; capitals are ids of the kind with that initial (S of a
# string), p one of a process or none, f one of a function, counted back.
TYPES = "info:tt anchor:vv string function frame:fi stack process:ipvvSS thread:PivSb"
TYPES += " thread_name:TS process_end:Pvz thread_end:Tvz counters note:vpt samples dropped close"
TYPES += " calls dropped_calls process_fact:Ptt operator:SSSo operator_fact:Ott operator_edge task"
KINDS = {"S": "string", "P": "process", "T": "thread", "O": "operator"}
OUTCOMES = "unknown succeeded failed killed unfinished".split()


class RecordingError(Exception): ...  # not a recording that this reader reads; says in which way


class Numbers(Bytes):  # the adaptive range code: numbers under models, each known by a key
    def __init__(self, data: bytes, models: dict[Any, tuple[int, int]]) -> None:
        super().__init__(data)
        self.models, self.code, self.range = models, int.from_bytes(self.take(4), "big"), 2**32 - 1

    def narrow(self, start: int, size: int) -> None:
        self.code, self.range = self.code - start, size
        while self.range < 2**24:
            self.code = (self.code << 8 | self.take(1)[0]) % 2**32
            self.range <<= 8

    def bit(self, *key: object) -> bool:
        p, seen = self.models.get(key, (32768, 0))
        part, shift = (self.range >> 12) * (p >> 4), (seen + 1).bit_length()
        bit = self.code >= part
        p += -(p >> shift) if bit else (65536 - p) >> shift
        self.models[key] = p, min(seen + 1, 15)
        self.narrow(part if bit else 0, self.range - part if bit else part)
        return bit

    def bits(self, count: int, *key: object) -> int:
        k = 1
        for _ in range(count):
            k = 2 * k + self.bit(*key, k)
        return k - (1 << count)

    def number(self, *key: object) -> int:
        if not self.bit(key, "zero"):
            return 0
        length = self.bits(4, key, "length")
        length = self.bits(6, key, "long") if length == 15 else length
        rest = max(length - 3, 0)
        value = (1 << length - rest) + self.bits(length - rest, key, "top", min(length, 15))
        while rest > 0:
            step = min(rest, 16)
            size = self.range >> step
            require(self.code // size < 2**step, "no such number")
            value, rest = value << step | self.code // size, rest - step
            self.narrow(self.code // size * size, size)
        return value


class Reader:
    def __init__(self) -> None:
        self.call_state, self.dropped_call_count = Calls(), 0
        self.records: list[list[Any]] = []
        kinds = "string function frame stack process thread operator"
        self.counts = dict.fromkeys(kinds.split(), 0)
        self.forget()
        self.sample_count = self.dropped_count = self.unknown = self.file = 0
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
        self.define("string", b.data.decode("latin-1"))

    def stack(self, b: Bytes) -> None:
        up, count = b.id(self.counts["stack"] + 1), self.counts["stack"]
        self.define("stack", count - up if up else -1, self.back(b, "frame"))

    def function(self, b: Bytes) -> None:
        name = self.back(b, "string")
        qualified, self.file = name + unzigzag(b.varint()), self.file + unzigzag(b.varint())
        for string in (qualified, self.file):
            require(0 <= string < self.counts["string"], "string is not defined")
        fields = [name, qualified, self.file, self.field(b, "i"), self.field(b, "i")]
        if b.at < len(b.data) and (module := b.id(self.counts["string"] + 1)):
            fields.append(module - 1)
        self.define("function", *fields)

    def back(self, b: Bytes, kind: str) -> int:
        return self.counts[kind] - 1 - b.id(self.counts[kind])

    def field(self, b: Bytes, kind: str) -> object:
        if kind in KINDS:
            return b.id(self.counts[KINDS[kind]])
        if kind in "tf":
            return self.back(b, "function") if kind == "f" else b.take(b.varint()).decode("latin-1")
        optional = {"p": "process", "o": "operator"}.get(kind)
        value = b.id(self.counts[optional] + 1) - 1 if optional else b.varint()
        require(kind not in "iz" or value < 2**32, "above 32 bits")
        return unzigzag(value) if kind == "z" else bool(value & 1) if kind == "b" else value

    def counters(self, b: Bytes) -> None:
        process, time, count = self.field(b, "p"), b.varint(), b.varint()
        values = [(b.varint(), b.varint()) for _ in range(count)]
        known = {COUNTERS[i]: value for i, value in values if i < len(COUNTERS)}
        self.put("counters", process, time, dict.fromkeys(COUNTERS, 0) | known)

    def operator_edge(self, b: Bytes) -> None:
        ends, kind = [self.field(b, "O"), self.field(b, "O")], b.varint()
        if kind < 2:
            self.put("operator_edge", *ends, ["data", "control"][kind])
        self.unknown += kind >= 2

    def task(self, b: Bytes) -> None:
        of, start = [self.field(b, "O"), self.field(b, "T")], b.varint()
        end, outcome, count = start + b.varint(), b.varint(), b.varint()
        require(end < 2**64 and count <= 256, "task")
        amounts = [[self.field(b, "S"), b.varint()] for _ in range(count)]
        known = OUTCOMES[outcome] if outcome < len(OUTCOMES) else "unknown"
        self.put("task", *of, start, end, known, amounts)

    def dropped(self, b: Bytes) -> None:
        before, self.dropped_count = self.dropped_count, b.varint()
        require(self.dropped_count >= before, "dropped")

    def calls(self, b: Bytes) -> None:
        for event in self.call_state.read(b, self.counts):
            self.put("call", *event)

    def dropped_calls(self, b: Bytes) -> None:
        before, self.dropped_call_count = self.dropped_call_count, b.varint()
        require(self.dropped_call_count >= before, "dropped calls")

    def close(self, b: Bytes) -> None:
        require((b.varint(), b.varint()) == (self.sample_count, self.dropped_count), "samples")
        self.closed = True

    def forget(self) -> None:
        new = {"successor": None, "time": None, "round": 0, "due": 0, "state": 0}
        self.threads = defaultdict[int, Any](lambda: SimpleNamespace(recent=[], **new))
        self.models: dict[Any, tuple[int, int]] = {}
        self.last = self.other = self.round = self.misses = 0

    def samples(self, b: Bytes) -> None:
        flags, count, self.now, data = b.varint(), b.varint(), b.varint(), b.take(b.varint())
        require(flags <= 3 and len(self.times) + count <= 2**20, "head of a block")
        require(count > 0 and self.counts["thread"] > 0, "no samples, or before any thread")
        if flags & 1:
            self.forget()
        self.unit_ns = 1 if flags & 2 else 1000
        n = Numbers(data, self.models)
        for _ in range(count):
            self.sample(n)
        self.sample_count += count
        require(n.code == 0 and n.at == len(n.data), "block goes on")

    def sample(self, n: Numbers) -> None:
        v = n.number("thread", self.misses % 4)
        self.misses = self.misses * 2 + (v != 0)
        index, fresh = (
            divmod(v - 1, 2) if v else self.threads[self.last].successor or (self.last, 1)
        )
        require(index < self.counts["thread"], "thread is not defined")
        self.threads[self.last].successor, self.last = (index, fresh), index
        thread, was_cpu = self.threads[index], self.threads[index].state == 1
        self.now = (self.now + (n.number("step") if fresh else 0)) % U64
        self.round += fresh
        gap = 0 if thread.time is None else self.now - thread.time
        weight = (gap + unzigzag(n.number("weight"))) % U64
        elapsed = 1 if thread.time is None else (self.round - thread.round) % U64
        ticks = (elapsed + unzigzag(n.number("ticks", fresh, elapsed == 1, was_cpu))) % U64
        self.round += ticks - elapsed if fresh else 0
        thread.time, thread.round = self.now, self.round
        v = n.number("stack", min(index, 3))
        require(v >= 128 or v < len(thread.recent), "no such recent stack")
        stack, likely = thread.recent.pop(v) if v < 128 else (-1, 12)
        if v > 128:
            self.other = stack = (self.other + unzigzag(v - 129)) % U64
            require(stack < self.counts["stack"], "stack is not defined")
        v = n.number("state", min(likely, 12), ticks > 1, was_cpu)
        require(v <= 256 and ticks < 2**32, "state or ticks do not fit")
        thread.state = v - 1 if v else likely
        thread.recent = [(stack, thread.state), *thread.recent[:127]]
        thread.due = (thread.due + weight) % U64
        due = ((thread.due + 50) % U64) // 100
        cpus, cpu, runnable = (thread.state == 1, was_cpu), 0, 0
        if v := n.number("movement", min(due.bit_length(), 6), *cpus):
            moved = (due - unzigzag(v - 1)) % U64
            v = n.number("share", min(moved.bit_length(), 5), *cpus)
            require(v // 2 <= moved < U64 // 100_000 + 1, "movement does not fit")
            cpu, runnable = (v // 2, moved - v // 2) if v & 1 else (moved - v // 2, v // 2)
            thread.due = 0
        ns = [self.unit_ns * unit for unit in (self.now, weight)]
        ns += [100_000 * moved for moved in (cpu, runnable)]
        require(max(ns) < U64, "time does not fit")
        state = STATES[thread.state] if thread.state < len(STATES) else "unknown"
        self.put("sample", index, *ns[:2], ticks, stack, state, *ns[2:])
        self.times.append(ns[0])

    def chunk(self, raw: bytes) -> tuple[int, int, int]:
        self.times, source = [], Bytes(raw)
        while source.at < len(raw):
            kind, payload = source.varint(), Bytes(source.take(source.varint()))
            require(not self.closed, "record after the close record")
            name, _, fields = dict(enumerate(TYPES.split(), 1)).get(kind, "").partition(":")
            self.unknown += not name
            if fields:
                values = [self.field(payload, kind) for kind in fields]
                (self.define if name in self.counts else self.put)(name, *values)
            elif name:
                getattr(self, name)(payload)
        return len(self.times), min(self.times, default=0), max(self.times, default=0)


def unpack(flags: int, length: int, stored: bytes) -> bytes:
    if flags == 0 and len(stored) == length:
        return stored
    try:
        require(flags == 1 and zstandard.frame_content_size(stored) == length, "lengths")
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
        kind, flags, zero, number, size, length, samples, first, last, crc = fields
        require(magic == b"BCHK" and zlib.crc32(data[at : at + 44]) == head_crc, "chunk head")
        require(zero == 0 and flags <= 1 and length <= 64 * 2**20, "chunk head")
        require(number == sequence and not ended, "chunk out of order")
        if len(data) - at - 48 < size:
            raise EOFError
        stored = data[at + 48 : at + 48 + size]
        require(zlib.crc32(stored) == crc, "checksum of the chunk")
        raw = unpack(flags, length, stored)
        reader.unknown += kind not in (1, 2)
        if kind == 1:
            require((samples, first, last) == reader.chunk(raw), "head disagrees with samples")
        elif kind == 2:
            index, ended = Bytes(raw), True
            numbers = [index.varint() for _ in range(len(entries) + 1)]
            require(numbers == [sequence, *entries], "index disagrees with the chunks")
            require(raw[index.at :] == struct.pack("<QI4s", at, sequence, b"BIDX"), "index")
        entries += [48 + size, samples, first, last - first]
        damage |= {"good_bytes": at + 48 + size, "chunks": sequence + 1}


def read(data: bytes) -> list[list[Any]]:
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
    except (EOFError, CorruptError) as error:
        damage["truncated" if isinstance(error, EOFError) else "corrupt"] = True
    damage |= {"complete": reader.closed, "file_bytes": len(data)}
    damage |= {"unknown_records": reader.unknown, "dropped_samples": reader.dropped_count}
    if reader.dropped_call_count:
        damage["dropped_call_events"] = reader.dropped_call_count
    return [*reader.records, ["damage", damage]]
