"""Recorded calls as people and tools read them: the report, and exports in the tools' loaders."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from calling import Recording, Run

FIB_CALLS = 25

PSTATS_DUMP = """
import json, pstats, sys
stats = pstats.Stats(sys.argv[1], stream=open(sys.argv[2], "w"))
stats.sort_stats("tottime").print_stats()
stats.print_callers()
rows = {key[2]: [key[0], key[1], *row[:4], {k[2]: list(v) for k, v in row[4].items()}]
        for key, row in stats.stats.items()}
print(json.dumps({"rows": rows, "calls": stats.total_calls, "primitive": stats.prim_calls,
                  "seconds": stats.total_tt}))
"""


def as_json(run: Run, recording: Path, *options: str) -> dict[str, Any]:
    done = run("report", "--json", *options, recording)
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def by_name(report: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in report["functions"]}


def test_report(run: Run, recording: Recording) -> None:
    text = run("report", recording("calls")).stdout
    head = " ".join(text.split("\n\n")[0].split())
    assert "calls 1,030 of 7 functions; 1 raised; 2 unfinished at the end; lost events 0" in head
    assert "patterns: app.*" in head
    assert "samples" not in head
    assert re.search(
        r"^Of \d+ ms in calls \d\d % in parse \(parse.py:12; 1,000 calls of 150 us\)",
        " ".join(text.split("\n\n")[1].split()),
    )
    for heading in ("Calls by their own time", "Slowest calls", "Threads"):
        assert f"\n{heading}  " in text
    assert re.search(r" 25/1 .* fib ", text)
    assert "raised KeyError" in text
    assert "unfinished" in text


@pytest.mark.parametrize("columns", [40, 60, 80, 100, 200])
@pytest.mark.parametrize("scenario", ["calls", "calls_and_samples"])
def test_fits_every_width(run: Run, recording: Recording, columns: int, scenario: str) -> None:
    path = recording(scenario)
    for options in ([], ["--callers", "fib"], ["--sort", "total"]):
        text = run("report", *options, path, env={"COLUMNS": str(columns)}).stdout
        if columns >= 80:
            assert max(map(len, text.splitlines())) <= columns
        assert "fib" in text
        assert "\033" not in text


def test_json_agrees_with_what_was_written(run: Run, recording: Recording) -> None:
    report = as_json(run, recording("calls"))
    rows = by_name(report)
    head = report["head"]
    assert (head["calls"], head["raised_calls"], head["unfinished_calls"]) == (1030, 1, 2)
    assert head["lost_call_events"] == 0
    assert head["call_patterns"] == "app.*"
    parse = rows["parse"]
    assert (parse["calls"], parse["primitive_calls"], parse["raised_calls"]) == (1000, 1000, 0)
    assert parse["calls_self_ns"] == parse["calls_total_ns"] == (999 * 100 + 50000) * 1000
    assert parse["call_p50_ns"] == parse["call_p99_ns"] == 100_000
    assert parse["call_max_ns"] == 50_000_000
    fib = rows["fib"]
    assert (fib["calls"], fib["primitive_calls"]) == (FIB_CALLS, 1)
    assert fib["calls_self_ns"] == fib["calls_total_ns"] == (2 * FIB_CALLS - 1) * 10_000
    numbers = rows["numbers"]
    assert numbers["calls"] == 1
    assert numbers["calls_self_ns"] == 330_000  # three items here, the end in the other thread
    assert rows["Store.load"]["raised_calls"] == 1
    assert sum(row["calls"] for row in report["functions"]) == head["calls"]
    assert sum(row["calls_self_ns"] for row in report["functions"]) == head["calls_self_ns"]
    assert [row["calls"] for row in report["threads"]] == [1029, 1]
    slowest = report["slowest_calls"]
    assert [row["self_ns"] for row in slowest] == sorted(
        (row["self_ns"] for row in slowest), reverse=True
    )
    assert {"outcome": "raised", "exception_type": "KeyError"}.items() <= next(
        row for row in slowest if row["name"] == "Store.load"
    ).items()


def test_what_was_suspended_is_not_the_slowest(run: Run, recording: Recording) -> None:
    """A generator that waited for its next step stood before the calls that kept it waiting."""
    path = recording("calls")
    slowest = as_json(run, path, "--sort", "total", "--top", "2000")["slowest_calls"]
    active = [row["active_ns"] for row in slowest]
    assert active == sorted(active, reverse=True)
    (numbers,) = (row for row in slowest if row["name"] == "numbers")
    assert numbers["active_ns"] == 330_000
    assert numbers["duration_ns"] > 20_000_000  # the other thread took it up when load had raised
    loads = [row for row in slowest if row["name"] == "Store.load"]
    assert all(row["active_ns"] == row["duration_ns"] for row in loads)
    assert all(slowest.index(row) < slowest.index(numbers) for row in loads)
    text = run("report", "--sort", "total", "--color", "never", path).stdout
    assert "Slowest calls  by the time they ran, with what they called" in text
    assert "durations of generators and coroutines have the time they were suspended" in text


def test_callers_and_callees(run: Run, recording: Recording) -> None:
    path = recording("calls")
    report = as_json(run, path, "--callers", "fib", "--callees", "main")
    (fib,) = report["callers"]
    edges = {edge["name"]: edge for edge in fib["callers"]}
    assert edges["main"]["calls"] == edges["main"]["primitive_calls"] == 1
    assert (edges["fib"]["calls"], edges["fib"]["primitive_calls"]) == (FIB_CALLS - 1, 2)
    (main,) = report["callees"]
    callees = {edge["name"]: edge["calls"] for edge in main["callees"]}
    assert callees == {"parse": 1000, "fib": 1, "numbers": 1, "Store.load": 1, "wait": 1}
    text = run("report", "--callers", "load", path).stdout
    assert "Callers of Store.load" in text
    assert "Slowest" not in text
    remark = "without the time that generators and coroutines were suspended"
    assert remark not in text
    for options in (["--callers", "numbers"], ["--callees", "main"]):
        assert remark in run("report", *options, path).stdout


def test_what_cannot_be_answered(run: Run, recording: Recording) -> None:
    calls, samples = recording("calls"), recording("small")
    for arguments, message in [
        (["--callers", "fob", calls], "no call of 'fob' was recorded; did you mean 'fib'?"),
        (["--callees", "main", samples], "the recording has no calls; record them with --calls"),
        (["--sort", "wait", calls], "--sort wait"),
        (["--lines", calls], "--lines"),
    ]:
        done = run("report", *arguments)
        assert done.returncode == 2
        assert done.stderr.startswith("barograph: report: ")
        assert message in done.stderr
        assert done.stderr.count("\n") == 1
        assert done.stdout == ""
    for path, format_name, of in [(calls, "collapsed", "samples"), (samples, "pstats", "calls")]:
        done = run("export", "--to", format_name, "--of", of, path)
        assert done.returncode == 2
        assert f"--of {of}: none were recorded" in done.stderr


def test_samples_and_calls_side_by_side(run: Run, recording: Recording) -> None:
    path = recording("calls_and_samples")
    text = run("report", path, env={"COLUMNS": "200"}).stdout
    sampled, called = text.split("\nCalls by ")[0], text.split("\nCalls by ")[1]
    assert re.search(r"calls +self in calls +function", sampled)
    assert re.search(r" 1,000 +150 ms +parse ", sampled)
    assert re.search(r"self % +sampled % +self", called)
    rows = by_name(as_json(run, path))
    assert rows["parse"]["samples"] == 180
    assert rows["parse"]["calls"] == 1000
    assert rows["fib"]["samples"] == 0


# --- exports ---


def export(run: Run, path: Path, format_name: str) -> Path:
    out = path.with_suffix(f".{format_name}")
    done = run("export", path, "--to", format_name, "-f", "-o", out)
    assert done.returncode == 0, done.stderr
    return out


def test_pstats_loads(run: Run, recording: Recording, interpreter: Path, tmp_path: Path) -> None:
    path = recording("calls")
    report = as_json(run, path)
    printed = tmp_path / "printed.txt"
    done = subprocess.run(
        [interpreter, "-c", PSTATS_DUMP, export(run, path, "pstats"), printed],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    stats = json.loads(done.stdout)
    assert stats["calls"] == report["head"]["calls"]
    assert stats["primitive"] == sum(row["primitive_calls"] for row in report["functions"])
    assert stats["seconds"] == pytest.approx(report["head"]["calls_self_ns"] / 1e9)
    text = printed.read_text(encoding="utf-8")
    assert "25/1" in text
    assert "24/2" in text  # by itself: in the list of callers
    for row in report["functions"]:
        file, line, primitive, calls, own, total, callers = stats["rows"][row["short_name"]]
        assert (file, line) == (row["file"], row["line"])
        assert (primitive, calls) == (row["primitive_calls"], row["calls"])
        assert own == pytest.approx(row["calls_self_ns"] / 1e9)
        assert total == pytest.approx(row["calls_total_ns"] / 1e9)
        if row["short_name"] not in ("main", "worker"):
            assert sum(caller[0] for caller in callers.values()) == calls
            assert sum(caller[2] for caller in callers.values()) == pytest.approx(own)


def test_callgrind_annotate(run: Run, recording: Recording) -> None:
    annotate = shutil.which("callgrind_annotate")
    if annotate is None:
        missing = "callgrind_annotate is missing: sudo apt-get install valgrind"
        if os.environ.get("CI", "") not in ("", "false", "0"):
            pytest.fail(missing)
        pytest.skip(missing)
    path = recording("calls")
    report = as_json(run, path)
    done = subprocess.run(
        [annotate, "--threshold=100", "--tree=caller", export(run, path, "callgrind")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    total = report["head"]["calls_self_ns"]
    assert re.search(rf"^{total:,} \(100.0%\)  PROGRAM TOTALS", done.stdout, re.MULTILINE)
    assert re.search(r"  < /srv/app/app.py:main \(1,000x\)", done.stdout)
    assert re.search(r"  < /srv/app/app.py:fib \(24x\)", done.stdout)
    for row in report["functions"]:
        cost = rf"{row['calls_self_ns']:,} .*:{re.escape(row['name'])}$"
        assert re.search(cost, done.stdout, re.MULTILINE), row["name"]


def test_chrome_nests(run: Run, recording: Recording) -> None:
    path = recording("calls")
    text = export(run, path, "chrome").read_text(encoding="utf-8")
    trace = json.loads(text, parse_float=lambda digits: int(digits.replace(".", "")))
    events = trace["traceEvents"]
    complete = [event for event in events if event["ph"] == "X"]
    begun = [event for event in events if event["ph"] == "b"]
    assert len(complete) + len(begun) == 1030
    assert [event["name"] for event in begun] == ["numbers"]
    assert {event["tid"] for event in complete} == {4312, 4313}
    for thread in (4312, 4313):
        open_until: list[int] = []
        for event in (event for event in complete if event["tid"] == thread):
            while open_until and open_until[-1] <= event["ts"]:
                open_until.pop()
            end = event["ts"] + event["dur"]
            assert not open_until or end <= open_until[-1]
            open_until.append(end)
    load = next(event for event in complete if event["name"] == "Store.load")
    assert load["args"]["raised"] == "KeyError"
    assert load["dur"] == 20_000_000


def test_csv_is_the_calls(run: Run, recording: Recording) -> None:
    path = recording("calls")
    report = as_json(run, path)
    text = export(run, path, "csv").read_bytes().decode("utf-8")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert len(rows) == report["head"]["calls"]
    assert [int(row["call_id"]) for row in rows] == list(range(len(rows)))
    assert sum(int(row["self_ns"]) for row in rows) == report["head"]["calls_self_ns"]
    (numbers,) = [row for row in rows if row["function_name"] == "numbers"]
    assert (numbers["resumes"], numbers["active_ns"]) == ("3", "330000")
    assert rows[int(numbers["parent_call_id"])]["function_name"] == "main"
    (load,) = [row for row in rows if row["qualified_name"] == "Store.load"]
    assert (load["outcome"], load["exception_type"]) == ("raised", "KeyError")
    assert (load["process_id"], load["thread_id"]) == ("4312", "4312")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", load["start_time"])
