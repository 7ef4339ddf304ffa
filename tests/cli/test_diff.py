"""`barograph diff`, and the page of two runs of a framework: the same numbers, and they add up."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from calling import REPOSITORY, Recording, Run
from framework_logs import LOGS, MS, answer_of
from made_log import Log
from page_reader import Page

BENCH = REPOSITORY / "bench" / "data" / "spark"
TRACES = REPOSITORY / "tests" / "traces"
PAIRS = {
    "sort": (BENCH / "s35-sort", BENCH / "s35-sort-1slot"),
    "join": (BENCH / "s35-join_agg", BENCH / "s35-join_agg-1slot"),
    "kmeans": (BENCH / "s35-kmeans", BENCH / "s35-kmeans-1slot"),
    "spill": (BENCH / "s35-spill", BENCH / "s35-spill-bigmemory"),
    "others": (LOGS / "spark35_skew.gz", TRACES / "torch24_mlp.json.gz"),
    "flink": (LOGS / "flink120_join.json.gz", LOGS / "flink120_streaming.json.gz"),
}
EACH = pytest.mark.parametrize("pair", PAIRS)


def imported(run: Run, folder: Path, pair: str) -> list[Path]:
    made = []
    for log, name in zip(PAIRS[pair], ("before", "after")):
        file = next(path for path in log.iterdir() if path.suffix == ".gz") if log.is_dir() else log
        made.append(folder / f"{name}.baro")
        done = run("import", "-q", "-f", "-o", made[-1], file)
        assert done.returncode == 0, done.stderr
    return made


def diff_of(run: Run, *recordings: Path) -> dict[str, Any]:
    done = run("diff", "--json", *recordings)
    assert done.returncode == 0, done.stderr
    whole: dict[str, Any] = json.loads(done.stdout)
    assert whole["schema"] == "barograph.diff/1"
    assert whole["kind"] in ("dataflow", "program")
    return whole


def change(pair: dict[str, int | None]) -> int:
    return (pair["after"] or 0) - (pair["before"] or 0)


def both(before: int | None, after: int | None) -> dict[str, int | None]:
    return {"before": before, "after": after}


@EACH
def test_numbers_are_those_of_explain_and_add_up(run: Run, tmp_path: Path, pair: str) -> None:
    recordings = imported(run, tmp_path, pair)
    whole = diff_of(run, *recordings)
    sides = dict(zip(("before", "after"), (answer_of(run, "explain", r) for r in recordings)))
    assert whole["recordings"] == dict(zip(sides, map(str, recordings)))
    for key in ("run_ns", "tasks", "executors", "slots"):
        assert whole[key] == {side: of[key] for side, of in sides.items()}
    assert sum(change(row["path_ns"]) for row in whole["critical_path"]) == change(whole["run_ns"])
    for side, of in sides.items():
        told = {r["resource"]: (r["path_ns"], r["tasks_ns"]) for r in of["resources"]}
        for row in whole["critical_path"]:
            here = (row["path_ns"][side], row["tasks_ns"][side])
            assert here == told.pop(row["resource"], (0, 0))
        assert not told
        by_id = {row["operator_id"]: row for row in of["operators"]}
        for row in whole["operators"]:
            if row[side] is None:
                assert row["path_ns"][side] is row["tasks"][side] is None
                continue
            mine = by_id.pop(row[side]["operator_id"])
            for key in ("operator", "place", "kind"):
                assert row[side][key] == mine[key]
            for key in ("path_ns", "tasks_ns", "tasks", "failed_tasks", "slots", "median_ns"):
                assert row[key][side] == mine[key]
            assert row["longest_ns"][side] == mine["longest_ns"]
        assert not by_id  # every operator is in one row
    for row in whole["operators"]:
        for key in ("path_ns", "tasks_ns"):
            assert sum(change(part[key]) for part in row["by_resource"]) == change(row[key])
        assert (row["matched_by"] == "none") == (row["before"] is None or row["after"] is None)
    sizes = [abs(change(row["path_ns"])) for row in whole["operators"]]
    assert sizes == sorted(sizes, reverse=True)
    if pair not in ("others", "flink"):  # two runs of one job
        assert all(row["before"] and row["after"] for row in whole["operators"])


@pytest.mark.parametrize("pair", [pair for pair in PAIRS if pair != "others"])
def test_the_page_has_the_same_numbers(run: Run, tmp_path: Path, pair: str) -> None:
    recordings = imported(run, tmp_path, pair)
    whole = diff_of(run, *recordings)
    answer = run("view", "-o", "-", *recordings)
    assert answer.returncode == 0, answer.stderr
    of_both = Page(answer.stdout)
    script = (REPOSITORY / "viewer" / "dist" / "comparison.js").read_text(encoding="utf-8")
    assert of_both.sections["comparison_views"] == {"script": [script]}
    head = of_both.head
    assert head["dataflow"] is None
    page = head["comparison"]
    for key in ("answer", "sentences", "run_ns", "settings", "critical_path"):
        assert page[key] == whole[key]
    assert len(page["operators"]) == len(whole["operators"])
    words = {row["resource"]: row["words"] for row in page["critical_path"]}
    for mine, theirs in zip(page["operators"], whole["operators"]):
        for part in mine["by_resource"]:
            part["words"] = words[part["resource"]]
        assert mine == {key: theirs[key] for key in mine}
    said = ["".join(part["t"] for part in one["parts"]) for one in head["summary"]]
    assert said[: 1 + len(whole["sentences"])] == [whole["answer"], *whole["sentences"]]
    assert head["summary"][0]["parts"][0]["link"]["view"] == "diff"


def made(run: Run, folder: Path, name: str, *, slots: int, more: bool) -> Path:
    """A job of two stages; `more`: behind another one, and its first stage takes 3 s, not 1."""
    log = Log(slots=slots, master=f"local[{slots}]")
    first = 5 if more else 0
    end = 0.0
    if more:
        end = log.stage(4, 0, [500], called="count at app.py:3")
        log.job(1, 0, end, [4])
    begin = end
    disk = {"Shuffle Write Metrics": {"Shuffle Write Time": 0}}
    end = log.stage(first, begin, [3000 if more else 1000] * 2, disk, called="parquet at app.py:10")
    end = log.stage(first + 1, end, [2000], called="collect at app.py:20")
    log.job(0, begin, end, [first, first + 1])
    return log.write(run, folder, name)


def test_a_run_that_can_be_said_by_hand(run: Run, tmp_path: Path) -> None:
    before = made(run, tmp_path, "a", slots=2, more=False)
    after = made(run, tmp_path, "b", slots=1, more=True)
    whole = diff_of(run, before, after)
    took = whole["run_ns"]
    # The lead is the same: 1 + 2 s of tasks were on the path, and are 0.5 + 6 + 2 s now.
    assert change(took) == 5500 * MS
    rows = {(row["after"] or row["before"])["operator"]: row for row in whole["operators"]}
    assert list(rows) == ["stage 5: parquet", "stage 4: count", "stage 6: collect"]
    parquet, count, collect = rows.values()
    assert parquet["before"]["operator"] == "stage 0: parquet"
    assert parquet["after"]["place"] == "app.py:10"
    assert parquet["path_ns"] == both(1000 * MS, 6000 * MS)
    assert parquet["tasks_ns"] == both(2000 * MS, 6000 * MS)
    assert parquet["tasks"] == both(2, 2)
    assert parquet["slots"] == both(2, 1)
    (running,) = parquet["by_resource"]
    assert (running["resource"], running["path_ns"]) == ("cpu", both(1000 * MS, 6000 * MS))
    assert count["before"] is None
    assert count["matched_by"] == "none"
    assert count["path_ns"] == both(None, 500 * MS)
    assert collect["path_ns"] == both(2000 * MS, 2000 * MS)
    assert whole["slots"] == both(2, 1)
    assert whole["settings"] == [
        {"setting": "spark.master", "before": "local[2]", "after": "local[1]"}
    ]
    ratio = took["after"] / took["before"]
    length = {side: f"{ns / 1e9:.3g} s" for side, ns in took.items()}
    change_words = (
        f"{ratio:.3g} times as long" if ratio >= 3 else f"{ratio - 1:.0%}".replace("%", " % more")
    )
    length = {side: f"{ns / 1e9:.2f} s" for side, ns in took.items()}
    assert whole["answer"] == (
        f"The run took {length['after']}, before {length['before']}: {change_words}."
    )
    path, operators, settings = whole["sentences"]
    assert path == "On the critical path, which adds up to the run: running, 5.50 s more."
    assert operators == (
        "Of operators, by their time there: stage 5: parquet 5.00 s more; "
        "stage 4: count 500 ms more (only after)."
    )
    assert settings == "Not the same: slots 1, before 2; spark.master local[1], before local[2]."
    # The other way round it is the same with its signs turned.
    back = diff_of(run, after, before)
    assert [-change(row["path_ns"]) for row in back["operators"]] == [
        change(row["path_ns"]) for row in whole["operators"]
    ]
    assert back["sentences"][0].endswith("running, 5.50 s less.")


def test_a_run_is_like_itself(run: Run, tmp_path: Path) -> None:
    recording, _ = imported(run, tmp_path, "join")
    whole = diff_of(run, recording, recording)
    assert whole["answer"].endswith(": less than 1 % of difference.")
    assert whole["sentences"] == []
    assert whole["settings"] == []
    assert {change(row["path_ns"]) for row in whole["operators"]} == {0}
    for row in whole["operators"]:
        assert row["before"] == row["after"]


@EACH
@pytest.mark.parametrize("columns", [60, 80, 200])
@pytest.mark.parametrize("lang", ["C", "C.UTF-8"])
def test_text(run: Run, tmp_path: Path, pair: str, columns: int, lang: str) -> None:
    names = [recording.name for recording in imported(run, tmp_path, pair)]
    whole = diff_of(run, *map(Path, names))
    env = {"COLUMNS": str(columns), "LANG": lang}
    done = run("diff", "--top", "3", *names, env=env)
    assert done.returncode == 0, done.stderr
    assert max(map(len, done.stdout.splitlines())) <= columns
    if lang == "C":
        assert done.stdout.isascii()
    # Bars of both runs where there is room, and what their letters mean, of all that a bar shows.
    assert ("used before" in done.stdout) == ("used after" in done.stdout) == (columns >= 120)
    assert (done.stdout.splitlines()[-1].lstrip()[1:2] == " ") == (columns >= 120)
    text = re.sub(r"\s+", " ", done.stdout)
    head, _, rest = text.partition(whole["answer"])
    assert re.match(r" before .* after .*$", head)  # the answer is the first that is said
    for sentence in whole["sentences"]:
        if lang != "C" or sentence.isascii():  # else names are cut by other means
            assert sentence in rest
    more = len(whole["operators"]) - 3
    assert (f"and {more} more: --top 0 shows all" in rest) == (more > 0)
    alone = sum(row["matched_by"] == "none" for row in whole["operators"])
    assert ("in one of the runs only" in rest) == (alone > 0)


def test_a_part_of_a_run_is_said(run: Run, tmp_path: Path) -> None:
    recordings = []
    for name in ("spark35_skew.gz", "spark35_killed.gz"):
        recordings.append(tmp_path / f"{name}.baro")
        assert run("import", "-q", "-o", recordings[-1], LOGS / name).returncode == 0
    doubt = diff_of(run, *recordings)["sentences"][-1]
    assert doubt.startswith("The log of the run after has a part of it only: ")


def test_what_cannot_be_compared(run: Run, recording: Recording, tmp_path: Path) -> None:
    sampled, called = recording("small"), recording("calls")
    log, _ = imported(run, tmp_path, "sort")
    for pair in ((sampled, log), (log, sampled)):
        done = run("diff", *pair)
        assert done.returncode == 2
        assert done.stderr == (
            f"barograph: diff: nothing to compare: {log} is a log of a framework, "
            f"{sampled} is none\n"
        )
    done = run("diff", sampled, called)
    assert done.returncode == 2
    assert done.stderr.endswith(f"{sampled} has samples only, {called} has calls only\n")
    done = run("diff", recording("empty"), sampled)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert run("diff", log).returncode == 2
    assert run("diff", log, tmp_path / "absent.baro").returncode == 2
    # A page of one of each has no operators to compare, and says the rest.
    page = run("view", "-o", "-", sampled, log)
    assert page.returncode == 0, page.stderr
    assert Page(page.stdout).head["comparison"] is None


@pytest.mark.parametrize(
    "scenarios", [("small", "night"), ("night", "hostile"), ("calls", "calls")]
)
def test_functions_of_programs_are_those_of_report(
    run: Run, recording: Recording, scenarios: tuple[str, str]
) -> None:
    paths = [recording(scenario) for scenario in scenarios]
    whole = diff_of(run, *paths)
    assert whole["kind"] == "program"
    of_calls = scenarios[0] == "calls"
    assert whole["compared"] == ("calls" if of_calls else "samples")
    key = "calls_self_ns" if of_calls else "self_ns"
    for side, path in zip(("before", "after"), paths):
        report = answer_of(run, "report", path)
        if not of_calls:
            assert whole["basis_ns"][side] == report["head"]["basis_ns"]
        told: dict[str, int] = {}
        for row in report["functions"]:
            told[row["name"]] = told.get(row["name"], 0) + (row[key] or 0)
        mine: dict[str, int] = {}
        for row in whole["functions"]:
            mine[row["name"]] = mine.get(row["name"], 0) + row["self_ns"][side]
        for name in told.keys() | mine.keys():
            assert mine.get(name, 0) == pytest.approx(told.get(name, 0), abs=2), name
    for row in whole["functions"]:
        by = abs(change(row["self_ns"]))
        least = 0.01 * max(whole["basis_ns"].values())
        assert row["is_sure"] == (by > least and by > 2 * (row["change_error_ns"] or 0))
    # What is more than chance comes first, the largest before the others.
    order = [(not row["is_sure"], -abs(change(row["self_ns"]))) for row in whole["functions"]]
    assert order == sorted(order)
    page = run("view", "-o", "-", *paths)
    assert page.returncode == 0, page.stderr
    said = ["".join(p["t"] for p in s["parts"]) for s in Page(page.stdout).head["summary"]]
    assert said[0] == whole["answer"]
    sentences = whole["sentences"]
    assert said[1 : len(sentences)] == sentences[1:]
    assert said[len(sentences)].startswith("Each run was seen once: ")
    assert (whole["states"] is None) == of_calls


def test_a_busy_machine_is_not_the_functions_doing(run: Run, recording: Recording) -> None:
    """The same work took 1.4 s more, all of it waiting for a CPU: functions alone were blamed."""
    paths = [recording("small"), recording("crowded")]
    whole = diff_of(run, *paths)
    for side, path in zip(("before", "after"), paths):
        head = answer_of(run, "report", path)["head"]
        told = {state: ratio * head["basis_ns"] for state, ratio in head["states"].items()}
        for state, pair in whole["states"].items():
            assert pair[side] == pytest.approx(told.pop(state), rel=1e-6), state
        assert not any(told.values())
    assert change(whole["states"]["runnable"]) == pytest.approx(1400 * MS, rel=0.01)
    _, states, functions = whole["sentences"]
    assert states == (
        "By what it did: waiting for a CPU 1.40 s more. 1.40 s of the 1.40 s more were waiting for "
        "a CPU: other programs ran then, or a quota kept it off."
    )
    assert "parse 1.20 s more (all of it waiting for a CPU)" in functions
    less = diff_of(run, *reversed(paths))["sentences"]
    assert less[1].startswith(
        "By what it did: waiting for a CPU 1.40 s less. 1.40 s of the 1.40 s "
    )


@pytest.mark.parametrize("columns", [60, 80, 200])
def test_text_of_programs(run: Run, recording: Recording, columns: int) -> None:
    names = [recording(scenario).name for scenario in ("small", "hostile")]
    env = {"COLUMNS": str(columns)}
    done = run("diff", *names, env=env)
    assert done.returncode == 0, done.stderr
    assert max(map(len, done.stdout.splitlines())) <= columns
    assert not any(ord(c) < 32 for c in done.stdout.replace("\n", ""))
    plain = run("diff", *names, env=env | {"LANG": "C"}).stdout
    assert plain.isascii()
    text = re.sub(r"\s+", " ", done.stdout)
    assert re.match(r" before small\.baro: .* after hostile\.baro: .* The run took ", text)


def test_amounts_that_are_no_time(run: Run, tmp_path: Path) -> None:
    made = []
    for name, stacks in (("a", "f;g 10\nf;h 5\n"), ("b", "f;g 30\nf;h 5\n")):
        (tmp_path / f"{name}.txt").write_text(stacks)
        made.append(tmp_path / f"{name}.baro")
        assert run("import", "-q", "-o", made[-1], tmp_path / f"{name}.txt").returncode == 0
    text = run("diff", *made).stdout
    assert "The run took" not in text
    assert "Compared below: the samples' amounts, 35 samples, before 15 samples." in text
    assert "Of functions' own time: g 20 samples more." in text


def test_sampled_programs_have_one_answer_first(run: Run, recording: Recording) -> None:
    page = run("view", "-o", "-", recording("small"), recording("night"))
    assert page.returncode == 0, page.stderr
    head = Page(page.stdout).head
    assert head["comparison"] is None
    before, after = (side["duration_ns"] for side in head["sides"])
    said = head["summary"][0]["parts"][0]["t"]
    words = f"The run took {after / 1e9:.1f} s, before {before / 1e9:.2f} s"
    assert said == f"{words}: {after / before:.3g} times as long."


def test_what_a_log_says_is_text(run: Run, tmp_path: Path) -> None:
    """Of names and settings nothing reaches the terminal or the page as anything else."""
    recordings = []
    for number, name in enumerate(("a", "b"), 1):
        log = Log(settings={"spark.executor.memory": f"<img src=x>\x1b[31m{name}"})
        end = log.stage(0, 0, [1000 * number], called="<script>1</script>\u202e\x1b[2J at a.py:1")
        end = log.stage(1, end, [1000 * number], called="x" * 9000 + " at b.py:2")
        log.job(0, 0, end, [0, 1])
        recordings.append(log.write(run, tmp_path, name))
    text = run("diff", *(path.name for path in recordings)).stdout
    assert not any(ord(c) < 32 or c == "\u202e" for c in text.replace("\n", ""))
    assert max(map(len, text.splitlines())) <= 100
    assert "Not the same: spark.executor.memory <img src=x>" in text
    page = run("view", "-o", "-", *recordings).stdout
    for mark in ("<img", "<script>1", "\x1b"):
        assert mark not in page
    assert Page(page).head["comparison"]["settings"] == diff_of(run, *recordings)["settings"]
