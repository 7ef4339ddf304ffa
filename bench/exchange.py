"""What `barograph export` and `barograph import` take: samples and MB a second, format by format.

A recording of 300,000 samples is made of generated stacks (200,000 distinct ones, 40 deep on
average, 8 threads), exported in each format, and imported again from those that can be read.
Times are those of the program's own process (user and system), best of three; loading the
recording is in each export, and is measured alone by an export of nothing.

    python bench/exchange.py [--program build/gcc/barograph] [--samples 300000]
"""

from __future__ import annotations

import argparse
import random
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

FORMATS = ["collapsed", "speedscope", "pprof", "firefox", "chrome", "pstats", "callgrind", "csv"]
READ = {"collapsed": ["--unit", "us"], "speedscope": [], "pprof": []}


def write_stacks(path: Path, samples: int) -> None:
    """Collapsed stacks: the shape of a program with a few hot paths and a long tail."""
    chance = random.Random(7)
    functions = [f"function_{i} (/srv/app/module_{i % 60}.py:{i % 900 + 1})" for i in range(3000)]
    stacks: list[str] = []
    while len(stacks) < min(200_000, samples):
        base = (
            stacks[chance.randrange(len(stacks))].split(";") if stacks else ["main (/srv/a.py:1)"]
        )
        cut = base[: chance.randrange(1, len(base) + 1)]
        cut += chance.choices(functions, k=chance.randrange(1, 12))
        stacks.append(";".join(cut[:80]))
    with path.open("w") as out:
        for i in range(samples):
            thread = i * 8 // samples
            stack = stacks[min(int(chance.expovariate(1 / 30_000)), len(stacks) - 1)]
            out.write(f"process 10;thread worker-{thread} ({11 + thread});{stack} {1000}\n")


def seconds(command: list[str | Path]) -> float:
    best = float("inf")
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        best = min(best, spent)
    return best


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", default="barograph")
    parser.add_argument("--samples", type=int, default=300_000)
    arguments = parser.parse_args()
    program, samples = arguments.program, arguments.samples
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        stacks, recording = folder / "stacks.txt", folder / "run.baro"
        write_stacks(stacks, samples)
        options = ["-q", "-f", "-o"]
        subprocess.run([program, "import", *options, recording, "--unit", "us", stacks], check=True)
        print(f"{samples:,} samples, {recording.stat().st_size / 1e6:.1f} MB recording")
        print(f"{'format':12}{'export s':>10}{'samples/s':>14}{'MB':>9}{'import s':>10}{'MB/s':>8}")
        for format_name in FORMATS:
            out = folder / f"out.{format_name}"
            spent = seconds([program, "export", "-f", "--to", format_name, "-o", out, recording])
            size = out.stat().st_size / 1e6
            row = f"{format_name:12}{spent:10.2f}{samples / spent:14,.0f}{size:9.1f}"
            if format_name in READ:
                command = [program, "import", *options, folder / "x.baro", *READ[format_name], out]
                back = seconds(command)
                row += f"{back:10.2f}{size / back:8.1f}"
            print(row)
        spent = seconds([program, "import", *options, folder / "x.baro", "--unit", "us", stacks])
        size = stacks.stat().st_size / 1e6
        print(f"{'1 line a sample':46}{size:9.1f}{spent:10.2f}{size / spent:8.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
