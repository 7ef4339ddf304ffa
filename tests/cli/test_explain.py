"""`barograph explain`: what it says of logs is what a second look at them finds."""

from __future__ import annotations

import gzip
import json
import re
import statistics
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from calling import REPOSITORY, Recording, Run
from framework_logs import LOGS, MS, ROLLING, answer_of, events_of, lines_of, recording_of

TRUTH: dict[str, dict[str, float]] = json.loads((LOGS / "truth.json").read_text())


def imported(run: Run, name: str, folder: Path) -> Path:
    return recording_of(run, LOGS / name, folder)


def explained(run: Run, recording: Path) -> dict[str, Any]:
    return answer_of(run, "explain", recording)


def intervals_of(name: str) -> list[tuple[int, int]]:
    tasks = [event["Task Info"] for event in events_of(LOGS / name, "TaskEnd")]
    return [(task["Launch Time"] * MS, task["Finish Time"] * MS) for task in tasks]


def union_ns(intervals: list[tuple[int, int]]) -> int:
    covered = until = 0
    for start, end in sorted(intervals):
        covered += max(0, end - max(start, until))
        until = max(until, end)
    return covered


@pytest.mark.parametrize("name", ["spark35_flaky.gz", "spark35_cluster.gz", ROLLING])
def test_the_path_is_the_run(run: Run, tmp_path: Path, name: str) -> None:
    whole = explained(run, imported(run, name, tmp_path))
    start, end = (
        next(events_of(LOGS / name, "Application" + which))["Timestamp"] * MS
        for which in ("Start", "End")
    )
    assert whole["run_ns"] == end - start
    at = 0
    for step in whole["critical_path"]:
        assert step["start_ns"] == at
        at += step["duration_ns"]
    assert at == whole["run_ns"]
    by_resource = {row["resource"]: row for row in whole["resources"]}
    assert abs(sum(row["path_ns"] for row in by_resource.values()) - at) < 1000
    # Gaps of the path are at least what no task covers.
    covered = union_ns(intervals_of(name))
    assert whole["busy_ns"] == covered
    gaps = sum(s["duration_ns"] for s in whole["critical_path"] if s["kind"] != "task")
    assert whole["run_ns"] - covered <= gaps <= whole["run_ns"]
    assert whole["bottleneck"]["at_most_ns"] == max(r["path_ns"] for r in by_resource.values())


@pytest.mark.parametrize("name", ["spark35_cluster.gz", ROLLING])
def test_resources_are_the_clocks_of_the_log(run: Run, tmp_path: Path, name: str) -> None:
    """CPU time of all tasks is Spark's, but for rounding; all of a task is of some resource."""
    whole = explained(run, imported(run, name, tmp_path))
    metrics = [event["Task Metrics"] for event in events_of(LOGS / name, "TaskEnd")]
    cpu = sum(m["Executor CPU Time"] + m["Executor Deserialize CPU Time"] for m in metrics)
    cpu += sum(m["Result Serialization Time"] for m in metrics) * MS
    by_resource = {row["resource"]: row for row in whole["resources"]}
    assert by_resource["cpu"]["tasks_ns"] == pytest.approx(cpu, rel=0.01)
    assert by_resource["cpu"]["evidence"] == "measured"
    assert by_resource["unknown"]["evidence"] == "unknown"
    lengths = sum(end - start for start, end in intervals_of(name))
    assert sum(row["tasks_ns"] for row in whole["resources"]) == pytest.approx(lengths, rel=1e-6)
    assert sum(row["tasks_ns"] for row in whole["operators"]) == lengths


@pytest.mark.parametrize("name", list(TRUTH))
def test_the_run_is_what_a_clock_outside_saw(run: Run, tmp_path: Path, name: str) -> None:
    """Path and gaps fill the job as the driver's own clock had it; no task is outside of it."""
    whole = explained(run, imported(run, name, tmp_path))
    truth = TRUTH[name]
    begin = next(events_of(LOGS / name, "ApplicationStart"))["Timestamp"] / 1e3
    start, end = truth["start_unix"] - begin, truth["end_unix"] - begin
    within = 0.0
    for step in whole["critical_path"]:
        first, last = step["start_ns"] / 1e9, (step["start_ns"] + step["duration_ns"]) / 1e9
        within += max(0.0, min(last, end) - max(first, start))
        if step["kind"] == "task":
            assert start - 0.01 <= first <= last <= end + 0.01
    assert within == pytest.approx(truth["runtime_s"], rel=0.001)
    assert whole["busy_ns"] / 1e9 < truth["runtime_s"] < whole["run_ns"] / 1e9
    startup = sum(s["duration_ns"] for s in whole["critical_path"] if s["kind"] == "startup")
    assert startup / 1e9 > start  # with the session's start, which is no part of the job


def test_skew_names_the_partition(run: Run, tmp_path: Path) -> None:
    """The one with most rows beside the median of its stage."""
    rows: dict[int, dict[int, int]] = {}
    for event in events_of(LOGS / "spark35_skew.gz", "TaskEnd"):
        read = event["Task Metrics"]["Shuffle Read Metrics"]["Total Records Read"]
        rows.setdefault(event["Stage ID"], {})[event["Task Info"]["Index"]] = read
    stage, of = max(rows.items(), key=lambda item: max(item[1].values()))
    partition = max(of, key=lambda p: of[p])
    assert of[partition] > 5 * statistics.median(of.values())
    whole = explained(run, imported(run, "spark35_skew.gz", tmp_path))
    (skew,) = (finding for finding in whole["findings"] if finding["kind"] == "skew")
    assert skew["operator"].startswith(f"stage {stage}:")
    assert skew["numbers"]["partition"] == partition
    assert skew["numbers"]["rows"] == of[partition]


def test_python_workers_are_found(run: Run, tmp_path: Path) -> None:
    """What tasks of the stage have no clock for is at least the CPU time of their workers."""
    whole = explained(run, imported(run, "spark35_python.gz", tmp_path))
    (found,) = (finding for finding in whole["findings"] if finding["kind"] == "python_workers")
    assert found["evidence"] == "derived"
    (stage,) = (o for o in whole["operators"] if o["operator_id"] == found["operator_id"])
    used = TRUTH["spark35_python.gz"]["python_workers_cpu_s"]
    assert used < stage["by_resource_ns"]["unknown"] / 1e9 < 2 * used
    assert found["explains_ns"] == stage["path_by_resource_ns"]["unknown"]


def test_python_workers_with_a_clock(run: Run, tmp_path: Path) -> None:
    """Spark 4 clocks them itself: then it is that time, and no longer all that has no clock."""
    whole = explained(run, imported(run, "spark40_python.gz", tmp_path))
    by_resource = {row["resource"]: row for row in whole["resources"]}
    assert by_resource["pipe"]["evidence"] == "measured"
    (found,) = (finding for finding in whole["findings"] if finding["kind"] == "python_workers")
    assert found["evidence"] == "measured"
    (stage,) = (o for o in whole["operators"] if o["operator_id"] == found["operator_id"])
    assert found["explains_ns"] == stage["path_by_resource_ns"]["pipe"]
    assert stage["path_by_resource_ns"]["unknown"] < found["explains_ns"]


def test_failed_attempts_cost_what_they_took(run: Run, tmp_path: Path) -> None:
    whole = explained(run, imported(run, "spark35_flaky.gz", tmp_path))
    (finding,) = (f for f in whole["findings"] if f["kind"] == "attempts")
    failed = [
        (event["Task Info"]["Finish Time"] - event["Task Info"]["Launch Time"]) * MS
        for event in events_of(LOGS / "spark35_flaky.gz", "TaskEnd")
        if event["Task End Reason"]["Reason"] != "Success"
    ]
    assert finding["numbers"]["failed"] == len(failed)
    assert finding["numbers"]["slot_ns"] == sum(failed)
    assert sum(failed) / whole["slots"] <= finding["explains_ns"] <= sum(failed)
    seconds = [f["explains_ns"] for f in whole["findings"]]
    assert seconds == sorted(seconds, reverse=True)


def test_a_killed_application_is_explained_so_far(run: Run, tmp_path: Path) -> None:
    whole = explained(run, imported(run, "spark35_killed.gz", tmp_path))
    assert any("killed" in note for note in whole["notes"])
    assert sum(s["duration_ns"] for s in whole["critical_path"]) == whole["run_ns"]


@pytest.mark.parametrize("columns", [80, 120])
def test_the_text_fits_and_says_the_same(run: Run, tmp_path: Path, columns: int) -> None:
    made = imported(run, "spark35_cluster.gz", tmp_path)
    whole = explained(run, made)
    answer = run("explain", made, env={"COLUMNS": str(columns)})
    assert answer.returncode == 0
    assert max(map(len, answer.stdout.splitlines())) <= columns
    words = " ".join(answer.stdout.split())
    for finding in whole["findings"]:
        assert f"{finding['title']}: " in words
        assert f"try: {finding['try']}" in words
    assert whole["summary"] in words
    titles = ("What the run waited for", "What stands out", "Critical path", "Operators")
    places = [answer.stdout.index(f"\n{title}") for title in titles]
    assert places == sorted(places)
    assert not re.search(r"[{}]", answer.stdout)  # every number of every sentence is there


def test_top_limits_findings_and_rows(run: Run, tmp_path: Path) -> None:
    made = imported(run, "spark35_cluster.gz", tmp_path)
    text = run("explain", "--top", 1, made).stdout
    assert re.search(r"^  1  ", text, re.M)
    assert not re.search(r"^  2  ", text, re.M)
    assert "more: --top 0 shows all" in text
    assert len(json.loads(run("explain", "--json", "--top", 1, made).stdout)["findings"]) == 1


def own_ns_of(events: list[dict[str, Any]]) -> Counter[str]:
    """Time of each name without what is within it, of slices of one thread."""
    own: Counter[str] = Counter()
    stack: list[tuple[float, str]] = []
    for event in sorted(events, key=lambda e: (e["ts"], -e["dur"])):
        while stack and stack[-1][0] <= event["ts"]:
            stack.pop()
        if stack:
            own[stack[-1][1]] -= round(event["dur"] * 1e3)
        own[event["name"]] += round(event["dur"] * 1e3)
        stack.append((event["ts"] + event["dur"], event["name"]))
    return own


def test_spans_of_a_trace(run: Run, tmp_path: Path) -> None:
    """PyTorch's: the operators with most time of their own; nothing is said of partitions."""
    trace = REPOSITORY / "tests" / "traces" / "torch24_mlp.json.gz"
    made = tmp_path / "step.baro"
    assert run("import", "-q", "-o", made, trace).returncode == 0
    whole = explained(run, made)
    assert sum(s["duration_ns"] for s in whole["critical_path"]) == whole["run_ns"]
    assert {f["kind"] for f in whole["findings"]} == {"operator"}
    assert whole["bottleneck"]["resource"] == "cpu"
    events = json.loads(gzip.decompress(trace.read_bytes()))["traceEvents"]
    own = own_ns_of([e for e in events if e.get("cat") in ("cpu_op", "user_annotation")])
    largest = [name for name, _ in own.most_common(2)]
    assert [f["operator"] for f in whole["findings"]] == largest
    for finding in whole["findings"]:
        assert finding["explains_ns"] == pytest.approx(own[finding["operator"]], rel=0.01)


def test_a_sampled_program(run: Run, recording: Recording) -> None:
    """60 % of it is CPU time of parse, 30 % waiting for disk in load_rows, 10 % CPU of main."""
    made = recording("small")
    whole = explained(run, made)
    assert whole["kind"] == "program"
    found = [(f["kind"], f["function"]["name"], f["explains_ns"]) for f in whole["findings"]]
    assert [row[:2] for row in found] == [("cpu", "parse"), ("file", "load_rows"), ("cpu", "main")]
    shares = [seconds / whole["run_ns"] for *_, seconds in found]
    assert shares == pytest.approx([0.6, 0.3, 0.1], rel=0.01)
    text = run("explain", made, env={"COLUMNS": "80"}).stdout
    assert max(map(len, text.splitlines())) <= 80
    assert "Functions by their own time" in text


def test_a_lock_of_threads_and_a_busy_machine(run: Run, recording: Recording) -> None:
    """A lock that threads take in turn was no finding; who waits alone needs no fewer workers."""
    turns = explained(run, recording("turns"))["findings"]
    (lock,) = [finding for finding in turns if finding["kind"] == "lock"]
    assert lock["function"]["name"] == "load"
    assert lock["explains_ns"] == lock["numbers"]["threads_ns"] / 4 == 1.5e9
    assert lock["numbers"]["run_ns"] == 0
    crowded = explained(run, recording("crowded"))["findings"]
    (wait,) = [finding for finding in crowded if finding["kind"] == "runnable"]
    assert wait["numbers"]["own_percent"] == 0
    assert "other programs" in wait["try"]
    assert "fewer workers" not in wait["try"]


def test_shares_of_a_run_with_idle_time_say_so(run: Run, recording: Recording) -> None:
    """A fifth of the run is two fifths of what is left of it: both stood there as "of the run"."""
    for scenario, of in [("night", "the run without idle"), ("small", "the run")]:
        made = recording(scenario)
        whole = explained(run, made)
        text = run("explain", made).stdout
        shares = re.findall(r"^  \d+  .*, ([\d.]+) % of (.*)$", text, re.M)
        assert len(shares) == len(whole["findings"])
        for (share, words), finding in zip(shares, whole["findings"]):
            assert words == of
            assert float(share) == pytest.approx(
                100 * finding["explains_ns"] / whole["run_ns"], abs=0.06
            )


def test_what_cannot_be_explained_is_refused(run: Run) -> None:
    recordings = REPOSITORY / "tests" / "recordings"
    for name, why in [
        ("calls.baro", "what calls waited for is in samples only"),
        ("empty.baro", "neither tasks nor samples"),
    ]:
        answer = run("explain", recordings / name)
        assert answer.returncode == 2
        assert answer.stdout == ""
        assert why in answer.stderr
        assert answer.stderr.count("\n") == 1


def test_forged_times_are_survived(run: Run) -> None:
    """Tasks that are as long as 64 bits can say."""
    made = REPOSITORY / "tests" / "recordings" / "dataflow.baro"
    whole = explained(run, made)
    assert sum(s["duration_ns"] for s in whole["critical_path"]) == whole["run_ns"]
    assert run("explain", made).returncode == 0


def test_the_query_that_the_driver_was_at(run: Run, tmp_path: Path) -> None:
    """Of the longest gap between stages, by the log's own times of its queries."""
    log = REPOSITORY / "tests" / "logs" / "spark35_skew.gz"
    made = tmp_path / "job.baro"
    assert run("import", "-q", "-o", made, log).returncode == 0
    whole = explained(run, made)
    events = [json.loads(line) for line in gzip.decompress(log.read_bytes()).splitlines()]
    begins = {e["executionId"]: e["time"] for e in events if "SQLExecutionStart" in e["Event"]}
    ends = {e["executionId"]: e["time"] for e in events if "SQLExecutionEnd" in e["Event"]}
    gaps = [step for step in whole["critical_path"] if step["kind"] == "driver"]
    gap = max(gaps, key=lambda step: step["duration_ns"])
    (found,) = [row for row in whole["findings"] if row["kind"] == "driver"]
    assert found["numbers"]["gap_ns"] == gap["duration_ns"]
    # The run begins when the application does.
    (start,) = [e["Timestamp"] for e in events if e["Event"].endswith("ApplicationStart")]
    first = start + gap["start_ns"] / 1e6
    last = first + gap["duration_ns"] / 1e6
    shared = {
        query: min(last, ends.get(query, last)) - max(first, begun)
        for query, begun in begins.items()
    }
    query = max(shared, key=lambda key: shared[key])
    assert shared[query] > 0
    assert found["numbers"]["query_ns"] == pytest.approx(shared[query] * 1e6, abs=1e6)
    assert found["query"].startswith(f"sql {query}")
    assert found["query"] in found["sentence"]


def test_one_task_failed_and_nothing_after_the_last_stage(run: Run, tmp_path: Path) -> None:
    """A log that ends with its only task, of two attempts."""
    lines = lines_of(LOGS / "spark35_skew.gz")
    ends = [i for i, line in enumerate(lines) if b'"SparkListenerTaskEnd"' in line]
    failed = json.loads(lines[ends[0]])
    failed["Task Info"]["Failed"] = True
    failed["Task End Reason"] = {"Reason": "ExceptionFailure", "Class Name": "x", "Stack Trace": []}
    kept = [line for line in lines[: ends[3] + 1] if b"SparkListenerApplicationEnd" not in line]
    kept[ends[0]] = json.dumps(failed).encode() + b"\n"
    (tmp_path / "log").write_bytes(b"".join(kept))
    found = answer_of(run, "explain", recording_of(run, tmp_path / "log", tmp_path))
    sentences = {row["kind"]: row["sentence"] for row in found["findings"]}
    assert sentences["attempts"].startswith("1 task failed and 0 were killed, most of ")
    assert sentences["driver"].endswith("and no time after the last")
