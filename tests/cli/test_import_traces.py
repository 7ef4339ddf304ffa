"""`barograph import` of Chrome's format: totals are those that the file's own numbers give."""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from calling import REPOSITORY, Recording, Run
from consumers import export

TRACES = REPOSITORY / "tests" / "traces"


def imported(run: Run, path: Path, *options: str) -> Path:
    out = path.with_name(path.name + ".imported.baro")
    done = run("import", "-f", "-o", out, *options, path)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("\n") == 1
    return out


def report(run: Run, path: Path) -> dict[str, Any]:
    done = run("report", "--json", "--top", "0", path)
    assert done.returncode == 0, done.stderr
    parsed: dict[str, Any] = json.loads(done.stdout)
    return parsed


def calls_of(run: Run, path: Path) -> dict[tuple[str, int | None], tuple[int, int, int]]:
    return {
        (row["name"], row["line"]): (row["calls"], row["calls_self_ns"], row["calls_total_ns"])
        for row in report(run, path)["functions"]
        if row["calls"]
    }


def totals(events: list[dict[str, Any]]) -> dict[str, tuple[int, int, int]]:
    """Number, own and total ns of the names of complete events, whose totals hold no recursion."""
    threads = defaultdict(list)
    for event in events:
        if event["ph"] == "X":
            start = round(event["ts"] * 1000)
            threads[event["pid"], event["tid"]].append(
                (start, -round(event["dur"] * 1000), event["name"])
            )
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for slices in threads.values():
        active: list[tuple[int, str]] = []
        for start, length, name in sorted(slices):
            while active and active[-1][0] <= start:
                active.pop()
            if active:
                sums[active[-1][1]][1] += length
            active.append((start - length, name))
            sums[name][0] += 1
            sums[name][1] -= length
            sums[name][2] -= length
    return {name: (row[0], row[1], row[2]) for name, row in sums.items()}


def near(found: tuple[int, int, int], expected: tuple[int, int, int]) -> bool:
    """Writers round starts and durations: to 1 ns a slice."""
    slack = 2 * expected[0]
    return found[0] == expected[0] and all(
        abs(a - b) <= slack for a, b in zip(found[1:], expected[1:])
    )


def test_viztracer(run: Run, tmp_path: Path) -> None:
    """Written when they end, inner ones first; names hold file and line."""
    path = tmp_path / "viztracer.json"
    path.write_bytes((TRACES / "viztracer.json").read_bytes())
    events = json.loads(path.read_text())["traceEvents"]
    expected = {
        (name.split(" (")[0], int(name.split(":")[1][:-1]) if ":" in name else None): row
        for name, row in totals(events).items()
    }
    assert expected["Store.load", 5][0] == 12
    once = imported(run, path)
    found = calls_of(run, once)
    assert found.keys() == expected.keys()
    assert all(near(found[key], expected[key]) for key in expected), (found, expected)
    parsed = report(run, once)
    assert [row["name"] for row in parsed["threads"]] == ["MainThread"]
    assert [row["command"] for row in parsed["processes"]] == ["MainProcess"]
    assert run("view", once, "-o", tmp_path / "page.html").returncode == 0
    # A trace of calls does not tell what was waited for, and an imported one is not recorded by us.
    for command in (["explain"], ["predict", "--set", "cpu_speed=2x"]):
        refused = run(*command, once)
        assert refused.returncode == 2
        assert refused.stderr.count("\n") == 1
        assert "--rate" not in refused.stderr
    assert "barograph report" in run("explain", once).stderr


def test_recorded_calls_come_back(run: Run, tmp_path: Path) -> None:
    """Of calls that were not suspended: these have no time on their thread in the format."""
    path = tmp_path / "calls.baro"
    path.write_bytes((REPOSITORY / "tests" / "recordings" / path.name).read_bytes())
    trace = export(run, path, "chrome", "--of", "calls")
    events = json.loads(trace.read_text())["traceEvents"]
    twice = export(run, imported(run, trace), "chrome", "--of", "calls")
    again = json.loads(twice.read_text())["traceEvents"]
    synchronous = [event for event in events if event["ph"] == "X"]
    threads = {(event["pid"], event["tid"]) for event in synchronous}
    kept = [event for event in again if (event["pid"], event["tid"]) in threads]
    assert len(synchronous) > 5
    assert totals(kept) == totals(synchronous)


@pytest.mark.parametrize("scenario", ["small", "night", "deep", "names"])
def test_samples_come_back_with_their_states(run: Run, recording: Recording, scenario: str) -> None:
    path = recording(scenario)
    weight = ["--threads", "--states", "--idle", "--weight", "ns"]
    trace = export(run, path, "chrome", "--of", "samples", "--states")
    once = imported(run, trace)
    twice = imported(run, export(run, once, "chrome", "--states"))

    def folded(of: Path) -> dict[str, int]:
        lines = run("export", "--to", "collapsed", *weight, of).stdout.splitlines()
        return {text: int(ns) for text, _, ns in (line.rpartition(" ") for line in lines)}

    first, second = folded(once), folded(twice)
    assert first == second
    whole = folded(path)
    if scenario in ("small", "night"):  # others never wait, and then nothing says that they ran
        assert first == whole
    assert abs(sum(first.values()) - sum(whole.values())) <= 0.001 * sum(whole.values())


SLICES = [
    {"ph": "X", "pid": 1, "tid": 1, "name": "a", "ts": 0, "dur": 10},
    {"ph": "X", "pid": 1, "tid": 1, "name": "b", "ts": 2, "dur": 3},
    {"ph": "C", "pid": 1, "name": "rows", "ts": 2, "args": {"n": 1}},
]


def test_every_way_to_write_a_file(run: Run, tmp_path: Path) -> None:
    expected = {("a", None): (1, 7000, 10000), ("b", None): (1, 3000, 3000)}
    whole = json.dumps({"meta": {"x": [1]}, "traceEvents": SLICES, "tail": "}"})
    ways = {
        "object": whole,
        "pretty": json.dumps({"traceEvents": SLICES}, indent=1),
        "array": json.dumps(SLICES),
        "unended": "".join(["["] + [json.dumps(event) + ",\n" for event in SLICES]),
        "marked": "\ufeff" + whole,
        "cut": whole[: whole.index('{"ph": "C"') + 9],
    }
    for name, text in ways.items():
        path = tmp_path / f"{name}.json"
        path.write_text(text, encoding="utf-8")
        assert calls_of(run, imported(run, path)) == expected, name
    path = tmp_path / "packed.json.gz"
    path.write_bytes(gzip.compress(whole.encode()))
    once = imported(run, path)
    assert calls_of(run, once) == expected
    assert "1 value of a counter (C) is not kept" in report(run, once)["head"]["notes"][0]
    cut = report(run, imported(run, tmp_path / "cut.json"))["head"]["notes"]
    assert "damaged or cut" in cut[0]


def test_what_is_wrong_is_said(run: Run, tmp_path: Path) -> None:
    def refusal(text: str, *options: str) -> str:
        path = tmp_path / "wrong"
        path.write_text(text)
        out = tmp_path / "none.baro"
        done = run("import", "-o", out, *options, path)
        assert done.returncode == 2
        assert not out.exists()
        assert done.stderr.count("\n") == 1
        return done.stderr

    assert "no slice with a time" in refusal('{"traceEvents":[]}')
    assert "byte 0: expected a JSON object or array" in refusal("words", "--from", "chrome")
    assert "of no known format, it looks like: a notebook" in refusal('{"cells":[]}')
    assert "it looks like: empty" in refusal("")
    assert "a Parquet file" in refusal("PAR1 and more")
    assert "a trace of Chrome's format" in refusal("{}")
