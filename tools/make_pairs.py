#!/usr/bin/env python3
"""Spark jobs under different resources: python tools/make_pairs.py OUT [--repeat N] [--only ...].

For each job of pairs/jobs.py and each configuration below: log.json, the event log, and truth.json,
in OUT/JOB-CONFIGURATION-REPEAT. Repeats are the outer loop, so that a change of the machine's load
meets all alike. What is there is kept: a run that was cut short goes on. Needs root, pyspark,
numpy, pandas and pyarrow in the Python that runs it, and a machine with nothing else to do:
`other_cpu_share` in truth.json is what others, and the host, took of it. bench/predict_pairs.py
predicts each run from the others.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pairs import inputs, jobs
from pairs.limits import Group, Limits, forget_files, require_tools

SEED = 7
SCALES = (0.25, 0.5, 1.0)
TIMEOUT_S = 300.0
MB = 1e6
LOCAL2 = "local[2]"
TWO_EXECUTORS = "local-cluster[2,1,1024]"
# Two executors on one machine would read each other's files without the network.
REMOTE = {"spark.shuffle.readHostLocalDisk": "false"}
NO_ADAPTATION = {"spark.sql.adaptive.enabled": "false"}


@dataclass(frozen=True)
class Configuration:
    """How a job is run; jobs: which ones, empty: all."""

    name: str
    master: str = LOCAL2
    memory: str = "1500m"
    partitions: int = 16
    scale: float = 0.5
    limits: Limits = field(default_factory=Limits)
    settings: dict[str, str] = field(default_factory=dict)
    jobs: tuple[str, ...] = ()


CONFIGURATIONS = (
    Configuration("base"),
    Configuration("cores1", master="local[1]"),
    # Machines of 1, 2 and 4 slots with half a CPU each: half1, cpu50, cores4 on two cores.
    Configuration("half1", master="local[1]", limits=Limits(cpus=0.5)),
    Configuration("cores4", master="local[4]"),
    Configuration("cpu50", limits=Limits(cpus=1.0)),
    Configuration("cpu25", limits=Limits(cpus=0.5)),
    Configuration("input50", scale=0.25),
    Configuration("input200", scale=1.0),
    Configuration("parts4", partitions=4, settings=NO_ADAPTATION, jobs=jobs.PARTITIONS),
    Configuration("parts16", partitions=16, settings=NO_ADAPTATION, jobs=jobs.PARTITIONS),
    Configuration("disk40", limits=Limits(read_bytes=40 * MB), jobs=jobs.DISK),
    Configuration("disk20", limits=Limits(read_bytes=20 * MB), jobs=jobs.DISK),
    Configuration("disk10", limits=Limits(read_bytes=10 * MB), jobs=jobs.DISK),
    Configuration("nodes1", master="local-cluster[1,1,1024]", settings=REMOTE, jobs=jobs.NETWORK),
    Configuration("nodes2", master=TWO_EXECUTORS, settings=REMOTE, jobs=jobs.NETWORK),
    *(
        Configuration(
            f"net{rate}",
            master=TWO_EXECUTORS,
            settings=REMOTE,
            limits=Limits(network_bits=rate * MB),
            jobs=jobs.NETWORK,
        )
        for rate in (400, 200, 100)
    ),
    Configuration("memory600", memory="600m", jobs=jobs.MEMORY),
    Configuration("memory1200", memory="1200m", jobs=jobs.MEMORY),
)


def cpu_times() -> tuple[float, float, float]:
    """Of the machine, in seconds of all of its cores: in use, stolen by its host, in all."""
    fields = [int(number) for number in Path("/proc/stat").read_text().split("\n")[0].split()[1:9]]
    stolen = fields[7]
    total = sum(fields)
    tick_s = 1 / os.sysconf("SC_CLK_TCK")
    return (total - fields[3] - fields[4] - stolen) * tick_s, stolen * tick_s, total * tick_s


def run(job: str, configuration: Configuration, data: Path, folder: Path) -> dict[str, object]:
    """One run; leaves its log and truth.json in the folder, which appears when it is whole."""
    work = folder.with_name(folder.name + ".work")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    if configuration.limits.read_bytes is not None:
        forget_files(data)
    settings = {
        "spark.driver.memory": configuration.memory,
        "spark.executor.memory": "1g",
        "spark.sql.shuffle.partitions": str(configuration.partitions),
        **configuration.settings,
    }
    if job == "users":
        settings["spark.default.parallelism"] = str(configuration.partitions)
    truth = work / "truth.json"
    command = [
        sys.executable,
        str(Path(__file__).parent / "pairs" / "driver.py"),
        *(job, str(data), str(work), configuration.master, str(truth)),
        *(f"{key}={value}" for key, value in settings.items()),
    ]
    environment = {**os.environ, "PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1"}
    with Group(f"make_pairs_{os.getpid()}", configuration.limits, data) as group:
        before, group_before = cpu_times(), group.cpu_s()
        group.run(command, environment, TIMEOUT_S)
        after, group_after = cpu_times(), group.cpu_s()
    busy, stolen, total = (new - old for new, old in zip(after, before))
    others = max(0.0, busy - (group_after - group_before)) + stolen
    said: dict[str, object] = json.loads(truth.read_text())
    said["configuration"] = configuration.name
    said["scale"] = configuration.scale
    said["other_cpu_share"] = round(others / total, 4)
    log = next((work / "log").iterdir())
    kept = folder.with_name(folder.name + ".new")
    shutil.rmtree(kept, ignore_errors=True)
    kept.mkdir()
    shutil.move(log, kept / "log.json")
    (kept / "truth.json").write_text(json.dumps(said, indent=1))
    kept.rename(folder)
    shutil.rmtree(work)
    return said


def make_inputs(folder: Path) -> dict[float, Path]:
    """By scale."""
    made = {}
    for scale in SCALES:
        data = folder / f"inputs-{scale}"
        if not (data / "whole").exists():
            inputs.write_inputs(data, SEED, scale)
            (data / "whole").touch()
        made[scale] = data
    return made


@contextlib.contextmanager
def alone(lock: Path | None) -> Iterator[None]:
    """While the lock of that file is held."""
    if lock is None:
        yield
        return
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def main() -> None:
    """Make what is missing."""
    cli = argparse.ArgumentParser(description=__doc__)
    cli.add_argument("out", type=Path)
    cli.add_argument("--repeat", type=int, default=3)
    names = [configuration.name for configuration in CONFIGURATIONS]
    cli.add_argument("--only", nargs="*", default=names, choices=names, help="configurations")
    cli.add_argument("--jobs", nargs="*", default=list(jobs.JOBS), choices=jobs.JOBS)
    cli.add_argument(
        "--lock", type=Path, help="held for each run: nothing else is to run meanwhile"
    )
    options = cli.parse_args()
    require_tools()
    data = make_inputs(options.out.absolute())
    for repeat in range(options.repeat):
        for configuration in CONFIGURATIONS:
            for job in options.jobs:
                folder = options.out.absolute() / f"{job}-{configuration.name}-{repeat}"
                wanted = configuration.name in options.only
                fits = not configuration.jobs or job in configuration.jobs
                if not (wanted and fits) or folder.exists():
                    continue
                try:
                    with alone(options.lock):
                        said = run(job, configuration, data[configuration.scale], folder)
                    print(
                        f"{time.strftime('%H:%M:%S')} {folder.name}: {said['runtime_s']} s, "
                        f"others {said['other_cpu_share']}",
                        flush=True,
                    )
                except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
                    why = (error.stderr or b"").decode(errors="replace").strip().split("\n")[-1]
                    print(f"{folder.name}: failed: {why or error}", flush=True)


if __name__ == "__main__":
    main()
