"""`barograph predict`: where tasks are at home, and executors without a task."""

from __future__ import annotations

from pathlib import Path

import pytest
from calling import REPOSITORY, Run
from made_log import LEAD_MS, Log, predicted
from test_import_logs import imported

LEAD_S = LEAD_MS / 2000
FILES = {"Input Metrics": {"Bytes Read": 1_000_000_000}}


def two_hosts(first: int = 3, *, version: str = "3.5.6", wait: str = "1s") -> Log:
    """Six tasks of 2 s: the files of so many are on the first host, of the others on the second."""
    log = Log(
        slots=1,
        executors=2,
        master="yarn",
        hosts=("a", "b"),
        settings={"spark.locality.wait": wait},
        version=version,
    )
    where = [(int(task >= first), "NODE_LOCAL") for task in range(6)]
    log.job(0, 0, log.stage(0, 0, [2000.0] * 6, FILES, where=where), [0])
    return log


def test_tasks_run_again_where_their_files_are(run: Run, tmp_path: Path) -> None:
    recording = two_hosts().write(run, tmp_path)
    answer = predicted(run, recording, "cores=1x")
    assert answer["base_s"] == pytest.approx(LEAD_S + 6)
    assert answer["replayed_s"] == pytest.approx(answer["base_s"], rel=1e-4)
    assert any("6 of 6 tasks ran where their data was" in one for one in answer["assumptions"])
    assert any("idle for 1 s" in one for one in answer["assumptions"])
    # On half the nodes all of it is on one.
    assert predicted(run, recording, "nodes=1")["predicted_s"] > LEAD_S + 11


def uneven(wait: str, version: str = "3.5.6") -> Log:
    """Five tasks are at home on the first host, one on the second, which is idle then."""
    return two_hosts(5, version=version, wait=wait)


def test_an_idle_slot_waits_before_it_takes_what_is_elsewhere(run: Run, tmp_path: Path) -> None:
    patient = predicted(run, uneven("60s").write(run, tmp_path, "a"), "cpu_speed=1x")
    assert patient["replayed_s"] == pytest.approx(LEAD_S + 10, rel=1e-4)
    # In a recording of less patience the others would have been taken. What is so when it is
    # replayed says that data of these tasks was nowhere else.
    hasty = predicted(run, uneven("1s").write(run, tmp_path, "b"), "cpu_speed=1x")
    # b: its own until 2, waits until 3, then 2.8 s each; a: 0, 2, 4, 6 and what is left.
    assert hasty["replayed_s"] == pytest.approx(LEAD_S + 8, rel=1e-4)
    assert hasty["terms"] == []
    more = predicted(run, tmp_path / "b.baro", "cores=2")
    assert "locality" in {term["term"] for term in more["terms"]}


def test_versions_before_31_count_the_wait_from_each_launch(run: Run, tmp_path: Path) -> None:
    """A launch each 2 s, at home, so that a wait of 3 s never ends."""
    old = predicted(run, uneven("3s", "2.4.8").write(run, tmp_path, "a"), "cpu_speed=1x")
    assert old["replayed_s"] == pytest.approx(LEAD_S + 10, rel=1e-4)
    new = predicted(run, uneven("3s").write(run, tmp_path, "b"), "cpu_speed=1x")
    assert new["replayed_s"] < LEAD_S + 9.9


def cached(second: list[int]) -> Log:
    """A stage makes a cached RDD, another reads it: on these executors."""
    log = Log(
        slots=1, executors=2, master="yarn", hosts=("a",), settings={"spark.locality.wait": "60s"}
    )
    nowhere = "PROCESS_LOCAL"
    first = log.stage(0, 0, [1000.0] * 4, where=[(e, nowhere) for e in (0, 0, 0, 1)], persisted=7)
    log.job(0, 0, first, [0])
    where = [(e, nowhere) for e in second]
    end = log.stage(1, first, [1000.0] * 4, where=where, persisted=7)
    log.job(1, first, end, [1])
    return log


def test_cached_partitions_keep_their_tasks(run: Run, tmp_path: Path) -> None:
    """Only where they ran on the executor that has the partition."""
    there = predicted(run, cached([0, 0, 0, 1]).write(run, tmp_path, "a"), "cpu_speed=1x")
    # The first stage prefers nothing, so that its tasks go to both: 2 s; the second one's do not.
    assert there["replayed_s"] == pytest.approx(LEAD_S + 2 + 3, rel=1e-4)
    assert any("4 of 8 tasks ran where" in one for one in there["assumptions"])
    elsewhere = predicted(run, cached([1, 1, 1, 0]).write(run, tmp_path, "b"), "cpu_speed=1x")
    assert elsewhere["replayed_s"] == pytest.approx(LEAD_S + 2 + 2, rel=1e-4)


def test_executors_without_a_task_take_what_is_more(run: Run, tmp_path: Path) -> None:
    """One task, three executors: of four times the data one executor would need four waves."""
    log = Log(slots=1, executors=4, master="yarn", hosts=("a", "b"))
    small = {"Input Metrics": {"Bytes Read": 1000}}
    log.job(0, 0, log.stage(0, 0, [40_000.0], small, where=[(2, "PROCESS_LOCAL")]), [0])
    recording = log.write(run, tmp_path)
    answer = predicted(run, recording, "input=4x")
    assert answer["base_slots"] == 4
    assert answer["predicted_s"] < 1.2 * answer["base_s"]
    assert any("3 of the 4 executors had no task" in one for one in answer["assumptions"])
    assert predicted(run, recording, "nodes=8")["slots"] == 8


def test_cached_partitions_of_a_real_log(run: Run, tmp_path: Path) -> None:
    """Three of its stages read what the first one cached: 21 of 24 tasks where it is."""
    recording = tmp_path / "cached.baro"
    log = REPOSITORY / "tests" / "logs" / "spark35_cached.gz"
    assert run("import", "-q", "-o", recording, log).returncode == 0
    answer = predicted(run, recording, "cores=2x")
    assert any("21 of 32 tasks ran where their data was" in one for one in answer["assumptions"])
    assert answer["replayed_s"] == pytest.approx(answer["base_s"], rel=1e-3)


def test_stages_that_only_their_tasks_tell_of_keep_nothing(run: Run, tmp_path: Path) -> None:
    """Of dropped events: what is not known is not what the first text of the log says."""
    log = two_hosts()
    log.events = [e for e in log.events if "Stage" not in e["Event"]]
    log.write(run, tmp_path)
    recorded = imported(run, tmp_path / "job", tmp_path)
    stages = [i for i, (kind, *_) in enumerate(recorded.operators()) if kind == "spark.stage"]
    assert len(stages) == 1
    assert "persisted_rdds" not in recorded.facts(stages[0])


def test_a_stage_tells_which_rdds_stay(run: Run, tmp_path: Path) -> None:
    cached([0, 0, 0, 1]).write(run, tmp_path)
    recorded = imported(run, tmp_path / "job", tmp_path)
    told = [recorded.facts(i).get("persisted_rdds") for i in range(len(recorded.operators()))]
    assert told.count("7") == 2
    hosts = [value for _, key, value in recorded.by_kind["process_fact"] if key == "host"]
    assert hosts == ["a", "a"]


def test_executors_that_something_kept_from_tasks_are_left_out(run: Run, tmp_path: Path) -> None:
    """Ten executors, of which two ran all: with the others the run would not be what it was."""
    log = Log(slots=1, executors=10, master="yarn", hosts=("a", "b"))
    where = [(e % 2, "ANY") for e in range(20)]
    log.job(0, 0, log.stage(0, 0, [1000.0] * 20, where=where), [0])
    answer = predicted(run, log.write(run, tmp_path), "cores=1x")
    assert answer["base_slots"] == 2
    assert answer["replayed_s"] == pytest.approx(answer["base_s"], rel=1e-3)


def test_tasks_may_need_several_cores(run: Run, tmp_path: Path) -> None:
    """By a setting, where no resource profile says."""
    log = Log(slots=4, master="yarn", settings={"spark.task.cpus": "4"})
    log.job(0, 0, log.stage(0, 0, [4000.0, 1000.0]), [0])
    assert predicted(run, log.write(run, tmp_path), "cores=1x")["base_slots"] == 1


@pytest.mark.parametrize(
    ("setting", "said"),
    [("24h", "8.64e+04 s"), ("500ms", "0.5 s"), ("250", "0.25 s"), ("-1s", "3 s")],
)
def test_waits_have_units(run: Run, tmp_path: Path, setting: str, said: str) -> None:
    answer = predicted(run, two_hosts(wait=setting).write(run, tmp_path), "cores=1x")
    assert any(f"stood idle for {said} (" in one for one in answer["assumptions"])
