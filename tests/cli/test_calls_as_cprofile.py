"""What a recording of calls says in pstats is what cProfile says of the same program."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from calling import Run

# Only plain functions: of generators cProfile counts each resumption, we each call. What C calls is
# compared without its caller, for cProfile has the C function there.
PROGRAM = """
def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)
def even(n):
    return True if n == 0 else odd(n - 1)
def odd(n):
    return False if n == 0 else even(n - 1)
def key(x):
    return -x
def boom(n):
    try:
        if n:
            return boom(n - 1)
        raise ValueError
    except ValueError:
        if n < 3:
            raise
class Shape:
    def __init__(self, size):
        self.size = size
        self.is_even = even(size)
    def __lt__(self, other):
        return self.size < other.size
    @property
    def area(self):
        return self.size * fib(3)
    @staticmethod
    def sort(items):
        return sorted(items, key=key)
def main():
    fib(12)
    boom(5)
    shapes = []
    for size in range(6):
        shapes.append(Shape(size))
        shapes[-1].area
        Shape.sort([3, 1, 2])
    sorted(reversed(shapes))
main()
"""

# For each function its calls, and those by each function of the program.
DUMP = """
import json, pstats, sys
def rows(path):
    stats = pstats.Stats(path).stats
    own = {key: row for key, row in stats.items() if key[0] == sys.argv[3]}
    return {"%s:%d" % (key[2], key[1]): [row[0], row[1], row[3] >= row[2] >= 0, {
        caller[2]: part[:2] for caller, part in row[4].items() if caller in own}]
        for key, row in own.items()}
print(json.dumps([rows(sys.argv[1]), rows(sys.argv[2])]))
"""

CALLED_BY_C = ("key", "__lt__", "Shape", "<module>")


def test_counts_and_callers(run: Run, interpreter: Path, tmp_path: Path) -> None:
    asked = subprocess.run([interpreter, "-c", "import cProfile"], capture_output=True, check=False)
    if asked.returncode != 0:
        pytest.skip(f"{interpreter.name} was built without cProfile")
    program = tmp_path / "app.py"
    program.write_text(PROGRAM, encoding="utf-8")
    theirs, ours, recording = (tmp_path / name for name in ("c.pstats", "o.pstats", "app.baro"))
    subprocess.run([interpreter, "-m", "cProfile", "-o", theirs, program], check=True)
    recorded = run("record", "--calls", "-o", recording, "--", interpreter, program)
    assert recorded.returncode == 0, recorded.stderr
    exported = run("export", "--to", "pstats", "-o", ours, recording)
    assert exported.returncode == 0, exported.stderr
    answer = subprocess.run(
        [interpreter, "-c", DUMP, theirs, ours, program], capture_output=True, text=True, check=True
    )
    expected, found = json.loads(answer.stdout)
    assert {*found} == {*expected}
    assert len(found) >= 11
    for name, row in expected.items():
        expect_row(name, row, found[name])


def expect_row(name: str, expected: list[Any], found: list[Any]) -> None:
    assert found[:3] == expected[:3], name
    if not name.startswith(CALLED_BY_C):
        assert found[3] == expected[3], name
