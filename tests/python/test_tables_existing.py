"""Delta tables that are there already, with other columns."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import barograph as package

if sys.version_info < (3, 11):
    pytest.skip("the readers of the tables are for later Pythons", allow_module_level=True)

import deltalake
from deltalake.schema import PrimitiveType
from lake import CALLS, NO_DEPRECATIONS, SAMPLES, lake, rows

from barograph import tables

pytestmark = NO_DEPRECATIONS


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
