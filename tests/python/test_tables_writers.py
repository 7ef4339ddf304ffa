"""Writers of tables at once, and those that end too early."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import barograph as package

if sys.version_info < (3, 11):
    pytest.skip("the readers of the tables are for later Pythons", allow_module_level=True)

import deltalake
import duckdb
from deltalake.exceptions import CommitFailedError
from lake import (
    CALLS,
    EACH_KIND,
    NO_DEPRECATIONS,
    SAMPLES,
    WRITERS,
    files_of,
    lake,
    rows,
    write_in_another_process,
)

pytestmark = NO_DEPRECATIONS


@EACH_KIND
def test_writers_of_one_run_at_once_add_it_once(kind: str, tmp_path: Path) -> None:
    writers = [write_in_another_process(kind, tmp_path, CALLS) for _ in range(4)]
    for writer in writers:
        assert writer.wait(60) == 0, writer.stderr and writer.stderr.read()
    connection = lake(kind, tmp_path)
    written = WRITERS[kind](CALLS, tmp_path / "alone").rows
    for table, count in written.items():
        assert len(files_of(kind, tmp_path, table)) == (1 if count or kind == "parquet" else 0)
    expected = len(package.load(CALLS).calls)
    assert rows(connection, "SELECT count(*) FROM calls") == [(expected,)]


def test_a_run_that_another_commits_meanwhile_is_not_added(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other commits behind our look for the run, and before our commit."""
    package.write_delta(SAMPLES, tmp_path)  # the tables are there
    table = deltalake.DeltaTable
    commit, refused = table.create_write_transaction, []

    def commit_second(*arguments: Any, **named: Any) -> None:
        monkeypatch.setattr(table, "create_write_transaction", commit)
        other = write_in_another_process("delta", tmp_path, CALLS)
        assert other.wait(60) == 0
        try:
            commit(*arguments, **named)
        except CommitFailedError as error:
            refused.append(error)
            raise

    monkeypatch.setattr(table, "create_write_transaction", commit_second)
    written = package.write_delta(CALLS, tmp_path)
    assert refused, "Delta's transactions did not conflict"
    assert not any(written.rows.values())
    connection = lake("delta", tmp_path)
    query = "SELECT count(*), count(DISTINCT call_id) FROM calls"
    expected = len(package.load(CALLS).calls)
    assert rows(connection, query) == [(expected, expected)]


@EACH_KIND
def test_writers_of_many_runs_at_once_lose_nothing(kind: str, tmp_path: Path) -> None:
    """Four processes with fifty runs each, of one recording with other ids: two tables each."""
    code = """
import sys
from barograph import load, tables
profile = load(sys.argv[2])
run = tables.run_of(profile)
tables.COLUMNS = {"calls": {}, "runs": {}} if sys.argv[1] == "parquet" else {"calls": {}}
for index in range(50):
    tables.run_of = lambda _, with_source: run._replace(run_id=f"{sys.argv[3]}-{index}")
    written = getattr(tables, "write_" + sys.argv[1])(profile, sys.argv[4])
    assert all(written.rows.values()), written
"""
    command = [sys.executable, "-c", code, kind, str(CALLS)]
    writers = [subprocess.Popen([*command, str(index), str(tmp_path)]) for index in range(4)]
    assert [writer.wait(120) for writer in writers] == [0] * 4
    files = files_of(kind, tmp_path, "calls")
    assert len(files) == 200
    expected = len(package.load(CALLS).calls)
    query = f"""SELECT count(*), count(DISTINCT run_id), count(DISTINCT (run_id, call_id))
        FROM read_parquet({files})"""
    assert rows(duckdb.connect(), query) == [(200 * expected, 200, 200 * expected)]
    if kind == "delta":
        commits = deltalake.DeltaTable(str(tmp_path / "calls")).history()
        assert len(commits) == 201  # and the one that made the table


@EACH_KIND
def test_a_writer_that_is_killed_leaves_no_part_of_a_table(kind: str, tmp_path: Path) -> None:
    chance = random.Random(4)
    seen = {"calls": 0, "runs": 0}
    for attempt in range(8):
        folder = tmp_path / str(attempt)
        writer = write_in_another_process(kind, folder, CALLS)
        while writer.poll() is None and not folder.exists():
            time.sleep(0.001)
        time.sleep(chance.random() * 0.04)
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        whole = {"calls": len(package.load(CALLS).calls), "runs": 1}
        for table, count in whole.items():
            if kind == "delta" and not deltalake.DeltaTable.is_deltatable(str(folder / table)):
                continue
            files = files_of(kind, folder, table)
            if files:
                found = rows(duckdb.connect(), f"SELECT count(*) FROM read_parquet({files})")
                assert found == [(count,)]
                seen[table] += 1
        WRITERS[kind](CALLS, folder)
        for table, count in whole.items():
            assert rows(lake(kind, folder), f"SELECT count(*) FROM {table}") == [(count,)]


def test_files_are_the_owners(tmp_path: Path) -> None:
    package.write_parquet(CALLS, tmp_path)
    [path] = files_of("parquet", tmp_path, "calls")
    assert Path(path).stat().st_mode & 0o777 == 0o600
