"""Tables on disk, written by barograph.tables and read by others: DuckDB and deltalake.

What the tables say is compared with barograph.load, whose tables test_profile.py compares with the
report.
"""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
import zlib
from pathlib import Path
from typing import Any

import nanoarrow
import pytest
from test_recording_reader import ROOT

import barograph as package

if sys.version_info < (3, 11):
    pytest.skip("the readers of the tables are for later Pythons", allow_module_level=True)

import deltalake
import duckdb
from deltalake.exceptions import CommitFailedError
from deltalake.schema import PrimitiveType

from barograph import profile as profile_module
from barograph import tables, tables_run

CALLS = ROOT / "tests/recordings/calls.baro"
SAMPLES = ROOT / "tests/recordings/threads.baro"
WRITERS = {"parquet": package.write_parquet, "delta": package.write_delta}
SEED = """ingestion_date thread_id process_id unique_app_id class_name function_name execution_time
    start_time end_time memory_usage cpu_usage recursion_limit arguments keyword_arguments
    return_value source_code_compressed source_code_md5_hash""".split()
DUCKDB_TYPES = {
    "string": "VARCHAR",
    "long": "BIGINT",
    "integer": "INTEGER",
    "double": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "binary": "BLOB",
    "timestamp": "TIMESTAMP WITH TIME ZONE",
}

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(params=[*WRITERS])
def kind(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def files_of(kind: str, folder: Path, table: str) -> list[str]:
    """Files that readers of the table read."""
    if kind == "parquet":
        return sorted(str(path) for path in (folder / table).glob("*/*.parquet"))
    return [str(path) for path in deltalake.DeltaTable(str(folder / table)).file_uris()]


def lake(kind: str, folder: Path) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    for table in tables.COLUMNS:
        files = files_of(kind, folder, table)
        rows = f"FROM read_parquet({files}, hive_partitioning = true)"
        if not files:  # a Delta table without rows has none
            fields = deltalake.DeltaTable(str(folder / table)).schema().fields
            nulls = [f"NULL::{DUCKDB_TYPES[field.type.type]} AS {field.name}" for field in fields]
            rows = f"SELECT {', '.join(nulls)} WHERE false"
        connection.execute(f"CREATE VIEW {table} AS {rows}")
    return connection


def rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    answer: list[tuple[Any, ...]] = connection.sql(query).fetchall()
    return answer


def columns(table: object) -> list[dict[str, Any]]:
    answer: list[dict[str, Any]] = nanoarrow.ArrayStream(table).read_all().to_pylist()
    return answer


def write_in_another_process(kind: str, folder: Path, recording: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "barograph.tables", kind, str(folder), str(recording)]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)


def test_counts_and_sums_are_those_of_the_profile(kind: str, tmp_path: Path) -> None:
    profile = package.load(CALLS)
    written = WRITERS[kind](profile, tmp_path / "lake")
    calls, functions = columns(profile.calls), columns(profile.functions)
    assert written.rows["calls"] == len(calls) > 300
    assert written.rows["functions"] == len(functions)
    connection = lake(kind, tmp_path / "lake")
    sums = (
        "count(*)::BIGINT, sum(duration_ns)::BIGINT, sum(self_ns)::BIGINT, sum(start_ns)::HUGEINT"
    )
    assert rows(connection, f"SELECT {sums} FROM calls") == [
        (
            len(calls),
            sum(call["duration_ns"] for call in calls),
            sum(call["self_ns"] for call in calls),
            sum(call["start_ns"] for call in calls),
        )
    ]
    assert rows(
        connection,
        "SELECT call_id, parent_call_id, qualified_name, outcome, exception_type, line"
        " FROM calls ORDER BY call_id",
    ) == [
        (
            call["call_id"],
            call["parent_call_id"],
            functions[call["function_index"]]["name"],
            call["outcome"],
            call["exception_type"],
            functions[call["function_index"]]["line"],
        )
        for call in calls
    ]
    assert rows(connection, "SELECT sum(calls)::BIGINT, sum(self_ns)::BIGINT FROM edges") == [
        (len(calls), sum(function["calls_self_ns"] or 0 for function in functions))
    ]
    assert rows(connection, "SELECT calls, lost_call_events, complete FROM runs") == [
        (len(calls), profile.head["lost_call_events"], True)
    ]


def test_threads_and_times_are_those_of_the_profile(kind: str, tmp_path: Path) -> None:
    profile = package.load(CALLS)
    WRITERS[kind](profile, tmp_path)
    calls, threads = columns(profile.calls), columns(profile.threads)
    assert len({call["thread_index"] for call in calls}) > 1, "no test of threads"
    # In microseconds: DuckDB gives times with zones by another package.
    query = "SELECT thread_id, process_id, thread_name, epoch_us(start_time) FROM calls"
    assert rows(lake(kind, tmp_path), f"{query} ORDER BY call_id") == [
        (
            threads[call["thread_index"]]["thread_id"],
            threads[call["thread_index"]]["process_id"],
            threads[call["thread_index"]]["name"],
            round(call["start_time"].timestamp() * 1e6),
        )
        for call in calls
    ]


@pytest.mark.parametrize("batch_rows", [1, 7, 65_536])
def test_depth_in_parts_of_any_size(
    batch_rows: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables_run, "BATCH_ROWS", batch_rows)
    package.write_parquet(CALLS, tmp_path)
    parents = {c["call_id"]: c["parent_call_id"] for c in columns(package.load(CALLS).calls)}
    assert any(parent is not None and parent > call for call, parent in parents.items())
    depths = dict.fromkeys(parents, 0)
    for call in depths:
        parent = parents[call]
        while parent is not None:
            depths[call] += 1
            parent = parents[parent]
    assert max(depths.values()) > 1
    assert dict(rows(lake("parquet", tmp_path), "SELECT call_id, depth FROM calls")) == depths


@pytest.mark.parametrize("recording", [CALLS, SAMPLES])
def test_rows_do_not_depend_on_parts(
    recording: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Parts of fewer rows than there are names, and parts without any of what few rows have."""
    found: list[dict[str, list[tuple[Any, ...]]]] = []
    for batch_rows in (65_536, 50, 7):
        monkeypatch.setattr(tables_run, "BATCH_ROWS", batch_rows)
        folder = tmp_path / str(batch_rows)
        package.write_parquet(recording, folder)
        connection = lake("parquet", folder)
        contents = {}
        for table, kinds in tables.COLUMNS.items():
            # DuckDB gives times with zones by another package.
            names = [f'epoch_us("{n}")' if k == "timestamp" else f'"{n}"' for n, k in kinds.items()]
            contents[table] = rows(connection, f"SELECT {', '.join(names)} FROM {table}")
        found.append(contents)
    assert found[0] == found[1] == found[2]
    assert found[0]["calls" if recording == CALLS else "samples"]


def test_samples_and_nodes_are_those_of_the_profile(kind: str, tmp_path: Path) -> None:
    profile = package.load(SAMPLES)
    written = WRITERS[kind](profile, tmp_path)
    samples, nodes = columns(profile.samples), columns(profile.nodes)
    threads, functions = columns(profile.threads), columns(profile.functions)
    frames = columns(profile.frames)
    assert (written.rows["samples"], written.rows["nodes"]) == (len(samples), len(nodes))
    connection = lake(kind, tmp_path)
    query = """SELECT thread_id, thread_name, time_ns, weight_ns, state, node_id, function_id,
        qualified_name, line FROM samples ORDER BY thread_id, time_ns, node_id"""

    def of(node: int) -> tuple[int, str, int | None]:
        function = nodes[node]["function_index"]
        line = frames[nodes[node]["frame_index"]]["line"]
        return function, functions[function]["name"], line or None

    expected = [
        (
            threads[sample["thread_index"]]["thread_id"],
            threads[sample["thread_index"]]["name"],
            sample["time_ns"],
            sample["weight_ns"],
            sample["state"],
            sample["node_index"],
            *of(sample["node_index"]),
        )
        for sample in samples
    ]
    assert rows(connection, query) == sorted(expected, key=lambda row: (row[0], row[2], row[5]))
    # A node's samples with those below it: what the columns are for.
    query = """SELECT sum(b.samples)::BIGINT FROM nodes a JOIN nodes b
        ON b.node_id >= a.node_id AND b.node_id < a.subtree_end_id
        WHERE a.parent_node_id IS NULL"""
    assert rows(connection, query) == [(len(samples),)]


def test_types_and_comments(kind: str, tmp_path: Path) -> None:
    WRITERS[kind](CALLS, tmp_path)
    connection = lake(kind, tmp_path)
    for table, wanted in tables.COLUMNS.items():
        found = {row[0]: row[1] for row in rows(connection, f"DESCRIBE {table}")}
        assert found == {name: DUCKDB_TYPES[type_] for name, type_ in wanted.items()}
        if kind == "delta":
            existing = deltalake.DeltaTable(str(tmp_path / table))
            protocol = existing.protocol()
            assert (protocol.min_reader_version, protocol.min_writer_version) == (1, 2)
            assert existing.metadata().partition_columns == ["ingestion_date"]
            for field in existing.schema().fields:
                assert field.metadata["comment"] == tables.COMMENTS[field.name]


def test_a_second_time_adds_nothing(kind: str, tmp_path: Path) -> None:
    first = WRITERS[kind](CALLS, tmp_path)
    before = {table: files_of(kind, tmp_path, table) for table in tables.COLUMNS}
    second = WRITERS[kind](package.load(CALLS), tmp_path)
    assert second.run_id == first.run_id
    assert not any(second.rows.values())
    assert {table: files_of(kind, tmp_path, table) for table in tables.COLUMNS} == before


def test_a_copy_is_the_same_run_and_another_is_not(kind: str, tmp_path: Path) -> None:
    copy = tmp_path / "copy.baro"
    shutil.copy(CALLS, copy)
    runs = [WRITERS[kind](path, tmp_path / "lake") for path in (CALLS, copy, SAMPLES)]
    assert runs[0].run_id == runs[1].run_id != runs[2].run_id
    connection = lake(kind, tmp_path / "lake")
    assert rows(connection, "SELECT count(*) FROM runs") == [(2,)]
    # Of samples alone: functions, and no calls.
    assert runs[2].rows["calls"] == runs[2].rows["edges"] == 0
    query = (
        f"SELECT count(*), sum(samples)::BIGINT FROM functions WHERE run_id = '{runs[2].run_id}'"
    )
    functions = columns(package.load(SAMPLES).functions)
    assert rows(connection, query) == [(len(functions), sum(row["samples"] for row in functions))]


def test_the_view_has_the_columns_of_thread_zeppelin(kind: str, tmp_path: Path) -> None:
    WRITERS[kind](CALLS, tmp_path)
    connection = lake(kind, tmp_path)
    connection.execute(tables.VIEW_DUCKDB)
    assert [row[0] for row in rows(connection, "DESCRIBE thread_zeppelin")] == SEED
    total = sum(call["duration_ns"] for call in columns(package.load(CALLS).calls))
    [(seconds,)] = rows(connection, "SELECT sum(execution_time) FROM thread_zeppelin")
    assert seconds == pytest.approx(total / 1e9)


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


def test_a_table_with_fewer_columns_gets_ours_and_with_more_keeps_them(
    tmp_path: Path,
) -> None:
    fields = [
        deltalake.Field("run_id", PrimitiveType("string")),
        deltalake.Field("ingestion_date", PrimitiveType("date")),
        deltalake.Field("owner", PrimitiveType("string")),
    ]
    deltalake.DeltaTable.create(
        str(tmp_path / "calls"), deltalake.Schema(fields), partition_by=["ingestion_date"]
    )
    written = package.write_delta(CALLS, tmp_path)
    names = [field.name for field in deltalake.DeltaTable(str(tmp_path / "calls")).schema().fields]
    assert {*names} == {*tables.COLUMNS["calls"], "owner"}
    query = "SELECT count(*), count(duration_ns) FROM calls"
    assert rows(lake("delta", tmp_path), query) == [(written.rows["calls"],) * 2]
    existing = deltalake.DeltaTable(str(tmp_path / "calls"))
    protocol = existing.protocol()
    assert (protocol.min_reader_version, protocol.min_writer_version) == (1, 2)
    comments = {field.name: field.metadata.get("comment") for field in existing.schema().fields}
    assert comments["duration_ns"] == tables.COMMENTS["duration_ns"]
    package.write_delta(SAMPLES, tmp_path)  # and the table fits, now


@pytest.mark.parametrize(
    ("fields", "partition_by", "reason"),
    [
        (
            [("duration_ns", "string"), ("ingestion_date", "date")],
            ["ingestion_date"],
            "duration_ns",
        ),
        ([("run_id", "string"), ("ingestion_date", "date")], None, "partitioned by ingestion_date"),
    ],
)
def test_a_table_that_does_not_fit_is_left_alone(
    tmp_path: Path, fields: list[tuple[str, str]], partition_by: list[str] | None, reason: str
) -> None:
    schema = deltalake.Schema([deltalake.Field(name, PrimitiveType(kind)) for name, kind in fields])
    deltalake.DeltaTable.create(str(tmp_path / "calls"), schema, partition_by=partition_by)
    with pytest.raises(package.Error, match=reason):
        package.write_delta(CALLS, tmp_path)
    assert deltalake.DeltaTable(str(tmp_path / "calls")).version() == 0


def test_a_column_that_may_not_be_null_is_refused(tmp_path: Path) -> None:
    fields = [
        deltalake.Field("ingestion_date", PrimitiveType("date")),
        deltalake.Field("owner", PrimitiveType("string"), nullable=False),
    ]
    deltalake.DeltaTable.create(
        str(tmp_path / "calls"), deltalake.Schema(fields), partition_by=["ingestion_date"]
    )
    with pytest.raises(package.Error, match="owner may not be null"):
        package.write_delta(CALLS, tmp_path)
    assert not [*(tmp_path / "calls").rglob("*.parquet")]


@pytest.mark.parametrize("kind", [*WRITERS])
def test_a_missing_extra_is_one_line(kind: str, tmp_path: Path) -> None:
    code = """
import sys
sys.modules["arro3.io"] = sys.modules["deltalake"] = None
from barograph import tables, tables_run
sys.exit(tables.main(sys.argv[1:]))
"""
    command = [sys.executable, "-c", code, kind, str(tmp_path / "lake"), str(CALLS)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == 2
    assert answer.stderr.count("\n") == 1
    assert f"pip install 'barograph[{kind}]'" in answer.stderr
    assert not (tmp_path / "lake").exists()


def test_what_cannot_be_read_or_written_is_one_line(kind: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder, recording in (("lake", "missing.baro"), ("file", str(CALLS))):
        writer = write_in_another_process(kind, tmp_path / folder, tmp_path / recording)
        _, text = writer.communicate(timeout=60)
        assert writer.returncode == 2
        assert text.startswith("barograph: export: ")
        assert text.count("\n") == 1


def export(program: Path, path: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(program), "export", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": path, "LANG": "C.UTF-8"},
    )


def test_export_writes_the_tables(barograph: Path, kind: str, tmp_path: Path) -> None:
    (tmp_path / "barograph").mkdir()  # no package, though a folder of its name
    path = str(Path(sys.executable).parent)
    arguments = ("--to", kind, "-o", tmp_path / "lake", CALLS)
    answers = [export(barograph, path, *arguments) for _ in range(2)]
    assert [answer.returncode for answer in answers] == [0, 0], answers
    count = len(package.load(CALLS).calls)
    assert f"{count} calls" in answers[0].stderr
    assert "was there before" in answers[1].stderr
    assert rows(lake(kind, tmp_path / "lake"), "SELECT count(*) FROM calls") == [(count,)]


def test_export_without_what_it_needs_is_one_line(barograph: Path, tmp_path: Path) -> None:
    program = tmp_path / "barograph"  # no Python beside it
    shutil.copy(barograph, program)
    answers = [export(program, str(tmp_path), "--to", "delta", "-o", tmp_path / "lake", CALLS)]
    assert "needs Python" in answers[0].stderr
    python = tmp_path / "python3"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S "$@"\n', encoding="utf-8")
    python.chmod(0o755)
    answers.append(export(program, "", "--to", "delta", "-o", tmp_path / "lake", CALLS))
    assert "has no package barograph" in answers[1].stderr
    answers.append(export(barograph, "", "--to", "delta", CALLS))
    assert "give -o FOLDER" in answers[2].stderr
    answers.append(export(barograph, "", "--to", "delta", "-f", "-o", tmp_path / "lake", CALLS))
    assert "--force" in answers[3].stderr
    for answer in answers:
        assert answer.returncode == 2
        assert answer.stderr.count("\n") == 1
    assert not (tmp_path / "lake").exists()


PROGRAM = """\
import functools

def plain(n):
    return n

class Shop:
    @staticmethod
    @functools.lru_cache(maxsize=None)
    def price(n):
        # a comment
        return plain(n)

    def total(self): return sum(self.price(n) for n in range(3))

plain((lambda: Shop().total())())
"""
SOURCES = {
    "plain": "def plain(n):\n    return n\n",
    "price": "    @staticmethod\n    @functools.lru_cache(maxsize=None)\n    def price(n):\n"
    "        # a comment\n        return plain(n)\n",
    "total": "    def total(self): return sum(self.price(n) for n in range(3))\n",
    "<lambda>": "plain((lambda: Shop().total())())\n",
    "<genexpr>": None,
    "<module>": PROGRAM,
    "Shop": PROGRAM[PROGRAM.index("class") : PROGRAM.index("\nplain(")].rstrip("\n") + "\n",
}


def record_program(program: Path, barograph: Path, out: Path) -> Path:
    # Python's own program of a recorder that stands beside its package.
    command = [str(barograph), "record", "--calls", "-f", "--quiet", "-o", str(out), "--"]
    subprocess.run([*command, sys.executable, str(program)], check=True)
    return out


def test_source_is_stored_where_it_is_what_ran(barograph: Path, kind: str, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM, encoding="utf-8")
    time.sleep(0.05)  # the kernel tells when a process began in hundredths of a second
    recordings = [record_program(program, barograph, tmp_path / f"{i}.baro") for i in range(2)]
    folder = tmp_path / "lake"
    WRITERS[kind](CALLS, folder)  # without
    first, second = (WRITERS[kind](path, folder, source=True) for path in recordings)
    texts = {text for text in SOURCES.values() if text is not None}
    assert first.rows["source"] == len(texts)
    assert first.without_source == {"no definition of their name is there": 1}
    assert second.rows["source"] == 0  # once for each hash
    connection = lake(kind, folder)
    connection.execute(tables.VIEW_DUCKDB)
    stored = rows(connection, "SELECT source_code, source_code_md5_hash FROM source")
    assert {text for text, _ in stored} == texts
    assert all(hashlib.md5(text.encode()).hexdigest() == digest for text, digest in stored)
    joined = rows(
        connection,
        "SELECT function_name, source_code_compressed, count(*) FROM thread_zeppelin"
        f" WHERE unique_app_id IN ('{first.run_id}', '{second.run_id}') GROUP BY ALL",
    )
    assert {
        name: None if data is None else zlib.decompress(data).decode() for name, data, _ in joined
    } == SOURCES
    counts = {name: count for name, _, count in joined}
    assert (counts["price"], counts["plain"]) == (6, 8)
    everything = rows(connection, "SELECT count(*) FROM thread_zeppelin")
    assert everything == rows(connection, "SELECT count(*) FROM calls")
    # Two that know nothing of each other.
    folder = tmp_path / "at_once"
    command = [sys.executable, "-m", "barograph.tables", "--source", kind, str(folder)]
    writers = [subprocess.Popen([*command, str(path)]) for path in recordings]
    assert [writer.wait(60) for writer in writers] == [0, 0]
    counts_of = "SELECT count(*), count(DISTINCT source_code_md5_hash) FROM source"
    assert rows(lake(kind, folder), counts_of) == [(len(texts), len(texts))]


def test_source_of_a_file_that_changed_is_not_stored(barograph: Path, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM, encoding="utf-8")
    old = program.stat()
    time.sleep(0.05)
    recording = record_program(program, barograph, tmp_path / "a.baro")
    program.write_text(PROGRAM.replace("a comment", "A COMMENT"), encoding="utf-8")
    os.utime(program, ns=(old.st_atime_ns, old.st_mtime_ns))  # as if nothing had been
    written = package.write_parquet(recording, tmp_path / "changed", source=True)
    assert written.without_source == {"their file changed after the run began": len(SOURCES)}
    assert written.rows["source"] == 0
    program.unlink()
    written = package.write_parquet(recording, tmp_path / "gone", source=True)
    assert written.without_source == {"their file cannot be read": len(SOURCES)}
    written = package.write_parquet(CALLS, tmp_path / "elsewhere", source=True)
    assert [*written.without_source] == ["the run is not of this machine"]


def test_rows_come_in_parts() -> None:
    handle = package.load(CALLS)._handle
    extension = profile_module._extension()
    stream = nanoarrow.ArrayStream(Capsule(extension.rows(handle, "calls", "x", 0, 100, b"")))
    sizes = [len(part) for part in stream.iter_chunks()]
    expected = len(package.load(CALLS).calls)
    assert sizes == [100] * (expected // 100) + [expected % 100]
    for table, batch in (("threads", 1), ("calls", 0)):
        with pytest.raises(ValueError, match="no table"):
            extension.rows(handle, table, "x", 0, batch, b"")


class Capsule:
    def __init__(self, stream: object) -> None:
        self._stream = stream

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self._stream


def test_files_are_the_owners(tmp_path: Path) -> None:
    package.write_parquet(CALLS, tmp_path)
    [path] = files_of("parquet", tmp_path, "calls")
    assert Path(path).stat().st_mode & 0o777 == 0o600
