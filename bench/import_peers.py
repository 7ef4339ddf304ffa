"""What others take to read an event log of Spark: one way of it in a process, which says its sums.

    python bench/import_peers.py bytes|json|orjson|msgspec|simdjson FILE

All but `bytes` count ended tasks and sum three of their times: a small part of an import.
`msgspec` decodes into classes that have these fields only, `simdjson` takes them lazily.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from typing import Any, BinaryIO, Union

Sums = tuple[int, int]


def read_bytes(file: BinaryIO) -> Sums:
    room = bytearray(1 << 20)
    read = 0
    while got := file.readinto(room):  # type: ignore[attr-defined]
        read += got
    return read, 0


def sum_tasks(lines: Iterable[bytes], loads: Callable[[bytes], Any]) -> Sums:
    tasks = total = 0
    for line in lines:
        event = loads(line)
        if event["Event"] == "SparkListenerTaskEnd":
            metrics = event["Task Metrics"]
            total += metrics["Executor Run Time"] + metrics["Executor CPU Time"]
            total += metrics["JVM GC Time"]
            tasks += 1
    return tasks, total


def with_json(file: BinaryIO) -> Sums:
    return sum_tasks(file, json.loads)


def with_orjson(file: BinaryIO) -> Sums:
    import orjson  # noqa: PLC0415 - it need not be there

    return sum_tasks(file, orjson.loads)


def with_msgspec(file: BinaryIO) -> Sums:
    import msgspec  # noqa: PLC0415 - it need not be there

    number = {"run": "Executor Run Time", "cpu": "Executor CPU Time", "collector": "JVM GC Time"}
    metrics_type = msgspec.defstruct(
        "Metrics", [(key, int, msgspec.field(name=name, default=0)) for key, name in number.items()]
    )
    event_type = msgspec.defstruct(
        "Event",
        [
            ("kind", str, msgspec.field(name="Event")),
            (
                "metrics",
                Union[metrics_type, None],
                msgspec.field(name="Task Metrics", default=None),
            ),
        ],
    )
    decode = msgspec.json.Decoder(event_type).decode
    tasks = total = 0
    for line in file:
        event = decode(line)
        if event.kind == "SparkListenerTaskEnd" and event.metrics is not None:
            metrics = event.metrics
            total += metrics.run + metrics.cpu + metrics.collector
            tasks += 1
    return tasks, total


def with_simdjson(file: BinaryIO) -> Sums:
    import simdjson  # noqa: PLC0415 - it need not be there

    parse = simdjson.Parser().parse
    tasks = total = 0
    for line in file:
        event = parse(line)
        if event["Event"] == "SparkListenerTaskEnd":
            metrics = event["Task Metrics"]
            total += metrics["Executor Run Time"] + metrics["Executor CPU Time"]
            total += metrics["JVM GC Time"]
            tasks += 1
            del metrics
        del event
    return tasks, total


WAYS: dict[str, Callable[[BinaryIO], Sums]] = {
    "bytes": read_bytes,
    "json": with_json,
    "orjson": with_orjson,
    "msgspec": with_msgspec,
    "simdjson": with_simdjson,
}

if __name__ == "__main__":
    with open(sys.argv[2], "rb") as log:
        print(*WAYS[sys.argv[1]](log))
