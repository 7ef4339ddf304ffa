#!/usr/bin/env python3
"""Tracers side by side: CPU time added per call, calls kept, bytes on disk, in one interleaved run.

Each repetition runs a bare process, then one under each tool, in an order that turns with the
repetition; a tool's cost is its process' CPU time per call less that of the bare one before. The
kernels are in calls_kernels.py. Writes results/calls.json (every measurement) and results/calls.md
(the table).

    bench/calls.py                                     # everything, about 12 minutes
    bench/calls.py --kernels calls,deep --pythons 3.12 --repeat 9

Wants two idle cores. The other tools come from PyPI, into build/bench-VERSION.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "bench")]

import calls_kernels  # noqa: E402  found by the path above
import results_file  # noqa: E402
from results_file import log  # noqa: E402

import find_pythons  # noqa: E402

PYTHONS = ["3.9", "3.11", "3.12", "3.13", "3.15"]
# Fixed, so that results can be compared; tprof needs sys.monitoring.
PACKAGES = {
    "yappi": "yappi == 1.7.6",
    "viztracer": "viztracer == 1.1.1",
    "tprof": "tprof == 1.5.0",
    "opentelemetry": "opentelemetry-sdk == 1.45.2",
}
# Which dropped it then.
LAST_FOR = {
    ("viztracer", "3.9"): "viztracer == 1.0.4",
    ("opentelemetry", "3.9"): "opentelemetry-sdk == 1.41.1",
}
TITLES = {
    "calls": "function calls",
    "methods": "method calls",
    "resumptions": "resumptions of a generator",
    "threads2": "function calls in 2 threads",
    "threads4": "function calls in 4 threads",
    "threads8": "function calls in 8 threads",
    "deep": "recursion, 300 deep",
}
KEPT_RATIO = 0.99


def has_tool(tool: str, version: str) -> bool:
    """Whether the tool can run there at all."""
    numbers = [int(part) for part in version.split(".")]
    if tool == "tprof":
        return numbers >= [3, 12]
    return tool != "viztracer" or numbers < [3, 15]


def packages_of(version: str, python: str, tools: list[str]) -> Path:
    """Folder with the tools for one interpreter, made if it is not there."""
    folder = ROOT / "build" / f"bench-{version}"
    wanted = [
        LAST_FOR.get((tool, version), PACKAGES[tool])
        for tool in tools
        if tool in PACKAGES and has_tool(tool, version)
    ]
    stamp = folder / ".made"
    if wanted and (not stamp.exists() or stamp.read_text() != "\n".join(wanted)):
        log(f"installing {', '.join(wanted)} for {version}")
        pip = [sys.executable, "-m", "pip", "--python", python, "--quiet"]
        pip += ["--disable-pip-version-check", "install", "--upgrade", "--target", str(folder)]
        subprocess.run([*pip, *wanted], check=True)
        stamp.write_text("\n".join(wanted))
    return folder


class Bench:
    """One run of the benchmark."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.tools = options.tools.split(",")
        self.kernels = options.kernels.split(",")
        self.program = os.environ.get("BAROGRAPH") or str(Path(sys.executable).parent / "barograph")
        self.pythons: dict[str, str] = {}
        self.folders: dict[str, Path] = {}
        for version in options.pythons.split(","):
            path = find_pythons.find(version)
            if path is None:
                raise SystemExit(f"calls: no CPython {version}: tools/get_pythons.sh fetches it")
            self.pythons[version] = str(path)
            self.folders[version] = packages_of(version, str(path), self.tools)
        self.measured: list[dict[str, Any]] = []

    def run_cell(self, version: str, kernel: str, tool: str, folder: Path) -> dict[str, Any]:
        """One process."""
        script = ROOT / "bench" / "calls_kernels.py"
        command = [self.pythons[version], str(script), tool, kernel, str(self.options.calls)]
        recording = folder / "calls.baro"
        if tool == "barograph":
            command = [
                self.program,
                "record",
                "-qf",
                "-o",
                str(recording),
                "--calls",
                "--",
                *command,
            ]
        environment = {**os.environ, "PYTHONPATH": str(self.folders[version])}
        before = os.times()
        answer = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False, timeout=600
        )
        after = os.times()
        if answer.returncode != 0:
            last = answer.stderr.strip().splitlines()[-1:] or ["no word"]
            return {"failed": f"status {answer.returncode}: {last[0]}"}
        cell: dict[str, Any] = json.loads(answer.stdout)
        cell["all_s"] = after.children_user + after.children_system
        cell["all_s"] -= before.children_user + before.children_system
        if tool == "barograph":
            report = [self.program, "report", "--json", str(recording)]
            told = json.loads(subprocess.run(report, check=True, capture_output=True).stdout)
            names = {target.__qualname__ for target in calls_kernels.TARGETS}
            rows = [row for row in told["functions"] if row["name"] in names]
            cell["held"] = sum(row["calls"] for row in rows)
            cell["bytes"] = recording.stat().st_size
        return cell

    def measure(self, version: str, kernel: str, order: list[str], folder: Path) -> None:
        """All tools once, each beside the bare run before it."""
        bare = self.run_cell(version, kernel, "bare", folder)
        if "failed" in bare:
            raise SystemExit(f"calls: bare run: {bare['failed']}")
        for tool in order:
            cell = self.run_cell(version, kernel, tool, folder)
            if "failed" not in cell:
                cell["added_ns"] = cell["ns"] - bare["ns"]
                # Of its process and of all others that it needs, their start and end included.
                cell["all_added_ns"] = (cell["all_s"] - bare["all_s"]) * 1e9 / cell["calls"]
            self.measured.append({"python": version, "kernel": kernel, "tool": tool, **cell})
            shown = cell.get("failed") or f"{cell['added_ns']:.1f} ns, {cell['held']} held"
            log(f"  {kernel:12} {version:5} {tool:10} {shown}")

    def run(self) -> None:
        """All repetitions."""
        with tempfile.TemporaryDirectory() as folder:
            for repetition in range(self.options.repeat):
                log(f"repetition {repetition + 1} of {self.options.repeat}")
                for version in self.pythons:
                    tools = [tool for tool in self.tools if has_tool(tool, version)]
                    turn = repetition % len(tools)
                    for kernel in self.kernels:
                        self.measure(version, kernel, tools[turn:] + tools[:turn], Path(folder))


def text_of(cells: list[dict[str, Any]]) -> str:
    """One field: the median, marked where calls are missing."""
    good = [cell for cell in cells if "failed" not in cell]
    if not good:
        return "failed" if cells else "–"
    added = statistics.median(cell["added_ns"] for cell in good)
    kernel = good[0]["kernel"]
    if kernel == "resumptions" and good[0]["tool"] == "decorator":
        return f"{added:.0f} (times creation only)"
    wanted = 1 if kernel == "resumptions" else KEPT_RATIO * good[0]["calls"]
    held = [cell["held"] for cell in good if cell["held"] is not None]
    if not held or max(held) == 0:
        return f"{added:.0f} (keeps none)"
    return f"{added:.0f}" + (" (keeps a part)" if statistics.median(held) < wanted else "")


def markdown(results: dict[str, Any]) -> str:
    """Conditions and one table an interpreter."""
    machine = results["machine"]
    conditions = (
        f"Measured {results['date']} by `{results['command']}`: {machine['cores']} cores "
        f"({machine['processor']}), Linux {machine['kernel']}, load {machine['load_before']:.2f} "
        f"before; CPU ns added to each of {results['calls']:,} calls, medians of "
        f"{results['repeat']} repetitions."
    )
    lines = [conditions, ""]
    for version in results["pythons"]:
        cells = [cell for cell in results["cells"] if cell["python"] == version]
        tools = [tool for tool in results["tools"] if any(c["tool"] == tool for c in cells)]
        lines.append(f"| CPython {version} | {' | '.join(tools)} |")
        lines.append("|---" * (len(tools) + 1) + "|")
        for kernel in results["kernels"]:
            texts = [
                text_of([c for c in cells if c["kernel"] == kernel and c["tool"] == tool])
                for tool in tools
            ]
            lines.append(f"| {TITLES[kernel]} | {' | '.join(texts)} |")
        ours = [c for c in cells if c["tool"] == "barograph" and "bytes" in c]
        if ours:
            size = statistics.median(c["bytes"] / c["calls"] for c in ours)
            all_ns = statistics.median(c["all_added_ns"] for c in ours)
            lines.append("")
            lines.append(
                f"barograph: {size:.1f} bytes a call on disk; with the recorder's CPU on its own "
                f"core, start and end, {all_ns:.0f} ns a call."
            )
        lines.append("")
    return "\n".join(lines)


def parse(arguments: list[str]) -> argparse.Namespace:
    """The command line."""
    tools = [tool for tool in calls_kernels.TOOLS if tool != "bare"]
    kernels = list(calls_kernels.KERNELS)
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--tools", default=",".join(tools), help=f"of {','.join(tools)}")
    parser.add_argument("--kernels", default=",".join(kernels), help=f"of {','.join(kernels)}")
    parser.add_argument("--pythons", default=",".join(PYTHONS), help="versions")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--calls", type=int, default=300_000, help="of each run")
    results_file.add_out(parser)
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> int:
    """Measure and write."""
    options = parse(arguments)
    load = results_file.load_before("calls")
    bench = Bench(options)
    bench.run()
    results = {
        **results_file.conditions("calls", arguments, load),
        "repeat": options.repeat,
        "calls": options.calls,
        "pythons": list(bench.pythons),
        "tools": bench.tools,
        "kernels": bench.kernels,
        "packages": PACKAGES,
        "cells": bench.measured,
    }
    results_file.write(options.out, "calls", results, markdown)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
