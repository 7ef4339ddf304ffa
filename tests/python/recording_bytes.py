"""Bytes, numbers and errors of the second reader (recording_reader.py)."""

from __future__ import annotations

U64 = 2**64


class CorruptError(Exception): ...  # a rule of the format is broken


def require(condition: bool, what: str) -> None:
    if not condition:
        raise CorruptError(what)


class Bytes:
    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def take(self, length: int) -> bytes:
        require(length <= len(self.data) - self.at, "ends early")
        self.at += length
        return self.data[self.at - length : self.at]

    def varint(self) -> int:
        value, shift, byte = 0, 0, 0x80
        while byte >= 0x80:
            byte = self.take(1)[0]
            value |= (byte & 0x7F) << shift
            shift += 7
            require(shift <= 70 and value < U64, "varint above 64 bits")
        return value

    def id(self, defined: int) -> int:
        value = self.varint()
        require(value < defined, "refers to what is not defined")
        return value


def unzigzag(coded: int) -> int:
    return -(coded + 1 >> 1) if coded & 1 else coded >> 1
