"""What reading a large log takes: `barograph import` beside Python's readers of JSON.

A log of 500 MB is made of a real one (spark_log.py). Each row reads all of it in a process of its
own, pinned to one core, rows by turns; what the others do is in import_peers.py. Shown is the
median. The whole model and its recording are in our time; the others only count tasks and sum
three numbers.

    bench/import.py [--program build/gcc/barograph] [--size 500] [--repeat 5] [--only ROW,ROW]
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import results_file
from import_peers import WAYS
from spark_log import write_log

HERE = Path(__file__).resolve().parent
SOURCE = HERE.parent / "tests" / "logs" / "spark35_cluster.gz"


def run(command: list[str], core: int) -> dict[str, float]:
    """Wall and CPU seconds of a process, and its peak of resident memory, by the kernel."""
    started = time.monotonic()
    child = os.fork()
    if child == 0:
        try:
            os.sched_setaffinity(0, {core})
            nothing = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nothing, 1)
            os.execvp(command[0], command)
        finally:
            os._exit(127)
    _, status, usage = os.wait4(child, 0)
    if status != 0:
        raise SystemExit(f"failed: {' '.join(command)}")
    return {
        "wall_s": time.monotonic() - started,
        "cpu_s": usage.ru_utime + usage.ru_stime,
        "peak_bytes": usage.ru_maxrss * 1024,
    }


def commands(program: str, folder: Path, log: Path) -> dict[str, list[str]]:
    recording = str(folder / "log.baro")
    rows = {"barograph": [program, "import", "-q", "-f", "-o", recording, str(log)]}
    for way in WAYS:
        rows[way] = [sys.executable, str(HERE / "import_peers.py"), way, str(log)]
    return rows


def can_run(way: str) -> bool:
    modules = {"orjson": "orjson", "msgspec": "msgspec", "simdjson": "simdjson"}
    try:
        __import__(modules.get(way, "json"))
    except ImportError:
        results_file.log(f"import: without {way}, which is not installed: pip install '.[bench]'")
        return False
    return True


def table(results: dict[str, Any]) -> str:
    size = results["log"]["bytes"]
    lines = [
        f"A log of {size / 1e6:.0f} MB, {results['log']['tasks']:,} tasks, made of a real one;",
        f"`{results['command']}`, {results['date']}.",
        "",
        "| | MB/s | CPU s | wall s | peak memory, MB |",
        "|---|---|---|---|---|",
    ]
    for name, runs in results["rows"].items():
        cpu, wall, peak = (
            statistics.median(run[key] for run in runs) for key in ("cpu_s", "wall_s", "peak_bytes")
        )
        lines.append(
            f"| {name} | {size / 1e6 / cpu:,.0f} | {cpu:.2f} | {wall:.2f} | {peak / 1e6:.0f} |"
        )
    ours = results["rows"].get("barograph")
    if ours:
        peak = statistics.median(run["peak_bytes"] for run in ours)
        lines += ["", f"barograph: {peak / results['log']['tasks']:.0f} bytes of memory a task."]
    return "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--program", default="barograph")
    parser.add_argument("--size", type=int, default=500, help="MB of the log")
    parser.add_argument("--copies", type=int, default=20, help="of each task in its stage")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--only", help="rows, with commas between")
    results_file.add_out(parser)
    arguments = parser.parse_args()
    load = results_file.load_before("import")
    core = max(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR", "/var/tmp")) as name:
        folder = Path(name)
        log = folder / "log"
        tasks = write_log(log, SOURCE, arguments.size * 1_000_000, arguments.copies)
        wanted = arguments.only.split(",") if arguments.only else None
        rows = {
            row: command
            for row, command in commands(arguments.program, folder, log).items()
            if (wanted is None or row in wanted) and can_run(row)
        }
        runs: dict[str, list[dict[str, float]]] = {row: [] for row in rows}
        for _ in range(arguments.repeat):
            for row, command in rows.items():
                runs[row].append(run(command, core))
        facts = {"bytes": log.stat().st_size, "tasks": tasks}
    results = results_file.conditions("import", sys.argv[1:], load)
    results |= {"log": facts, "rows": runs}
    results_file.write(arguments.out, "import", results, table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
