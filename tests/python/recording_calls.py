"""Calls in the second reader (recording_reader.py), from docs/recording-format.md alone."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from recording_bytes import U64, Bytes, require, unzigzag

WORDS = "return suspend raise enter resume throw lost".split()
REMARKS = dict(enumerate("usage spawn skipped weight value own".split(), len(WORDS)))
DEPTH_LIMIT, OPEN_LIMIT, BLOCK_LIMIT, VALUE_LIMIT = 2**24, 2**22, 16384, 4096


class CallThread:
    def __init__(self) -> None:
        self.time = self.latest = self.newest = self.cpu = self.peak = 0
        self.active: list[int] = []  # numbers of calls, 0: cannot be suspended


class Calls:
    def __init__(self) -> None:
        self.threads = defaultdict[int, CallThread](CallThread)
        self.open: dict[int, bool] = {}  # call: is it suspended

    def read(self, b: Bytes, counts: dict[str, int]) -> list[list[Any]]:
        """The events of a record: thread, time, word, numbers."""
        index, count = b.id(counts["thread"]), b.varint()
        codes, steps = Bytes(b.take(b.varint())), Bytes(b.take(b.varint()))
        require(1 <= count <= BLOCK_LIMIT, "number of events")
        thread, events = self.threads[index], list[list[Any]]()
        for _ in range(count):
            code = codes.varint()
            thread.time += steps.varint()
            require(thread.time < U64, "time does not fit")
            event = self.event(thread, code, codes, counts)
            if event:
                events.append([index, thread.time, *event])
        require(codes.at == len(codes.data) and steps.at == len(steps.data), "calls go on")
        return events

    def event(self, t: CallThread, code: int, codes: Bytes, counts: dict[str, int]) -> list[Any]:
        if code & 1:
            require(code >> 1 < counts["function"], "function is not defined")
            self.push(t, 0)
            return ["enter", code >> 1]
        if code >> 1 >= len(WORDS):
            name = REMARKS.get(code >> 1, "")
            said = Bytes(codes.take(codes.varint()))
            said_numbers = getattr(self, f"read_{name}")(t, said, counts) if name else None
            return [name, *said_numbers] if said_numbers else []
        word = WORDS[code >> 1]
        numbers: list[int] = getattr(self, f"read_{word}")(t, codes, counts)
        return [word, *numbers]

    def push(self, t: CallThread, call: int) -> None:
        require(len(t.active) < DEPTH_LIMIT, "too deep")
        t.active.append(call)

    def pop(self, t: CallThread) -> int:
        require(len(t.active) > 0, "nothing is active")
        return t.active.pop()

    def read_return(self, t: CallThread, codes: Bytes, counts: dict[str, int]) -> list[int]:
        self.open.pop(self.pop(t), None)
        return []

    def read_suspend(self, t: CallThread, codes: Bytes, counts: dict[str, int]) -> list[int]:
        call = self.pop(t)
        require(call != 0, "cannot be suspended")
        self.open[call] = True
        return []

    def read_raise(self, t: CallThread, codes: Bytes, counts: dict[str, int]) -> list[int]:
        exception = codes.id(counts["string"] + 1) - 1
        self.read_return(t, codes, counts)
        return [exception]

    def read_enter(self, t: CallThread, codes: Bytes, counts: dict[str, int]) -> list[int]:
        function, call = codes.id(counts["function"]), t.newest + unzigzag(codes.varint())
        call %= U64
        require(call != 0 and call not in self.open, "call is open")
        require(len(self.open) < OPEN_LIMIT, "too many open calls")
        t.newest = t.latest = call
        self.open[call] = False
        self.push(t, call)
        return [function, call]

    def read_resume(self, t: CallThread, codes: Bytes, counts: dict[str, int]) -> list[int]:
        call = (t.latest + unzigzag(codes.varint())) % U64
        require(self.open.get(call, False), "call is not suspended")
        t.latest = call
        self.open[call] = False
        self.push(t, call)
        return [call]

    read_throw = read_resume

    def read_usage(self, t: CallThread, said: Bytes, counts: dict[str, int]) -> list[int]:
        t.cpu += said.varint()
        t.peak = (t.peak + unzigzag(said.varint())) % U64
        require(t.cpu < U64 and t.peak < 2**32, "usage does not fit")
        return [t.cpu, t.peak]

    def read_spawn(self, t: CallThread, said: Bytes, counts: dict[str, int]) -> list[int]:
        t.newest = (t.newest + unzigzag(said.varint())) % U64
        require(t.newest != 0, "no such call")
        return [t.newest]

    def read_skipped(self, t: CallThread, said: Bytes, counts: dict[str, int]) -> list[int]:
        function, skipped = said.id(counts["function"]), said.varint()
        require(skipped > 0, "nothing is skipped")
        return [function, skipped]

    def read_weight(self, t: CallThread, said: Bytes, counts: dict[str, int]) -> list[int]:
        weight, recursive = said.varint(), said.varint()
        require(weight > 0, "no weight")
        return [weight, True] if recursive else [weight]

    def read_value(self, t: CallThread, said: Bytes, counts: dict[str, int]) -> list[Any] | None:
        which = said.varint()
        if which not in (1, 2, 3):
            return None
        text = said.take(len(said.data) - said.at)
        require(len(t.active) > 0 and len(text) <= VALUE_LIMIT, "value of nothing, or too long")
        return [which, text.decode("latin-1")]

    def read_own(self, t: CallThread, said: Bytes, counts: dict[str, int]) -> list[int]:
        own_ns, wait_us = said.varint(), said.varint()
        require(wait_us < 2**32, "time does not fit")
        return [own_ns, wait_us]

    def read_lost(self, t: CallThread, codes: Bytes, counts: dict[str, int]) -> list[int]:
        lost = codes.varint()
        require(lost > 0, "nothing is lost")
        for call in t.active:
            self.open.pop(call, None)
        t.active.clear()
        return [lost]
