#!/usr/bin/env python3
"""Tables on disk: rows a second and memory, of many recorded calls written in one go.

    bench/tables.py                     # 10 million calls, about a minute; needs the extras
    bench/tables.py --calls 1000000

Records a program of two threads that calls small functions, then writes it as Parquet and as Delta,
each in a process of its own. CPU time tells more than the clock where others use the machine.
Memory is the peak beyond the loaded profile.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

PROGRAM = """
import sys, threading

class Shop:
    def price(self, n):
        return n * 2

    def total(self):
        for n in range(9):
            self.price(n)

def work(count):
    shop = Shop()
    for _ in range(count):
        shop.total()

threads = [threading.Thread(target=work, args=(int(sys.argv[1]) // 20,)) for _ in range(2)]
for thread in threads:
    thread.start()
"""

WRITE = """
import sys, time
import barograph

def resident():
    lines = open("/proc/self/status").read().splitlines()
    fields = dict(line.split(":", 1) for line in lines)
    return [int(fields[name].split()[0]) / 1000 for name in ("VmRSS", "VmHWM")]

profile = barograph.load(sys.argv[2])
with open("/proc/self/clear_refs", "w") as file:
    file.write("5")  # the peak begins here
before, wall, cpu = resident()[0], time.perf_counter(), time.process_time()
written = getattr(barograph, "write_" + sys.argv[1])(profile, sys.argv[3])
wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
rows = written.rows["calls"]
print(f"{sys.argv[1]:8} {rows:,} rows: {rows / wall / 1e6:.2f} M rows/s, "
      f"{rows / cpu / 1e6:.2f} M a CPU second, {resident()[1] - before:.0f} MB beyond the profile")
"""


def main() -> None:
    """Record, then write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--calls", type=int, default=10_000_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        here = Path(name)
        program, recording = here / "program.py", here / "calls.baro"
        program.write_text(PROGRAM, encoding="utf-8")
        record = [sys.executable, "-m", "barograph", "record", "--calls", "-o", str(recording)]
        command = [sys.executable, str(program), str(given.calls)]
        subprocess.run([*record, "--", *command], check=True)
        for kind in ("parquet", "delta"):
            command = [sys.executable, "-c", WRITE, kind, str(recording), str(here / kind)]
            subprocess.run(command, check=True)
            size = sum(path.stat().st_size for path in (here / kind / "calls").rglob("*.parquet"))
            print(f"{'':8} {size / 1e6:.0f} MB of calls on disk", flush=True)


if __name__ == "__main__":
    main()
