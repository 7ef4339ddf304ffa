"""record --stop: a program that is stopped for each sample notices nothing of it but the time."""

from __future__ import annotations

import json
import sys

from calling import Run

PROGRAM = """
import json, multiprocessing, os, signal, subprocess, sys, time

hits = 0

def count(number, frame):
    global hits
    hits += 1

def work(number):
    end = time.monotonic() + 0.1
    while time.monotonic() < end: pass
    return number

if __name__ == "__main__":
    signal.signal(signal.SIGUSR1, count)
    with multiprocessing.Pool(2) as pool:
        numbers = pool.map(work, range(4))
    for _ in range(50):
        os.kill(os.getpid(), signal.SIGUSR1)
        time.sleep(0.002)
    child = subprocess.run([sys.executable, "-c", "raise SystemExit(3)"]).returncode
    subprocess.Popen(["sh", "-c", "sleep 0.5; kill -CONT %d" % os.getpid()])
    begin = time.monotonic()
    cpu = time.process_time()
    os.kill(os.getpid(), signal.SIGSTOP)
    while time.monotonic() - begin < 0.4: pass
    cpu = time.process_time() - cpu
    print(json.dumps({"numbers": numbers, "hits": hits, "child": child, "cpu": cpu}))
    sys.exit(7)
"""


def test_signals_children_and_stops_are_as_without_it(run: Run) -> None:
    answer = run("record", "--stop", "--", sys.executable, "-c", PROGRAM)
    assert answer.returncode == 7, answer.stderr
    told = json.loads(answer.stdout)
    assert told["numbers"] == [0, 1, 2, 3]
    assert told["hits"] == 50
    assert told["child"] == 3
    # It was stopped for longer than the loop would have run.
    assert told["cpu"] < 0.2
    report = json.loads(run("report", "--json", "barograph.baro").stdout)
    assert report["head"]["mode"] == "stop"
    assert report["head"]["samples"] > 0
