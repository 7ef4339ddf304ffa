"""barograph.load and its tables, taken by another library that checks them: nanoarrow.

Values are those of `report --json`, and of the second reader of recordings.
"""

from __future__ import annotations

import codecs
import json
import os
import random
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import nanoarrow
import pytest
import recording_reader
from profile_rows import READABLE, TABLES, Rows, rows_of
from test_recording_reader import ROOT, with_broken_records

import barograph as package

NO_PYTHON, UNREADABLE, DEPTH_CUT = "(no Python frame)", "(unreadable)", "(deeper frames cut)"
FLAG_DEPTH_CUT, FLAG_NO_PYTHON, FLAG_SHIM = 1 << 2, 1 << 3, 1 << 4


def replace_each_byte(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    return "\ufffd" * (error.end - error.start), error.end


codecs.register_error("each byte", replace_each_byte)


def report(barograph: Path, path: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [str(barograph), "report", "--json", *options, str(path)]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)


def json_of(barograph: Path, path: Path) -> dict[str, Any]:
    answer = report(barograph, path, "--lines")
    assert answer.returncode == 0, answer.stderr
    parsed: dict[str, Any] = json.loads(answer.stdout)
    return parsed


def as_json(value: object) -> object:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return value


def agrees(value: object, expected: object) -> bool:
    """Equal; numbers to the nine digits that JSON has."""
    value = as_json(value)
    if isinstance(expected, dict):
        return isinstance(value, dict) and all(
            agrees(value[key], expected[key]) for key in {*value, *expected}
        )
    if isinstance(value, float) and isinstance(expected, (int, float)):
        return value == pytest.approx(expected, rel=1e-8)
    return value == expected and type(value) is type(expected)


def identity(row: dict[str, Any]) -> str:
    """Orders rows without their estimates."""
    keys = "name short_name file line samples self_ns total_ns".split()
    return json.dumps([row[key] for key in keys])


def assert_rows(table: object, expected: Rows, is_ordered: bool) -> None:
    rows = rows_of(table)
    assert len(rows) == len(expected)
    if not is_ordered:
        rows, expected = sorted(rows, key=identity), sorted(expected, key=identity)
    for row, wanted in zip(rows, expected):
        wrong = {
            key: (row[key], wanted[key]) for key in wanted if not agrees(row[key], wanted[key])
        }
        assert not wrong


@pytest.fixture(params=READABLE, ids=lambda path: path.stem)
def recording(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


# --- What the tables say ---


def test_head_is_that_of_the_report(barograph: Path, recording: Path) -> None:
    assert package.load(recording).head == json_of(barograph, recording)["head"]


def test_tables_are_those_of_the_report(barograph: Path, recording: Path) -> None:
    expected = json_of(barograph, recording)
    profile = package.load(recording)
    assert_rows(profile.functions, expected["functions"], is_ordered=False)
    assert_rows(profile.frames, expected["lines"], is_ordered=False)
    assert_rows(profile.threads, expected["threads"], is_ordered=True)
    assert_rows(profile.processes, expected["processes"], is_ordered=True)


def test_columns_of_the_report_are_columns_of_the_tables(barograph: Path) -> None:
    recording = ROOT / "tests/recordings/threads.baro"
    expected = json_of(barograph, recording)
    profile = package.load(recording)
    for table, name in {
        profile.functions: "functions",
        profile.frames: "lines",
        profile.threads: "threads",
        profile.processes: "processes",
    }.items():
        assert expected[name], name
        assert {*expected[name][0]} <= {*table.column_names}, name


def read_again(recording: Path) -> Iterator[tuple[Any, ...]]:
    """Samples as the second reader finds them, each with its stack, outermost frame first."""
    kept: dict[str, list[Any]] = {}
    samples = []
    for record in recording_reader.read(recording.read_bytes()):
        if record[0] == "sample":
            samples.append(record)
        else:
            kept.setdefault(record[0], []).append(record[2:])
    names = [
        text.encode("latin-1").decode("utf-8", "each byte") for (text,) in kept.get("string", [])
    ]

    def frame_of(index: int) -> tuple[str, str | None, int | None] | None:
        function, line = kept["frame"][index]
        _, qualified, file, _, flags = kept["function"][function]
        if flags & FLAG_SHIM:
            return None
        shown = names[qualified] or UNREADABLE
        shown = NO_PYTHON if flags & FLAG_NO_PYTHON else shown
        shown = DEPTH_CUT if flags & FLAG_DEPTH_CUT else shown
        return shown, names[file] or None, line or None

    for _, thread, time_ns, weight_ns, ticks, stack, state, _, _ in samples:
        frames, at = [], stack
        while at >= 0:
            at, frame = kept["stack"][at]
            frames.append(frame_of(frame))
        shown = [frame for frame in reversed(frames) if frame is not None]
        place = shown or [(UNREADABLE if stack < 0 else NO_PYTHON, None, None)]
        process, tid = kept["thread"][thread][:2]
        where = (kept["process"][process][0], tid)
        yield (*where, time_ns, weight_ns, max(ticks, 1), state, tuple(place))


def test_samples_and_call_tree_are_those_of_the_second_reader(recording: Path) -> None:
    profile = package.load(recording)
    functions, frames = rows_of(profile.functions), rows_of(profile.frames)
    paths: list[tuple[Any, ...]] = []
    for node in rows_of(profile.nodes):
        if node["parent_node_index"] is None:
            assert node["frame_index"] is node["function_index"] is None
            paths.append(())
            continue
        frame = frames[node["frame_index"]]
        function = functions[node["function_index"]]
        assert frame["function_index"] == function["function_index"]
        assert node["depth"] == len(paths[node["parent_node_index"]]) + 1
        place = (function["name"], function["file"], frame["line"])
        paths.append((*paths[node["parent_node_index"]], place))
    threads = rows_of(profile.threads)
    samples = rows_of(profile.samples)
    found = Counter(
        (
            *(threads[row["thread_index"]][key] for key in ("process_id", "thread_id")),
            *(row[key] for key in ("time_ns", "weight_ns", "ticks", "state")),
            paths[row["node_index"]],
        )
        for row in samples
    )
    assert found == Counter(read_again(recording))
    order = [(row["thread_index"], row["time_ns"]) for row in samples]
    assert order == sorted(order)


def test_indices_are_row_numbers_and_sums_agree(recording: Path) -> None:
    profile = package.load(recording)
    for name in TABLES[:-2]:
        index = {"processes": "process"}.get(name, name[:-1]) + "_index"
        rows = rows_of(getattr(profile, name))
        assert [row[index] for row in rows] == list(range(len(rows)))
    nodes = rows_of(profile.nodes)
    for row in nodes:
        below = nodes[row["node_index"] : row["subtree_end_index"]]
        assert row["total_ns"] == min(sum(node["self_ns"] for node in below), 2**64 - 1)
        assert sum(row["thread_self_states_ns"].values()) >= row["thread_self_ns"]
    assert sum(row["samples"] for row in nodes) == len(profile.samples)
    assert nodes[0]["total_ns"] == pytest.approx(profile.head["basis_ns"], rel=1e-6)


def test_calls_add_up_to_functions_and_threads(recording: Path) -> None:
    profile = package.load(recording)
    functions, threads = rows_of(profile.functions), rows_of(profile.threads)
    calls = rows_of(profile.calls)
    assert len(calls) == (profile.head["calls"] or 0)
    assert [row["call_id"] for row in calls] == list(range(len(calls)))
    counts = Counter(row["function_index"] for row in calls)
    # Of thinned functions some calls have no row, and times are estimates: test_calls_budget.py.
    thinned = {row["function_index"] for row in calls if row["weight"] != 1}
    thinned |= {row["function_index"] for row in functions if row["skipped_calls"]}
    most = 2**64 - 1
    for row in functions:
        wanted = counts[row["function_index"]] + (row["skipped_calls"] or 0)
        assert (row["calls"] or 0) == min(wanted, most)
    by_thread = Counter(row["thread_index"] for row in calls)
    assert {row["thread_index"]: row["calls"] for row in threads if row["calls"]} == by_thread
    self_ns = Counter[int]()
    durations: dict[int, list[int]] = {}
    for row in calls:
        self_ns[row["function_index"]] += row["self_ns"]
        durations.setdefault(row["function_index"], []).append(row["duration_ns"])
        if row["parent_call_id"] is not None:
            parent = calls[row["parent_call_id"]]
            # In an invented recording a generator may go on in a thread that is behind.
            assert parent["start_ns"] <= row["start_ns"] or parent["resumes"] is not None
        assert row["self_ns"] <= row["active_ns"]
        assert row["active_ns"] == row["duration_ns"] or row["resumes"] is not None
        assert (row["exception_type"] is None) or row["outcome"] == "raised"
    for row in functions:
        if row["calls"] is None:
            assert row["call_p50_ns"] is row["calls_self_ns"] is None
        if row["calls"] is None or row["function_index"] in thinned:
            continue
        ordered = sorted(durations[row["function_index"]])
        assert row["calls_self_ns"] == self_ns[row["function_index"]]
        assert row["call_max_ns"] == ordered[-1]
        assert row["call_p50_ns"] == ordered[(len(ordered) + 1) // 2 - 1]
        assert row["call_mean_ns"] == sum(ordered) // len(ordered)


def test_schema_without_data(recording: Path) -> None:
    profile = package.load(recording)
    for name in TABLES:
        table = getattr(profile, name)
        taken = nanoarrow.Schema(table.schema)
        assert [field.name for field in taken.fields] == table.column_names == table.schema.names
        assert nanoarrow.ArrayStream(table).schema.type == taken.type
        assert len(table) == len(rows_of(table))
        assert f"{len(table)} rows" in repr(table)
        assert repr(table.schema).splitlines()[0] == f"{table.column_names[0]}: uint32"
    assert profile.functions.schema != profile.frames.schema
    assert profile.functions.schema == package.load(recording).functions.schema


def test_every_column_is_documented() -> None:
    text = (ROOT / "docs" / "python-api.md").read_text(encoding="utf-8")
    profile = package.load(ROOT / "tests/recordings/empty.baro")
    for name in TABLES:
        part = re.search(rf"^### `{name}`\n(.*?)(?=^##|\Z)", text, re.MULTILINE | re.DOTALL)
        assert part is not None, name
        rows = re.findall(r"^\| (`.*?) \| (.*?) \|", part[1], re.MULTILINE)
        documented = [
            (column, kind) for cell, kind in rows for column in re.findall(r"`(\w+)`", cell)
        ]
        schema = getattr(profile, name).schema
        assert documented == list(zip(schema.names, schema.types)), name


# --- What cannot be read ---


def assert_fails_like_the_report(
    barograph: Path, path: Path, error: type[Exception]
) -> pytest.ExceptionInfo[Exception]:
    answer = report(barograph, path)
    assert answer.returncode == 2
    with pytest.raises(error) as raised:
        package.load(path)
    assert type(raised.value) is error
    assert answer.stderr == f"barograph: report: {raised.value}\n"
    return raised


def test_missing_file(barograph: Path, tmp_path: Path) -> None:
    raised = assert_fails_like_the_report(barograph, tmp_path / "none", FileNotFoundError)
    assert isinstance(raised.value, OSError)
    assert raised.value.errno == 2


def test_no_recordings(barograph: Path, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("this is a text, and longer than a head\n", encoding="utf-8")
    (tmp_path / "short").write_bytes(b"BARO")
    for path in (tmp_path, tmp_path / "text", tmp_path / "short"):
        assert_fails_like_the_report(barograph, path, package.Error)
    newer = ROOT / "tests/recordings/newer_major.baro"
    assert_fails_like_the_report(barograph, newer, package.Error).match("format 2.0")


def test_file_that_may_not_be_read(tmp_path: Path) -> None:
    path = tmp_path / "secret.baro"
    path.write_bytes((ROOT / "tests/recordings/empty.baro").read_bytes())
    path.chmod(0)
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(65534)
    try:
        with pytest.raises(PermissionError, match=r"^open .*: Permission denied$"):
            package.load(path)
    finally:
        if is_root:
            os.seteuid(0)


def test_path_of_any_kind(tmp_path: Path) -> None:
    data = (ROOT / "tests/recordings/empty.baro").read_bytes()
    path = os.fsencode(tmp_path) + b"/\xff.baro"
    Path(os.fsdecode(path)).write_bytes(data)
    assert package.load(path).head["path"].endswith("/\ufffd.baro")
    assert package.load(os.fsdecode(path)).head["bytes"] == len(data)
    with pytest.raises(ValueError, match="null"):
        package.load("a\0b")
    with pytest.raises(TypeError):
        package.load(3)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["everything", "threads"])
def test_damage_reads_like_the_report(barograph: Path, tmp_path: Path, name: str) -> None:
    whole = (ROOT / f"tests/recordings/{name}.baro").read_bytes()
    chance = random.Random(name)
    outcomes = Counter[str]()
    for i in range(25):
        flipped = bytearray(whole)
        # The head of the file is small: aim at it now and then.
        flipped[chance.randrange(24 if i % 5 == 0 else len(whole))] ^= 1 << chance.randrange(8)
        for data in (whole[: chance.randrange(len(whole))], bytes(flipped)):
            path = tmp_path / "damaged.baro"
            path.write_bytes(data)
            answer = report(barograph, path)
            if answer.returncode == 0:
                assert package.load(path).head == json.loads(answer.stdout)["head"]
                outcomes["read"] += 1
            else:
                assert_fails_like_the_report(barograph, path, package.Error)
                outcomes["refused"] += 1
    assert outcomes["refused"] >= 3
    assert outcomes["read"] >= 10


@pytest.mark.parametrize("name", ["everything", "newer_minor"])
def test_hostile_records_behind_good_checksums(barograph: Path, tmp_path: Path, name: str) -> None:
    whole = (ROOT / f"tests/recordings/{name}.baro").read_bytes()
    chance = random.Random(name)
    path = tmp_path / "hostile.baro"
    for i in range(150):
        path.write_bytes(with_broken_records(whole, chance))
        profile = package.load(path)
        tables = {table: rows_of(getattr(profile, table)) for table in TABLES}
        assert len(tables["samples"]) == profile.head["samples"]
        if i % 10 == 0:
            test_tables_are_those_of_the_report(barograph, path)
