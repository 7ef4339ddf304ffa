"""The C reader and the one in recording_reader.py, written from the document, must agree.

A difference means that docs/recording-format.md or one of the readers is wrong. The C reader is
asked through recording_dump, a program of the test build: `make test-gcc` makes it.
"""

from __future__ import annotations

import json
import os
import random
import struct
import subprocess
import zlib
from pathlib import Path
from typing import Any

import pytest
import recording_reader

ROOT = Path(__file__).resolve().parents[2]
TOOLS = Path(os.environ.get("BAROGRAPH_TEST_TOOLS", ROOT / "build/gcc/tests/tools"))
CHUNK_HEAD = "<4sBBHIIIIQQII"
GOLDEN = sorted((ROOT / "tests/recordings").glob("*.baro"))

Records = list[Any]


@pytest.fixture(scope="module")
def tools() -> Path:
    assert (TOOLS / "recording_dump").exists(), f"no recording_dump in {TOOLS}: make test-gcc"
    return TOOLS


def read_with_c(tools: Path, paths: list[Path]) -> list[Records]:
    """What the C reader finds in each file."""
    answer = subprocess.run(
        [tools / "recording_dump", *paths], capture_output=True, text=True, check=True
    )
    files: list[Records] = []
    for line in answer.stdout.splitlines():
        record = json.loads(line)
        if record[0] == "file":
            files.append([])
        else:
            files[-1].append(record)
    assert len(files) == len(paths)
    return files


def read_with_python(data: bytes) -> Records:
    """What the second reader finds, in the same form."""
    try:
        return recording_reader.read(data)
    except recording_reader.RecordingError as error:
        return [["error", str(error)]]


def test_there_are_recordings_of_each_kind() -> None:
    names = {path.stem for path in GOLDEN}
    wanted = "empty everything threads killed newer_minor broken_rule calls remarks newer_remarks"
    assert names >= {*wanted.split(), "own_time", "dataflow"}


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_readers_agree_on_a_recording(path: Path, tools: Path) -> None:
    expected = [json.loads(line) for line in path.with_suffix(".jsonl").read_text().splitlines()]
    assert read_with_python(path.read_bytes()) == expected
    assert read_with_c(tools, [path]) == [expected]


def test_readers_agree_on_what_the_writer_writes_now(tmp_path: Path, tools: Path) -> None:
    subprocess.run([tools / "make_recordings", tmp_path], check=True)
    paths = sorted(tmp_path.glob("*.baro"))
    assert [path.name for path in paths] == [path.name for path in GOLDEN]
    for path, records in zip(paths, read_with_c(tools, paths)):
        assert read_with_python(path.read_bytes()) == records, path.name


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_readers_agree_on_damage(path: Path, tmp_path: Path, tools: Path) -> None:
    whole = path.read_bytes()
    chance = random.Random(path.stem)
    broken: list[bytes] = []
    for _ in range(20):
        broken.append(whole[: chance.randrange(len(whole))])
        flipped = bytearray(whole)
        flipped[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
        broken.append(bytes(flipped))
    broken.append(whole + b"more")
    paths = []
    for i, data in enumerate(broken):
        paths.append(tmp_path / f"{i}.baro")
        paths[-1].write_bytes(data)
    for i, records in enumerate(read_with_c(tools, paths)):
        assert read_with_python(broken[i]) == records, f"variant {i}"


def with_broken_records(data: bytes, chance: random.Random) -> bytes:
    """The recording with a few changed bytes in one chunk's records, and good checksums."""
    chunks = []
    at = 24
    while at < len(data):
        _, kind, flags, _, _, size, length, *span, _, _ = struct.unpack_from(CHUNK_HEAD, data, at)
        if kind == 1:
            stored = data[at + 48 : at + 48 + size]
            chunks.append((bytearray(recording_reader.unpack(flags, length, stored)), span))
        at += 48 + size
    raw = chance.choice(chunks)[0]
    for _ in range(chance.choice([1, 1, 2, 5])):
        place = chance.randrange(len(raw))
        flipped = raw[place] ^ 1 << chance.randrange(8)
        raw[place] = chance.choice([flipped, 0, 0x80, 0xFF])
    broken = data[:24]
    for i, (raw, span) in enumerate(chunks):
        length = len(raw)
        head = struct.pack(
            CHUNK_HEAD, b"BCHK", 1, 0, 0, i, length, length, *span, zlib.crc32(raw), 0
        )
        broken += head[:44] + struct.pack("<I", zlib.crc32(head[:44])) + raw
    return broken


@pytest.mark.parametrize("name", ["everything", "newer_minor", "calls"])
def test_readers_agree_behind_good_checksums(name: str, tmp_path: Path, tools: Path) -> None:
    whole = (ROOT / "tests/recordings" / f"{name}.baro").read_bytes()
    chance = random.Random(name)
    broken = [with_broken_records(whole, chance) for _ in range(400)]
    paths = []
    for i, data in enumerate(broken):
        paths.append(tmp_path / f"{i}.baro")
        paths[-1].write_bytes(data)
    refused = 0
    for i, records in enumerate(read_with_c(tools, paths)):
        assert read_with_python(broken[i]) == records, f"variant {i}"
        refused += records[-1][1]["corrupt"]
    # Both answers occur often, or this compares nothing.
    assert 100 <= refused <= 300
