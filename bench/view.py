#!/usr/bin/env python3
"""The page of `barograph view`: size, how fast it is written and how fast it is, beside others.

    bench/view.py                                   # all sizes, all viewers, about 20 minutes
    bench/view.py --sizes small,large --viewers barograph,inferno

Recordings are invented by tests/tools/big_recording: small has 50,000 samples of 10,000 distinct
stacks, medium 1.5 million of 200,000, large ten million of 1.3 million, on 4 to 16 threads.
Loading a recording is what every command does; writing the page is told by itself. The same profile
is exported for speedscope, inferno and pprof's web page (tools/get_consumers.sh), and each is
opened in Chromium (viewer/, npm ci): viewer/tests/browser/measure.js says what is measured. Each
viewer has 120 seconds (--limit) for all that it does, its own reading of the profile included: one
that shows nothing by then, or ends, has no numbers but a line that says so. Results are kept by
size and viewer, each with its date, the machine's load and what the host stole of its CPU time
meanwhile: what is not measured now stays. Our page is measured five times (--repeat), each in a
browser of its own; what stands there are medians. Numbers decide no test.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import results_file

REPOSITORY = Path(__file__).resolve().parents[1]
CONSUMERS = REPOSITORY / "build" / "consumers"
MEASURE = REPOSITORY / "viewer" / "tests" / "browser" / "measure.js"
TEMPLATE = REPOSITORY / "viewer" / "dist" / "viewer.html"
SIZES = {
    "small": (50_000, 10_000, 4),
    "medium": (1_500_000, 200_000, 8),
    "large": (10_000_000, 1_300_000, 16),
}
VIEWERS = ("barograph", "inferno", "pprof", "speedscope")
COLUMNS = (
    "paint_ms", "first_ms", "whole_ms", "tab_ms", "zoom_ms", "search_ms", "functions_ms", "sort_ms",
    "sandwich_ms", "timeline_ms", "metric_ms", "heap_mb",
)  # fmt: skip
"""What else can be clicked in our page: on the flame graph's tab, but for the last ones."""
CLICKS = {
    "thread_ms": "only one thread",
    "threads_ms": "half of the threads",
    "select_ms": "a function of the table is selected",
    "focus_ms": "focus on it",
    "ignore_ms": "ignore it",
    "merge_ms": "merge it",
    "recursion_ms": "merge recursion",
    "collapse_ms": "collapse libraries",
    "own_ms": "my code only",
    "invert_ms": "invert",
    "back_ms": "the slowest way back from one of these",
    "states_ms": "colours by state",
    "range_ms": "half of the time, on the timeline",
    "range_flame_ms": "its flame graph",
    "unrange_ms": "all of the time again",
    "other_ms": "sandwich of another function",
    "source_ms": "source",
    "palette_ms": "a function in the command box",
}
HEAPS = {"heap_mb": "at first", "most_heap_mb": "at most, after one of these"}
LIMIT_S = 120.0
REPEAT = 5


class NothingShownError(Exception):
    """Why a viewer has no numbers."""


class Clock:
    """The time that a viewer has left."""

    def __init__(self, limit_s: float) -> None:
        self.limit_s = limit_s
        self.end = time.monotonic() + limit_s

    def run(self, command: list[str], **options: Any) -> str:
        """Standard output of a command; all that it started ends with it."""
        process = subprocess.Popen(command, start_new_session=True, text=True, **options)
        try:
            output, errors = process.communicate(timeout=max(self.end - time.monotonic(), 0.1))
        except subprocess.TimeoutExpired:
            raise NothingShownError(f"nothing in {self.limit_s:.0f} s") from None
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        if process.returncode != 0:
            raise NothingShownError(self.reason(errors or ""))
        return output or ""

    def reason(self, errors: str) -> str:
        """Of what a failed command said, in a few words."""
        if "Timeout" in errors and "exceeded" in errors:
            return f"nothing in {self.limit_s:.0f} s"
        if "crashed" in errors or "has been closed" in errors:
            return "its page crashed"
        return f"failed: {(errors.strip().splitlines() or ['without a word'])[-1][:80]}"

    def measured(self, kind: str, address: str, file: Path | None = None) -> dict[str, Any]:
        """What Chromium says of a page."""
        command = ["node", str(MEASURE), kind, address, *([str(file)] if file else [])]
        # The page gives up before the command does, so that the browser ends by itself.
        left_ms = max(self.end - time.monotonic() - 10, 1) * 1000
        environment = {**os.environ, "MEASURE_PATIENCE_MS": f"{left_ms:.0f}"}
        pipe = subprocess.PIPE
        answer = self.run(command, stdout=pipe, stderr=pipe, env=environment)
        found: dict[str, Any] = json.loads(answer)
        return found


class Bench:
    """One build of the program, and a folder for what it makes."""

    def __init__(self, build: Path, folder: Path, repeat: int) -> None:
        self.repeat = repeat
        self.program = build / "barograph"
        self.tools = build / "tests" / "tools"
        self.folder = folder

    def record(self, size: str) -> Path:
        path = self.folder / f"{size}.baro"
        numbers = map(str, SIZES[size])
        subprocess.run([str(self.tools / "big_recording"), str(path), *numbers], check=True)
        return path

    def export(self, recording: Path, form: str, ending: str) -> Path:
        path = recording.with_suffix(ending)
        command = [self.program, "export", "--to", form, "-f", "-o", path, recording]
        subprocess.run([str(word) for word in command], check=True)
        return path

    def barograph(self, recording: Path, clock: Clock) -> tuple[int, dict[str, Any]]:
        page = recording.with_suffix(".html")
        command = [self.tools / "page_cost", recording, "-o", page]
        cost = json.loads(clock.run([str(word) for word in command], stdout=subprocess.PIPE))
        runs = [clock.measured("barograph", page.as_uri())]
        for _ in range(self.repeat - 1):
            runs.append(Clock(clock.limit_s).measured("barograph", page.as_uri()))
        medians = {name: statistics.median(run[name] for run in runs) for name in runs[0]}
        return page.stat().st_size, {**cost, **medians, "runs": runs}

    def inferno(self, recording: Path, clock: Clock) -> tuple[int, dict[str, Any]]:
        stacks = self.export(recording, "collapsed", ".txt")
        picture = recording.with_suffix(".svg")
        clock = Clock(clock.limit_s)  # the export is ours
        with picture.open("w") as file:
            clock.run([str(CONSUMERS / "bin" / "inferno-flamegraph"), str(stacks)], stdout=file)
        return picture.stat().st_size, clock.measured("inferno", picture.as_uri())

    def speedscope(self, recording: Path, clock: Clock) -> tuple[int, dict[str, Any]]:
        file = self.export(recording, "speedscope", ".speedscope.json")
        page = CONSUMERS / "node_modules" / "speedscope" / "dist" / "release" / "index.html"
        clock = Clock(clock.limit_s)
        return file.stat().st_size, clock.measured("speedscope", page.as_uri(), file)

    def pprof(self, recording: Path, clock: Clock) -> tuple[int, dict[str, Any]]:
        file = self.export(recording, "pprof", ".pb.gz")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        pprof = CONSUMERS / "bin" / "pprof"
        command = [str(pprof), f"-http=127.0.0.1:{port}", "-no_browser", str(file)]
        clock = Clock(clock.limit_s)
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            while time.monotonic() < clock.end:
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.1)
            address = f"http://127.0.0.1:{port}/ui/flamegraph"
            return file.stat().st_size, clock.measured("pprof", address)
        finally:
            server.kill()
            server.wait()


def stolen_ticks() -> int:
    """What the host gave to others of the time that all cores were to run something."""
    with open("/proc/stat", encoding="ascii") as file:
        fields = file.readline().split()
    return int(fields[8]) if len(fields) > 8 else 0


def measure_row(bench: Bench, viewer: str, recording: Path, limit_s: float) -> dict[str, Any]:
    row: dict[str, Any] = {
        "size": recording.stem,
        "viewer": viewer,
        "date": datetime.date.today().isoformat(),
        "load_before": os.getloadavg()[0],
    }
    results_file.log(f"view: {viewer}, {recording.stem}")
    begin, ticks = time.monotonic(), stolen_ticks()
    try:
        data_bytes, found = getattr(bench, viewer)(recording, Clock(limit_s))
        row.update(data_bytes=data_bytes, outcome="shown", **found)
    except NothingShownError as reason:
        row["outcome"] = str(reason)
    cores_s = (time.monotonic() - begin) * (os.cpu_count() or 1)
    row["stolen"] = (stolen_ticks() - ticks) / os.sysconf("SC_CLK_TCK") / cores_s
    return row


def clicks_table(rows: list[dict[str, Any]]) -> list[str]:
    """What each click takes on our page, ms, and its memory, MB: medians and the most."""
    if not rows:
        return []
    lines = ["", "| a click, ms | " + " | ".join(row["size"] for row in rows) + " |"]
    lines.append("|---|" + "---|" * len(rows))
    for name, words in {
        **CLICKS,
        **{key: f"heap {words}, MB" for key, words in HEAPS.items()},
    }.items():
        values = [
            f"{row[name]:.0f} (to {max(run[name] for run in row['runs']):.0f})" for row in rows
        ]
        lines.append(f"| {words} | " + " | ".join(values) + " |")
    return lines


def markdown(results: dict[str, Any]) -> str:
    head = ["size", "viewer", "MB", *COLUMNS, "outcome", "load", "stolen"]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for row in results["rows"]:
        size = f"{row['data_bytes'] / 1e6:.2f}" if "data_bytes" in row else "-"
        values = [str(row.get(column, "-")) for column in COLUMNS]
        end = [row["outcome"], f"{row['load_before']:.1f}", f"{100 * row['stolen']:.0f} %"]
        lines.append("| " + " | ".join([row["size"], row["viewer"], size, *values, *end]) + " |")
    lines += clicks_table([row for row in results["rows"] if "thread_ms" in row])
    lines.append("")
    for row in results["rows"]:
        if "write_s" in row:
            rate = row["samples"] / 1e6
            lines.append(
                f"{row['size']}: {rate:.2f} M samples loaded in {row['load_s']:.2f} s, page "
                f"written in {row['write_s']:.2f} s ({rate / row['write_s']:.1f} M samples/s, "
                f"{row['write_cpu_s']:.2f} s of CPU), memory {row['load_peak_bytes'] / 1e6:.0f} MB "
                f"loaded, {row['peak_bytes'] / 1e6:.0f} MB at most."
            )
    template = results["template_bytes"]
    lines.append(f"Of each page {template / 1e3:.1f} kB are the template, {template:,} bytes.")
    return "\n".join(lines) + f"\n\n    {results['command']}\n"


def earlier_rows(path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    rows: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8")).get("rows", [])
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sizes", default=",".join(SIZES))
    parser.add_argument("--viewers", default=",".join(VIEWERS))
    parser.add_argument("--build", type=Path, default=REPOSITORY / "build" / "gcc")
    parser.add_argument("--limit", type=float, default=LIMIT_S, help="seconds that a viewer has")
    parser.add_argument("--repeat", type=int, default=REPEAT, help="how often our page is measured")
    results_file.add_out(parser)
    arguments = parser.parse_args()
    load = results_file.load_before("view")
    rows = {(row["size"], row["viewer"]): row for row in earlier_rows(arguments.out / "view.json")}
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(arguments.build, Path(folder), arguments.repeat)
        for size in arguments.sizes.split(","):
            recording = bench.record(size)
            for viewer in arguments.viewers.split(","):
                rows[size, viewer] = measure_row(bench, viewer, recording, arguments.limit)
    results = results_file.conditions("view", sys.argv[1:], load)
    order = [(size, viewer) for size in SIZES for viewer in VIEWERS]
    results["template_bytes"] = TEMPLATE.stat().st_size
    results["rows"] = [rows[place] for place in order if place in rows]
    results_file.write(arguments.out, "view", results, markdown)


if __name__ == "__main__":
    main()
