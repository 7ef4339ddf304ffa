"""The forecasts on the page of `barograph view`: each is what `barograph predict` says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from calling import REPOSITORY, Run
from framework_logs import LOGS, ROLLING, recording_of
from page_reader import Page

SPARK = [
    "spark35_cluster.gz",
    "spark35_flaky.gz",
    "spark35_killed.gz",
    "spark35_python.gz",
    "spark35_skew.gz",
    "spark35_streaming.gz",
    "spark40_python.gz",
    ROLLING,
]
TRACES = REPOSITORY / "tests" / "traces"
TRACE = "torch24_mlp.json.gz"
THREADS = REPOSITORY / "tests" / "recordings" / "threads.baro"
# Of pairs every so manieth is compared: all of them are compared in tests/unit/test_what_if.c.
EACH = 29


def what_if_of(run: Run, recording: Path) -> dict[str, Any]:
    done = run("view", "-o", "-", recording)
    assert done.returncode == 0, done.stderr
    (text,) = Page(done.stdout).sections["what_if"]["json"]
    answer: dict[str, Any] = json.loads(text)
    return answer


def scenario_of(what_if: dict[str, Any], places: list[int]) -> str:
    """What `--set` takes for a point; of the recorded run the first axis as it was."""
    axes = what_if["axes"]
    if not places:
        places = [0, axes[0]["base"]]
    parts = []
    for axis, position in zip(places[::2], places[1::2], strict=True):
        row = axes[axis]
        key = row["key"] if row["key"] != "function" else f"function:{row['function']}"
        parts.append(f"{key}={row['positions'][position]['text']}")
    return ",".join(parts)


def check_point(run: Run, recording: Path, what_if: dict[str, Any], point: list[Any]) -> None:
    scenario = scenario_of(what_if, point[0])
    done = run("predict", "--json", "--set", scenario, recording)
    if len(point) == 2:
        assert done.returncode == 2
        assert what_if["texts"][point[1]] in done.stderr
        return
    answer = json.loads(done.stdout)
    keys = ("predicted_s", "low_s", "high_s", "slots", "busy_ratio", "bootstrap_ratio")
    assert point[1:7] == [answer[key] for key in keys], scenario
    ends = zip(*[iter(point[7])] * 3, strict=True)
    found = [(what_if["terms"][term]["term"], fast, slow) for term, fast, slow in ends]
    terms = [(one["term"], one["fastest_s"], one["slowest_s"]) for one in answer["terms"]]
    assert found == terms, scenario
    assert [what_if["texts"][text] for text in point[8]] == answer["assumptions"], scenario
    base = ("base_s", "lead_s", "lead_error_s", "base_slots", "base_busy_ratio", "noise_ratio")
    assert [what_if[key] for key in base] == [answer[key] for key in base]


@pytest.mark.parametrize("name", [*SPARK, "threads", TRACE])
def test_points_are_predictions(run: Run, tmp_path: Path, name: str) -> None:
    folder = TRACES if name == TRACE else LOGS
    recording = THREADS if name == "threads" else recording_of(run, folder / name, tmp_path)
    what_if = what_if_of(run, recording)
    assert what_if["refusal"] is None
    assert what_if["reach"] == "pairs"
    singles = [point for point in what_if["points"] if len(point[0]) <= 2]
    pairs = [point for point in what_if["points"] if len(point[0]) == 4]
    assert len(singles) + len(pairs) == len(what_if["points"])
    positions = sum(max(len(axis["positions"]) - 1, 0) for axis in what_if["axes"])
    assert len(singles) == 1 + positions
    assert len({tuple(point[0]) for point in what_if["points"]}) == len(what_if["points"])
    for point in [*singles, *pairs[::EACH]]:
        check_point(run, recording, what_if, point)


@pytest.mark.parametrize("name", ["spark35_cluster.gz", "spark35_skew.gz"])
def test_refusals_are_those_of_predict(run: Run, tmp_path: Path, name: str) -> None:
    recording = recording_of(run, LOGS / name, tmp_path)
    axes = what_if_of(run, recording)["axes"]
    keys = {axis["key"] for axis in axes}
    assert {"cores", "nodes", "memory", "input", "partitions", "function"} <= keys
    refused = [axis for axis in axes if not axis["positions"]]
    assert refused
    for axis in refused:
        key = "function:f" if axis["key"] == "function" else axis["key"]
        done = run("predict", "--set", f"{key}=2x", recording)
        assert done.returncode == 2
        assert axis["refusal"] in done.stderr


def test_the_same_log_gives_the_same_page(run: Run, tmp_path: Path) -> None:
    """Whichever thread makes which forecast."""
    recording = recording_of(run, LOGS / "spark35_cluster.gz", tmp_path)
    pages = {run("view", "-o", "-", recording).stdout for _ in range(4)}
    assert len(pages) == 1


def test_what_has_no_forecasts(run: Run, tmp_path: Path) -> None:
    """Flink's operators are refused with the reason; of calls alone, and of two, nobody asks."""
    flink = recording_of(run, LOGS / "flink120_join.json.gz", tmp_path)
    what_if = what_if_of(run, flink)
    done = run("predict", "--set", "cores=2x", flink)
    assert what_if["refusal"] in done.stderr
    assert (what_if["axes"], what_if["points"]) == ([], [])
    calls = REPOSITORY / "tests" / "recordings" / "calls.baro"
    for recordings in ([calls], [THREADS, THREADS]):
        done = run("view", "-o", "-", *recordings)
        assert "what_if" not in Page(done.stdout).sections
