"""Tables on disk, written by barograph.tables and read by others: what they say of a run.

It is compared with barograph.load, whose tables test_profile.py compares with the report.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import nanoarrow
import pytest

import barograph as package

if sys.version_info < (3, 11):
    pytest.skip("the readers of the tables are for later Pythons", allow_module_level=True)

import deltalake
from lake import (
    CALLS,
    DUCKDB_TYPES,
    EACH_KIND,
    NO_DEPRECATIONS,
    SAMPLES,
    WRITERS,
    columns,
    files_of,
    lake,
    rows,
)

from barograph import profile as profile_module
from barograph import tables, tables_run

pytestmark = NO_DEPRECATIONS

SEED = """ingestion_date thread_id process_id unique_app_id class_name function_name execution_time
    start_time end_time memory_usage cpu_usage recursion_limit arguments keyword_arguments
    return_value source_code_compressed source_code_md5_hash""".split()


@EACH_KIND
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


@EACH_KIND
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


@EACH_KIND
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


@EACH_KIND
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


@EACH_KIND
def test_a_second_time_adds_nothing(kind: str, tmp_path: Path) -> None:
    first = WRITERS[kind](CALLS, tmp_path)
    before = {table: files_of(kind, tmp_path, table) for table in tables.COLUMNS}
    second = WRITERS[kind](package.load(CALLS), tmp_path)
    assert second.run_id == first.run_id
    assert not any(second.rows.values())
    assert {table: files_of(kind, tmp_path, table) for table in tables.COLUMNS} == before


@EACH_KIND
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


@EACH_KIND
def test_the_view_has_the_columns_of_thread_zeppelin(kind: str, tmp_path: Path) -> None:
    WRITERS[kind](CALLS, tmp_path)
    connection = lake(kind, tmp_path)
    connection.execute(tables.VIEW_DUCKDB)
    assert [row[0] for row in rows(connection, "DESCRIBE thread_zeppelin")] == SEED
    total = sum(call["duration_ns"] for call in columns(package.load(CALLS).calls))
    [(seconds,)] = rows(connection, "SELECT sum(execution_time) FROM thread_zeppelin")
    assert seconds == pytest.approx(total / 1e9)


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
