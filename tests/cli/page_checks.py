"""Compares a page of `barograph view` with the report of the same recording."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from pathlib import Path
from typing import Any

from calling import Run
from page_reader import Page

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
    keys = [state["key"] for state in page.head["states"]]
    cpu, runnable = keys.index("cpu"), keys.index("runnable")
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
            # What waited for a CPU is in the runs on the run queue. Large pages tell shares in
            # steps of 17 of 255.
            queue = sum(run["time"] for run in runs if run["state"] in (cpu, runnable)) * tick
            waited = sum(run["time"] * (255 - run["running"]) / 255 for run in runs) * tick
            waited += sum(run["time"] for run in runs if run["state"] == runnable) * tick
            states = thread["states"]
            of_queue = states.get("cpu", 0) + states.get("runnable", 0)
            wanted = queue * states.get("runnable", 0) / of_queue if of_queue else 0
            assert abs(waited - wanted) <= queue * 17 / 255 / 2 + (len(runs) + 1) * tick
            assert all(run["running"] == 255 for run in runs if run["state"] != cpu)
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
        kinds = {f"wait:{state['key']}" for state in page.head["states"]} | {"call-time", "wall"}
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


def sentences_of(page: Page) -> list[str]:
    return ["".join(part["t"] for part in one["parts"]) for one in page.head["summary"]]


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
