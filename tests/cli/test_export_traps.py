"""What other tools' exports got wrong, checked in ours: each was a fault seen in a reader.

Formats as text here; what readers make of them is in test_export_totals.py.
"""

from __future__ import annotations

import csv
import json
import marshal
import re
from pathlib import Path
from typing import Any

import pytest
from calling import Recording, Run
from consumers import export, report

SCENARIOS = pytest.mark.parametrize(
    "scenario", ["small", "night", "deep", "hostile", "idle", "empty", "calls", "names"]
)
SOURCES = pytest.mark.parametrize(
    ("scenario", "of"),
    [
        ("night", "samples"),
        ("hostile", "samples"),
        ("names", "samples"),
        ("names", "calls"),
        ("calls", "calls"),
    ],
)


def export_json(run: Run, path: Path, format_name: str, *options: str) -> Any:
    return json.loads(export(run, path, format_name, *options).read_text("utf-8"))


@SCENARIOS
def test_speedscope_has_an_active_profile_that_is_a_number(
    run: Run, recording: Recording, scenario: str
) -> None:
    parsed = export_json(run, recording(scenario), "speedscope")
    index = parsed["activeProfileIndex"]
    assert isinstance(index, int)
    assert 0 <= index < max(1, len(parsed["profiles"]))
    for profile in parsed["profiles"]:  # zero weights would vanish
        assert all(weight > 0 for weight in profile["weights"])


def test_speedscope_frames_are_functions_unless_lines_are_asked_for(
    run: Run, recording: Recording
) -> None:
    """Its sandwich view takes each frame for a function."""
    path = recording("night")
    frames = export_json(run, path, "speedscope")["shared"]["frames"]
    keys = [(frame["name"], frame.get("file")) for frame in frames]
    assert len(set(keys)) == len(keys)
    lines = export_json(run, path, "speedscope", "--lines")["shared"]["frames"]
    assert {frame["line"] for frame in lines} != {frame["line"] for frame in frames}


@SOURCES
def test_every_line_of_collapsed_has_a_stack(
    run: Run, recording: Recording, scenario: str, of: str
) -> None:
    """A count without a stack is dropped by some readers, and their totals differ then."""
    lines = export(run, recording(scenario), "collapsed", "--of", of).read_text("utf-8")
    for line in lines.splitlines():
        assert re.fullmatch(r"[^ ;][^;]*(;[^;]+)* [1-9][0-9]*", line), line


@SOURCES
def test_chrome_has_complete_events_that_nest_and_names_in_utf_8(
    run: Run, recording: Recording, scenario: str, of: str
) -> None:
    """An end without a beginning is dropped in silence, and so is one of two that overlap.

    Escapes of letters are shown as they are.
    """
    out = export(run, recording(scenario), "chrome", "--of", of)
    text = out.read_text("utf-8")
    assert not re.search(r"\\u00[89a-f]|\\u0[1-9a-f]|\\u[1-9a-f]", text)
    open_ends: dict[tuple[int, int], list[int]] = {}
    for event in json.loads(text)["traceEvents"]:
        assert event["ph"] in {"M", "X", "b", "e"}
        assert isinstance(event["pid"], int)
        assert isinstance(event["tid"], int)
        if event["ph"] != "X":
            continue
        start, length = (round(event[key] * 1000) for key in ("ts", "dur"))
        ends = open_ends.setdefault((event["pid"], event["tid"]), [])
        while ends and ends[-1] <= start and (length > 0 or ends[-1] < start):
            ends.pop()
        assert not ends or start + length <= ends[-1], event
        ends.append(start + length)


@SOURCES
def test_callgrind_has_totals_and_defines_names_once(
    run: Run, recording: Recording, scenario: str, of: str
) -> None:
    """Without totals callgrind_annotate counts calls twice; names twice end speedscope."""
    text = export(run, recording(scenario), "callgrind", "--of", of).read_text("utf-8")
    lines = text.splitlines()
    assert lines[0] == "# callgrind format"
    totals = [line for line in lines if line.startswith("totals: ")]
    assert len(totals) == 1
    assert (
        totals[0].split()[1:]
        == next(line for line in lines if line.startswith("summary: ")).split()[1:]
    )
    defined = re.findall(r"^c?(fn|fi|fl)=(\(\d+\)) .", text, re.M)
    kinds = [("fn" if kind == "fn" else "file", number) for kind, number in defined]
    assert len(set(kinds)) == len(kinds)
    used = re.findall(r"^c?(fn|fi|fl)=(\(\d+\))", text, re.M)
    assert {("fn" if kind == "fn" else "file", number) for kind, number in used} == set(kinds)
    inclusive_follows = [i + 1 for i, line in enumerate(lines) if line.startswith("calls=")]
    own = 0
    for i, line in enumerate(lines):
        if re.fullmatch(r"\d+( \d+)+", line) and i not in inclusive_follows:
            own += int(line.split()[1])
    assert own == int(totals[0].split()[1])


@SOURCES
def test_pstats_has_no_key_that_is_no_function_and_callers_of_four_numbers(
    run: Run, recording: Recording, scenario: str, of: str
) -> None:
    parsed = marshal.loads(export(run, recording(scenario), "pstats", "--of", of).read_bytes())
    assert parsed
    for key, row in parsed.items():
        assert [type(part) for part in key] == [str, int, str]
        assert len(row) == 5
        for caller, numbers in row[4].items():
            assert caller in parsed
            assert len(numbers) == 4


@SCENARIOS
def test_firefox_tables_are_as_documented(run: Run, recording: Recording, scenario: str) -> None:
    """The profiler loads files that are not, and gives other numbers."""
    parsed = export_json(run, recording(scenario), "firefox")
    meta = parsed["meta"]
    assert meta["preprocessedProfileVersion"] == 57
    assert [c["color"] for c in meta["categories"]].count("grey") == 1
    assert all(c["subcategories"][0] == "Other" for c in meta["categories"])
    strings = parsed["shared"]["stringArray"]
    assert len(set(strings)) == len(strings)
    for thread in parsed["threads"]:
        assert isinstance(thread["pid"], str)
        for name in ("samples", "stackTable", "frameTable", "funcTable", "resourceTable"):
            table = thread[name]
            columns = {len(v) for v in table.values() if isinstance(v, list)}
            assert columns == {table["length"]}, name
        check_stacks(thread, len(meta["categories"]), len(strings))
        samples = thread["samples"]
        assert samples["weightType"] == "tracing-ms"
        assert samples["time"] == sorted(samples["time"])
        assert all(
            stack is None or 0 <= stack < thread["stackTable"]["length"]
            for stack in samples["stack"]
        )


def test_firefox_markers_say_how_calls_ended(run: Run, recording: Recording) -> None:
    """Names, own times and outcomes, with columns of one length."""
    path = recording("calls")
    parsed = export_json(run, path, "firefox", "--of", "calls")
    (schema,) = parsed["meta"]["markerSchema"]
    shown = {field["key"] for field in schema["fields"]}
    own_ms, raised = 0.0, 0
    for thread in parsed["threads"]:
        markers = thread["markers"]
        columns = {len(v) for v in markers.values() if isinstance(v, list)}
        assert columns == {markers["length"]}
        assert markers["startTime"] == sorted(markers["startTime"])
        assert all(a <= b for a, b in zip(markers["startTime"], markers["endTime"]))
        for data in markers["data"]:
            assert data["type"] == schema["name"]
            assert set(data) <= {"type", *shown}
            own_ms += data["self"]
            raised += data.get("outcome", "").startswith("raised ")
    functions = [row for row in report(run, path)["functions"] if row["calls"]]
    assert own_ms == pytest.approx(sum(row["calls_self_ns"] for row in functions) / 1e6)
    assert raised == sum(row["raised_calls"] for row in functions) > 0
    samples = export_json(run, recording("small"), "firefox")
    assert samples["meta"]["markerSchema"] == []
    assert all(thread["markers"]["length"] == 0 for thread in samples["threads"])


def check_stacks(thread: dict[str, Any], categories: int, strings: int) -> None:
    stacks, frames, functions = (thread[k] for k in ("stackTable", "frameTable", "funcTable"))
    for index, (prefix, frame) in enumerate(zip(stacks["prefix"], stacks["frame"])):
        assert prefix is None or 0 <= prefix < index  # parents first
        assert 0 <= frame < frames["length"]
    assert all(0 <= category < categories for category in frames["category"])
    assert all(0 <= function < functions["length"] for function in frames["func"])
    assert all(0 <= name < strings for name in functions["name"])


@SOURCES
def test_csv_adds_up(run: Run, recording: Recording, scenario: str, of: str) -> None:
    path = recording(scenario)
    out = export(run, path, "csv", "--of", of)
    with out.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    threads = report(run, path)["threads"]
    column, whole = ("weight_ns", "wall_ns") if of == "samples" else ("self_ns", "calls_self_ns")
    assert {row["thread_id"] for row in rows} == {
        str(thread["thread_id"]) for thread in threads if thread[whole]
    }
    assert sum(int(row[column]) for row in rows) == sum(thread[whole] or 0 for thread in threads)


def test_what_a_file_is_made_of_is_chosen(run: Run, recording: Recording) -> None:
    both = recording("calls_and_samples")
    assert "weight_ns" not in export(run, both, "csv").read_text("utf-8").splitlines()[0]
    assert "weight_ns" in export(run, both, "csv", "--of", "samples").read_text("utf-8")
    auto, samples, calls = (
        export(run, both, "collapsed", "--weight", "ns", *options).read_text("utf-8")
        for options in ([], ["--of", "samples"], ["--of", "calls"])
    )
    assert auto == samples
    assert "fib" in calls
    assert "fib" not in samples


@pytest.mark.parametrize(
    ("scenario", "options", "part"),
    [
        ("small", ["--of", "calls"], "--of calls: none were recorded; record them with --calls"),
        ("calls", ["--of", "samples"], "--of samples: none were recorded"),
        ("calls", ["--states"], "--states is for samples, and this is made of calls"),
        ("calls", ["--lines"], "--lines is for samples, and this is made of calls"),
        ("calls", ["--weight", "ticks"], "--weight ticks is for samples"),
    ],
)
def test_what_is_not_there_is_an_error(
    run: Run, recording: Recording, scenario: str, options: list[str], part: str
) -> None:
    answer = run("export", "--to", "collapsed", *options, recording(scenario))
    assert answer.returncode == 2
    assert part in answer.stderr
    assert answer.stderr.count("\n") == 1
