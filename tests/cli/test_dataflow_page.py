"""The page and the report of a framework's log say what `barograph explain` and the log say."""

from __future__ import annotations

import base64
import json
import re
import statistics
import zlib
from pathlib import Path
from typing import Any

import pytest
from calling import REPOSITORY, Recording, Run
from framework_logs import LOGS, MS, answer_of, events_of, recording_of
from page_reader import Page

TRACES = REPOSITORY / "tests" / "traces"
FILES = [
    LOGS / "spark35_skew.gz",
    LOGS / "spark35_flaky.gz",
    LOGS / "flink120_join.json.gz",
    TRACES / "torch24_mlp.json.gz",
    TRACES / "tf217_mlp.xplane.pb.gz",
]

SPANS = {"annotation", "dataloader", "overhead"}


def page_of(run: Run, recording: Path, *options: str) -> Page:
    answer = run("view", "-o", "-", *options, recording)
    assert answer.returncode == 0, answer.stderr
    return Page(answer.stdout)


def rows_of(page: Page, section: str) -> list[dict[str, Any]]:
    columns = page.sections[section]
    return [dict(zip(columns, values)) for values in zip(*columns.values())]


@pytest.mark.parametrize("log", FILES, ids=lambda path: path.name)
def test_operators_of_the_page_are_those_of_explain(run: Run, tmp_path: Path, log: Path) -> None:
    recording = recording_of(run, log, tmp_path)
    whole, page = answer_of(run, "explain", recording), page_of(run, recording)
    head, texts = page.head["dataflow"], page.sections["operator_texts"]["text"]
    assert head["summary"] == whole["summary"]
    assert head["run_ns"] == whole["run_ns"]
    assert [(r["key"], r["path_ns"], r["tasks_ns"]) for r in head["resources"]] == [
        (r["resource"], r["path_ns"], r["tasks_ns"]) for r in whole["resources"]
    ]
    told = [(f["kind"], f["explains_ns"], f["sentence"], f["try"]) for f in whole["findings"]]
    assert [
        (f["kind"], f["explains_ns"], f["sentence"], f["try"]) for f in head["findings"]
    ] == told
    by_id = {row["id"]: row for row in rows_of(page, "operators")}
    times = rows_of(page, "operator_times")
    assert {row["id"] for row in by_id.values() if row["tasks"]} == {
        row["operator_id"] for row in whole["operators"]
    }
    for wanted in whole["operators"]:
        row = by_id[wanted["operator_id"]]
        assert texts[row["name"]] == wanted["operator"]
        assert texts[row["kind"]] == wanted["kind"]
        for key in ("tasks", "slots", "start_ns", "end_ns", "tasks_ns", "path_ns"):
            assert row[key] == wanted[key]
        assert row["bad_tasks"] == wanted["failed_tasks"]
        own = [t for t in times if t["operator"] == wanted["operator_id"]]
        assert sum(t["tasks_ns"] for t in own) == wanted["tasks_ns"]
        assert sum(t["path_ns"] for t in own) == wanted["path_ns"]
        # The page tells guesses apart from what is unknown, which they are a part of.
        guessed = {f"prior_{key}": ns for key, ns in wanted["prior_ns"].items()}
        parts = wanted["by_resource_ns"] | guessed
        if guessed:
            parts["unknown"] -= sum(guessed.values())
        # Of spans whose resource nobody knows what they are is told.
        if wanted["kind"].split(".")[1] in SPANS and "unknown" in parts:
            parts[wanted["kind"].split(".")[1]] = parts.pop("unknown")
        assert {head["resources"][t["resource"]]["key"]: t["tasks_ns"] for t in own} == {
            key: ns for key, ns in parts.items() if ns > 0
        }
    for row in by_id.values():
        assert row["parent"] == 0 or row["id"] - row["parent"] in by_id


def test_times_among_facts_are_since_the_begin_of_the_run(run: Run, tmp_path: Path) -> None:
    log = LOGS / "spark35_skew.gz"
    page = page_of(run, recording_of(run, log, tmp_path))
    texts = page.sections["operator_texts"]["text"]
    (begin,) = (event["Timestamp"] for event in events_of(log, "ApplicationStart"))
    wanted = {
        f"stage {info['Stage ID']}": {
            "submitted_ns": (info["Submission Time"] - begin) * MS,
            "completed_ns": (info["Completion Time"] - begin) * MS,
        }
        for info in (event["Stage Info"] for event in events_of(log, "StageCompleted"))
    }
    names = {row["id"]: texts[row["name"]].split(":")[0] for row in rows_of(page, "operators")}
    found: dict[str, dict[str, int]] = {}
    for row in rows_of(page, "operator_facts"):
        name, key = names[row["operator"]], texts[row["key"]]
        if name in wanted and key in ("submitted_ns", "completed_ns"):
            found.setdefault(name, {})[key] = int(texts[row["value"]])
    assert found == wanted


@pytest.mark.parametrize("log", FILES, ids=lambda path: path.name)
def test_tasks_and_path_of_the_page(run: Run, tmp_path: Path, log: Path) -> None:
    """Exact, whatever unit they are told in; tasks add up to their operators, steps to the run."""
    recording = recording_of(run, log, tmp_path)
    whole, page = answer_of(run, "explain", recording), page_of(run, recording)
    unit = page.head["dataflow"]["time_unit_ns"]
    tasks, spent = rows_of(page, "tasks"), dict[int, int]()
    assert len(tasks) == sum(page.sections["task_slots"]["count"]) == whole["tasks"]
    for task in tasks:
        assert task["slack"] == 0
        assert task["count"] == 1
        key = task["operator"] - 1
        spent[key] = spent.get(key, 0) + task["length"] * unit
    assert spent == {row["operator_id"]: row["tasks_ns"] for row in whole["operators"]}
    steps = [
        (page.head["dataflow"]["steps"][s["kind"]]["key"], s["length"] * unit, s["operator"] - 1)
        for s in rows_of(page, "path")
    ]
    assert steps == [
        (s["kind"], s["duration_ns"], -1 if s["operator_id"] is None else s["operator_id"])
        for s in whole["critical_path"]
    ]


def test_quartiles_are_those_of_the_log(run: Run, tmp_path: Path) -> None:
    """Sorted by Python, taken at floor(q (n - 1)): on the page and in the report alike."""
    log = LOGS / "spark35_skew.gz"
    recording = recording_of(run, log, tmp_path)
    page, report = page_of(run, recording), answer_of(run, "report", recording)
    lengths: dict[str, list[int]] = {}
    read: dict[str, list[int]] = {}
    for event in events_of(log, "TaskEnd"):
        name, info = f"stage {event['Stage ID']}", event["Task Info"]
        metrics = event["Task Metrics"]
        shuffle = metrics["Shuffle Read Metrics"]
        lengths.setdefault(name, []).append((info["Finish Time"] - info["Launch Time"]) * MS)
        read.setdefault(name, []).append(
            shuffle["Remote Bytes Read"]
            + shuffle["Local Bytes Read"]
            + metrics["Input Metrics"]["Bytes Read"]
        )
    assert len(report["operators"]) == len(lengths)
    on_page = {(r["operator"], r["quantity"]): r for r in rows_of(page, "operator_quartiles")}
    for row in report["operators"]:
        name = row["operator"].split(":")[0]
        for q, (key, values) in enumerate([("duration_ns", lengths), ("read_bytes", read)]):
            told = row["quartiles"][key]
            ordered = sorted(values[name])
            if told is None:
                assert sum(ordered) == 0
                continue
            wanted = [ordered[i * (len(ordered) - 1) // 4] for i in range(5)]
            assert [told[k] for k in ("min", "p25", "median", "p75", "max")] == wanted
            assert told["sum"] == sum(ordered)
            section = on_page[row["operator_id"], q]
            assert [section[k] for k in ("least", "p25", "p50", "p75", "most")] == wanted
        if len(lengths[name]) > 1:
            median = statistics.median_low(lengths[name])
            assert row["skew"] == pytest.approx(max(lengths[name]) / median)
        else:
            assert row["skew"] is None


def test_the_report_has_a_row_for_each_stage(run: Run, tmp_path: Path) -> None:
    recording = recording_of(run, LOGS / "spark35_skew.gz", tmp_path)
    whole = answer_of(run, "explain", recording)
    text = run("report", "--top", "0", recording, env={"COLUMNS": "200"}).stdout
    assert whole["summary"] in text.replace("\n", " ")
    head = next(line for line in text.splitlines() if "median" in line and "all tasks" in line)
    for title in ("by resource", "min", "25 %", "75 %", "max", "skew", "read", "place"):
        assert title in head
    for row in whole["operators"]:
        assert row["operator"] in text
    narrow = run("report", recording, env={"COLUMNS": "80"}).stdout
    assert max(map(len, narrow.splitlines())) <= 80
    assert "Functions by their own time" not in text
    assert "Functions by their own waiting" in run("report", "--sort", "wait", recording).stdout


def large_log(path: Path, tasks: int, slots: int = 8) -> None:
    """A Spark log of ten stages whose tasks take 3 to 9 ms, one after another on each slot."""
    events: list[dict[str, Any]] = [
        {"Event": "SparkListenerLogStart", "Spark Version": "3.5.6"},
        {
            "Event": "SparkListenerApplicationStart",
            "App Name": "large",
            "App ID": "app-1",
            "Timestamp": 1_700_000_000_000,
            "User": "u",
        },
    ]
    free, each = [1_700_000_001_000] * slots, tasks // 10
    for stage in range(10):
        info = {"Stage ID": stage, "Stage Attempt ID": 0, "Stage Name": f"step at app.py:{stage}"}
        info |= {"Number of Tasks": each, "Submission Time": max(free), "RDD Info": []}
        info |= {"Parent IDs": [stage - 1] if stage else []}
        job = {"Job ID": stage, "Submission Time": max(free), "Stage Infos": [info]}
        events.append({"Event": "SparkListenerJobStart", "Stage IDs": [stage], **job})
        events.append({"Event": "SparkListenerStageSubmitted", "Stage Info": info})
        free = [max(free)] * slots
        for index in range(each):
            slot = free.index(min(free))
            took = 3 + index % 7
            events.append(task_end(stage, index, free[slot], free[slot] + took))
            free[slot] += took
        done = info | {"Completion Time": max(free)}
        events.append({"Event": "SparkListenerStageCompleted", "Stage Info": done})
        result = {"Result": "JobSucceeded"}
        events.append(
            {
                "Event": "SparkListenerJobEnd",
                "Job ID": stage,
                "Completion Time": max(free),
                "Job Result": result,
            }
        )
    events.append({"Event": "SparkListenerApplicationEnd", "Timestamp": max(free) + 100})
    path.write_text("".join(json.dumps(event, separators=(",", ":")) + "\n" for event in events))


def task_end(stage: int, index: int, start_ms: int, end_ms: int) -> dict[str, Any]:
    """With nothing but CPU time and garbage collection."""
    info: dict[str, Any] = {"Task ID": stage * 1_000_000 + index, "Index": index, "Attempt": 0}
    info |= {"Launch Time": start_ms, "Finish Time": end_ms, "Executor ID": "driver"}
    info |= {"Host": "localhost", "Locality": "PROCESS_LOCAL", "Failed": False, "Killed": False}
    run_ms = end_ms - start_ms
    metrics = {"Executor Run Time": run_ms, "Executor CPU Time": run_ms * MS * 3 // 4}
    return {
        "Event": "SparkListenerTaskEnd",
        "Stage ID": stage,
        "Stage Attempt ID": 0,
        "Task Type": "ResultTask",
        "Task End Reason": {"Reason": "Success"},
        "Task Info": info,
        "Task Metrics": metrics | {"JVM GC Time": index % 2},
    }


def test_a_small_page_has_blocks_of_tasks(run: Run, tmp_path: Path) -> None:
    """Where tasks would fill it: their number, time and operators stay true; the page says so."""
    log = tmp_path / "large"
    large_log(log, 20_000)
    recording = recording_of(run, log, tmp_path)
    page, small = page_of(run, recording), page_of(run, recording, "--size", "0.5")
    assert len(small.text) <= 500_000
    assert "tasks" not in page.head["limits"]
    assert "20,000 tasks" in small.head["limits"]["tasks"]
    rows, blocks = rows_of(page, "tasks"), rows_of(small, "tasks")
    assert len(rows) == 20_000
    assert len(blocks) <= 500_000 // 40
    assert sum(block["count"] for block in blocks) == 20_000

    def spent(of: list[dict[str, Any]]) -> dict[int, int]:
        sums: dict[int, int] = {}
        for row in of:
            sums[row["operator"]] = sums.get(row["operator"], 0) + row["length"] - row["slack"]
        return sums

    assert spent(blocks) == spent(rows)
    assert any(block["flags"] & 16 for block in blocks)
    # Blocks stand where their tasks do.
    assert sum(row["gap"] + row["length"] for row in rows) == sum(
        block["gap"] + block["length"] for block in blocks
    )


def test_a_hundred_thousand_tasks_are_a_small_page(run: Run, tmp_path: Path) -> None:
    """Each with its place, well below the 25 MB that a page may have."""
    log = tmp_path / "large"
    large_log(log, 100_000)
    page = page_of(run, recording_of(run, log, tmp_path))
    assert len(page.sections["tasks"]["length"]) == 100_000
    assert len(page.text) < 2_500_000


PROGRAM = re.compile(
    r'<script type="text/plain" id="program" data-bytes="(\d+)">([A-Za-z0-9+/=]+)</script>'
)
# Words of the code and the style of these views.
MARKS = ("graph-node", "operator-details", "task-canvas", "operator_quartiles")


def readable(page: Page) -> str:
    """A page with its program unpacked, and without its sections."""
    ((length, letters),) = PROGRAM.findall(page.text)
    program = zlib.decompress(base64.b64decode(letters, validate=True), wbits=-15)
    assert len(program) == int(length)
    return page.text + program.decode("utf-8")


def test_only_pages_of_logs_carry_the_code_of_their_views(
    run: Run, recording: Recording, tmp_path: Path
) -> None:
    """It is a fifth of all code, and of no use to a page of a Python program."""
    script = (REPOSITORY / "viewer" / "dist" / "dataflow.js").read_text(encoding="utf-8")
    of_log = page_of(run, recording_of(run, FILES[0], tmp_path))
    assert of_log.sections["dataflow_views"] == {"script": [script]}
    for scenario in ("small", "calls_and_samples"):
        of_program = page_of(run, recording(scenario))
        assert of_program.head["dataflow"] is None
        assert "dataflow_views" not in of_program.sections
        assert "comparison_views" not in of_program.sections
        for mark in MARKS:
            assert mark in script
            assert mark not in readable(of_program)
    for mark in MARKS:
        assert mark not in readable(of_log).replace('"operator_quartiles"', "")


@pytest.mark.parametrize("log", FILES, ids=lambda path: path.name)
def test_one_figure_for_the_run(run: Run, tmp_path: Path, log: Path) -> None:
    """Head and sentence once told 9.8 s and 13.0 s: what tasks span, and the application."""
    recording = recording_of(run, log, tmp_path)
    whole = answer_of(run, "explain", recording)
    head = answer_of(run, "report", recording)["head"]
    (side,) = page_of(run, recording).head["sides"]
    assert head["run_ns"] == side["duration_ns"] == whole["run_ns"]
    assert head["run_start_utc"] == side["start_utc"]
    spoken = re.search(r" of ([\d.]+ \S+|\d+ min \d+ s) \(", whole["summary"])
    assert spoken is not None, whole["summary"]
    for command in ("report", "explain"):
        (line,) = re.findall(r"^  run +(.*)$", run(command, recording).stdout, re.MULTILINE)
        assert line.startswith(spoken[1] + " from 20"), (command, line)
    if log.name.startswith("spark"):  # the application is there before its first task and after
        tasks = [event["Task Info"] for event in events_of(log, "TaskEnd")]
        lasted_s = max(task["Finish Time"] for task in tasks) / 1e3
        lasted_s -= min(task["Launch Time"] for task in tasks) / 1e3
        assert lasted_s < 0.9 * whole["run_ns"] / 1e9
        text = " ".join(run("report", recording).stdout.split())
        seconds = re.search(r"; ([\d.]+) s from the first task to the end of the last", text)
        assert seconds is not None
        assert float(seconds[1]) == pytest.approx(lasted_s, rel=0.005)


@pytest.mark.parametrize("log", FILES, ids=lambda path: path.name)
def test_the_head_says_what_its_threads_say(run: Run, tmp_path: Path, log: Path) -> None:
    """CPU time was once without what deserializing took, and unknown a part of other time."""
    recording = recording_of(run, log, tmp_path)
    whole = answer_of(run, "report", recording)
    head, threads = whole["head"], whole["threads"]
    if head["cpu_ns"] is not None:
        assert head["cpu_ns"] == pytest.approx(sum(t["cpu_ns"] for t in threads), abs=1e3)
    if head["unknown_ratio"] is not None:
        assert head["unknown_ratio"] == pytest.approx(head["states"]["unknown"])
    text = run("report", recording).stdout
    assert re.search(rf"^  tasks +{answer_of(run, 'explain', recording)['tasks']:,}$", text, re.M)
    assert not re.search("^  samples ", text, re.M)
    ratio = re.search(
        r"^  unknown +what threads did in ([\d.]+) % of their tasks' time", text, re.M
    )
    (side,) = page_of(run, recording).head["sides"]
    told = sum(part["ratio"] for part in side["unknown"])
    assert told == pytest.approx(head["unknown_ratio"] or 0)
    if told > 0:
        assert ratio is not None
        assert float(ratio[1]) == pytest.approx(100 * told, abs=0.06)
    if log.name.startswith("spark"):
        keys = ("Executor CPU Time", "Executor Deserialize CPU Time")
        ends = [event.get("Task Metrics") or {} for event in events_of(log, "TaskEnd")]
        clocked = sum(each.get(key, 0) for each in ends for key in keys)
        # Results are serialized on a core, by a clock of ms.
        clocked += sum(each.get("Result Serialization Time", 0) for each in ends) * MS
        # Some of it was a fetch, or longer than the task: no task has more time than it took.
        assert head["cpu_ns"] == pytest.approx(clocked, rel=0.05)
        (line,) = re.findall(r"^  CPU +([\d.]+) (m?s) of the tasks", text, re.M)
        told_ns = float(line[0]) * {"s": 1e9, "ms": 1e6}[line[1]]
        assert told_ns == pytest.approx(head["cpu_ns"], rel=0.01)


@pytest.mark.parametrize("log", FILES[:3], ids=lambda path: path.name)
def test_all_views_have_one_clock(run: Run, tmp_path: Path, log: Path) -> None:
    """The timeline began with the first task: one moment was 8 s there and 16 s in view Tasks."""
    recording = recording_of(run, log, tmp_path)
    page = page_of(run, recording)
    section = page.sections
    begin_ns, at = [], 0
    for count in section["task_slots"]["count"]:
        begin_ns.append(section["tasks"]["gap"][at] * page.head["dataflow"]["time_unit_ns"])
        at += count
    runs = page.runs("samples")
    tick_ns = page.head["tick_ns"]
    shown = dict(zip(section["task_slots"]["thread"], begin_ns))
    first_ns = min(runs[thread][0]["start"] for thread in shown if runs[thread]) * tick_ns
    assert first_ns == pytest.approx(min(shown.values()), abs=2e6)
    last = max(lane[-1]["start"] + lane[-1]["time"] for lane in runs if lane)
    assert last * tick_ns <= page.head["sides"][0]["duration_ns"] + tick_ns


@pytest.mark.parametrize("log", FILES[:2], ids=lambda path: path.name)
def test_what_is_predicted_is_a_part_of_the_run(run: Run, tmp_path: Path, log: Path) -> None:
    """`explain` and `predict` tell two lengths: the second one says of what it is a part."""
    recording = recording_of(run, log, tmp_path)
    run_s = answer_of(run, "explain", recording)["run_ns"] / 1e9
    what_if = json.loads(page_of(run, recording).sections["what_if"]["json"][0])
    answer = json.loads(run("predict", "--json", "--set", "cpu_speed=2x", recording).stdout)
    assert answer["run_s"] == what_if["run_s"] == pytest.approx(run_s)
    assert answer["base_s"] == what_if["base_s"] <= run_s
    text = " ".join(run("predict", "--set", "cpu_speed=2x", recording).stdout.split())
    lengths = re.search(r" ([\d.]+) s of the run's ([\d.]+) s: from about when the session ", text)
    assert lengths is not None, text
    assert float(lengths[1]) == pytest.approx(answer["base_s"], rel=0.005)
    assert float(lengths[2]) == pytest.approx(run_s, rel=0.005)


def test_what_was_sampled_has_no_run_of_a_log(run: Run, recording: Recording) -> None:
    path = recording("small")
    head = answer_of(run, "report", path)["head"]
    assert head["run_ns"] is None
    assert head["run_start_utc"] is None
    assert head["duration_ns"] == page_of(run, path).head["sides"][0]["duration_ns"]
