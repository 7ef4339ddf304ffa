"""Exports as the programs that people open them with read them.

Whether all formats have the same totals and names is in test_export_totals.py.
"""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from calling import Recording, Run
from consumers import SPEEDSCOPE, call, chromium, consumer, dump_page, export, report

SCENARIOS = ["small", "night", "deep", "hostile", "idle", "empty"]


# --- pprof ---


def pprof_top(text: str) -> dict[str, float]:
    """Flat shares in percent by function, of `pprof -top`."""
    rows = text[text.index("cum%") :].splitlines()[1:]
    parsed = [re.match(r" *\S+ +([\d.]+)% +\S+ +\S+ +\S+  (.*)", row) for row in rows]
    return {row[2]: float(row[1]) for row in parsed if row is not None}


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_pprof_reads_every_recording(run: Run, recording: Recording, scenario: str) -> None:
    pprof = consumer("pprof")
    out = export(run, recording(scenario), "pprof")
    call(pprof, "-top", out)
    call(pprof, "-traces", out)


def test_pprof_sees_the_shares_of_the_report(run: Run, recording: Recording) -> None:
    pprof = consumer("pprof")
    out = export(run, recording("small"), "pprof")
    shares = pprof_top(call(pprof, "-top", out))
    assert shares["parse"] == 60.0
    assert shares["load_rows"] == 30.0
    assert shares["main"] == 10.0
    assert shares["<module>"] == 0
    on_cpu = pprof_top(call(pprof, "-top", "-sample_index=cpu", out))
    assert on_cpu["parse"] == 85.71
    assert on_cpu.get("load_rows", 0) == 0


def test_pprof_sees_threads_processes_and_states(run: Run, recording: Recording) -> None:
    pprof = consumer("pprof")
    path = recording("night")
    tags = call(pprof, "-tags", export(run, path, "pprof"))
    threads = report(run, path)["threads"]
    assert isinstance(threads, list)
    for thread in threads:
        assert re.search(rf"\): {thread['name']}$", tags, re.M)
        assert re.search(rf"\): {thread['process_id']}$", tags, re.M)
    states = {s for t in threads for s, share in t["states"].items() if share}
    assert states == set(
        re.findall(r"\): (\w+)$", tags.split(" thread: ")[0].split(" state: ")[1], re.M)
    )


def test_pprof_shows_lines(run: Run, recording: Recording) -> None:
    pprof = consumer("pprof")
    out = export(run, recording("small"), "pprof")
    lines = call(pprof, "-top", "-lines", out)
    assert "parse /srv/app/parse.py:20" in lines
    assert "load_rows /srv/app/app.py:44" in lines


# --- collapsed ---


@pytest.mark.parametrize("scenario", [s for s in SCENARIOS if s not in ("empty", "idle")])
@pytest.mark.parametrize("options", [[], ["--lines", "--threads", "--states", "--idle"]])
def test_inferno_draws_every_recording(
    run: Run, recording: Recording, scenario: str, options: list[str]
) -> None:
    inferno = consumer("inferno-flamegraph")
    out = export(run, recording(scenario), "collapsed", *options)
    drawn = call(inferno, out)
    total = sum(int(line.rsplit(" ", 1)[1]) for line in out.read_text("utf-8").splitlines())
    assert f"all ({total:,} samples, 100%)" in drawn
    ElementTree.fromstring(drawn)


def test_inferno_sees_the_shares_of_the_report(run: Run, recording: Recording) -> None:
    inferno = consumer("inferno-flamegraph")
    drawn = call(inferno, export(run, recording("small"), "collapsed"))
    assert "parse (/srv/app/parse.py:12) (1,200,000 samples, 60.00%)" in drawn
    assert "load_rows (/srv/app/app.py:40) (600,000 samples, 30.00%)" in drawn


# --- speedscope ---


def open_in_speedscope(out: Path) -> str:
    """The text of the page that shows the file, as speedscope's own command line opens it."""
    chromium()
    script = out.with_suffix(".js")
    content = base64.b64encode(out.read_bytes()).decode()
    script.write_text(f"speedscope.loadFileFromBase64({out.name!r}, {content!r})", "utf-8")
    page = dump_page(
        (SPEEDSCOPE / "index.html").as_uri() + f"#localProfilePath={script}", out.parent
    )
    page = re.sub(r"<(style|script).*?</\1>", "", page, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_speedscope_shows_each_thread_and_its_time(run: Run, recording: Recording) -> None:
    chromium()
    path = recording("night")
    page = open_in_speedscope(export(run, path, "speedscope"))
    parsed = report(run, path)
    threads = parsed["threads"]
    assert isinstance(threads, list)
    assert path.name in page
    for number, thread in enumerate(threads, 1):
        name = f"{thread['name']} (pid {thread['process_id']}, thread {thread['thread_id']})"
        seconds = thread["wall_ns"] / 1e9
        assert re.search(rf"{number} {re.escape(name)} {seconds:.2f}s", page), page


def test_speedscope_with_states_shows_what_threads_waited_for(
    run: Run, recording: Recording, tmp_path: Path
) -> None:
    path = recording("small")
    out = tmp_path / "states.json"
    answer = run("export", "--to", "speedscope", "--states", "-o", out, path)
    assert answer.returncode == 0, answer.stderr
    parsed = json.loads(out.read_text("utf-8"))
    names = [frame["name"] for frame in parsed["shared"]["frames"]]
    profile = parsed["profiles"][0]
    by_leaf: dict[str, int] = {}
    for stack, weight in zip(profile["samples"], profile["weights"]):
        stack_names = [names[index] for index in stack]
        assert ("[waiting for disk]" in stack_names) == ("load_rows" in stack_names)
        by_leaf[stack_names[-1]] = by_leaf.get(stack_names[-1], 0) + weight
    whole = sum(by_leaf.values())
    assert by_leaf["[waiting for disk]"] == pytest.approx(0.3 * whole, rel=0.001)
    assert by_leaf["parse"] == pytest.approx(0.6 * whole, rel=0.001)


@pytest.mark.parametrize("scenario", ["deep", "hostile"])
@pytest.mark.parametrize("format_name", ["speedscope", "collapsed"])
def test_speedscope_opens(run: Run, recording: Recording, scenario: str, format_name: str) -> None:
    chromium()
    page = open_in_speedscope(export(run, recording(scenario), format_name))
    assert "Time Order" in page
    assert "Something went wrong" not in page


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_speedscope_files_keep_their_schema(run: Run, recording: Recording, scenario: str) -> None:
    """What the schema of speedscope asks for, and what it cannot say."""
    out = export(run, recording(scenario), "speedscope")
    parsed = json.loads(out.read_text("utf-8"))
    assert parsed["$schema"] == "https://www.speedscope.app/file-format-schema.json"
    frames = parsed["shared"]["frames"]
    assert all(isinstance(frame["name"], str) for frame in frames)
    for profile in parsed["profiles"]:
        assert profile["type"] == "sampled"
        assert profile["unit"] == "nanoseconds"
        assert len(profile["samples"]) == len(profile["weights"])
        assert sum(profile["weights"]) == profile["endValue"] - profile["startValue"]
        assert all(0 <= f < len(frames) for stack in profile["samples"] for f in stack)
