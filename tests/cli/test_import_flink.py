"""`barograph import` of Flink's archives and answers: what is made of them is what others find."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from calling import REPOSITORY, Run
from test_import_logs import imported

LOGS = REPOSITORY / "tests" / "logs"
FLINK = ["flink120_join.json.gz", "flink120_streaming.json.gz"]
MS = 1_000_000
# Ours, Flink's, and the unit; those of "status-duration" in capitals.
METRICS = {
    "busy_ns": ("accumulated-busy-time", MS),
    "idle_ns": ("accumulated-idle-time", MS),
    "backpressured_ns": ("accumulated-backpressured-time", MS),
    "read_bytes": ("read-bytes", 1),
    "written_bytes": ("write-bytes", 1),
    "read_rows": ("read-records", 1),
    "written_rows": ("write-records", 1),
    "scheduled_ns": ("SCHEDULED", MS),
    "running_ns": ("RUNNING", MS),
}


def answers_of(path: Path) -> dict[str, Any]:
    document = json.loads(gzip.decompress(path.read_bytes()))
    if "archive" in document:
        return {entry["path"]: json.loads(entry["json"]) for entry in document["archive"]}
    answers: dict[str, Any] = document
    return answers


def subtasks_of(answers: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [
        (answer["name"], subtask)
        for path, answer in answers.items()
        if "/vertices/" in path and path.count("/") == 4
        for subtask in answer["subtasks"]
    ]


@pytest.mark.parametrize("name", FLINK)
def test_subtasks_are_those_of_the_file(run: Run, tmp_path: Path, name: str) -> None:
    recorded = imported(run, LOGS / name, tmp_path)
    subtasks = subtasks_of(answers_of(LOGS / name))
    sums: Counter[str] = Counter()
    for _, subtask in subtasks:
        for ours, (theirs, unit) in METRICS.items():
            value = {**subtask["metrics"], **subtask["status-duration"]}[theirs]
            sums[ours] += int(value) * unit if value != "NaN" else 0
    found = recorded.amounts()
    assert {key: found[key] for key in METRICS} == {key: sums[key] for key in METRICS}
    operators = recorded.operators()
    start = min(subtask["start-time"] for _, subtask in subtasks)
    first = min(row[2] for row in recorded.by_kind["task"])
    assert sorted(
        (operators[operator][1], begin - first, end - begin, outcome)
        for operator, _, begin, end, outcome, _ in recorded.by_kind["task"]
    ) == sorted(
        (vertex, (s["start-time"] - start) * MS, s["duration"] * MS, "succeeded")
        for vertex, s in subtasks
    )
    # Sources do not tell how busy they were ("NaN"): that is no amount, and not 0.
    busy = recorded.strings.index("busy_ns")
    for operator, *_, amounts in recorded.by_kind["task"]:
        assert (busy in dict(amounts)) == ("Source" not in operators[operator][1])


@pytest.mark.parametrize("name", FLINK)
def test_vertices_are_operators_of_the_plan(run: Run, tmp_path: Path, name: str) -> None:
    recorded = imported(run, LOGS / name, tmp_path)
    answers = answers_of(LOGS / name)
    job = next(answer for answer in answers.values() if "vertices" in answer)
    operators = recorded.operators()
    assert Counter(operators) == Counter(
        [("flink.job", job["name"], "")]
        + [("flink.vertex", vertex["name"], "") for vertex in job["vertices"]]
    )
    assert recorded.facts(0)["state"] == "FINISHED"
    by_id = {recorded.facts(i)["vertex_id"]: i for i in range(1, len(operators))}
    assert {(a, b) for a, b, kind in recorded.by_kind["operator_edge"] if kind == "data"} == {
        (by_id[source["id"]], by_id[node["id"]])
        for node in job["plan"]["nodes"]
        for source in node.get("inputs", [])
    }
    for node in job["plan"]["nodes"]:
        facts = recorded.facts(by_id[node["id"]])
        assert facts["plan"] == node["description"]
        assert facts["parallelism"] == str(node["parallelism"])
        for source in node.get("inputs", []):
            assert facts[f"ship_strategy_from_{by_id[source['id']]}"] == source["ship_strategy"]


@pytest.mark.parametrize("name", FLINK)
def test_a_thread_has_one_subtask_at_a_time(run: Run, tmp_path: Path, name: str) -> None:
    recorded = imported(run, LOGS / name, tmp_path)
    spans = sorted((row[1], row[2], row[3]) for row in recorded.by_kind["task"])
    assert all(a[0] != b[0] or a[2] <= b[1] for a, b in zip(spans, spans[1:]))
    (process,) = recorded.by_kind["process"]
    assert recorded.strings[process[5]].startswith("task manager 127.0.0.1:")
    subtasks = subtasks_of(answers_of(LOGS / name))
    report = json.loads(run("report", "--json", tmp_path / "log.baro").stdout)
    idle = sum(s["metrics"]["accumulated-idle-time"] for _, s in subtasks)
    states: Counter[str] = Counter()
    for row in report["threads"]:
        for state, ratio in row["states"].items():
            states[state] += round((ratio or 0) * row["wall_ns"])
    assert abs(states["idle"] - idle * MS) <= 1000


def test_what_failed_runs_or_lacks_is_said(run: Run, tmp_path: Path) -> None:
    def subtask(number: int, status: str, end: int, **more: Any) -> dict[str, Any]:
        metrics = {
            "accumulated-busy-time": 8e15,
            "read-bytes": 5,
            "read-bytes-complete": status == "FINISHED",
        }
        return {"subtask": number, "attempt": 0, "status": status, "start-time": 1_795_000_000_000,
                "end-time": end, "metrics": metrics, "host": "h", **more}  # fmt: skip

    ended = 1_795_000_001_000
    answers = {
        "/jobs/a/vertices/v": {
            "name": 'x\\y "z"',
            "parallelism": 5,
            "now": ended + 500,
            "subtasks": [
                subtask(0, "FINISHED", ended),
                subtask(1, "FAILED", ended),
                subtask(2, "RUNNING", -1),
                subtask(3, "FINISHED", ended - 9_000),
            ],
        },
        "/jobs/a/vertices/v/subtasks/1/attempts/1": subtask(1, "CANCELED", ended, attempt=1),
        "/jobs/a": {"name": "j", "state": "RUNNING", "end-time": -1, "vertices": 7},
        "/jobs/a/exceptions": {"root-exception": "java.lang.Boom\n\tat here"},
        "/jobs/a/unknown": [1],
        "/other": "x",
    }
    path = tmp_path / "rest.json"
    path.write_text(json.dumps(answers, indent=1))
    recorded = imported(run, path, tmp_path)
    assert recorded.operators()[1][1] == 'x\\y "z"'
    rows = [(row[3] - row[2], row[4]) for row in recorded.by_kind["task"]]
    second = 1000 * MS
    assert Counter(rows) == Counter(
        [(second, "succeeded"), (second, "failed"), (second * 3 // 2, "unfinished"),
         (0, "succeeded"), (second, "killed")]
    )  # fmt: skip
    assert "busy_ns" not in recorded.amounts()  # longer than anything ran
    assert recorded.facts(0)["failure"] == "java.lang.Boom\n\tat here"
    assert recorded.notes == [
        "the job j ran when Flink was asked",
        "1 of 5 subtasks is not in the file",
        "1 subtask ended before it began: 0 ms long",
        "3 subtasks' bytes and records are not complete, as Flink says",
    ]


def test_files_that_lack_subtasks(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "rest.json"
    path.write_text('{"/jobs/a": {"name": "j"}}')
    done = run("import", path)
    assert done.returncode == 2
    assert "no subtask with a time in it" in done.stderr
    whole = gzip.decompress((LOGS / FLINK[0]).read_bytes())
    path.write_bytes(whole[: len(whole) * 3 // 4])
    recorded = imported(run, path, tmp_path)
    assert "damaged or cut" in recorded.notes[0]
    assert recorded.by_kind["task"]
