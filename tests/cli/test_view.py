"""The page of `barograph view`: what it holds is what the report says, whatever the names are."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from calling import REPOSITORY, Recording, Run, python_of, tool_path
from page_checks import (
    Function,
    check_call_sums,
    check_calls,
    check_errors,
    check_first,
    check_head,
    check_lines,
    check_runs,
    check_samples,
    check_summary,
    page_of,
    report_of,
    sentences_of,
    subtrees_of,
    totals_of,
)
from page_reader import Page

SCENARIOS = (
    "small",
    "crowded",
    "turns",
    "idle",
    "hostile",
    "night",
    "deep",
    "calls",
    "calls_and_samples",
    "empty",
    "counters",
    "queue",
)
KEPT = sorted(path.name for path in (REPOSITORY / "tests" / "recordings").glob("*.baro"))


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


def test_runs_say_when_a_cpu_was_waited_for(run: Run, recording: Recording) -> None:
    page = page_of(run, recording("queue"))
    runs = page.runs("samples")[0]
    tick, states = page.head["tick_ns"], [state["key"] for state in page.head["states"]]
    assert {states[run["state"]] for run in runs} == {"cpu", "lock"}
    runs = [run for run in runs if states[run["state"]] == "cpu"]
    for begin, end, part in ((0, 0.4, 0), (0.6, 1, 4 / 7)):
        inside = waited = 0.0
        for one in runs:
            first, last = (one["start"] * tick / 1e9, (one["start"] + one["time"]) * tick / 1e9)
            seconds = max(min(last, end) - max(first, begin), 0)
            inside += seconds
            waited += seconds * (255 - one["running"]) / 255
        assert inside == pytest.approx((end - begin) * 49 / 50, abs=0.01)
        assert waited / inside == pytest.approx(part, abs=0.015)


def test_waits_that_the_run_hides_are_said(run: Run, recording: Recording) -> None:
    """Four threads waited 6 s for one lock, and the summary said less than 0.1 %."""
    path = recording("turns")
    page = page_of(run, path)
    said = [one["parts"] for one in page.head["summary"]]
    (parts,) = [each for each in said if "In all it was" in each[0]["t"]]
    assert "".join(part["t"] for part in parts) == (
        "In all it was running for 100 % of the time; besides, 4 threads spent 6.00 s waiting for "
        "a lock in load (app.py:5), 60 % of all threads' time, while others ran."
    )
    links = [part["link"] for part in parts if "link" in part]
    assert [link.get("metric") for link in links] == [None, "wait:lock", "wait:lock", "wall"]
    report = json.loads(run("report", "--json", path).stdout)
    waited = {t["thread_id"]: t["states"]["lock"] * t["wall_ns"] for t in report["threads"]}
    del waited[77]  # it waits for the others' end, and for no lock
    assert sum(waited.values()) == pytest.approx(6e9)


def test_who_had_the_cpu_is_said(run: Run, recording: Recording) -> None:
    """Of 3.4 s half had a CPU or a disk; the other programs of the machine had the rest."""
    page = page_of(run, recording("crowded"))
    said = ["".join(part["t"] for part in one["parts"]) for one in page.head["summary"]]
    assert (
        "In all it was running for 41 % of the time, waiting for a CPU that others had 41 %, "
        "waiting for disk 18 %."
    ) in said


def test_a_program_of_one_thread_has_three_sentences(run: Run, recording: Recording) -> None:
    sentences = sentences_of(page_of(run, recording("queue")))
    assert len(sentences) >= 3
    assert sentences[-1].startswith("1 thread used ")
    assert sentences[-1].endswith(" of CPU in 1.00 s, 70 % of one core.")


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


def compared(
    run: Run, folder: Path, *programs: Path, pythons: Sequence[str | Path] = (sys.executable,) * 2
) -> list[tuple[str, str, int]]:
    """Functions of the page of two programs that are called spin."""
    recordings = [folder / "old.baro", folder / "new.baro"]
    for python, program, recording in zip(pythons, programs, recordings):
        command = ["record", "--rate", "500", "-q", "-o", recording, "--"]
        recorded = run(*command, python, program)
        assert recorded.returncode == 0, recorded.stderr
    answer = run("view", *recordings, "-o", folder / "both.html")
    assert answer.returncode == 0, answer.stderr
    page = Page((folder / "both.html").read_text(encoding="utf-8"))
    return [name for name in page.names() if name[0].endswith("spin")]


METHODS = """import time

def until(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass

class First:
    def spin(self):
        until(0.3)

class Second:
    def spin(self):
        until(0.3)

First().spin()
Second().spin()
"""


@pytest.mark.parametrize("versions", [("3.9", "3.12"), ("3.12", "3.10")])
def test_a_method_is_one_where_one_python_has_no_qualified_names(
    run: Run, tmp_path: Path, versions: tuple[str, str]
) -> None:
    """Before 3.11 frames have none: upgrades showed each method as gone and as new."""
    old, new = tmp_path / "old" / "app.py", tmp_path / "new" / "app.py"
    for program in (old, new):
        program.parent.mkdir()
        program.write_text(METHODS)
    found = compared(run, tmp_path, old, new, pythons=[python_of(version) for version in versions])
    newer = ["spin", "spin"] if versions[1] == "3.10" else ["First.spin", "Second.spin"]
    assert sorted(found) == [(newer[0], str(new), 9), (newer[1], str(new), 13)]


@pytest.mark.parametrize("name", ["spin.py", "faster.py"])
def test_a_function_that_moved_is_the_same_function(run: Run, tmp_path: Path, name: str) -> None:
    """The new program lies in another folder, with another name, and two more lines in front."""
    old, new = tmp_path / "old" / "spin.py", tmp_path / "new" / name
    for program, before in ((old, ""), (new, "import os\nimport json\n")):
        program.parent.mkdir()
        program.write_text(before + SOURCE)
    assert compared(run, tmp_path, old, new) == [("spin", str(new), 7)]
    sides = Page((tmp_path / "both.html").read_text(encoding="utf-8")).head["sides"]
    renamed = [None, None] if old.name == new.name else [str(old), str(new)]
    assert [side["program"] for side in sides] == renamed


def test_a_program_that_has_the_other_ones_file_has_no_other_name(run: Run, tmp_path: Path) -> None:
    """What was the program is a module of the new one: that is what it is compared with."""
    old, new = tmp_path / "old" / "spin.py", tmp_path / "new" / "main.py"
    for program in (old, new.with_name("spin.py")):
        program.parent.mkdir()
        program.write_text(SOURCE)
    new.write_text("import spin as module\n\ndef spin():\n    module.spin(3_000_000)\n\nspin()\n")
    found = compared(run, tmp_path, old, new)
    assert sorted(found) == [("spin", str(new), 3), ("spin", str(new.with_name("spin.py")), 5)]


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


def test_nanoseconds_of_other_tools_are_on_the_page(run: Run, tmp_path: Path) -> None:
    """Each less than a microsecond, which is the unit of pages of longer recordings."""
    source, recorded = tmp_path / "waits.txt", tmp_path / "waits.baro"
    source.write_text("P1;T1;main;a 5\nP1;T2;main;b 7\nP1;T1;main;c 400\n")
    assert run("import", "-o", recorded, "--unit", "ns", source).returncode == 0
    page = page_of(run, recorded)
    assert totals_of(page, "samples")["a", "", 0]["thread self"] == 5
    check_samples(page, report_of(run, recorded))
    check_runs(page, "samples")
    assert [sum(run["time"] for run in runs) for runs in page.runs("samples")] == [405, 7]


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
