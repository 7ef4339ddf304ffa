"""record --calls: CPU time of functions beside what the program's own clock says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from calling import Run, python_of

# A step of the generator computes, then its caller sleeps: the thread's clock is read right behind
# the one and right in front of the next, and the sleep lies between.
PROGRAM = """
import time
computed = [0.0]
def compute():
    begin = time.thread_time()
    while time.thread_time() < begin + 0.002:
        pass
    computed[0] += time.thread_time() - begin
def steps():
    for i in range(100):
        compute()
        yield i
def short():
    pass
def main():
    for _ in steps():
        short()
        time.sleep(0.001)
main()
print(computed[0])
"""


@pytest.mark.parametrize("version", ["3.9", "3.11", "3.12"])
def test_waits_of_callers_are_not_the_callees(run: Run, tmp_path: Path, version: str) -> None:
    """A generator that a waiting loop goes through had no CPU time at all."""
    app, recording = tmp_path / "app.py", tmp_path / "cpu.baro"
    app.write_text(PROGRAM, encoding="utf-8")
    answer = run("record", "--calls", "-o", recording, "--", python_of(version), app)
    assert answer.returncode == 0, answer.stderr
    computed_ns = float(answer.stdout) * 1e9
    report = json.loads(run("report", "--json", recording).stdout)
    functions = {row["short_name"]: row for row in report["functions"]}
    # What may have been a wait at either end of a window is sure to 5 % (docs/commands/report.md).
    for name in ("compute", "steps"):
        cpu_ns = functions[name]["calls_cpu_ns"]
        assert 0.95 * computed_ns < cpu_ns < 1.05 * computed_ns + 5e6, (name, cpu_ns, computed_ns)
        assert cpu_ns <= functions[name]["calls_total_ns"]
