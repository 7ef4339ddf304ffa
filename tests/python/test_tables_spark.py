"""Delta tables and Parquet files of barograph.tables as Spark reads them, and extends them.

Spark with Delta Lake is fetched by tools/get_consumers.sh. Where it is not there the tests skip by
name; in CI they fail. Spark starts once, which takes most of their time.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nanoarrow
import pytest
from test_recording_reader import ROOT

import barograph as package

if TYPE_CHECKING:
    from collections.abc import Iterator

if sys.version_info < (3, 11):
    pytest.skip("the readers of the tables are for later Pythons", allow_module_level=True)

import deltalake

from barograph import tables, tables_delta, tables_run

CALLS = ROOT / "tests/recordings/calls.baro"
SAMPLES = ROOT / "tests/recordings/threads.baro"
SPARK = ROOT / "build/consumers/spark"
IN_CI = os.environ.get("CI", "") not in ("", "false", "0")
SPARK_TYPES = {"long": "bigint", "integer": "int"}
SEED = {
    "ingestion_date": "date",
    "thread_id": "bigint",
    "process_id": "bigint",
    "unique_app_id": "string",
    "class_name": "string",
    "function_name": "string",
    "execution_time": "double",
    "start_time": "timestamp",
    "end_time": "timestamp",
    "memory_usage": "bigint",
    "cpu_usage": "double",
    "recursion_limit": "int",
    "arguments": "string",
    "keyword_arguments": "string",
    "return_value": "string",
    "source_code_compressed": "binary",
    "source_code_md5_hash": "string",
}

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    if not SPARK.is_dir() or shutil.which("java") is None:
        reason = "spark is missing; tools/get_consumers.sh fetches it"
        if IN_CI:
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)
    here = tmp_path_factory.mktemp("spark")
    os.environ |= {"SPARK_HOME": str(SPARK / "deps"), "SPARK_LOCAL_IP": "127.0.0.1"}
    sys.path.append(str(SPARK))
    from pyspark.sql import SparkSession  # noqa: PLC0415  found by the path above

    settings = {
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
        "spark.sql.warehouse.dir": str(here / "warehouse"),
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": "1",
        "spark.databricks.delta.snapshotPartitions": "1",
        # Of a few hundred rows: to compile plans would take longer than to run them.
        "spark.sql.codegen.wholeStage": "false",
        "spark.sql.codegen.factoryMode": "NO_CODEGEN",
        "spark.sql.adaptive.enabled": "false",
        "spark.ui.enabled": "false",
        "spark.driver.memory": "1g",
        "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    }
    builder = SparkSession.builder.master("local[1]").appName("barograph")
    for key, value in settings.items():
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()


def rows_of(table: object) -> list[dict[str, Any]]:
    answer: list[dict[str, Any]] = nanoarrow.ArrayStream(table).read_all().to_pylist()
    return answer


def types_of(frame: Any) -> dict[str, str]:
    return dict(frame.dtypes)


def sums(session: Any, table: str) -> dict[str, Any]:
    query = f"""SELECT count(*) AS calls, sum(duration_ns) AS duration, sum(self_ns) AS self,
        sum(depth) AS depth, count(DISTINCT call_id) AS ids, count(exception_type) AS types,
        sum(CASE outcome WHEN 'raised' THEN 1 ELSE 0 END) AS raised,
        min(unix_micros(start_time)) AS first, count(DISTINCT qualified_name) AS names,
        sum(execution_time) AS seconds FROM {table}"""
    answer: dict[str, Any] = session.sql(query).first().asDict()
    return answer


def test_spark_reads_what_was_recorded(spark: Any, tmp_path: Path) -> None:
    profile = package.load(CALLS)
    package.write_delta(CALLS, tmp_path / "lake")
    package.write_delta(SAMPLES, tmp_path / "lake")
    package.write_parquet(CALLS, tmp_path / "files")
    calls, functions = rows_of(profile.calls), rows_of(profile.functions)
    depths: list[int] = []
    for call in calls:
        parent, depth = call["parent_call_id"], 0
        while parent is not None:
            parent, depth = calls[parent]["parent_call_id"], depth + 1
        depths.append(depth)
    duration = sum(call["duration_ns"] for call in calls)
    expected = {
        "calls": len(calls),
        "duration": duration,
        "self": sum(call["self_ns"] for call in calls),
        "depth": sum(depths),
        "ids": len(calls),
        "types": sum(call["exception_type"] is not None for call in calls),
        "raised": sum(call["outcome"] == "raised" for call in calls),
        "first": min(round(call["start_time"].timestamp() * 1e6) for call in calls),
        "names": len({functions[call["function_index"]]["name"] for call in calls}),
        "seconds": pytest.approx(duration / 1e9),
    }
    assert sums(spark, f"delta.`{tmp_path}/lake/calls`") == expected
    assert sums(spark, f"parquet.`{tmp_path}/files/calls`") == expected
    samples = rows_of(package.load(SAMPLES).samples)
    query = f"SELECT count(*), sum(weight_ns), count(state) FROM delta.`{tmp_path}/lake/samples`"
    weight = sum(sample["weight_ns"] for sample in samples)
    assert tuple(spark.sql(query).first()) == (len(samples), weight, len(samples))
    assert spark.sql(f"SELECT count(*) FROM delta.`{tmp_path}/lake/runs`").first()[0] == 2


def test_spark_sees_types_comments_and_partitions(spark: Any, tmp_path: Path) -> None:
    package.write_delta(CALLS, tmp_path)
    for table, wanted in tables.COLUMNS.items():
        frame = spark.read.format("delta").load(str(tmp_path / table))
        assert types_of(frame) == {
            name: SPARK_TYPES.get(kind, kind) for name, kind in wanted.items()
        }
        comments = {field.name: field.metadata.get("comment") for field in frame.schema.fields}
        assert comments == {name: tables.COMMENTS[name] for name in wanted}
    detail = spark.sql(f"DESCRIBE DETAIL delta.`{tmp_path}/calls`").first()
    assert detail.partitionColumns == ["ingestion_date"]
    assert (detail.minReaderVersion, detail.minWriterVersion) == (1, 2)
    assert detail.numFiles == 1


def test_the_view_is_that_of_thread_zeppelin(spark: Any, tmp_path: Path) -> None:
    package.write_delta(CALLS, tmp_path, source=True)
    for table in ("calls", "source"):
        spark.sql(f"CREATE TABLE {table} USING delta LOCATION '{tmp_path / table}'")
    try:
        spark.sql(tables.VIEW_SPARK)
        view = spark.sql("SELECT * FROM thread_zeppelin")
        assert [*types_of(view).items()] == [*SEED.items()]
        assert view.count() == len(package.load(CALLS).calls)
    finally:
        spark.sql("DROP VIEW IF EXISTS thread_zeppelin")
        for table in ("calls", "source"):
            spark.sql(f"DROP TABLE {table}")


def test_spark_and_we_write_one_table(spark: Any, tmp_path: Path) -> None:
    """Spark appends, deletes, compacts and adds a column; we append, and delete nothing."""
    package.write_delta(CALLS, tmp_path)
    runs = str(tmp_path / "runs")
    frame = spark.read.format("delta").load(runs)
    from pyspark.sql.functions import lit  # noqa: PLC0415  there once Spark is

    frame = frame.withColumn("run_id", lit("spark's own")).withColumn("owner", lit("a person"))
    frame.write.format("delta").mode("append").option("mergeSchema", "true").save(runs)
    spark.sql(f"OPTIMIZE delta.`{runs}`")
    package.write_delta(SAMPLES, tmp_path)
    rows = spark.sql(f"SELECT run_id, owner, mode FROM delta.`{runs}`").collect()
    assert len({row.run_id for row in rows}) == len(rows) == 3
    assert {row.owner for row in rows} == {None, "a person"}
    spark.sql(f"DELETE FROM delta.`{runs}` WHERE owner IS NULL")
    # What was deleted is not written again: the log has the run.
    assert not any(package.write_delta(CALLS, tmp_path).rows.values())
    assert spark.sql(f"SELECT count(*) FROM delta.`{runs}`").first()[0] == 1
    spark.sql(f"ALTER TABLE delta.`{runs}` ADD CONSTRAINT short CHECK (samples < 10)")
    with pytest.raises(package.Error, match="rules of its own"):
        tables_delta.add_commit(  # as a run that is new
            deltalake,
            tables_run.optional("arro3.io", "delta"),
            tables_run.run_of(SAMPLES)._replace(run_id="new"),
            "runs",
            tmp_path / "runs",
        )
