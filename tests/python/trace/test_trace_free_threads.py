"""Threads that run at the same time: Pythons without a GIL, and the same ones with it."""

from __future__ import annotations

from pathlib import Path

import pytest
from ring_reader import Process, read_spool
from traced import Trace, agent_of

import find_pythons

THREADS = 8
TURNS = 500

pytestmark = pytest.mark.parametrize(
    "version", [row for row in find_pythons.tested() if row.endswith("t")]
)


@pytest.fixture
def python(version: str, agent_folder: Path) -> Path:
    found = find_pythons.find(version)
    if found is None or agent_of(agent_folder, version) is None:
        pytest.skip(f"python {version}, or an agent for it, is missing: tools/get_pythons.sh")
    return found


# What both programs call: a plain function, one that raises, a generator.
CALLED = """\
    class Odd(Exception): pass
    def leaf(x): return x
    def fails(x): raise Odd
    def counts(n):
        for i in range(n):
            yield leaf(i)
"""

# All begin at once, so that each function is seen first by several threads.
AT_ONCE = f"""
    import sys, threading
    print(sys._is_gil_enabled())
{CALLED}    def turn(i):
        try:
            fails(i)
        except Odd:
            pass
        return sum(counts(3))
    gate = threading.Barrier({THREADS})
    def work():
        gate.wait()
        for i in range({TURNS}):
            turn(i)
    threads = [threading.Thread(target=work) for _ in range({THREADS})]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(sys._is_gil_enabled())
"""


@pytest.mark.parametrize("gil", ["0", "1"])
def test_every_call_of_threads_at_once(trace: Trace, python: Path, gil: str) -> None:
    target = trace(python, AT_ONCE, env={"PYTHON_GIL": gil})
    # Loading the agent must not bring the GIL back.
    assert target.output.split() == [str(gil == "1")] * 2
    process = target.process
    assert len({code.qualified_name for code in process.codes}) == len(process.codes)
    counts = {
        (kind, name): process.count(kind, name)
        for kind, name in (
            *(("enter", "turn"), ("return", "turn"), ("enter", "leaf"), ("return", "leaf")),
            *(("raise", "fails"), ("yield", "counts"), ("resume", "counts"), ("enter", "work")),
        )
    }
    turns = THREADS * TURNS
    assert counts == {
        ("enter", "turn"): turns,
        ("return", "turn"): turns,
        ("enter", "leaf"): 3 * turns,
        ("return", "leaf"): 3 * turns,
        ("raise", "fails"): turns,
        ("enter", "work"): THREADS,
        ("yield", "counts"): 3 * turns,
        ("resume", "counts"): 3 * turns,
    }
    for ring in process.rings:
        assert ring.lost == 0
    assert list(process.exceptions.values()) == ["Odd"]
    check_nesting(process)


# Code is made, marked and dies all the time; values are told of what other threads change.
RECORDINGS = """
    import os, sys, tempfile, threading, time
    from importlib.machinery import ExtensionFileLoader
    from importlib.util import module_from_spec, spec_from_loader
    loader = ExtensionFileLoader("barograph._agent", {agent!r})
    agent = module_from_spec(spec_from_loader("barograph._agent", loader))
    over = False
    shared, table = [], {{}}
{CALLED}    def work(index):
        i = 0
        while not over:
            names = {{}}
            exec("def made(a, *b, **c): return [a, b, c]", names)
            agent.values(names["made"].__code__, 3, b"")
            agent.mark(names["made"].__code__, 0.0)
            names["made"](shared, 1, k=table)
            shared.append(i)
            table[i % 50] = i
            if len(shared) > 20:
                del shared[:10]
            sum(counts(3))
            try:
                fails(i)
            except Odd:
                pass
            i += 1
            turns[index] += 1
            time.sleep(0.0002)  # else rings fill, where nobody empties them
    def begin():
        while not over:
            threads = [threading.Thread(target=leaf, args=(i,)) for i in range(3)]
            for thread in threads: thread.start()
            for thread in threads: thread.join()
            turns[4] += 1
            time.sleep(0.001)
    turns = [0] * 5
    threads = [threading.Thread(target=work, args=(index,)) for index in range(4)]
    threads.append(threading.Thread(target=begin))
    for thread in threads: thread.start()
    folder = os.path.dirname(os.__file__).encode()
    for i in range({recordings}):
        spool = os.path.abspath("recording%d" % i)
        os.mkdir(spool)
        reason = agent.start(spool.encode(), [b"@trace"] if i % 3 == 2 else [], [folder],
                             b"/nowhere", False, b"", 5.0 if i % 3 == 1 else 0.0)
        assert reason is None, reason
        before = list(turns)
        # Each of them within the recording, however busy the machine is.
        while (any(now == then for now, then in zip(turns, before))
               and all(thread.is_alive() for thread in threads)):
            time.sleep(0.001)
        time.sleep(0.01)
        agent.stop()
        assert agent.running() is None
    over = True
    for thread in threads: thread.join()
    # Nothing is left of any of them.
    print([line for line in open("/proc/self/maps") if "/recording" in line])
"""


def check_nesting(process: Process) -> None:
    """What ends is what began last; or began before the recording, where nothing is open."""
    for ring in process.rings:
        open_calls: list[int] = []
        for event in ring.events:
            if event.kind in ("enter", "resume", "throw"):
                open_calls.append(event.id)
            elif open_calls:
                assert open_calls.pop() == event.id, process.codes[event.id]
            assert event.id < len(process.codes)


def test_recordings_while_threads_run(
    trace: Trace, python: Path, agent_folder: Path, version: str, tmp_path: Path
) -> None:
    agent = agent_of(agent_folder, version)
    program = RECORDINGS.format(agent=str(agent), recordings=9, CALLED=CALLED)
    target = trace(python, program, agent=False, env={"PYTHON_GIL": "0"})
    assert target.output == "[]\n"
    for i in range(9):
        (process,) = read_spool(tmp_path / f"recording{i}")
        if i % 3 == 0:
            check_nesting(process)
        assert len(process.rings) >= 4
        name = "made" if i % 3 == 2 else "leaf"
        assert process.count("enter", name) + process.count("return", name) > 0
