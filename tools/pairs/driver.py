"""Runs one job in one Spark session: python driver.py JOB DATA WORK MASTER TRUTH [KEY=VALUE ...].

TRUTH gets `runtime_s`, the wall clock around the job, taken outside of Spark.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from pairs import jobs


def main() -> None:
    """Run it between two readings of the clock."""
    job, data, work, master, truth = sys.argv[1:6]
    settings = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.local.dir": f"{work}/local",
        "spark.sql.warehouse.dir": f"{work}/warehouse",
        "spark.eventLog.enabled": "true",
        "spark.eventLog.rolling.enabled": "false",
        "spark.eventLog.compress": "false",
        "spark.eventLog.dir": f"{work}/log",
        **jobs.CONF.get(job, {}),
        **dict(setting.split("=", 1) for setting in sys.argv[6:]),
    }
    Path(f"{work}/log").mkdir(parents=True)
    builder = importlib.import_module("pyspark.sql").SparkSession.builder
    builder = builder.appName(job).master(master)
    for key, value in settings.items():
        builder = builder.config(key, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    begin_s = time.perf_counter()
    answer = jobs.JOBS[job](spark, data, f"{work}/output")
    runtime_s = time.perf_counter() - begin_s
    version = spark.version
    spark.stop()
    said = {"job": job, "spark": version, "master": master, "runtime_s": round(runtime_s, 4)}
    Path(truth).write_text(json.dumps({**said, "answer": repr(answer)[:200]}))


if __name__ == "__main__":
    main()
