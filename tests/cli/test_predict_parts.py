"""`barograph predict` of logs that have a part of their run: nobody takes it for the whole."""

from __future__ import annotations

import gzip
import json
import math
from pathlib import Path
from typing import Any

import pytest
from calling import Run
from framework_logs import LOGS, lines_of
from made_log import Log
from page_reader import Page

MISSING = "1 of the log's files is missing, first events_1"
# Its tasks fail and are tried again: without its beginning it cannot be replayed well.
FLAKY = lines_of(LOGS / "spark35_flaky.gz")
SKEW = lines_of(LOGS / "spark35_skew.gz")


def imported(run: Run, log: Path) -> Path:
    made = log.with_name("log.baro")
    done = run("import", "-q", "-f", "-o", made, log)
    assert done.returncode == 0, done.stderr
    return made


def predicted(run: Run, recording: Path, change: str = "cores=2x") -> dict[str, Any]:
    answer = run("predict", "--json", "--set", change, recording)
    assert answer.returncode == 0, answer.stderr
    whole: dict[str, Any] = json.loads(answer.stdout)
    return whole


def second_piece(folder: Path, lines: list[bytes]) -> Path:
    (folder / "eventlog_v2_app").mkdir()
    (folder / "eventlog_v2_app" / "events_2_app").write_bytes(b"".join(lines))
    return folder / "eventlog_v2_app"


def test_a_missing_piece_is_said_in_the_second_line(run: Run, tmp_path: Path) -> None:
    recording = imported(run, second_piece(tmp_path, FLAKY))
    found = predicted(run, recording)
    assert found["part_of_run"] == MISSING
    assert found["assumptions"][0].startswith(f"of a part of the run only: {MISSING}; ")
    for options in ([], ["--why"], ["--sweep", "cores=1..4"]):
        text = run("predict", "--set", "cpu_speed=2x", *options, recording).stdout
        assert text.splitlines()[1] == f"  of a part of the run only: {MISSING}"
    answer = run("view", "-o", "-", recording)
    assert MISSING in json.dumps(Page(answer.stdout).head) + answer.stdout


def held_back(run: Run, folder: Path) -> list[bytes]:
    """One task at a time on four slots, for a reason that the log lacks: no replay does so."""
    log = Log(slots=4)
    log.stage(0, 0, [500] * 6)
    ends = [event for event in log.events if event["Event"] == "SparkListenerTaskEnd"]
    for index, event in enumerate(ends):
        event["Task Info"]["Launch Time"] = log.at(500 * index)
        event["Task Info"]["Finish Time"] = log.at(500 * index + 500)
    log.events[-1]["Stage Info"]["Completion Time"] = log.at(3000)
    log.job(0, 0, 3000, [0])
    log.write(run, folder, "held")
    return (folder / "held").read_bytes().splitlines(keepends=True)


def test_the_interval_is_wider_by_what_the_replay_is_off(run: Run, tmp_path: Path) -> None:
    """The same lines as a file that is whole as far as it says, and as a piece behind another."""
    lines = held_back(run, tmp_path)
    (tmp_path / "whole").write_bytes(b"".join(lines))
    not_told = imported(run, tmp_path / "whole")
    whole = predicted(run, not_told)
    text_of_whole = " ".join(run("predict", "--set", "cores=2x", not_told).stdout.split())
    recording = imported(run, second_piece(tmp_path, lines))
    part = predicted(run, recording)
    assert whole["part_of_run"] is None
    assert part["part_of_run"] == MISSING
    for key in ("predicted_s", "base_s", "replayed_s", "ranges_low_s", "calibration"):
        assert part.get(key) == whole.get(key)
    off = abs(math.log(part["replayed_s"] / part["base_s"]))
    assert off > 0.2
    # Whole or not: what the replay misses is in the interval, on both sides and beside all else.
    for one in (part, whole):
        assert one["high_s"] > one["predicted_s"] * math.exp(off)
        assert one["low_s"] < one["predicted_s"] * math.exp(-off)
    assert part["high_s"] == pytest.approx(whole["high_s"])
    assert "replayed, the recorded run takes" in text_of_whole
    text = " ".join(run("predict", "--set", "cores=2x", recording).stdout.split())
    assert "replayed, that part takes" in text
    assert "its interval wider" in text


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (FLAKY[len(FLAKY) * 3 // 10 :], "the start of the application is not in the log"),
        (
            [line for i, line in enumerate(SKEW) if i % 9 or b"TaskEnd" not in line],
            " tasks are not in the log",
        ),
        (FLAKY[: len(FLAKY) * 2 // 3], "the log ends before the application does"),
    ],
    ids=["beginning", "events", "end"],
)
def test_other_parts(run: Run, tmp_path: Path, lines: list[bytes], words: str) -> None:
    (tmp_path / "log").write_bytes(b"".join(lines))
    assert words in predicted(run, imported(run, tmp_path / "log"))["part_of_run"]


def test_a_cut_file_is_a_part(run: Run, tmp_path: Path) -> None:
    packed = gzip.compress(b"".join(FLAKY))
    (tmp_path / "log.gz").write_bytes(packed[: len(packed) * 9 // 10])
    found = predicted(run, imported(run, tmp_path / "log.gz"))
    assert found["part_of_run"].startswith("the log is damaged or cut")


@pytest.mark.parametrize("name", ["spark35_flaky.gz", "spark35_skew.gz", "spark40_python.gz"])
def test_a_whole_log_is_no_part(run: Run, tmp_path: Path, name: str) -> None:
    recording = tmp_path / "log.baro"
    assert run("import", "-q", "-o", recording, LOGS / name).returncode == 0
    assert predicted(run, recording)["part_of_run"] is None
    assert "a part of the run" not in run("predict", "--set", "cores=2x", recording).stdout
