"""The recorder itself while threads, processes and code come and go: nothing adds up."""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import time
from pathlib import Path

import pytest
from harness.recorder import Python
from harness.tools import barograph_program

SECONDS = 20
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


@pytest.mark.only_on("3.10", "3.12", "3.15")
def test_descriptors_and_memory_stay_as_they_are(python: Python, tmp_path: Path) -> None:
    command = [barograph_program(), "record", "-q", "-o", str(tmp_path / "leaks.baro"), "--"]
    process = subprocess.Popen([*command, python, "-c", CHURN, str(SECONDS)])
    try:
        seen = observe(process)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
    assert process.wait() == 0
    quarter = len(seen) // 4
    assert quarter > SECONDS  # it was looked at all the while
    early, late = seen[quarter : 2 * quarter], seen[3 * quarter :]
    descriptors = [statistics.median(pair[0] for pair in part) for part in (early, late)]
    resident = [statistics.median(pair[1] for pair in part) for part in (early, late)]
    assert descriptors[1] - descriptors[0] <= DESCRIPTORS, f"descriptors {descriptors}"
    assert resident[1] - resident[0] <= GROWTH_KIB, f"resident KiB {resident}"
