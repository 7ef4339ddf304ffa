"""`barograph explain`: what it guesses of time without a clock, and `--why`."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from calling import Recording, Run
from framework_logs import LOGS, ROLLING, events_of
from test_explain import explained, imported

RESOURCES = ("cpu", "disk", "network")
LOCAL = [ROLLING, "spark35_skew.gz", "spark35_python.gz", "spark35_flaky.gz"]


def why(run: Run, recording: Path, operator: str) -> dict[str, Any]:
    answer = run("explain", "--json", "--why", operator, recording)
    assert answer.returncode == 0, answer.stderr
    whole: dict[str, Any] = json.loads(answer.stdout)
    assert whole["schema"] == "barograph.why/1"
    return whole


def guessed(row: dict[str, Any]) -> int:
    return sum(row["prior_ns"].values())


@pytest.mark.parametrize("name", LOCAL)
def test_a_local_run_is_never_said_to_wait_for_the_network(
    run: Run, tmp_path: Path, name: str
) -> None:
    whole = explained(run, imported(run, name, tmp_path))
    assert "prior_network" not in {row["resource"] for row in whole["resources"]}
    for row in whole["operators"]:
        assert set(row["prior_ns"]) <= {"disk"}, row["operator"]  # and CPU has a clock


@pytest.mark.parametrize("name", [*LOCAL, "spark35_cluster.gz", "flink120_join.json.gz"])
def test_guesses_are_of_time_without_a_clock_and_in_no_other_sum(
    run: Run, tmp_path: Path, name: str
) -> None:
    whole = explained(run, imported(run, name, tmp_path))
    by_resource = {row["resource"]: row for row in whole["resources"]}
    assert len(by_resource) == len(whole["resources"])
    for key, row in by_resource.items():
        assert (row["evidence"] == "prior") == key.startswith("prior_")
    unknown = sum(row["by_resource_ns"].get("unknown", 0) for row in whole["operators"])
    told = sum(row["tasks_ns"] for key, row in by_resource.items() if key.startswith("prior_"))
    assert told == sum(map(guessed, whole["operators"]))
    left = by_resource.get("unknown", {"tasks_ns": 0})["tasks_ns"]
    assert told + left == unknown
    for row in whole["operators"]:
        assert guessed(row) <= row["by_resource_ns"].get("unknown", 0)
        assert sum(row["by_resource_ns"].values()) == row["tasks_ns"]


def test_a_run_that_reads_files_has_a_guess_of_disks(run: Run, tmp_path: Path) -> None:
    recording = imported(run, "spark35_killed.gz", tmp_path)
    whole = explained(run, recording)
    assert any(row["resource"] == "prior_disk" for row in whole["resources"])
    text = run("explain", recording).stdout
    assert "prior     tasks reading or writing files, by a guess" in text


def test_stages_of_python_functions_have_no_guess(run: Run, tmp_path: Path) -> None:
    whole = explained(run, imported(run, "spark35_python.gz", tmp_path))
    named = {f["operator_id"] for f in whole["findings"] if f["kind"] == "python_workers"}
    assert named
    for row in whole["operators"]:
        assert row["operator_id"] not in named or guessed(row) == 0


@pytest.mark.parametrize("name", [ROLLING, "spark35_cluster.gz", "flink120_join.json.gz"])
def test_what_words_give_adds_up_to_the_score(run: Run, tmp_path: Path, name: str) -> None:
    recording = imported(run, name, tmp_path)
    models = 0
    for row in explained(run, recording)["operators"]:
        whole = why(run, recording, row["operator"])
        assert whole["operator_id"] == row["operator_id"]
        times = {r["resource"]: r["tasks_ns"] for r in whole["resources"]}
        assert sum(times.values()) == row["tasks_ns"]
        assert {f"prior_{k}": v for k, v in row["prior_ns"].items()} == {
            key: ns for key, ns in times.items() if key.startswith("prior_")
        }
        for part in whole["parts"]:
            for model in filter(None, (part["code"], part["docs"])):
                models += 1
                check_model(model)
        known = [part["probabilities"] for part in whole["parts"] if part["probabilities"]]
        for resource in RESOURCES if known else ():
            mean = sum(p[resource] for p in known) / len(known)
            assert whole["probabilities"][resource] == pytest.approx(mean, abs=1e-6)
    assert models > 5


def check_model(model: dict[str, Any]) -> None:
    for resource in RESOURCES:
        given = [word["gives"][resource] for word in model["words"]]
        score = model["bias"][resource] + model["other_words"][resource] + math.fsum(given)
        assert score == pytest.approx(model["scores"][resource], abs=1e-6)
    weights = {r: math.exp(model["scores"][r]) for r in RESOURCES}
    for resource in RESOURCES:
        p = weights[resource] / sum(weights.values())
        assert model["probabilities"][resource] == pytest.approx(p, abs=1e-6)


def test_an_operator_is_named_as_people_would(run: Run, tmp_path: Path) -> None:
    recording = imported(run, ROLLING, tmp_path)
    row = explained(run, recording)["operators"][0]
    number = row["operator"].split(":")[0].split()[1]
    for name in (row["operator"], row["operator"].upper(), f"stage {number}", number):
        assert why(run, recording, name)["operator_id"] == row["operator_id"]


def test_the_text_says_what_the_json_does(run: Run, tmp_path: Path) -> None:
    recording = imported(run, "spark35_killed.gz", tmp_path)
    row = next(r for r in explained(run, recording)["operators"] if guessed(r))
    answer = run("explain", "--why", row["operator"], recording)
    assert answer.returncode == 0, answer.stderr
    lines = answer.stdout.splitlines()
    assert lines[0].startswith(row["operator"])
    whole = why(run, recording, row["operator"])
    for title in ("Its time", "What it waits for by its source", "Words"):
        assert any(line.startswith(title) for line in lines)
    disk = f"{whole['parts'][0]['probabilities']['disk'] * 100:.1f} %"
    assert any(disk in line and whole["parts"][0]["operator"] in line for line in lines)
    (guess,) = row["prior_ns"].values()
    (said,) = [line for line in lines if " prior " in line]
    amount, unit = said.split()[:2]
    assert float(amount) * {"s": 1e9, "ms": 1e6}[unit] == pytest.approx(guess, rel=6e-3)


def test_an_unknown_operator_is_one_line_with_the_nearest(run: Run, tmp_path: Path) -> None:
    recording = imported(run, ROLLING, tmp_path)
    row = explained(run, recording)["operators"][0]
    answer = run("explain", "--why", row["operator"] + "x", recording)
    assert answer.returncode == 2
    assert answer.stdout == ""
    wanted = f"no operator has that name; did you mean '{row['operator']}'?"
    assert answer.stderr.rstrip("\n").endswith(wanted)
    answer = run("explain", "--why", "nothing like this at all", recording)
    assert answer.returncode == 2
    assert answer.stderr.count("\n") == 1
    assert f"those with the most time are '{row['operator']}'" in answer.stderr


def test_a_part_of_several_names_is_said(run: Run, tmp_path: Path) -> None:
    recording = imported(run, ROLLING, tmp_path)
    answer = run("explain", "--why", "stage", recording)
    assert answer.returncode == 2
    assert answer.stderr.count("\n") == 1
    assert "operators have that in their names" in answer.stderr


def test_a_sampled_program_has_no_operators(run: Run, recording: Recording) -> None:
    answer = run("explain", "--why", "main", recording("small"))
    assert answer.returncode == 2
    assert "--why is of operators of a framework's log" in answer.stderr


@pytest.mark.parametrize("name", ["spark35_flaky.gz", ROLLING])
def test_jobs_of_python_on_rdds_have_no_guess(run: Run, tmp_path: Path, name: str) -> None:
    # Of a real run that counted words, a guess said disk where Python had worked for 5.5 s.
    of_sql: set[int] = set()
    for job in events_of(LOGS / name, "JobStart"):
        if "spark.sql.execution.id" in (job.get("Properties") or {}):
            of_sql |= set(job["Stage IDs"])
    python = 0
    for row in explained(run, imported(run, name, tmp_path))["operators"]:
        stage = int(row["operator"].split(":")[0].split()[1].rstrip(","))
        if ".py:" in (row["place"] or "") and stage not in of_sql:
            python += 1
            assert guessed(row) == 0, row["operator"]
    assert python > 0
