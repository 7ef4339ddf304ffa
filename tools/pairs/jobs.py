"""The jobs that pairs are made of: functions of a Spark session, an input and an output folder.

None of them is among the runs that bench/predict.py shows. CONF: what a job is always run with;
DISK, NETWORK, PARTITIONS: the jobs for which these make a difference that is not noise. MEMORY:
all, since that a job does not need it is to be predicted, too.
"""

from __future__ import annotations

import importlib
from operator import add
from typing import Any, Callable

Job = Callable[[Any, str, str], object]


def _functions() -> Any:
    return importlib.import_module("pyspark.sql.functions")


def aggregate(spark: Any, data: str, out: str) -> object:
    """Many groups, and their sums and medians, written."""
    sql = _functions()
    groups = spark.read.parquet(f"{data}/sales").groupBy("product", "shop")
    groups.agg(sql.sum("amount"), sql.max("note"), sql.count("*")).write.mode("overwrite").parquet(
        out
    )
    return spark.read.parquet(out).count()


def join(spark: Any, data: str, out: str) -> object:
    """Two tables, shuffled and sorted for the join, and a third that is small."""
    sql = _functions()
    sales, products, returns = (
        spark.read.parquet(f"{data}/{name}") for name in ("sales", "products", "returns")
    )
    joined = sales.join(returns, "sale").join(products, "product")
    sums = joined.groupBy("family", "reason").agg(sql.sum(sql.col("amount") * sql.col("weight")))
    return sums.orderBy("family", "reason").take(3)


def rank(spark: Any, data: str, out: str) -> object:
    """A window function: sorts each shop's sales."""
    sql = _functions()
    window = importlib.import_module("pyspark.sql.window").Window
    best = window.partitionBy("shop").orderBy(sql.col("amount").desc())
    ranked = spark.read.parquet(f"{data}/sales").where("sale % 2 = 0")
    return ranked.withColumn("rank", sql.rank().over(best)).agg(sql.sum("rank")).collect()


def order(spark: Any, data: str, out: str) -> object:
    """Sorts everything and writes it."""
    spark.read.parquet(f"{data}/sales").sort("note").write.mode("overwrite").parquet(out)
    return spark.read.parquet(out).count()


def visits(spark: Any, data: str, out: str) -> object:
    """Text that is parsed: reads more than it computes."""
    sql = _functions()
    rows = spark.read.schema("second int, user string, path string, size long").csv(
        f"{data}/visits"
    )
    return rows.groupBy("path").agg(sql.sum("size"), sql.approx_count_distinct("user")).count()


def users(spark: Any, data: str, out: str) -> object:
    """Lines through Python functions, an RDD."""
    lines = spark.sparkContext.textFile(f"{data}/visits", 8).sample(False, 0.4, 3)
    sizes = lines.map(lambda line: line.split(",")).map(lambda row: (row[1], int(row[3])))
    return sizes.reduceByKey(add, 6).takeOrdered(3, key=lambda pair: -pair[1])


def score(spark: Any, data: str, out: str) -> object:
    """A Python function a row and one a batch, in a query."""
    sql = _functions()
    slow = sql.udf(lambda amount, note: (amount * (note % 13)) ** 0.5, "double")
    fast = sql.pandas_udf(lambda column: column.rank(), "double")
    rows = spark.read.parquet(f"{data}/sales").where("sale % 8 = 0")
    scored = rows.select(slow("amount", "note").alias("a"), fast("amount").alias("b"), "shop")
    return scored.groupBy("shop").agg(sql.sum("a"), sql.avg("b")).count()


def learn(spark: Any, data: str, out: str) -> object:
    """Many short passes over cached data."""
    classification = importlib.import_module("pyspark.ml.classification")
    assembler = importlib.import_module("pyspark.ml.feature").VectorAssembler
    columns = [f"f{column}" for column in range(12)]
    table = spark.read.parquet(f"{data}/samples")
    rows = assembler(inputCols=columns, outputCol="features").transform(table)
    model = classification.LogisticRegression(maxIter=25).fit(
        rows.select("label", "features").cache()
    )
    return round(model.summary.accuracy, 3)


JOBS: dict[str, Job] = {
    job.__name__: job for job in (aggregate, join, rank, order, visits, users, score, learn)
}
NO_BROADCAST = {"spark.sql.autoBroadcastJoinThreshold": "-1"}
CONF: dict[str, dict[str, str]] = {"join": NO_BROADCAST}
DISK = ("visits", "aggregate", "order", "users")
NETWORK = ("aggregate", "join", "order", "rank")
MEMORY = tuple(JOBS)
PARTITIONS = ("aggregate", "join", "order", "users")
