"""What every benchmark writes: `results/NAME.json` with the measurements and the conditions they
were made under, and `results/NAME.md`, their table.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import sys
from pathlib import Path
from typing import Any, Callable

FOLDER = Path(__file__).resolve().parent / "results"
IDLE_LOAD = 0.5


def log(text: str) -> None:
    """Progress goes to standard error: results are files."""
    print(text, file=sys.stderr, flush=True)


def add_out(parser: argparse.ArgumentParser) -> None:
    """The option that says where results go."""
    parser.add_argument("--out", type=Path, default=FOLDER, help="folder of the results")


def load_before(name: str) -> float:
    """The machine's load, to be read before anything is measured; says so where it is not idle."""
    load = os.getloadavg()[0]
    if load > IDLE_LOAD:
        log(f"{name}: the load is {load:.2f}: other programs will be in the results")
    return load


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def conditions(name: str, arguments: list[str], load: float) -> dict[str, Any]:
    """When, how and on what it was measured; made after the measuring."""
    return {
        "schema": f"barograph.bench.{name}/1",
        "date": datetime.date.today().isoformat(),
        "command": " ".join([f"bench/{name}.py", *arguments]),
        "machine": {
            "cores": len(os.sched_getaffinity(0)),
            "processor": _processor(),
            "kernel": platform.release(),
            "load_before": load,
            "load_after": os.getloadavg()[0],
        },
    }


def write(
    folder: Path, name: str, results: dict[str, Any], markdown: Callable[[dict[str, Any]], str]
) -> None:
    """Both files; the table is printed too."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    path.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    table = markdown(results)
    path.with_suffix(".md").write_text(table, encoding="utf-8")
    print(table, end="")
