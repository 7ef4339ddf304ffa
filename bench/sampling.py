#!/usr/bin/env python3
"""Samplers side by side: slow-down, cost, rate, wrong stacks, wrong shares, in one interleaved run.

Each repetition runs every tool after a bare run of the same work, in an order that turns with the
repetition. What is measured stands in sampling_rows.py, how it is summed up in sampling_table.py.
Writes every single measurement to results/sampling.json and the table to results/sampling.md.

    bench/sampling.py                                              # everything, about 15 minutes
    bench/sampling.py --rows edges,cost --tools barograph,austin --repeat 3
    bench/sampling.py --table                                      # the table again, from the
    results

Wants two idle cores: the load before and after stands in the results. A tool that is missing fails
the run; py-spy and austin-dist come from PyPI (`pip install .[bench]`), CPython 3.15 from
tools/get_pythons.sh.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests" / "truth"), str(ROOT / "tools"), str(ROOT / "bench")]

import results_file  # noqa: E402
from harness.runs import RunError  # noqa: E402
from harness.tools import TOOLS, ToolMissingError  # noqa: E402
from results_file import log  # noqa: E402
from sampling_rows import ROWS, Cell, Row, fix_work  # noqa: E402
from sampling_table import markdown  # noqa: E402

import find_pythons  # noqa: E402  found by the path above

PYTHONS = ["3.12", "3.15"]
DEFAULT_TOOLS = [
    "barograph", "py-spy", "py-spy-nonblocking", "austin", "tachyon", "tachyon-blocking"
]  # fmt: skip


class Bench:
    """One run of the benchmark."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.rows = [ROWS[name] for name in options.rows.split(",")]
        self.tools = [TOOLS[name] for name in options.tools.split(",")]
        self.pythons = {}
        for version in options.pythons.split(","):
            path = find_pythons.find(version)
            if path is None:
                raise SystemExit(f"sampling: no CPython {version}: tools/get_pythons.sh fetches it")
            self.pythons[version] = str(path)
        self.cells: dict[tuple[str, str], Cell] = {}
        self.measured: list[dict[str, Any]] = []

    def versions(self) -> dict[str, str]:
        """Every tool's version; raises for one that is missing."""
        newest = self.pythons[max(self.pythons, key=lambda v: [int(n) for n in v.split(".")])]
        return {tool.name: tool.version(newest) for tool in self.tools}

    def prepare(self) -> None:
        """Fix the work of each row."""
        for version, path in self.pythons.items():
            for row in self.rows:
                cell = Cell(path, row.seconds * self.options.scale)
                fix_work(cell, row)
                self.cells[version, row.name] = cell

    def measure(self, version: str, row: Row, tool_name: str) -> None:
        """One cell of one repetition."""
        tool = None if tool_name == "bare" else TOOLS[tool_name]
        entry: dict[str, Any] = {"row": row.name, "python": version, "tool": tool_name}
        begin = time.monotonic()
        try:
            entry["numbers"] = row.measure(self.cells[version, row.name], row, tool)
        except (RunError, ValueError, OSError) as error:
            # A tool that fails is a result; the next repetition may do better.
            entry.update(numbers={}, failed=str(error)[-500:])
        entry["took_s"] = round(time.monotonic() - begin, 2)
        self.measured.append(entry)
        shown = {k: round(v, 3) for k, v in entry["numbers"].items()} or entry.get("failed")
        log(f"  {row.name:10} {version:5} {tool_name:19} {entry['took_s']:6.1f} s  {shown}")

    def run(self) -> None:
        """All repetitions."""
        for repetition in range(self.options.repeat):
            log(f"repetition {repetition + 1} of {self.options.repeat}")
            for row in self.rows:
                for version in self.pythons:
                    names = [tool.name for tool in self.tools if tool.supports(version)]
                    turn = repetition % max(1, len(names))
                    self.measure(version, row, "bare")
                    if self.measured[-1].get("failed"):
                        raise SystemExit(f"sampling: bare run: {self.measured[-1]['failed']}")
                    for name in names[turn:] + names[:turn]:
                        self.measure(version, row, name)

    def results(self, load_before: float, versions: dict[str, str]) -> dict[str, Any]:
        """Everything measured, and under what conditions."""
        order = ["bare"] + [tool.name for tool in self.tools]
        return {
            **results_file.conditions("sampling", sys.argv[1:], load_before),
            "repeat": self.options.repeat,
            "tools": versions,
            "pythons": list(self.pythons),
            "titles": {row.name: row.title for row in self.rows},
            "cells": sorted(self.measured, key=lambda cell: order.index(cell["tool"])),
        }


def parse(arguments: list[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", default=",".join(ROWS), help=f"of {','.join(ROWS)}")
    parser.add_argument("--tools", default=",".join(DEFAULT_TOOLS), help=f"of {','.join(TOOLS)}")
    parser.add_argument("--pythons", default=",".join(PYTHONS), help="versions")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--scale", type=float, default=1.0, help="times the usual work of a run")
    results_file.add_out(parser)
    parser.add_argument("--table", action="store_true", help="print the table of the results there")
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> int:
    """Measure and write; status 2 when a tool or interpreter is missing."""
    options = parse(arguments)
    path = options.out / "sampling.json"
    if options.table:
        print(markdown(json.loads(path.read_text(encoding="utf-8"))), end="")
        return 0
    load = results_file.load_before("sampling")
    bench = Bench(options)
    try:
        versions = bench.versions()
    except ToolMissingError as error:
        log(f"sampling: {error}")
        return 2
    bench.prepare()
    bench.run()
    results_file.write(options.out, "sampling", bench.results(load, versions), markdown)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
