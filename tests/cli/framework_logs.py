"""Logs of frameworks (tests/logs): their events, and what the program makes and says of them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import zstandard
from calling import REPOSITORY, Run

LOGS = REPOSITORY / "tests" / "logs"
# The folder of a log that Spark wrote in pieces.
ROLLING = "eventlog_v2_local-1795265714914"
MS = 1_000_000


def lines_of(path: Path) -> list[bytes]:
    if path.is_dir():
        (piece,) = path.glob("events_1_*")
        with piece.open("rb") as packed:
            return zstandard.ZstdDecompressor().stream_reader(packed).read().splitlines(True)
    return gzip.decompress(path.read_bytes()).splitlines(True)


def events_of(path: Path, kind: str) -> Iterator[dict[str, Any]]:
    for line in lines_of(path):
        event: dict[str, Any] = json.loads(line)
        if event["Event"] == "SparkListener" + kind:
            yield event


def recording_of(run: Run, log: Path, folder: Path) -> Path:
    made = folder / "log.baro"
    answer = run("import", "-q", "-f", "-o", made, log)
    assert answer.returncode == 0, answer.stderr
    return made


def answer_of(run: Run, command: str, recording: Path) -> dict[str, Any]:
    answer = run(command, "--json", recording)
    assert answer.returncode == 0, answer.stderr
    whole: dict[str, Any] = json.loads(answer.stdout)
    assert whole["schema"] == f"barograph.{command}/1"
    return whole
