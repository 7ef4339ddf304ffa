"""The recorder itself while threads, processes and code come and go: nothing adds up."""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from harness.tools import barograph_program

import find_pythons

SECONDS = 20
VERSIONS = ("3.10", "3.12", "3.15")
# Kept descriptors follow the number of threads of the moment, which is what it is.
DESCRIPTORS = 8
# Ids and names of ended threads stay known: some 0.5 kB each, of some 900 in the ten seconds
# between both looks. A leaked stack reader (12 kB) for each would be 11 MB; all code objects that
# came and went far more.
GROWTH_KIB = 6 * 1024

CHURN = """
import os, subprocess, sys, threading, time

def work(number):
    names = {}
    exec("def f(x):\\n    return sum(range(x))\\nf(3000)", names)
    time.sleep(0.001)

def threads():
    while time.monotonic() < end:
        some = [threading.Thread(target=work, args=(n,)) for n in range(4)]
        for thread in some: thread.start()
        for thread in some: thread.join()

def code():
    while time.monotonic() < end:
        functions = [eval("lambda: sum(range(%d))" % n) for n in range(200)]
        for function in functions: function()

def processes():
    while time.monotonic() < end:
        subprocess.run([sys.executable, "-S", "-c", "sum(range(200000))"])

end = time.monotonic() + float(sys.argv[1])
workers = [threading.Thread(target=f) for f in (threads, code, processes)]
for worker in workers: worker.start()
for worker in workers: worker.join()
"""


def resident_kib(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    return 0


def observe(process: subprocess.Popen[bytes]) -> list[tuple[int, int]]:
    """(descriptors, resident KiB) of the process, ten times a second until it ends."""
    seen = []
    while process.poll() is None:
        try:
            descriptors = len(os.listdir(f"/proc/{process.pid}/fd"))
            resident = resident_kib(process.pid)
        except OSError:
            break
        if resident:
            seen.append((descriptors, resident))
        time.sleep(0.1)
    return seen


def watch(version: str, folder: Path) -> list[tuple[int, int]]:
    """What is seen of a recorder of the churning program."""
    python = find_pythons.find(version)
    assert python is not None, f"no CPython {version} on this machine: tools/get_pythons.sh"
    recording = folder / f"{version}.baro"
    command = [barograph_program(), "record", "-q", "-o", str(recording), "--", str(python)]
    process = subprocess.Popen([*command, "-c", CHURN, str(SECONDS)])
    try:
        seen = observe(process)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
    assert process.wait() == 0
    return seen


def growth(seen: list[tuple[int, int]], column: int) -> float:
    """Of the median, from the second quarter of the time to the last."""
    quarter = len(seen) // 4
    early, late = seen[quarter : 2 * quarter], seen[3 * quarter :]
    before, after = (statistics.median(row[column] for row in part) for part in (early, late))
    return after - before


def test_descriptors_and_memory_stay_as_they_are(tmp_path: Path) -> None:
    """Three recorders beside each other: nothing of it depends on how fast they get on."""
    with ThreadPoolExecutor(len(VERSIONS)) as pool:
        watches = {v: pool.submit(watch, v, tmp_path) for v in VERSIONS}
        for version, watching in watches.items():
            seen = watching.result()
            assert len(seen) // 4 > SECONDS, version  # it was looked at all the while
            assert growth(seen, 0) <= DESCRIPTORS, f"descriptors {version}: {seen}"
            assert growth(seen, 1) <= GROWTH_KIB, f"resident KiB {version}: {seen}"
