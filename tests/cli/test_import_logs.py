"""`barograph import` of frameworks' logs: what is made of them is what others find there."""

from __future__ import annotations

import importlib
import json
import os
import re
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from time import sleep
from typing import Any

import pytest
from calling import REPOSITORY, Run
from framework_logs import LOGS, MS, ROLLING, events_of, lines_of
from terminals import read_shown

SPARK = ["spark35_flaky.gz", "spark35_cluster.gz", "spark35_killed.gz", ROLLING]
# Ours, and where Spark has it: the object within the task's metrics, its member, and the unit.
METRICS = {
    "run_ns": (None, "Executor Run Time", MS),
    "cpu_ns": (None, "Executor CPU Time", 1),
    "gc_ns": (None, "JVM GC Time", MS),
    "deserialize_ns": (None, "Executor Deserialize Time", MS),
    "result_bytes": (None, "Result Size", 1),
    "peak_execution_memory_bytes": (None, "Peak Execution Memory", 1),
    "fetch_wait_ns": ("Shuffle Read Metrics", "Fetch Wait Time", MS),
    "shuffle_remote_read_bytes": ("Shuffle Read Metrics", "Remote Bytes Read", 1),
    "shuffle_local_read_bytes": ("Shuffle Read Metrics", "Local Bytes Read", 1),
    "shuffle_read_rows": ("Shuffle Read Metrics", "Total Records Read", 1),
    "shuffle_write_ns": ("Shuffle Write Metrics", "Shuffle Write Time", 1),
    "shuffle_written_bytes": ("Shuffle Write Metrics", "Shuffle Bytes Written", 1),
    "shuffle_written_rows": ("Shuffle Write Metrics", "Shuffle Records Written", 1),
    "input_bytes": ("Input Metrics", "Bytes Read", 1),
    "input_rows": ("Input Metrics", "Records Read", 1),
    "output_bytes": ("Output Metrics", "Bytes Written", 1),
}


class Recorded:
    """The records of a recording, by the reader that the tests have of their own."""

    def __init__(self, path: Path) -> None:
        sys.path.insert(0, str(REPOSITORY / "tests" / "python"))
        records = importlib.import_module("recording_reader").read(path.read_bytes())
        sys.path.pop(0)
        self.by_kind: dict[str, list[list[Any]]] = {}
        for kind, *fields in records:
            self.by_kind.setdefault(kind, []).append(fields)
        self.strings = [text for _, text in self.by_kind["string"]]
        self.notes = [text for _, _, text in self.by_kind.get("note", [])]

    def operators(self) -> list[tuple[str, str, str]]:
        rows = self.by_kind["operator"]
        return [tuple(self.strings[i] for i in row[1:4]) for row in rows]

    def facts(self, operator: int) -> dict[str, str]:
        return {key: value for of, key, value in self.by_kind["operator_fact"] if of == operator}

    def amounts(self) -> Counter[str]:
        sums: Counter[str] = Counter()
        for *_, amounts in self.by_kind["task"]:
            for key, value in amounts:
                sums[self.strings[key]] += value
        return sums


def imported(run: Run, path: Path, folder: Path) -> Recorded:
    out = folder / "log.baro"
    done = run("import", "-f", "-o", out, path)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("\n") == 1
    return Recorded(out)


@pytest.mark.parametrize("name", SPARK)
def test_tasks_are_those_of_the_log(run: Run, tmp_path: Path, name: str) -> None:
    recorded = imported(run, LOGS / name, tmp_path)
    ends = list(events_of(LOGS / name, "TaskEnd"))
    sums: Counter[str] = Counter()
    for event in ends:
        metrics = event.get("Task Metrics", {})
        for ours, (group, member, unit) in METRICS.items():
            sums[ours] += (metrics.get(group, {}) if group else metrics).get(member, 0) * unit
    found = recorded.amounts()
    assert {key: found[key] for key in METRICS} == {key: sums[key] for key in METRICS}
    times = sorted(
        (event["Task Info"]["Finish Time"] - event["Task Info"]["Launch Time"]) * MS
        for event in ends
    )
    tasks = [row for row in recorded.by_kind["task"] if row[4] != "unfinished"]
    assert sorted(end - start for _, _, start, end, *_ in tasks) == times
    failed = sum(event["Task End Reason"]["Reason"] != "Success" for event in ends)
    assert Counter(row[4] for row in tasks) == {"succeeded": len(ends) - failed} | (
        {"failed": failed} if failed else {}
    )


@pytest.mark.parametrize("name", SPARK)
def test_stages_and_jobs_are_operators(run: Run, tmp_path: Path, name: str) -> None:
    recorded = imported(run, LOGS / name, tmp_path)
    operators = recorded.operators()
    stages = [event["Stage Info"] for event in events_of(LOGS / name, "StageSubmitted")]
    queries = sum(b"SparkListenerSQLExecutionStart" in line[:99] for line in lines_of(LOGS / name))
    kinds = Counter(kind for kind, _, _ in operators)
    assert (kinds.pop("spark.node", 0) != 0) == (queries != 0)  # tests/cli/test_import_plans.py
    assert kinds == ({"spark.sql": queries} if queries else {}) | {
        "spark.application": 1,
        "spark.job": len(list(events_of(LOGS / name, "JobStart"))),
        "spark.stage": len(stages),
    }
    by_id = {
        int(recorded.facts(i)["stage_id"]): i
        for i, (kind, _, _) in enumerate(operators)
        if kind == "spark.stage"
    }
    edges = {
        (a, b)
        for a, b, kind in recorded.by_kind.get("operator_edge", [])
        if kind == "data" and operators[a][0] == "spark.stage"
    }
    # Jobs list stages again whose outcome is there: never submitted, but they make the same RDD.
    made = {
        info["Stage ID"]: info["RDD Info"][0]["RDD ID"]
        for event in events_of(LOGS / name, "JobStart")
        for info in event["Stage Infos"]
    }
    ran: dict[int, int] = {}
    expected = set()
    for stage in stages:
        of = by_id[stage["Stage ID"]]
        shown, _, place = stage["Stage Name"].rpartition(" at ")
        assert operators[of][1:] == (f"stage {stage['Stage ID']}: {shown}", place)
        assert recorded.facts(of)["tasks"] == str(stage["Number of Tasks"])
        parents = [p if p in by_id else ran.get(made.get(p, -1), -1) for p in stage["Parent IDs"]]
        expected |= {(by_id[p], of) for p in parents if p in by_id}
        ran[stage["RDD Info"][0]["RDD ID"]] = stage["Stage ID"]
    assert edges == expected


@pytest.mark.parametrize("name", SPARK)
def test_slots_run_one_task_at_a_time(run: Run, tmp_path: Path, name: str) -> None:
    recorded = imported(run, LOGS / name, tmp_path)
    cores = {
        event["Executor ID"]: event["Executor Info"]["Total Cores"]
        for event in events_of(LOGS / name, "ExecutorAdded")
    }
    names = [recorded.strings[row[5]] for row in recorded.by_kind["process"]]
    slots = Counter(names[row[1]] for row in recorded.by_kind["thread"])
    for executor, count in slots.items():
        assert count <= cores[executor.split()[1]]
    last: dict[int, int] = {}
    samples = sorted((row for row in recorded.by_kind["sample"]), key=lambda row: (row[0], row[1]))
    for thread, time, weight, *_ in samples:
        assert time - weight >= last.get(thread, 0) - 1000  # times are kept to 1 us
        last[thread] = time


def test_report_and_page_open(run: Run, tmp_path: Path) -> None:
    imported(run, LOGS / "spark35_cluster.gz", tmp_path)
    report = run("report", tmp_path / "log.baro")
    assert report.returncode == 0, report.stderr
    for text in ("executor 0 on", "slot 1", "stage 4: collect", "spark_jobs.py:25"):
        assert text in report.stdout
    page = run("view", "-o", tmp_path / "page.html", tmp_path / "log.baro")
    assert page.returncode == 0, page.stderr


# --- Logs that are not as they should be ---


def write(path: Path, lines: list[bytes]) -> Path:
    path.write_bytes(b"".join(lines))
    return path


def test_what_is_missing_is_told(run: Run, tmp_path: Path) -> None:
    lines = lines_of(LOGS / "spark35_cluster.gz")
    ends = [line for line in lines if b"SparkListenerTaskEnd" in line[:40]]
    others = [line for line in lines if line not in ends]
    few = imported(run, write(tmp_path / "few", others + ends[::2]), tmp_path)
    assert f"{len(ends) // 2} of {len(ends)} tasks (50 %) of stages that ended" in few.notes[0]
    assert f"{len(ends) // 2} tasks ran when the log ended" in few.notes[1]
    twice = imported(run, write(tmp_path / "twice", lines + ends), tmp_path)
    assert f"{len(ends)} events came twice: the first counts" in twice.notes
    assert len(twice.by_kind["task"]) == len(ends)
    bad = imported(run, write(tmp_path / "bad", [*lines[:5], b"{]\n", *lines[5:-1]]), tmp_path)
    assert any("1 of" in note and "line 6" in note for note in bad.notes), bad.notes
    assert any("does not say that the application ended" in note for note in bad.notes)
    assert len(bad.by_kind["task"]) == len(ends)


def test_a_log_that_was_rewritten_is_known(run: Run, tmp_path: Path) -> None:
    """What takes names out of a log, or jq, writes blanks where Spark has none."""
    lines = lines_of(LOGS / "spark35_cluster.gz")
    spaced = [json.dumps(json.loads(line)).encode() + b"\n" for line in lines]
    assert spaced[0].startswith(b'{"Event": "')
    tasks = len(imported(run, write(tmp_path / "plain", lines), tmp_path).by_kind["task"])
    rewritten = imported(run, write(tmp_path / "spaced", spaced), tmp_path)
    assert len(rewritten.by_kind["task"]) == tasks > 0


def test_one_task_is_one_task(run: Run, tmp_path: Path) -> None:
    lines = lines_of(LOGS / "spark35_cluster.gz")
    ends = [line for line in lines if b"SparkListenerTaskEnd" in line[:40]]
    others = [line for line in lines if b"SparkListenerTask" not in line[:40]]
    log = write(tmp_path / "one", [*others, ends[0]])
    done = run("import", "-o", tmp_path / "one.baro", log)
    assert done.stderr.startswith("barograph: 1 task of spark, 1 slot -> "), done.stderr


def test_a_cut_log_is_read_as_far_as_it_goes(run: Run, tmp_path: Path) -> None:
    packed = (LOGS / "spark35_cluster.gz").read_bytes()
    whole = b"".join(lines_of(LOGS / "spark35_cluster.gz"))
    tasks = []
    for part in (0.6, 0.8, 0.99):
        cut = tmp_path / "cut.gz"
        cut.write_bytes(packed[: int(len(packed) * part)])
        recorded = imported(run, cut, tmp_path)
        assert any("damaged or cut" in note for note in recorded.notes)
        tasks.append(len(recorded.by_kind["task"]))
        plain = tmp_path / "cut"
        plain.write_bytes(whole[: int(len(whole) * part)])
        notes = imported(run, plain, tmp_path).notes
        assert any("does not say that the application ended" in note for note in notes), notes
    assert tasks == sorted(tasks)
    assert tasks[0] > 0


def test_a_rolling_folder_with_a_hole(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / ROLLING
    folder.mkdir()
    lines = lines_of(LOGS / ROLLING)
    for number, part in ((1, lines[:60]), (2, lines[60:90]), (10, lines[120:])):
        write(folder / f"events_{number}_local-1795265714914", part)
    (folder / "events_3_local-1795265714914").symlink_to("/etc/passwd")
    recorded = imported(run, folder, tmp_path)
    assert any("files are missing, first events_3" in note for note in recorded.notes)
    assert any(note.startswith("1 file of the log was left out: links") for note in recorded.notes)


def test_what_is_no_log_is_told_in_one_line(run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    write(tmp_path / "no_tasks", lines_of(LOGS / "spark35_cluster.gz")[:3])
    write(tmp_path / "text", [b"hello\n"])
    for name, options in (
        ("empty", []),
        ("no_tasks", []),
        ("text", []),
        ("text", ["--from=spark"]),
    ):
        done = run("import", "-o", tmp_path / "out.baro", *options, tmp_path / name)
        assert done.returncode != 0
        assert done.stderr.count("\n") == 1
        assert name in done.stderr
        assert not (tmp_path / "out.baro").exists()
    folder = run("import", "-o", tmp_path / "out.baro", tmp_path / "empty").stderr
    assert "a folder without an event log: it would have files events_1_" in folder
    # spark.eventLog.dir has logs of one file each: who gives that folder is told what to give.
    assert folder.endswith("give a log that is one file by its own path\n")


def test_lines_that_nobody_needs_are_not_kept(barograph: Path, tmp_path: Path) -> None:
    lines = lines_of(LOGS / "spark35_cluster.gz")
    filler = b'{"Event":"SparkListenerBlockUpdated","x":"' + b"y" * 60000 + b'"}\n'
    big = write(tmp_path / "big", [line + filler * 20 for line in lines])
    bytes_of_log = big.stat().st_size
    assert bytes_of_log > 80e6
    # Virtual memory in KiB; a sanitizer's shadow has no room in it.
    limit = "" if "asan" in str(barograph) else "ulimit -v 100000; "
    command = ["sh", "-c", limit + 'exec "$@"', "sh", str(barograph), "import", "--quiet"]
    subprocess.run([*command, "-o", str(tmp_path / "log.baro"), str(big)], check=True)
    assert len(Recorded(tmp_path / "log.baro").by_kind["task"]) == 16


def test_progress_is_shown_on_a_terminal_only(barograph: Path, tmp_path: Path) -> None:
    lines = lines_of(LOGS / "spark35_cluster.gz")
    filler = b'{"Event":"SparkListenerBlockUpdated","x":"' + b"y" * 60000 + b'"}\n'
    big = write(tmp_path / "big", [line + filler * 40 for line in lines])
    command = [str(barograph), "import", "-f", "-o", str(tmp_path / "log.baro"), str(big)]
    main, terminal = os.openpty()
    with subprocess.Popen(command, stderr=terminal, env={**os.environ, "TERM": "xterm"}) as child:
        os.close(terminal)
        while len(os.listdir(tmp_path)) == 1 and child.poll() is None:  # until it writes
            sleep(0.001)
        child.send_signal(signal.SIGSTOP)  # what takes less than a second shows nothing
        sleep(1.2)
        child.send_signal(signal.SIGCONT)
        shown = read_shown(main)
    assert child.returncode == 0
    bars, _, end = shown.rpartition(b"\r\x1b[K")
    assert re.search(rb"MB of \d+ MB \(\d+ %\)  [\d.]+ \w?B/s  .* left to read", bars), shown
    assert end.startswith(b"barograph: 16 tasks of spark")
    done = subprocess.run(command, stderr=subprocess.PIPE, check=True)
    assert b"\x1b" not in done.stderr
