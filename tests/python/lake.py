"""What tests of barograph.tables share: the tables as others read them, DuckDB and deltalake."""

from __future__ import annotations

import subprocess
import sys
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

from barograph import tables

CALLS = ROOT / "tests/recordings/calls.baro"
SAMPLES = ROOT / "tests/recordings/threads.baro"
WRITERS = {"parquet": package.write_parquet, "delta": package.write_delta}
EACH_KIND = pytest.mark.parametrize("kind", [*WRITERS])
NO_DEPRECATIONS = pytest.mark.filterwarnings("ignore::DeprecationWarning")
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
