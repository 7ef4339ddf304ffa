"""The page of `barograph view`: what it holds is what the report says, whatever the names are."""

from __future__ import annotations

import json
import math
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from calling import REPOSITORY, Recording, Run, tool_path
from page_reader import Page

SCENARIOS = (
    "small",
    "idle",
    "hostile",
    "night",
    "deep",
    "calls",
    "calls_and_samples",
    "empty",
    "counters",
)
KEPT = sorted(path.name for path in (REPOSITORY / "tests" / "recordings").glob("*.baro"))

# What a reader in JavaScript can hold exactly.
LARGEST = 2**53 - 1

Function = tuple[str, str, int]
Totals = dict[tuple[str, str, int], dict[str, float]]


def page_of(run: Run, path: Path, *options: str) -> Page:
    """The page, as it comes on standard output."""
    answer = run("view", "-o", "-", *options, path)
    assert answer.returncode == 0, answer.stderr
    return Page(answer.stdout)


def report_of(run: Run, path: Path) -> dict[str, Any]:
    answer = run("report", "--json", path)
    assert answer.returncode == 0, answer.stderr
    report: dict[str, Any] = json.loads(answer.stdout)
    return report


def totals_of(page: Page, name: str, side: int = 0) -> Totals:
    """Of each function: ns of threads and of the run, and samples; recursion counted once."""
    names, parents = page.names(), page.parents(name)
    functions = page.functions(name)
    totals: Totals = defaultdict(lambda: defaultdict(float))
    above: list[frozenset[int]] = [frozenset()]
    for node, parent in enumerate(parents[1:], 1):
        own = functions[node]
        above.append(above[parent] if own in above[parent] else above[parent] | {own})
    unit = page.head["unit_ns"]
    idle = [state["key"] for state in page.head["states"]].index("idle")
    for entry in page.entries(name):
        if page.head["threads"][entry["thread"]]["side"] != side:
            continue
        amounts = {"thread": entry["time"] * unit, "samples": entry["samples"]}
        amounts["run"] = 0 if entry["state"] == idle else entry.get("run", 0) * unit
        for kind, amount in amounts.items():
            totals[names[functions[entry["node"]]]][f"{kind} self"] += amount
            for function in above[entry["node"]]:
                totals[names[function]][f"{kind} total"] += amount
    return totals


def whole(name: str) -> str:
    """As pages have names: a byte 0 is shown."""
    return name.replace("\0", "\N{SYMBOL FOR NULL}")


def key_of(row: dict[str, Any]) -> tuple[str, str, int]:
    return whole(row["name"]), whole(row["file"] or ""), row["line"] or 0


def check_samples(page: Page, report: dict[str, Any], side: int = 0) -> None:
    """Of each function, what the report has: to a unit for each entry that its sum has."""
    totals = totals_of(page, "samples", side)
    tolerance = page.head["unit_ns"] * (len(page.entries("samples")) + 1)
    seen = 0
    for row in report["functions"]:
        ours = totals[key_of(row)]
        for kind, theirs in (
            ("run self", "self_ns"),
            ("run total", "total_ns"),
            ("thread self", "thread_self_ns"),
            ("thread total", "thread_total_ns"),
        ):
            assert abs(ours[kind] - row[theirs]) <= tolerance, (row, kind)
        assert ours["samples self"] == row["samples"]
        assert ours["samples total"] == row["total_samples"]
        seen += row["thread_total_ns"] > 0
    assert seen == sum(amounts["thread total"] > 0 for amounts in totals.values())


def check_errors(page: Page, report: dict[str, Any], side: int = 0) -> None:
    """The standard error of each share is the report's."""
    is_base = page.head["diff"] and side == 0
    section = page.sections.get("errors:base" if is_base else "errors")
    effective = page.head["sides"][side]["effective_samples"]
    if section is None or effective is None:
        assert section is None
        assert effective is None
        assert all(row["self_ratio_error"] is None for row in report["functions"])
        return
    names, (octave,) = page.names(), section["steps"]
    steps: dict[Function, tuple[int, int]] = {}
    for function, own, more in zip(
        *(section[key] for key in ("function", "self_run", "total_run"))
    ):
        assert names[function] not in steps
        steps[names[function]] = (own, own + more)
    for row in report["functions"]:
        for key, step in zip(("self", "total"), steps.get(key_of(row), (0, 0))):
            share = row[f"{key}_ratio"]
            part = min(share * 2 ** (step / octave), 1)
            square = part * (1 - share) ** 2 + (1 - part) * share**2
            ours = math.sqrt(square / effective)
            # Near a share of 1 the error is a difference of two that are nearly as large.
            assert abs(ours - row[f"{key}_ratio_error"]) <= 5e-4 * ours + 2e-5, (row["name"], key)


def check_calls(page: Page, report: dict[str, Any], side: int = 0) -> None:
    """Of thinned functions the tree has what the recorded calls stand for, which is an estimate."""
    totals = totals_of(page, "calls", side)
    tolerance = page.head["unit_ns"] * len(page.entries("calls"))
    for row in report["functions"]:
        ours = totals[key_of(row)]
        if row["calls"] is not None and row["skipped_calls"] == 0:
            assert ours["samples self"] == row["calls"]
            assert abs(ours["thread self"] - row["calls_self_ns"]) <= tolerance


def check_lines(page: Page, report: dict[str, Any]) -> None:
    """Each by itself rounded to units."""
    names, unit = page.names(), page.head["unit_ns"]
    section = page.sections["lines"]
    ours: dict[tuple[str, str, int], list[list[int]]] = {}
    for i, function in enumerate(section["function"]):
        name, file, _ = names[function]
        row = [section[key][i] for key in ("self_run", "total_run", "self_samples")]
        ours.setdefault((name, file, section["line"][i]), []).append(row)
    theirs: dict[tuple[str, str, int], list[list[int]]] = {}
    for row in report["lines"]:
        amounts = [row["self_ns"], row["total_ns"], row["samples"]]
        theirs.setdefault(key_of(row), []).append(amounts)
    for key, rows in ours.items():
        assert len(rows) == len(theirs[key])
        # Functions of one name and file may share a line.
        for mine, other in zip(sorted(rows), sorted(theirs[key])):
            assert abs(mine[0] * unit - other[0]) <= unit
            assert abs(mine[1] * unit - other[1]) <= unit
            assert mine[2] == other[2]
    assert all(key in ours for key, rows in theirs.items() if any(row[1] > 0 for row in rows))


def check_runs(page: Page, name: str) -> None:
    """Runs stand within their thread's time; those of samples add up to what the tree has."""
    lanes, nodes = page.runs(name), page.tree(name)["nodes"]
    threads, tick = page.head["threads"], page.head["tick_ns"]
    assert len(lanes) == len(threads)
    longest = max(side["duration_ns"] or 0 for side in page.head["sides"])
    known = {(entry["node"], entry["thread"], entry["state"]) for entry in page.entries(name)}
    for index, (thread, runs) in enumerate(zip(threads, lanes)):
        assert all(run["time"] > 0 and 0 < run["node"] < nodes for run in runs)
        assert all((run["node"], index, run["state"]) in known for run in runs)
        assert all(run["start"] + run["time"] <= longest / tick for run in runs[-1:])
        wall = thread["wall"] * page.head["unit_ns"]
        # As the clock had it. (A hostile recording has weights that begin before time does.)
        if name == "samples" and thread["samples"] > 0 and wall <= longest:
            assert abs(sum(run["time"] for run in runs) * tick - wall) <= (len(runs) + 1) * tick
            # Unscaled: what the thread did by the clock, per node.
            assert {run["node"] for run in runs} <= {node for node, at, _ in known if at == index}


def check_call_sums(page: Page, report: dict[str, Any]) -> None:
    names, section = page.names(), page.sections["call_sums"]
    ours = {names[function]: i for i, function in enumerate(section["function"])}
    called = [row for row in report["functions"] if row["calls"] is not None]
    assert len(called) == len(ours)
    for row in called:
        i = ours[key_of(row)]
        for column, key in (
            ("calls", "calls"),
            ("primitive", "primitive_calls"),
            ("raised", "raised_calls"),
            ("skipped", "skipped_calls"),
            ("self_ns", "calls_self_ns"),
            ("total_ns", "calls_total_ns"),
            ("mean_ns", "call_mean_ns"),
            ("p50_ns", "call_p50_ns"),
            ("p99_ns", "call_p99_ns"),
            ("max_ns", "call_max_ns"),
        ):
            assert section[column][i] == min(row[key], LARGEST), (row, column)
        assert section["cpu_ns"][i] == (row["calls_cpu_ns"] or -1) + 1
    slowest = page.sections["calls"]
    ran = [
        duration - suspended
        for duration, suspended in zip(slowest["duration_ns"], slowest["suspended_ns"])
    ]
    assert ran == sorted(ran, reverse=True)
    assert max(slowest["duration_ns"]) == max(row["call_max_ns"] for row in called)
    buckets = page.sections["call_buckets"]
    for function, bucket in zip(buckets["function"], buckets["bucket"]):
        assert bucket <= 4 * math.log2(max(section["max_ns"][ours[names[function]]], 1)) + 1e-9
    if all(row["skipped_calls"] == 0 for row in called):
        assert sum(buckets["count"]) == sum(row["calls"] for row in called)


def test_what_was_suspended_is_apart(run: Run, recording: Recording) -> None:
    """A generator that waited for its next step was the slowest call but for its callers."""
    page = Page(run("view", "-o", "-", recording("calls")).stdout)
    calls, names = page.sections["calls"], page.names()
    suspended = {
        names[function]: (duration, of_it)
        for function, duration, of_it in zip(
            calls["function"], calls["duration_ns"], calls["suspended_ns"]
        )
        if of_it > 0
    }
    ((name, (duration, of_it)),) = suspended.items()
    assert name[0] == "numbers"
    assert duration - of_it == 330_000
    assert calls["function"][0] != names.index(name)


def check_summary(page: Page, report: dict[str, Any]) -> None:
    """The first sentence is the report's; links lead to what there is."""
    sentences = sentences_of(page)
    assert sentences[0].rstrip(".") == report["summary"].rstrip(".")
    assert len(sentences) <= 5
    assert len(set(sentences)) == len(sentences)
    assert all(sentence.endswith(".") for sentence in sentences)
    links = [
        part["link"] for one in page.head["summary"] for part in one["parts"] if "link" in part
    ]
    for link in links:
        views = ("flame", "sandwich", "timeline", "functions", "calls", "diff")
        assert link["view"] in (("operators", "tasks") if page.head["dataflow"] else views)
        assert "function" not in link or link["function"] < len(page.names())
        assert link.get("thread", 0) < len(page.head["threads"])
        kinds = {f"wait:{state['key']}" for state in page.head["states"]} | {"call-time"}
        assert link.get("metric", "call-time") in kinds
    if page.head["dataflow"]:
        assert links  # its tasks have times even where no sample says what they did
        return
    idle = [state["key"] for state in page.head["states"]].index("idle")
    busy = [entry for entry in all_entries(page) if entry["time"] > 0 and entry["state"] != idle]
    assert (len(links) > 0) == (len(busy) > 0)


def all_entries(page: Page) -> list[dict[str, int]]:
    """Those of all trees."""
    return [entry for tree in page.head["trees"] for entry in page.entries(tree["name"])]


def check_head(page: Page, report: dict[str, Any], path: Path) -> None:
    head, side = report["head"], page.head["sides"][0]
    assert page.head["version"] == 1
    assert not page.head["diff"]
    assert side["file"] == str(path)
    for key in ("command", "python", "start_utc", "duration_ns", "samples", "cpu_ns", "rate_hz"):
        expected = head[key]
        if head["run_ns"] is not None:  # of a framework's log the page speaks of its run
            expected = head[{"start_utc": "run_start_utc", "duration_ns": "run_ns"}.get(key, key)]
        if isinstance(expected, int):
            expected = min(expected, LARGEST)
        assert side[key] == expected, key
    assert side["lost"] == head["dropped_samples"]
    assert (side["damage"] is None) == (head["damage"] is None)
    assert len(page.head["threads"]) == len(report["threads"])
    for ours, theirs in zip(page.head["threads"], report["threads"]):
        assert ours["tid"] == theirs["thread_id"]
        assert abs(ours["wall"] * page.head["unit_ns"] - theirs["wall_ns"]) <= page.head["unit_ns"]
        assert page.head["processes"][ours["process"]]["pid"] == theirs["process_id"]


@pytest.mark.parametrize("source", [*SCENARIOS, *KEPT])
def test_page_says_what_the_report_says(run: Run, recording: Recording, source: str) -> None:
    kept = REPOSITORY / "tests" / "recordings" / source
    path = kept if source in KEPT else recording(source)
    answer = run("report", "--json", "--lines", path)
    if answer.returncode != 0:
        refused = run("view", "-o", "-", path)
        assert refused.returncode == answer.returncode
        assert refused.stdout == ""
        assert refused.stderr == answer.stderr.replace("report:", "view:")
        return
    report, page = json.loads(answer.stdout), page_of(run, path)
    check_head(page, report, path)
    check_summary(page, report)
    if report["head"]["samples"] > 0:
        check_samples(page, report)
        check_errors(page, report)
        check_lines(page, report)
        check_runs(page, "samples")
    if "entries:calls" in page.sections:
        check_calls(page, report)
        check_call_sums(page, report)
        check_runs(page, "calls")


def test_cpu_and_memory_over_time(run: Run, recording: Recording) -> None:
    """As written by make_recording.c; of many readings no peak and nothing used is lost."""
    page = page_of(run, recording("counters"))
    section, tick_ns = page.sections["counters"], page.head["tick_ns"]
    rows = list(zip(*(section[key] for key in ("process", "time", "cpu_us", "memory_kib"))))
    assert rows == sorted(rows)
    assert len(rows) < 2100
    own, child = ([row for row in rows if row[0] == process] for process in (0, 1))
    # The run starts where its first sample does, which is when the process was seen.
    assert own[-1][1:] == (5_000_000_000 // tick_ns, 2_500_000, 10 * 1024 + 5000 * 4)
    assert all(abs(cpu - time * tick_ns / 2000) <= 1 for _, time, cpu, _ in own)
    peaks = [time * tick_ns / 1e6 for _, time, _, memory in own if memory == 900 * 1024]
    assert len(peaks) == 1
    assert 2345 <= peaks[0] < 2350
    assert child == [(1, 4_000_000_000 // tick_ns, 0, 5 * 1024)]
    assert "counters" not in page_of(run, recording("small")).sections


def sentences_of(page: Page) -> list[str]:
    return ["".join(part["t"] for part in one["parts"]) for one in page.head["summary"]]


@pytest.mark.parametrize(
    ("base", "new"), [("small", "night"), ("night", "night"), ("calls", "calls_and_samples")]
)
def test_two_recordings_in_one_tree(
    run: Run, recording: Recording, base: str, new: str, tmp_path: Path
) -> None:
    """Each side's amounts are those of its own report, and what both have is one node."""
    paths = [recording(base), tmp_path / "new.baro"]
    recording(new).rename(paths[1])
    if base == new:
        recording(base)
    answer = run("view", "-o", "-", *paths)
    assert answer.returncode == 0, answer.stderr
    page = Page(answer.stdout)
    assert page.head["diff"]
    assert [side["file"] for side in page.head["sides"]] == [str(path) for path in paths]
    assert len(page.head["summary"]) >= 3
    assert page.head["summary"][0]["parts"][0]["link"]["view"] == "diff"
    parents = {name: page.parents(name) for name in (tree["name"] for tree in page.head["trees"])}
    for name, above in parents.items():
        functions = page.functions(name)
        children = list(zip(above[1:], functions[1:]))
        assert len(set(children)) == len(children), "siblings of one function are one node"
    for side, path in enumerate(paths):
        report = report_of(run, path)
        if report["head"]["samples"] > 0:
            check_samples(page, report, side)
            check_errors(page, report, side)
        if report["head"]["calls"] and "calls" in parents:
            check_calls(page, report, side)
    if base == new:
        alone = page_of(run, paths[0])
        assert len(parents["samples"]) == len(alone.parents("samples"))
        assert "No function's own time changed" in sentences_of(page)[1]


def test_recordings_that_cannot_be_compared(run: Run, recording: Recording) -> None:
    for first, second in (("small", "calls"), ("empty", "small"), ("calls", "empty")):
        answer = run("view", "-o", "-", recording(first), recording(second))
        assert answer.returncode == 2
        assert answer.stdout == ""
        assert answer.stderr.count("\n") == 1
        assert "nothing to compare" in answer.stderr


def test_browser(run: Run, recording: Recording, tmp_path: Path) -> None:
    """Opened without a shell, from a folder of this user; what does not work is said in a line."""
    path = recording("small")
    places = {"TMPDIR": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path / "none")}
    nowhere = run("view", path, env={**places, "BROWSER": ""})
    assert nowhere.returncode == 2
    assert nowhere.stderr.count("\n") == 1
    assert "-o" in nowhere.stderr
    assert not list(tmp_path.glob("barograph-*"))
    shown = run("view", path, env={**places, "BROWSER": "no-such-program:false:echo <%s> %s x;y"})
    assert shown.returncode == 0, shown.stderr
    (page,) = tmp_path.glob("barograph-*/small.html")
    assert shown.stdout == f"<%s> {page} x;y\n"
    assert str(page) in shown.stderr
    assert page.stat().st_mode & 0o777 == 0o600
    assert page.parent.stat().st_mode & 0o777 == 0o700
    assert Page(page.read_text(encoding="utf-8")).head["sides"][0]["samples"] > 0
    refused = run("view", path, env={**places, "BROWSER": "false"})
    assert refused.returncode == 2
    assert refused.stderr.count("\n") == 1


def test_above_the_size_small_leaves_are_one(barograph: Path, run: Run, tmp_path: Path) -> None:
    """All time is still there, nodes that stay have what they had, and the page says so."""
    tool = tool_path(barograph).parents[1] / "tools" / "big_recording"
    path = tmp_path / "big.baro"
    subprocess.run([tool, path, "60000", "30000", "3"], check=True)
    whole, small = page_of(run, path, "--size", "25"), page_of(run, path, "--size", "0.5")
    # Names and lines stay: of this one they alone are more, and the size that is enough is named.
    many = tmp_path / "many.baro"
    subprocess.run([tool, many, "130000", "100000", "2"], check=True)
    refused = run("view", "--size", "0.5", "-o", tmp_path / "many.html", many)
    assert refused.returncode == 2
    assert refused.stderr.count("\n") == 1
    assert not (tmp_path / "many.html").exists()
    size = refused.stderr.split("--size ")[1].strip()
    assert float(size) > 0.5
    smallest = page_of(run, many, "--size", size)
    assert 500_000 < len(smallest.text) <= float(size) * 1e6
    assert whole.tree("samples")["merged"] is None
    assert len(small.text) <= 500_000 < len(whole.text)
    merged = small.tree("samples")["merged"]
    assert merged["nodes"] > 1000
    assert 0 < merged["ratio"] < 1
    assert "small stacks" in small.head["limits"]["tree:samples"]
    names = small.names()
    paths: dict[tuple[int, Function], int] = {}
    theirs, ours = subtrees_of(whole, paths), subtrees_of(small, paths)
    made = {number for (_, name), number in paths.items() if name[0] == "(small stacks)"}
    assert all(theirs[path] == total for path, total in ours.items() if path not in made)
    assert len(made) == len(ours.keys() - theirs.keys()) > 0
    nodes = small.sections["merged:samples"]["node"]
    functions = small.functions("samples")
    assert all(names[functions[node]][0] == "(small stacks)" for node in nodes)
    assert sum(small.sections["merged:samples"]["stacks"]) == merged["nodes"]
    made_nodes, entries = set(nodes), small.entries("samples")
    in_small = sum(entry["time"] for entry in entries if entry["node"] in made_nodes)
    everything = sum(entry["time"] for entry in whole.entries("samples"))
    assert sum(entry["time"] for entry in entries) == everything
    assert abs(in_small / everything - merged["ratio"]) < 1e-4
    check_runs(small, "samples")
    check_first(whole, "samples")


def check_first(page: Page, name: str) -> None:
    """The nodes of the first picture are those that can be seen, with the whole tree's sums."""
    first, parents, functions = (
        page.sections[f"first:{name}"],
        page.parents(name),
        page.functions(name),
    )
    idle = [state["key"] for state in page.head["states"]].index("idle")
    own = [0] * len(parents)
    for entry in page.entries(name):
        if entry["state"] != idle:
            own[entry["node"]] += entry["run"]
    totals = list(own)
    for node in range(len(parents) - 1, 0, -1):
        totals[parents[node]] += totals[node]
    seen = [
        node for node, total in enumerate(totals) if node == 0 or total >= totals[0] // 8192 + 1
    ]
    assert first["node"] == seen
    assert 1000 < len(seen) < len(parents)
    assert first["self"] == [own[node] for node in seen]
    assert first["total"] == [totals[node] for node in seen]
    assert first["function"][1:] == [functions[node] for node in seen[1:]]
    above = [seen[place - offset] for place, offset in enumerate(first["parent"])]
    assert above == [parents[node] for node in seen]
    rest = dict.fromkeys(seen, 0)
    for node in range(1, len(parents)):
        rest[parents[node]] = rest.get(parents[node], 0) + (
            totals[node] > 0 and totals[node] <= totals[0] // 8192
        )
    assert first["rest"] == [rest[node] for node in seen]
    script = page.text.index("<script>\n")
    for section in ("first:samples", "functions", "strings", "tree:samples", "runs:samples"):
        before = page.text.index(f'data-section="{section}"') < script
        assert before == (section in ("first:samples", "functions", "strings")), section


def subtrees_of(page: Page, paths: dict[tuple[int, Function], int]) -> dict[int, int]:
    """Samples at or below each path of functions, which `paths` numbers: rounding is in none."""
    names, functions = page.names(), page.functions("samples")
    parents = page.parents("samples")
    totals = [0] * len(parents)
    for entry in page.entries("samples"):
        totals[entry["node"]] += entry["samples"]
    for node in range(len(parents) - 1, 0, -1):
        totals[parents[node]] += totals[node]
    numbers = [0]
    for node in range(1, len(parents)):
        key = (numbers[parents[node]], names[functions[node]])
        numbers.append(paths.setdefault(key, len(paths) + 1))
    return dict(zip(numbers, totals))


SOURCE = """\
def unused():
    pass


def spin(n):
    total = 0
    for i in range(n):
        total += i * i
    return total


print(spin(3_000_000))
"""


def test_source_only_where_it_is_what_ran(run: Run, tmp_path: Path) -> None:
    program, path = tmp_path / "spin.py", tmp_path / "spin.baro"
    program.write_text(SOURCE)
    # The clock of inodes is coarse: what was written just now may be as new as the process.
    time.sleep(0.1)
    recorded = run("record", "--calls", "--rate", "500", "-o", path, "--", sys.executable, program)
    assert recorded.returncode == 0, recorded.stderr
    assert "source" not in page_of(run, path).sections

    full = page_of(run, path, "--source", "full")
    assert full.head["source"] == "full"
    assert full.sections["source"]["text"] == [SOURCE]
    assert full.sections["strings"]["text"][full.sections["source"]["file"][0]] == str(program)

    snippets = page_of(run, path, "--source", "snippets").sections["source"]
    for first_line, text in zip(snippets["first_line"], snippets["text"]):
        lines = SOURCE.splitlines(keepends=True)[first_line - 1 :]
        assert "".join(lines).startswith(text)
    assert any("def spin" in text for text in snippets["text"])

    program.write_text(SOURCE.replace("3_000_000", "2"))
    changed = page_of(run, path, "--source", "full")
    assert changed.sections["source"]["text"] == []
    assert changed.head["limits"]["source"].startswith("1 of 1 file is not here")


def test_a_function_that_moved_is_the_same_function(run: Run, tmp_path: Path) -> None:
    """The new program lies in another folder, and has two more lines in front."""
    recordings = []
    for name, before in (("old", ""), ("new", "import os\nimport json\n")):
        program = tmp_path / name / "spin.py"
        program.parent.mkdir()
        program.write_text(before + SOURCE)
        recordings.append(tmp_path / f"{name}.baro")
        command = ["record", "--rate", "500", "-q", "-o", recordings[-1], "--"]
        recorded = run(*command, sys.executable, program)
        assert recorded.returncode == 0, recorded.stderr
    answer = run("view", *recordings, "-o", tmp_path / "moved.html")
    assert answer.returncode == 0, answer.stderr
    page = Page((tmp_path / "moved.html").read_text(encoding="utf-8"))
    spin = [name for name in page.names() if name[0] == "spin"]
    assert spin == [("spin", str(tmp_path / "new" / "spin.py"), 7)]


def test_export_writes_the_same_page(run: Run, recording: Recording) -> None:
    for scenario in ("small", "calls", "calls_and_samples"):
        path = recording(scenario)
        exported = run("export", "--to", "html", path)
        assert exported.returncode == 0, exported.stderr
        assert exported.stdout == page_of(run, path).text


def test_same_recording_same_bytes(run: Run, recording: Recording) -> None:
    path = recording("night")
    assert page_of(run, path).text == page_of(run, path).text


def test_hostile_names_stay_where_they_are(run: Run, recording: Recording) -> None:
    """Every "<" of the page is the viewer's own."""
    of_small = page_of(run, recording("small")).text
    of_hostile = page_of(run, recording("hostile"))
    assert 'http-equiv="Content-Security-Policy" content="default-src \'none\';' in of_hostile.text
    assert of_hostile.text.count("<script") == of_small.count("<script")
    assert of_hostile.text.count("</") == of_small.count("</")
    assert any(len(text) > 60000 for text in of_hostile.sections["strings"]["text"])


def test_files(run: Run, recording: Recording, tmp_path: Path) -> None:
    path, out = recording("small"), tmp_path / "out.html"
    assert run("view", "-o", out, path).returncode == 0
    assert out.stat().st_mode & 0o777 == 0o600
    before = out.read_bytes()
    again = run("view", "-o", out, path)
    assert again.returncode == 2
    assert "-f" in again.stderr
    assert run("view", "-f", "-o", out, path).returncode == 0
    assert out.read_bytes() == before
    assert (tmp_path / "out.html.old").read_bytes() == before
    assert run("view", "-o", tmp_path / "none" / "out.html", path).returncode == 2
    full = run("view", "-o", "/dev/full", path)
    assert full.returncode == 2
    assert full.stderr.count("\n") == 1
