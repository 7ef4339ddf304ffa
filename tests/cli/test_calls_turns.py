"""record --calls: generators of programs with threads, whose rings are read in whatever order."""

from __future__ import annotations

import csv
import io
from collections import Counter
from pathlib import Path

import pytest
from calling import Run, python_of

# Pool threads take turns with a generator, as web servers stream from one; others have their own,
# at addresses that threads get from each other; and threads do but one step each.
PROGRAM = """
import threading, time
from concurrent.futures import ThreadPoolExecutor
END = object()
def own(count):
    for i in range(count):
        yield i
def job(number):
    for i in range(200):
        for _ in own(number % 7 + 1):
            pass
        if i % 20 == 0:
            time.sleep(0.0005)
def rows(count):
    for i in range(count):
        yield i
def step(generator):
    return next(generator, END)
def stream(pool):
    for _ in range(25):
        generator = rows(20)
        while pool.submit(step, generator).result() is not END:
            pass
def once():
    yield
    yield
def short():
    generator = once()
    for _ in range(3):
        thread = threading.Thread(target=step, args=(generator,))
        thread.start()
        thread.join()
with ThreadPoolExecutor(4) as pool:
    list(pool.map(job, range(70)))
    threads = [threading.Thread(target=stream, args=(pool,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
for _ in range(20):
    short()
"""


@pytest.mark.parametrize("version", ["3.9", "3.12"])
def test_threads_take_turns_with_generators(run: Run, tmp_path: Path, version: str) -> None:
    """What a thread resumed was ended by the next call at its address, which was read first."""
    app, recording = tmp_path / "app.py", tmp_path / "turns.baro"
    app.write_text(PROGRAM, encoding="utf-8")
    answer = run("record", "--calls", "-o", recording, "--", python_of(version), app)
    assert answer.returncode == 0, answer.stderr
    rows = csv.DictReader(io.StringIO(run("export", "--to", "csv", "-o", "-", recording).stdout))
    seen = Counter((row["function_name"], row["outcome"], row["resumes"]) for row in rows)
    expected = {("own", "returned", str(n % 7 + 1)): 2000 for n in range(7)}
    expected[("rows", "returned", "20")] = 100
    expected[("once", "returned", "2")] = 20
    assert {key: seen[key] for key in seen if key[2] != ""} == expected
