#!/usr/bin/env python3
"""The page of `barograph view`: size, how fast it is written and how fast it is, beside others.

    bench/view.py                                   # all sizes, all viewers, about 15 minutes
    bench/view.py --sizes small,large --viewers barograph,inferno

Recordings are invented by tests/tools/big_recording: small has 50,000 samples of 10,000 distinct
stacks, medium 1.5 million of 200,000, large ten million of 1.3 million, on 4 to 16 threads.
Loading a recording is what every command does; writing the page is told by itself. The same profile
is exported for speedscope, inferno and pprof's web page (tools/get_consumers.sh), and each is
opened in Chromium (viewer/, npm ci): viewer/tests/browser/measure.js says what is measured. A
viewer that shows nothing within 110 seconds, or ends, has no numbers. Numbers decide no test.
"""

from __future__ import annotations

import argparse
import json
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
CONSUMERS = REPOSITORY / "build" / "consumers"
MEASURE = REPOSITORY / "viewer" / "tests" / "browser" / "measure.js"
SIZES = {
    "small": (50_000, 10_000, 4),
    "medium": (1_500_000, 200_000, 8),
    "large": (10_000_000, 1_300_000, 16),
}
VIEWERS = ("barograph", "inferno", "pprof", "speedscope")
COLUMNS = ("first_ms", "whole_ms", "zoom_ms", "search_ms", "sort_ms", "timeline_ms", "heap_mb")
PATIENCE_S = 170


def measured(kind: str, address: str, file: Path | None = None) -> dict[str, Any]:
    """What Chromium says of a page; empty when it shows nothing, or ends."""
    command = ["node", str(MEASURE), kind, address, *([str(file)] if file else [])]
    try:
        answer = subprocess.run(
            command, capture_output=True, text=True, timeout=PATIENCE_S, check=False
        )
    except subprocess.TimeoutExpired:
        return {}
    if answer.returncode != 0:
        print(f"  {kind}: {answer.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
        return {}
    found: dict[str, Any] = json.loads(answer.stdout)
    return found


class Bench:
    """One build of the program, and a folder for what it makes."""

    def __init__(self, build: Path, folder: Path) -> None:
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

    def barograph(self, recording: Path) -> tuple[int, dict[str, Any]]:
        page = recording.with_suffix(".html")
        answer = subprocess.run(
            [self.tools / "page_cost", recording, "-o", page],
            capture_output=True,
            text=True,
            check=True,
        )
        cost = json.loads(answer.stdout)
        print(
            f"  {recording.stem}: loaded in {cost['load_s']:.2f} s, page written in "
            f"{cost['write_s']:.2f} s ({cost['samples'] / cost['write_s'] / 1e6:.1f} M samples/s, "
            f"{cost['write_cpu_s']:.2f} s of CPU), memory {cost['load_peak_bytes'] / 1e6:.0f} MB "
            f"loaded, {cost['peak_bytes'] / 1e6:.0f} MB at most"
        )
        return page.stat().st_size, measured("barograph", page.as_uri())

    def inferno(self, recording: Path) -> tuple[int, dict[str, Any]]:
        stacks, picture = (
            self.export(recording, "collapsed", ".txt"),
            recording.with_suffix(".svg"),
        )
        with picture.open("w") as file:
            subprocess.run(
                [CONSUMERS / "bin" / "inferno-flamegraph", stacks], stdout=file, check=True
            )
        return picture.stat().st_size, measured("inferno", picture.as_uri())

    def speedscope(self, recording: Path) -> tuple[int, dict[str, Any]]:
        file = self.export(recording, "speedscope", ".speedscope.json")
        page = CONSUMERS / "node_modules" / "speedscope" / "dist" / "release" / "index.html"
        return file.stat().st_size, measured("speedscope", page.as_uri(), file)

    def pprof(self, recording: Path) -> tuple[int, dict[str, Any]]:
        file = self.export(recording, "pprof", ".pb.gz")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            place = f"127.0.0.1:{probe.getsockname()[1]}"
        pprof = CONSUMERS / "bin" / "pprof"
        command = [str(pprof), f"-http={place}", "-no_browser", str(file)]
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            host, port = place.split(":")
            for _ in range(600):
                with socket.socket() as probe:
                    if probe.connect_ex((host, int(port))) == 0:
                        break
                time.sleep(0.1)
            return file.stat().st_size, measured("pprof", f"http://{place}/ui/flamegraph")
        finally:
            server.kill()
            server.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sizes", default=",".join(SIZES))
    parser.add_argument("--viewers", default=",".join(VIEWERS))
    parser.add_argument("--build", type=Path, default=REPOSITORY / "build" / "gcc")
    arguments = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(arguments.build, Path(folder))
        for size in arguments.sizes.split(","):
            recording = bench.record(size)
            for viewer in arguments.viewers.split(","):
                data_bytes, found = getattr(bench, viewer)(recording)
                values = [str(found.get(column, "-")) for column in COLUMNS]
                rows.append([size, viewer, f"{data_bytes / 1e6:.1f}", *values])
    head = ["size", "viewer", "MB", *COLUMNS]
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    for row in [head, *rows]:
        print("  ".join(text.rjust(width) for text, width in zip(row, widths)))


if __name__ == "__main__":
    main()
