"""Each format has our totals and names, to the unit, as the programs that read it see them.

Names are those that formats give a meaning: brackets, separators, tags, other scripts, 1 kB.
"""

from __future__ import annotations

import csv
import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from calling import Recording, Run, python_of
from consumers import (
    PSTATS,
    ask_perfetto,
    call,
    consumer,
    export,
    firefox_profiler,
    read_with_speedscope,
    report,
    unavailable,
)

import find_pythons

Sums = dict[str, tuple[int, int]]  # name -> own and total ns


def ours(run: Run, recording: Path, of: str, key: str = "name") -> Sums:
    """By function, of the report."""
    sums: Sums = {}
    for row in report(run, recording)["functions"]:
        if of == "calls":
            own, total = row["calls_self_ns"] or 0, row["calls_total_ns"] or 0
        else:
            own, total = row["thread_self_ns"], row["thread_total_ns"]
        if total:
            sums[row[key]] = (own, total)
    return sums


def own_only(sums: Sums) -> dict[str, int]:
    return {name: own for name, (own, _) in sums.items() if own}


def without_generators(sums: Sums) -> Sums:
    """In stacks, what a generator does on another thread is of who made it; else of who runs it."""
    return {name: pair for name, pair in sums.items() if name not in {"main", "worker"}}


CASES = pytest.mark.parametrize(
    ("scenario", "of"),
    [
        ("names", "samples"),
        ("names", "calls"),
        ("night", "samples"),
        ("queue", "samples"),
        ("calls", "calls"),
    ],
)


@CASES
def test_pprof(run: Run, recording: Recording, scenario: str, of: str) -> None:
    path = recording(scenario)
    out = export(run, path, "pprof", "--of", of)
    text = call(consumer("pprof"), "-top", "-unit=ns", "-nodefraction=0", "-nodecount=9999", out)
    rows = re.findall(r"^ *(\d+)(?:ns)? +\S+ +\S+ +(\d+)(?:ns)? +\S+  (.*)$", text, re.M)
    found = {name: (int(own), int(total)) for own, total, name in rows}
    assert without_generators(found) == without_generators(ours(run, path, of))
    assert own_only(found) == own_only(ours(run, path, of))


@CASES
def test_callgrind_annotate(run: Run, recording: Recording, scenario: str, of: str) -> None:
    path = recording(scenario)
    out = export(run, path, "callgrind", "--of", of, *(["--idle"] if of == "samples" else []))
    expected = ours(run, path, of)
    program = Path("/usr/bin/callgrind_annotate")
    if not program.exists():
        unavailable("callgrind_annotate")
    own = call(program, "--threshold=100", "--show-percs=no", "--auto=no", out)
    assert {k: v for k, v in callgrind_rows(own).items() if v} == own_only(expected)
    total = re.search(r"^([\d,]+) .*PROGRAM TOTALS", own, re.M)
    assert total is not None
    assert int(total[1].replace(",", "")) == sum(row[0] for row in expected.values())
    inclusive = callgrind_rows(
        call(program, "--threshold=100", "--show-percs=no", "--auto=no", "--inclusive=yes", out)
    )
    # It adds up what calls of a function cost, and so a recursion at each step.
    for name, (_, all_ns) in without_generators(expected).items():
        assert (inclusive[name] > all_ns) if name == "fib" else (inclusive[name] == all_ns), name


def callgrind_rows(text: str) -> dict[str, int]:
    rows = re.findall(r"^ *([\d,]+) .*? (?:\S*/\S+?|\?\?\?):(\S.*)$", text, re.M)
    return {name: int(cost.replace(",", "")) for cost, name in rows}


# Own time by name; problems that it met stand among the names.
_OWN_TIME = """
select name, sum(dur - ifnull((select sum(dur) from slice c where c.parent_id = s.id), 0)) as own
  from slice s group by name having own > 0
union all
select 'problem: ' || name, value from stats where value > 0 and severity != 'info'
"""


def test_perfetto(run: Run, recording: Recording, tmp_path: Path) -> None:
    traces: list[Path] = []
    expected: list[dict[str, int]] = []
    for scenario, of in [("names", "samples"), ("names", "calls"), ("night", "samples")]:
        path = recording(scenario)
        out = export(run, path, "chrome", "--of", of)
        traces.append(out.rename(tmp_path / f"{scenario}-{of}.json"))
        expected.append(own_only(ours(run, path, of)))
    # Generators have a track of their own there, and do not take from their callers.
    path = recording("calls")
    traces.append(export(run, path, "chrome"))
    calls = own_only(ours(run, path, "calls"))
    rows = [dict(answer) for answer in ask_perfetto(_OWN_TIME, *traces)]
    assert rows[:3] == expected
    suspended = {"main", "numbers", "worker"}
    assert set(rows[3]) == set(calls)
    assert {k: v for k, v in rows[3].items() if k not in suspended} == {
        k: v for k, v in calls.items() if k not in suspended
    }


def test_speedscope(run: Run, recording: Recording, tmp_path: Path) -> None:
    """Its own format, and others that it takes."""
    files: list[Path] = []
    expected: list[Sums] = []
    for scenario, of in [("names", "samples"), ("names", "calls"), ("night", "samples")]:
        path = recording(scenario)
        sums = ours(run, path, of)
        for format_name, ending in [
            ("speedscope", "speedscope.json"),
            ("pprof", "pb.gz"),
            ("chrome", "trace.json"),
        ]:
            out = export(run, path, format_name, "--of", of)
            files.append(out.rename(tmp_path / f"{scenario}-{of}.{ending}"))
            expected.append(sums)
    answers = read_with_speedscope(files, tmp_path)
    for file, sums in zip(files, expected):
        profiles = answers[file.name]
        assert isinstance(profiles, list), (file.name, profiles)
        found: dict[str, list[float]] = {}
        for profile in profiles:
            scale = {"nanoseconds": 1, "microseconds": 1000}[profile["unit"]]
            for text, _, _, own, total in profile["frames"]:
                name = text.split(' {"')[0]  # a trace's arguments are part of it
                found.setdefault(name, [0, 0])
                found[name][0] += own * scale
                found[name][1] += total * scale
        rounded = {name: (round(own), round(all_)) for name, (own, all_) in found.items() if all_}
        assert rounded == sums, file.name


@CASES
def test_collapsed(run: Run, recording: Recording, tmp_path: Path, scenario: str, of: str) -> None:
    """As speedscope reads it: names have no `;` and no spaces there, and a place behind them."""
    path = recording(scenario)
    options = ["--weight", "ns", *(["--idle"] if of == "samples" else [])]
    out = export(run, path, "collapsed", "--of", of, *options)
    file = out.rename(tmp_path / "stacks.collapsedstack.txt")
    ((profile,),) = read_with_speedscope([file], tmp_path).values()
    found: Sums = {}
    for text, _, _, own, total in profile["frames"]:
        name = text.rsplit(" (", 1)[0]
        found[name] = tuple(a + b for a, b in zip(found.get(name, (0, 0)), (own, total)))
    expected = {
        name.replace(";", ":").replace(" ", "_"): pair for name, pair in ours(run, path, of).items()
    }
    assert without_generators(found) == without_generators(expected)
    assert own_only(found) == own_only(expected)


def test_csv(run: Run, recording: Recording) -> None:
    """Own time by name, as Python's own reader has it."""
    for of, weight in (("samples", "weight_ns"), ("calls", "self_ns")):
        path = recording("names")
        found: dict[str, int] = {}
        with export(run, path, "csv", "--of", of).open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                name = row["qualified_name"]
                found[name] = found.get(name, 0) + int(row[weight])
        own = {name: ns for name, ns in found.items() if ns}
        assert own == own_only(ours(run, path, of))
        assert {"<module>", "<lambda>", "a;b"} <= set(found)
        assert max(map(len, found)) == 1000


CATEGORIES = {
    "unknown": "Other",
    "cpu": "Running",
    "runnable": "Waiting for a CPU",
    "gil": "Waiting for the GIL",
    "lock": "Waiting for a lock",
    "disk": "Waiting for disk",
    "network": "Waiting for network",
    "pipe": "Waiting for a pipe",
    "child": "Waiting for a child",
    "sleep": "Sleeping",
    "idle": "Idle",
    "collector": "Collecting garbage",
    "gpu": "Using a GPU",
    "copy": "Copying to or from a GPU",
}


def check_categories(samples: dict[str, Any], row: dict[str, Any], of: str) -> None:
    found = {c["name"]: c["samples"] for c in samples["categoryBreakdown"]["categories"]}
    if of == "calls":
        assert found == {"Other": pytest.approx(row["calls_self_ns"] / 1e6)}
        return
    states = {
        CATEGORIES[state]: share * row["wall_ns"] / 1e6
        for state, share in row["states"].items()
        if share
    }
    assert found == pytest.approx(states)


@pytest.mark.parametrize(
    ("scenario", "of"), [("night", "samples"), ("names", "samples"), ("names", "calls")]
)
def test_firefox(run: Run, recording: Recording, tmp_path: Path, scenario: str, of: str) -> None:
    """Threads, processes, states and CPU time, beside names and totals; calls are markers, too."""
    path = recording(scenario)
    out = export(run, path, "firefox", "--of", of)
    found: dict[str, list[float]] = {}
    markers: dict[str, int] = {}
    with firefox_profiler(out, "one", tmp_path / "sessions") as profiler:
        threads = {(int(t["pid"]), t["tid"]): t for t in profiler.threads()}
        for row in report(run, path)["threads"]:
            if not row["samples" if of == "samples" else "calls"]:
                continue
            thread = threads.pop((row["process_id"], row["thread_id"]))
            samples = profiler.samples(thread["threadHandle"])
            assert thread["name"] == row["name"]
            assert samples["weightType"] == "tracing-ms"
            check_categories(samples, row, of)
            if of == "samples":
                on_cpu = (row["states"]["cpu"] + row["states"]["collector"]) * row["wall_ns"]
                assert thread["cpuMs"] == pytest.approx(on_cpu / 1e6)
            if of == "calls":
                listed = profiler.ask("thread", "markers", "--thread", thread["threadHandle"])
                for kind in listed["byType"]:
                    markers[kind["markerName"]] = kind["count"]
            for function in samples["topFunctionsByTotal"]:
                found.setdefault(function["name"], [0, 0])[1] += function["totalSamples"]
            for function in samples["topFunctionsBySelf"]:
                found[function["name"]][0] += function["selfSamples"]
    assert threads == {}
    calls = [row for row in report(run, path)["functions"] if row["calls"]]
    assert markers == {row["name"]: row["calls"] for row in calls if of == "calls"}
    assert {n: (round(o * 1e6), round(t * 1e6)) for n, (o, t) in found.items()} == ours(
        run, path, of
    )


def test_firefox_opens_an_empty_recording(run: Run, recording: Recording, tmp_path: Path) -> None:
    out = export(run, recording("empty"), "firefox")
    with firefox_profiler(out, "empty", tmp_path / "sessions") as profiler:
        (thread,) = profiler.threads()
        assert thread["name"] == "(nothing was recorded)"
        assert thread["markerCount"] == 0


# Runs in every Python, so it is written for all of them.
_READ_PSTATS = """
import json, pstats, sys
for file in sys.argv[1:]:
    stats = pstats.Stats(file)
    stats.sort_stats("cumulative")
    stats.calc_callees()
    print(json.dumps([
        round(stats.total_tt * 1e9),
        {key[2]: (round(row[2] * 1e9), round(row[3] * 1e9)) for key, row in stats.stats.items()},
        {key[2]: sorted((c[2], round(v[3] * 1e9)) for c, v in row[4].items())
         for key, row in stats.stats.items()},
    ]))
"""


def test_pstats_of_every_python(run: Run, recording: Recording, tmp_path: Path) -> None:
    script = tmp_path / "read_pstats.py"
    script.write_text(_READ_PSTATS)
    files: list[Path] = []
    expected: list[Sums] = []
    for scenario, of in [("names", "samples"), ("names", "calls"), ("night", "samples")]:
        path = recording(scenario)
        options = ["--idle"] if of == "samples" else []
        out = export(run, path, "pstats", "--of", of, *options)
        files.append(out.rename(tmp_path / f"{scenario}-{of}.pstats"))
        expected.append(ours(run, path, of, "short_name"))
    answers = set()
    for version in find_pythons.tested():
        answers.add(call(python_of(version), script, *files, env={"PYTHONIOENCODING": "utf-8"}))
    (answer,) = answers
    for line, sums in zip(answer.splitlines(), expected):
        total, functions, callers = json.loads(line)
        assert total == sum(own for own, _ in sums.values())
        assert {name: tuple(pair) for name, pair in functions.items()} == sums
        for name, rows in callers.items():
            if rows and name != "fib":  # which calls itself
                assert sum(ns for _, ns in rows) == sums[name][1], name


def test_snakeviz_and_gprof2dot(run: Run, recording: Recording, tmp_path: Path) -> None:
    if not PSTATS.is_dir():
        unavailable("snakeviz")
    script = tmp_path / "tables.py"
    script.write_text(
        "import json, pstats, sys, snakeviz.stats as viz\n"
        "stats = pstats.Stats(sys.argv[1])\n"
        "print(json.dumps([viz.table_rows(stats), viz.json_stats(stats)]))\n"
    )
    environment = {"PYTHONPATH": str(PSTATS)}
    for of in ("samples", "calls"):
        path = recording("names")
        sums = ours(run, path, of)
        out = export(run, path, "pstats", "--of", of)
        table, tree = json.loads(call(Path(sys.executable), script, out, env=environment))
        whole = sum(own for own, _ in sums.values())
        assert len(table) == len(sums)
        assert sum(node["stats"][2] for node in tree.values()) == pytest.approx(whole / 1e9)
        for name in sums:
            shown = name.replace("<", "&lt;").replace(">", "&gt;")
            assert any(f"({shown})" in str(row) for row in table), name
        for kind in ("pstats", "callgrind"):
            file = out if kind == "pstats" else export(run, path, kind, "--of", of)
            arguments = ["-m", "gprof2dot", "-f", kind, "-n0", "-e0", file]
            graph = call(Path(sys.executable), *arguments, env=environment)
            for name, (own, _) in sums.items():
                share = re.escape(f"({100 * own / whole:.2f}%)")
                assert re.search(re.escape(name) + r"[^\]]*" + share, graph), (kind, name)
