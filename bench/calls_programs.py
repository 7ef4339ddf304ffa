#!/usr/bin/env python3
"""Tracers on whole programs: how much slower, how big, and how long until something can be read.

Three programs: examples/demo (files, a database, threads, a child process), the disassembler of the
standard library on a large module (nothing but calls of its own), and ten million calls of one
function. Each repetition runs it bare, then under each tool, in an order that turns.

    bench/calls_programs.py                                  # about 12 minutes
    bench/calls_programs.py --programs dis --repeat 5

"to read": from the program's end until a person has text before them: barograph's report, pstats'
table, viztracer's file of JSON (which a browser has yet to open), yappi's table. Wants two idle
cores; writes results/calls_programs.json and .md.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "bench")]

import results_file  # noqa: E402  found by the path above
from calls import packages_of  # noqa: E402
from results_file import log  # noqa: E402

import find_pythons  # noqa: E402

TOOLS = ["barograph", "cProfile", "viztracer", "yappi"]
# A program that prints when its work is done, so that what a tool does afterwards can be told.
DONE = "import sys, time; sys.stderr.write(f'\\ndone {time.monotonic_ns()}\\n')\n"
TEN_MILLION = f"""
def plain(value):
    return value

def main():
    for index in range(10_000_000):
        plain(index)

main()
{DONE}"""
DISASSEMBLE = f"""
import dis, io, typing
text = open(typing.__file__, encoding="utf-8").read()
for _ in range(3):
    dis.dis(compile(text, "typing.py", "exec"), file=io.StringIO())
{DONE}"""
BOOKSHOP = f"""
import sys
sys.path.insert(0, {str(ROOT / "examples" / "demo")!r})
import bookshop
bookshop.main()
{DONE}"""


class Program(NamedTuple):
    """What runs, and which calls barograph is to record of it: as many as the others do."""

    title: str
    source: str
    patterns: str


PROGRAMS = {
    "demo": Program("examples/demo", BOOKSHOP, ""),
    "dis": Program(
        "dis of typing.py, three times",
        DISASSEMBLE,
        "=dis.*,opcode.*,collections.*,enum.*,typing.*",
    ),
    "ten": Program("10 million calls", TEN_MILLION, ""),
}


class Bench:
    """One run of the benchmark."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.version: str = options.python
        path = find_pythons.find(self.version)
        if path is None:
            raise SystemExit(f"calls_programs: no CPython {self.version}")
        self.python = str(path)
        self.tools: list[str] = options.tools.split(",")
        self.packages = packages_of(self.version, self.python, self.tools)
        self.program = os.environ.get("BAROGRAPH") or str(Path(sys.executable).parent / "barograph")
        self.measured: list[dict[str, Any]] = []

    def commands(self, tool: str, name: str, script: str, out: Path) -> tuple[list[str], list[str]]:
        """What runs the program, and what makes text of its results (nothing: it is there)."""
        arguments = ["--folder", str(out.parent / "data")] if name == "demo" else []
        run = [self.python, script, *arguments]
        if tool == "barograph":
            record = [self.program, "record", "-qf", "-o", str(out)]
            calls = "--calls" + PROGRAMS[name].patterns
            return [*record, calls, "--", *run], [self.program, "report", str(out)]
        if tool == "cProfile":
            show = (
                f"import pstats; pstats.Stats({str(out)!r}).sort_stats('tottime').print_stats(15)"
            )
            return [self.python, "-m", "cProfile", "-o", str(out), *run[1:]], [
                self.python, "-c", show,
            ]  # fmt: skip
        if tool == "viztracer":
            options = ["--ignore_c_function", "--tracer_entries", "25000000", "--quiet"]
            return [
                self.python, "-m", "viztracer", *options, "-o", str(out.with_suffix(".json")),
                "--", *run[1:],
            ], []  # fmt: skip
        return [self.python, "-m", "yappi", "-o", str(out), "-f", "pstat", *run[1:]], [
            self.python, "-c",
            f"import pstats; pstats.Stats({str(out)!r}).sort_stats('tottime').print_stats(15)",
        ]  # fmt: skip

    def run_cell(self, name: str, tool: str, folder: Path) -> dict[str, Any]:
        """One run and what makes it readable."""
        script = folder / f"program_{name}.py"  # not the module it runs
        script.write_text(PROGRAMS[name].source, encoding="utf-8")
        out = folder / "out"
        for old in folder.glob("out*"):
            old.unlink()
        command, show = self.commands(tool, name, str(script), out)
        if tool == "bare":
            command, show = command[command.index(self.python) :], []
            command = [self.python, str(script), *command[command.index(str(script)) + 1 :]]
        environment = {**os.environ, "PYTHONPATH": str(self.packages)}
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        begin_ns = time.monotonic_ns()
        answer = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False, timeout=900
        )
        done = [line for line in answer.stderr.splitlines() if line.startswith("done ")]
        if answer.returncode != 0 or not done:
            last = answer.stderr.strip().splitlines()[-1:] or ["no word"]
            return {"failed": f"status {answer.returncode}: {last[0]}"}
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        done_ns = int(done[-1].split()[1])
        if show:
            subprocess.run(show, check=True, env=environment, capture_output=True)
        return {
            "work_s": (done_ns - begin_ns) / 1e9,
            "cpu_s": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
            "readable_s": (time.monotonic_ns() - done_ns) / 1e9,
            "bytes": sum(file.stat().st_size for file in folder.glob("out*")),
        }

    def run(self) -> None:
        """All repetitions. Without the bare runs there is nothing to say: they may not fail."""
        for repetition in range(self.options.repeat):
            for name in self.options.programs.split(","):
                turn = repetition % len(self.tools)
                for tool in ["bare", *self.tools[turn:], *self.tools[:turn]]:
                    with tempfile.TemporaryDirectory() as folder:
                        cell = self.run_cell(name, tool, Path(folder))
                    if tool == "bare" and "failed" in cell:
                        raise SystemExit(f"calls_programs: {name}: {cell['failed']}")
                    self.measured.append({"program": name, "tool": tool, **cell})
                    log(f"  {name:5} {tool:10} {cell}")


def field(cells: list[dict[str, Any]], key: str, scale: float = 1, decimals: int = 1) -> str:
    """The median of what was measured."""
    good = [cell[key] for cell in cells if key in cell]
    return f"{statistics.median(good) * scale:,.{decimals}f}" if good else "failed"


def markdown(results: dict[str, Any]) -> str:
    """Conditions and one table a program."""
    machine = results["machine"]
    conditions = (
        f"Measured {results['date']} by `{results['command']}`: CPython {results['python']}, "
        f"{machine['cores']} cores ({machine['processor']}), Linux {machine['kernel']}, load "
        f"{machine['load_before']:.2f} before; medians of {results['repeat']} repetitions."
    )
    lines = [conditions, ""]
    for name in results["programs"]:
        cells = [cell for cell in results["cells"] if cell["program"] == name]
        bare = statistics.median(c["work_s"] for c in cells if c["tool"] == "bare")
        lines.append(
            f"| {PROGRAMS[name].title}: {bare:.2f} s bare | slow-down | CPU of all, s | MB "
            "| to read, s |"
        )
        lines.append("|---|---|---|---|---|")
        for tool in results["tools"]:
            own = [cell for cell in cells if cell["tool"] == tool]
            lines.append(
                f"| {tool} | {field(own, 'work_s', 1 / bare, 2)}× | {field(own, 'cpu_s')} | "
                f"{field(own, 'bytes', 1e-6)} | {field(own, 'readable_s')} |"
            )
        lines.append("")
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--tools", default=",".join(TOOLS), help=f"of {','.join(TOOLS)}")
    parser.add_argument("--programs", default=",".join(PROGRAMS), help=f"of {','.join(PROGRAMS)}")
    parser.add_argument("--python", default="3.12", help="version")
    parser.add_argument("--repeat", type=int, default=3)
    results_file.add_out(parser)
    options = parser.parse_args(arguments)
    load = results_file.load_before("calls_programs")
    bench = Bench(options)
    bench.run()
    results = {
        **results_file.conditions("calls_programs", arguments, load),
        "python": bench.version,
        "repeat": options.repeat,
        "programs": options.programs.split(","),
        "tools": bench.tools,
        "cells": bench.measured,
    }
    results_file.write(options.out, "calls_programs", results, markdown)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
