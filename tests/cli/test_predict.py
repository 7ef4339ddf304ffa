"""`barograph predict`: logs whose run under other resources can be said by hand, and real ones."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import pytest
from calling import REPOSITORY, Run
from made_log import LEAD_MS, Log, predicted

LOGS = REPOSITORY / "tests" / "logs"
REAL = [
    "spark35_flaky.gz",
    "spark35_cluster.gz",
    "spark35_cached.gz",
    "spark35_killed.gz",
    "eventlog_v2_local-1795265714914",
]
CORES_POWER = 0.1
# In local mode: how sure it is that the machine has no core for each slot, and what the JVM needs.
CROWDED = 0.5
BACKGROUND = 0.7
# Of tasks of young executors, what all that run at once wait for together.
WARMING = 0.5
# Of the driver's time, what follows the speed of cores; and of Python workers'.
DRIVER = 0.95
PYTHON = 0.95
# What a second of computing waits for a core, to what one of deserializing does.
CORE_WAIT = 0.55
# Deserialized for 100 ms with 50 ms of CPU: 1 s of waiting for each of CPU. Of each second of a
# task 0.45 is CPU time and 0.55 unexplained.
CLOCKED = {
    "Executor Run Time": 0.9,
    "Executor CPU Time": 0.4,
    "Executor Deserialize Time": 100,
    "Executor Deserialize CPU Time": 50_000_000,
}
WAITED = CORE_WAIT * 0.45
FILES = {"Input Metrics": {"Bytes Read": 1000}}


def crowded(before: float, after: float) -> float:
    """How much longer tasks take that only compute, in a young local executor."""
    more = (after + BACKGROUND) / (before + BACKGROUND) - 1
    return 1 + CROWDED * more * (1 - WARMING)


def eight_tasks(slots: int = 2, length: float = 1000, executors: int = 1) -> Log:
    log = Log(slots, executors)
    log.job(0, 0, log.stage(0, 0, [length] * 8), [0])
    return log


@pytest.mark.parametrize("name", REAL)
def test_no_change_is_the_recorded_run(run: Run, tmp_path: Path, name: str) -> None:
    """What cannot tell the run that was recorded will tell no other."""
    recording = tmp_path / "real.baro"
    assert run("import", "-q", "-o", recording, LOGS / name).returncode == 0
    answer = predicted(run, recording, "cores=1x,cpu_speed=1x")
    assert answer["predicted_s"] == pytest.approx(answer["base_s"], rel=1e-3)
    assert answer["replayed_s"] == pytest.approx(answer["base_s"], rel=0.01)
    assert answer["terms"] == []
    faster = predicted(run, recording, "cpu_speed=2x")
    assert 0.4 * answer["base_s"] < faster["predicted_s"] < answer["base_s"]


def test_tasks_go_on_more_slots(run: Run, tmp_path: Path) -> None:
    recording = eight_tasks().write(run, tmp_path)
    answer = predicted(run, recording, "cores=4")
    assert answer["base_s"] == pytest.approx(LEAD_MS / 2000 + 4)
    assert (answer["base_slots"], answer["slots"]) == (2, 4)
    # Two waves instead of four, and tasks slower: more of them at once, on one machine.
    slower = 2**CORES_POWER * crowded(2, 4)
    assert answer["predicted_s"] == pytest.approx(LEAD_MS / 2000 + 2 * slower, rel=1e-3)
    terms = {term["term"] for term in answer["terms"]}
    assert "contention_cores" in terms
    # Sixteen slots for eight tasks are no better than eight.
    sixteen = predicted(run, recording, "cores=8x")["predicted_s"]
    assert sixteen == pytest.approx(predicted(run, recording, "cores=8")["predicted_s"])


def test_slots_without_a_task_are_slots(run: Run, tmp_path: Path) -> None:
    """One task on an executor of four: of four times the data, four tasks run at once."""
    log = Log(slots=4)
    log.job(0, 0, log.stage(0, 0, [4000], FILES), [0])
    recording = log.write(run, tmp_path)
    answer = predicted(run, recording, "input=4x")
    assert answer["base_s"] == pytest.approx(LEAD_MS / 2000 + 4)
    assert (answer["base_slots"], answer["slots"]) == (4, 4)
    assert answer["base_busy_ratio"] == pytest.approx(4 / (4 * 4.5))
    assert answer["predicted_s"] < 8
    assert predicted(run, recording, "cores=2x")["slots"] == 8


def test_lines_break_between_words(run: Run, tmp_path: Path) -> None:
    log = Log()
    log.job(0, 0, log.stage(0, 0, [700, 900]), [0])
    done = run(
        "predict",
        "--set",
        "cores=4,cpu_speed=2x,disk=2x",
        log.write(run, tmp_path),
        env={"COLUMNS": "60"},
    )
    assert done.returncode == 0, done.stderr
    assert max(map(len, done.stdout.splitlines())) <= 60
    words = " ".join(done.stdout.split())
    assert "the recorded 1.40 s" in words
    assert "1.40 s of the run's 1.90 s: from about when the session was ready" in words


def test_more_than_a_clock_holds_is_not_nothing(run: Run, tmp_path: Path) -> None:
    """247 years are predicted, and the end of the interval is beyond 64 bits of nanoseconds."""
    log = Log()
    log.job(0, 0, log.stage(0, 0, [7_800_000_000]), [0])
    done = run("predict", "--set", "cpu_speed=0.001x", log.write(run, tmp_path))
    assert done.returncode == 0, done.stderr
    assert " to 0 s)" not in done.stdout
    assert ", 1000 times the recorded " in " ".join(done.stdout.split())


def test_a_job_waits_for_the_one_before(run: Run, tmp_path: Path) -> None:
    """The driver's time between jobs stays, and a long task is not divided by more slots."""
    log = Log()
    first = log.stage(0, 0, [1000, 3000])
    log.job(0, 0, first, [0])
    second = log.stage(1, first + 700, [500, 500])
    log.job(1, first + 700, second, [1])
    recording = log.write(run, tmp_path)
    answer = predicted(run, recording, "cores=8")
    assert answer["base_s"] == pytest.approx(0.5 + 3 + 0.7 + 0.5)
    assert answer["predicted_s"] == pytest.approx(answer["base_s"], rel=1e-3)
    one = predicted(run, recording, "cores=1")["predicted_s"]
    # On average 4/3 tasks of the first stage ran at once: the long one was mostly alone.
    alone = 4 * 0.75**CORES_POWER + 1 * 0.5**CORES_POWER
    assert one == pytest.approx(0.5 + 0.7 + alone, rel=1e-3)


@pytest.mark.parametrize(
    ("change", "metrics", "expected"),
    [
        # All CPU: the tasks in half the time, and nearly all of the driver's time follows.
        ("cpu_speed=2x", {}, 4 / 2 + 0.5 * (1 - DRIVER / 2)),
        # 60 % CPU, of the unexplained rest a third follows.
        (
            "cpu_speed=2x",
            {"Executor CPU Time": 0.6},
            4 * (0.6 / 2 + 0.4 * (1 - 0.333 / 2)) + 0.5 * (1 - DRIVER / 2),
        ),
        # Deserializing waited for cores, so the rest did as well, and without files that is all.
        ("cpu_speed=2x", CLOCKED, 4 / 2 + 0.5 * (1 - DRIVER / 2)),
        # With files what is left waits for them: in local mode they are here.
        (
            "cpu_speed=2x",
            CLOCKED | FILES,
            4 * (0.45 / 2 + WAITED / 2 + 0.55 - WAITED) + 0.5 * (1 - DRIVER / 2),
        ),
        ("disk=2x", CLOCKED | FILES, 4 * (1 - (0.55 - WAITED) / 2) + 0.5),
        ("network=2x", CLOCKED | FILES, 4 + 0.5),
        # A quarter was waiting for shuffled data, a quarter writing it.
        (
            "network=0.5x",
            {
                "Executor CPU Time": 0.75,
                "Shuffle Read Metrics": {"Fetch Wait Time": 250, "Remote Bytes Read": 1},
            },
            4 * (0.75 + 0.25 * 2) + 0.5,
        ),
        (
            "disk=4x",
            {
                "Executor CPU Time": 0.75,
                "Shuffle Write Metrics": {"Shuffle Write Time": 250_000_000},
            },
            4 * (0.75 + 0.25 / 4) + 0.5,
        ),
        # Nothing that was measured used a disk.
        ("disk=4x", {}, 4.5),
        # Collecting takes as what is live (30 %) to what is free: in half the memory 0.7 / 0.2
        # times as long.
        ("memory=0.5x", {"Executor CPU Time": 0.9, "JVM GC Time": 100}, 4 * (0.9 + 0.35) + 0.5),
        # Twice the input is twice the splits.
        ("input=2x", {"Input Metrics": {"Bytes Read": 1000}}, 8.5),
        # Sixteen smaller ones of the same data.
        ("partitions=16", {"Shuffle Read Metrics": {"Local Bytes Read": 1000}}, 4.5),
        ("partitions=1", {"Shuffle Read Metrics": {"Local Bytes Read": 1000}}, 8.5),
    ],
)
def test_one_model_a_resource(
    run: Run, tmp_path: Path, change: str, metrics: dict[str, Any], expected: float
) -> None:
    log = Log()
    log.job(0, 0, log.stage(0, 0, [1000] * 8, metrics), [0])
    recording = log.write(run, tmp_path)
    assert predicted(run, recording, change)["predicted_s"] == pytest.approx(expected, rel=2e-3)


@pytest.mark.parametrize(("change", "follows"), [("disk=2x", 2 / 3), ("network=2x", 1 / 3)])
def test_files_of_a_cluster_may_be_elsewhere(
    run: Run, tmp_path: Path, change: str, follows: float
) -> None:
    log = Log(slots=1, executors=2, master="yarn")
    log.job(0, 0, log.stage(0, 0, [1000] * 8, CLOCKED | FILES), [0])
    answer = predicted(run, log.write(run, tmp_path), change)
    expected = 4 * (1 - (0.55 - WAITED) * follows / 2) + 0.5
    assert answer["predicted_s"] == pytest.approx(expected, rel=2e-3)


def test_python_workers_are_mostly_cpu(run: Run, tmp_path: Path) -> None:
    """Spark has no clock for them: of what is not explained, more follows the speed of cores."""
    log = Log()
    metrics = {"Executor CPU Time": 0.6}
    log.job(0, 0, log.stage(0, 0, [1000] * 8, metrics, scope="BatchEvalPython"), [0])
    answer = predicted(run, log.write(run, tmp_path), "cpu_speed=2x")
    assert answer["predicted_s"] == pytest.approx(
        4 * (0.6 / 2 + 0.4 * (1 - PYTHON / 2)) + 0.5 * (1 - DRIVER / 2), rel=2e-3
    )
    assert "python_cpu" in {term["term"] for term in answer["terms"]}


def test_scans_have_as_many_tasks_as_cores(run: Run, tmp_path: Path) -> None:
    """Spark splits files by the number of cores, but not below 4 MB: of 2 times 6 MB it makes 3."""
    log = Log()
    read = {"Input Metrics": {"Bytes Read": 6 << 20}}
    log.job(0, 0, log.stage(0, 0, [3000, 3000], read, scope="Scan parquet"), [0])
    answer = predicted(run, log.write(run, tmp_path), "cores=8")
    # Of 3 s one is warming up, which each of the three has.
    longer = 1 + 2 * 2 / 3
    crowd = 1 + CROWDED * ((3 + BACKGROUND) / (2 + BACKGROUND) - 1) * (1 - 1 / longer)
    assert answer["predicted_s"] == pytest.approx(
        0.5 + longer * (3 / 2) ** CORES_POWER * crowd, rel=2e-3
    )


def test_memory_in_bytes_is_that_of_the_settings(run: Run, tmp_path: Path) -> None:
    """Of 1,000 MB tasks had what is above Spark's own 300; all that spilled fits into 1,700 MB."""
    spilled = {
        "Executor CPU Time": 0.5,
        "Memory Bytes Spilled": 40 << 20,
        "Disk Bytes Spilled": 20 << 20,
        "Peak Execution Memory": 40 << 20,
        "Shuffle Write Metrics": {"Shuffle Write Time": 10**8, "Shuffle Bytes Written": 50 << 20},
    }
    log = Log()
    log.job(0, 0, log.stage(0, 0, [1000] * 8, spilled), [0])
    recording = log.write(run, tmp_path)
    # Writing 50 MB took 0.1 s, so 20 MB written and read again 0.08 s; 5 ns to sort each byte.
    cost = 0.08 + 5e-9 * (40 << 20)
    answer = predicted(run, recording, "memory=1700m")
    assert answer["predicted_s"] == pytest.approx(0.5 + 4 * (1 - cost), rel=2e-3)
    # As a factor it is the same.
    factor = predicted(run, recording, f"memory={1700 / 1000}x")["predicted_s"]
    assert factor == pytest.approx(answer["predicted_s"], rel=1e-3)
    # It had 60 MB, of which it spilled what half of 60 MB does not hold, and then of 6/7 of that.
    less = predicted(run, recording, "memory=900m")["predicted_s"]
    more = (60 - 30 * 6 / 7) / (60 - 30)
    assert less == pytest.approx(0.5 + 4 * (1 + cost * (more - 1)), rel=2e-3)


def test_what_no_longer_fits_is_spilled(run: Run, tmp_path: Path) -> None:
    """Two tasks share 0.6 of 700 MB: 210 each. Of 200 MB nothing was spilled, of 400 some is."""
    metrics = {
        "Executor CPU Time": 0.9,
        "Peak Execution Memory": 200 << 20,
        "Input Metrics": {"Bytes Read": 200 << 20, "Records Read": 10},
    }
    log = Log(settings={"spark.memory.fraction": "0.6"})
    log.job(0, 0, log.stage(0, 0, [4000] * 2, metrics, scope="Scan parquet"), [0])
    recording = log.write(run, tmp_path)
    enough = predicted(run, recording, "memory=2x")
    assert enough["predicted_s"] == pytest.approx(enough["base_s"], rel=1e-3)
    less = predicted(run, recording, "memory=0.6x")
    # 300 MB of 600 are left: 90 each, of which half is in memory at the end.
    cost = 155 * (1 << 20) * 5e-9
    assert less["predicted_s"] > less["base_s"] + cost
    assert "spill_room" in {term["term"] for term in less["terms"]}
    assert "new_spill" not in {term["term"] for term in less["terms"]}


def test_nodes_bring_slots_and_shuffled_data_from_afar(run: Run, tmp_path: Path) -> None:
    log = Log(slots=1, executors=2)
    read = {"Shuffle Read Metrics": {"Remote Bytes Read": 1000, "Fetch Wait Time": 100}}
    log.job(0, 0, log.stage(0, 0, [1000] * 8, {"Executor CPU Time": 0.9} | read), [0])
    recording = log.write(run, tmp_path)
    answer = predicted(run, recording, "nodes=4")
    # Of 4 executors three are others, of 2 one is: 1.5 times the waiting.
    slower = 2**0.059
    assert answer["predicted_s"] == pytest.approx(0.5 + 2 * slower * (0.9 + 0.15), rel=2e-3)
    assert predicted(run, recording, "nodes=2x")["predicted_s"] == answer["predicted_s"]


def test_a_job_without_times_is_where_its_stages_are(run: Run, tmp_path: Path) -> None:
    """A log of which events were dropped: the first job's begin, the last one's end."""
    log = Log()
    first = log.stage(0, 1000, [1000, 1000])
    log.job(0, 1000, first, [0])
    del log.events[-2]["Submission Time"]
    second = log.stage(1, first + 500, [1000] * 4)
    log.job(1, first + 500, second, [1])
    log.events.pop()
    recording = log.write(run, tmp_path)
    answer = predicted(run, recording, "cores=1x")
    # The session begins 2 s before the first stage.
    assert answer["base_s"] == pytest.approx(1 + 1 + 0.5 + 2)
    assert answer["replayed_s"] == pytest.approx(answer["base_s"], rel=1e-6)
    more = predicted(run, recording, "cores=4")["predicted_s"]
    assert more == pytest.approx(1 + 1 + 0.5 + 2**CORES_POWER * crowded(2, 4), rel=2e-3)


def test_a_second_recording_tells_how_tasks_slow_down(run: Run, tmp_path: Path) -> None:
    """Eight tasks of 1 s on 2 slots, of 1.5 s on 4: prediction from either one gives the other."""
    two = eight_tasks().write(run, tmp_path, "two")
    four = eight_tasks(4, 1500).write(run, tmp_path, "four")
    answer = predicted(run, two, "cores=4", four)
    assert answer["predicted_s"] == pytest.approx(0.5 + 3, rel=2e-3)
    assert answer["second_recording"]["value"] == pytest.approx(math.log2(1.5), rel=1e-3)
    assert predicted(run, four, "cores=2", two)["predicted_s"] == pytest.approx(4.5, rel=2e-3)
    # As many slots teach nothing, and another job is refused.
    assert predicted(run, two, "cores=4", two)["second_recording"]["term"] is None
    other = Log(4)
    other.job(0, 0, other.stage(3, 0, [10] * 5), [3])
    done = run("predict", "--set", "cores=4", two, other.write(run, tmp_path, "other"))
    assert (done.returncode, done.stdout) == (2, "")
    assert "no stage with the same name" in done.stderr


def test_a_sweep_is_a_curve(run: Run, tmp_path: Path) -> None:
    recording = eight_tasks().write(run, tmp_path)
    done = run("predict", "--json", "--sweep", "cores=1..64", "--set", "cpu_speed=2x", recording)
    answer = json.loads(done.stdout)
    assert [point["value"] for point in answer["sweep"]] == ["1", "2", "4", "8", "16", "32", "64"]
    for point in answer["sweep"][:4]:
        alone = predicted(run, recording, f"cpu_speed=2x,cores={point['value']}")
        assert {key: point[key] for key in ("predicted_s", "low_s", "high_s", "slots")} == {
            key: alone[key] for key in ("predicted_s", "low_s", "high_s", "slots")
        }
    text = run("predict", "--sweep", "cores=1..64", recording).stdout
    assert text.count("cores=") == 7
    assert all("o" in line for line in text.splitlines() if " cores=" in line)


def test_why_lists_terms_and_assumptions(run: Run, tmp_path: Path) -> None:
    recording = eight_tasks().write(run, tmp_path)
    text = run("predict", "--set", "cores=4,cpu_speed=2x", "--why", recording).stdout
    answer = predicted(run, recording, "cores=4,cpu_speed=2x")
    flat = " ".join(text.split())
    for term in answer["terms"]:
        assert f"{term['term']}: " in flat
        assert term["meaning"] in flat
        assert term["low"] <= term["value"] <= term["high"]
        assert term["fastest_s"] <= answer["predicted_s"] <= term["slowest_s"]
    for assumption in answer["assumptions"]:
        assert assumption in flat
    assert [part["key"] for part in answer["parts"]] == ["cores", "cpu_speed"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "nothing is to be different"),
        (["--set", "core=2x"], "'core' cannot be set; what can: cores, nodes, cpu_speed"),
        (["--set", "cores=1.5x"], None),
        (["--set", "cores=1.25x"], "that is no whole number of slots"),
        (["--set", "nodes=1.5x"], "that is no whole number"),
        (["--set", "memory=300m"], "out of memory"),
        (["--set", "memory=500m"], None),
        (["--set", "memory=0.4x"], "out of memory"),
        (["--set", "input=2x"], "no task read any"),
        (["--set", "partitions=4"], "reads shuffled data"),
        (["--set", "function:parse=2x"], "tasks of Spark are not known by function"),
        (["--set", "nodes=100000,cores=100000"], "more than 8388608 slots"),
        (["--set", "cores=2", "--sweep", "cores=1..4"], "cores is in --set and in --sweep"),
        (["--sweep", "cores=4..1"], "the second must be greater"),
    ],
)
def test_what_it_cannot_tell_is_refused(
    run: Run, tmp_path: Path, arguments: list[str], says: str | None
) -> None:
    done = run("predict", *arguments, eight_tasks().write(run, tmp_path))
    if says is None:
        assert done.returncode == 0, done.stderr
        return
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("barograph: predict: ")
    assert done.stderr.count("\n") == 1
    assert says in done.stderr


def sampled(run: Run, tmp_path: Path, stacks: str) -> Path:
    """A recording of these stacks, at 100 samples a second."""
    text = tmp_path / "stacks.txt"
    text.write_text(stacks)
    out = tmp_path / "stacks.baro"
    assert run("import", "-q", "--rate", "100", "-o", out, text).returncode == 0
    return out


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        # Of 8 s: parse has 3, also below load, which has 2 + 2 of disk + 1 of network.
        ("function:parse=2x", 8 - 1.5),
        ("function:load=2x", 8 - 2.5),
        ("function:parse=3x,function:load=2x", 1 + 2 / 3 + 1 / 6 + 0.5 + 1 + 0.5),
        ("function:load=0.5x", 8 + 5),
        ("cpu_speed=2x", 3 + 2.5),
        ("disk=4x", 8 - 1.5),
        ("network=2x", 8 - 0.5),
        ("cpu_speed=2x,function:parse=3x", 0.5 + 3 / 6 + 0.5 + 3),
    ],
)
def test_a_python_program_by_amdahl(run: Run, tmp_path: Path, change: str, expected: float) -> None:
    recording = sampled(
        run,
        tmp_path,
        "main;[running] 100\nmain;parse;[running] 200\nmain;load;parse;[running] 100\n"
        "main;load;[running] 100\n"
        "main;load;[waiting for disk] 200\nmain;load;[waiting for network] 100\n",
    )
    answer = predicted(run, recording, change)
    assert answer["base_s"] == pytest.approx(8, rel=1e-3)
    assert answer["predicted_s"] == pytest.approx(expected, rel=2e-3)
    keys = [part.split("=")[0].split(":")[0] for part in change.split(",")]
    assert sorted(part["key"] for part in answer["parts"]) == sorted(keys)


def test_a_sweep_of_a_python_program(run: Run, tmp_path: Path) -> None:
    recording = sampled(run, tmp_path, "main;[running] 300\nmain;[waiting for disk] 100\n")
    done = run("predict", "--json", "--sweep", "cpu_speed=1x..4x", recording)
    found = [point["predicted_s"] for point in json.loads(done.stdout)["sweep"]]
    assert found == pytest.approx([1 + 3 / 2 ** (step / 2) for step in range(5)], rel=1e-3)


CANNOT_TELL = "do not say what it would change; what can be set is cpu_speed, disk, network"
CANNOT_TELL += " and function:NAME"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("function:parse=2x", "function:parse: no sample has it\n"),
        ("function:mian=2x", "function:mian: no sample has it; did you mean 'main'?\n"),
        ("cores=2x", "cores: samples do not say what it would change"),
        ("function:mian=2x,cores=2x", f"cores: samples {CANNOT_TELL}\n"),
        ("memory=2x", "memory: samples do not say"),
    ],
)
def test_what_samples_cannot_tell_is_refused(
    run: Run, tmp_path: Path, change: str, says: str
) -> None:
    recording = sampled(run, tmp_path, "main 300\n")
    done = run("predict", "--set", change, recording)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"barograph: predict: {recording}: {says}")
    assert done.stderr.count("\n") == 1


def test_amounts_that_are_no_time_are_refused(run: Run, tmp_path: Path) -> None:
    stacks = tmp_path / "a.txt"
    stacks.write_text("main;work 10\n")
    out = tmp_path / "a.baro"
    assert run("import", "-q", "-o", out, stacks).returncode == 0
    done = run("predict", "--set", "cpu_speed=2x", out)
    assert (done.returncode, done.stdout) == (2, "")
    assert re.search(r"predict: \S+: its amounts are no time", done.stderr)


@pytest.mark.parametrize("name", REAL)
def test_what_only_gets_faster_takes_no_longer(run: Run, tmp_path: Path, name: str) -> None:
    """Nor less, if it only gets slower; but for chance, and for what nobody knows of the start."""
    recording = tmp_path / "real.baro"
    assert run("import", "-q", "-o", recording, LOGS / name).returncode == 0
    for change in ("cpu_speed=1000x", "cpu_speed=4x,disk=10x", "network=0.01x", "disk=0.1x"):
        answer = predicted(run, recording, change)
        noise = 1.645 * math.sqrt(2 * answer["noise_ratio"] ** 2 + answer["bootstrap_ratio"] ** 2)
        chance = math.exp(
            math.hypot(noise, math.log(1 + answer["lead_error_s"] / answer["base_s"]))
        )
        base = answer["base_s"]
        assert answer["low_s"] < answer["predicted_s"] < answer["high_s"]
        if "0." in change:
            assert answer["low_s"] >= min(base, answer["predicted_s"]) / chance * 0.999
        else:
            assert answer["high_s"] <= max(base, answer["predicted_s"]) * chance * 1.001
