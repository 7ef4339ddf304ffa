"""Forks, full rings, and every way in which a target or its recorder ends."""

from __future__ import annotations

import shutil
import signal
import time
from pathlib import Path

import pytest
from ring_reader import Drain, end_recording, read_spool
from traced import StartTrace, Trace

RING_EVENTS = 1 << 18


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < deadline, f"no {path.name}"
        time.sleep(0.01)


def test_fork_keeps_both_apart(trace: Trace, traced_interpreter: Path) -> None:
    program = """
        import os

        def before(): pass
        def in_child(): pass
        def in_parent(): pass

        before()
        if os.fork() == 0:
            in_child()
            before()
            os._exit(0)
        os.wait()
        in_parent()
    """
    parent, child = trace(traced_interpreter, program).processes
    assert parent.words() == [
        *("enter <module>", "enter before", "return before"),
        *("enter in_parent", "return in_parent", "return <module>"),
    ]
    assert child.parent == parent.pid
    # What the parent had entered is the parent's: the child's events begin with the fork.
    assert child.words() == [
        *("enter in_child", "return in_child", "enter before", "return before"),
    ]


def test_fork_from_a_thread_and_forks_of_forks(trace: Trace, traced_interpreter: Path) -> None:
    program = """
        import os, threading

        def leaf(): pass

        def branch(depth):
            leaf()
            if depth:
                pid = os.fork()
                if pid == 0:
                    branch(depth - 1)
                    os._exit(0)
                os.waitpid(pid, 0)

        worker = threading.Thread(target=branch, args=(3,))
        worker.start()
        worker.join()
    """
    # 3.12 warns of forks in threads; the program is what it is.
    target = trace(traced_interpreter, program, env={"PYTHONWARNINGS": "ignore"}, check=False)
    assert target.status == 0
    processes = target.processes
    assert len(processes) == 4
    assert [process.count("enter", "leaf") for process in processes] == [1, 1, 1, 1]
    assert [later.parent for later in processes[1:]] == [each.pid for each in processes[:-1]]


def test_fork_without_children(trace: Trace, traced_interpreter: Path) -> None:
    program = """
        import os
        def f(): pass
        f()
        if os.fork() == 0:
            f()
            os._exit(0)
        os.wait()
    """
    target = trace(traced_interpreter, program, settings={"children": "no"})
    assert target.process.count("enter", "f") == 1


@pytest.mark.parametrize(
    ("end", "status"),
    [
        ("os._exit(3)", 3),
        ("os.kill(os.getpid(), 9)", -9),
        ("os.abort()", -6),
        ("sys.exit(4)", 4),
        ("os.execv('/bin/true', ['true'])", 0),
    ],
)
def test_events_survive_the_end(
    trace: Trace, traced_interpreter: Path, end: str, status: int
) -> None:
    program = f"""
        import os, sys
        def f(): pass
        def last():
            f()
            {end}
        last()
    """
    target = trace(traced_interpreter, program, check=False)
    assert target.status == status
    expected = ["enter <module>", "enter last", "enter f", "return f"]
    assert target.process.words()[:4] == expected
    if status == 4:
        assert [word.split()[0] for word in target.process.words()[4:]] == ["raise", "raise"]
    else:
        assert len(target.process.words()) == 4


def test_uncaught_exceptions_look_as_without_us(trace: Trace, traced_interpreter: Path) -> None:
    program = """
        def inner(): raise ValueError("x")
        def outer():
            try: inner()
            except ValueError as error: raise KeyError("y") from error
        outer()
    """
    with_agent, without = (
        trace(traced_interpreter, program, agent=agent, check=False) for agent in (True, False)
    )
    assert (with_agent.status, with_agent.errors) == (without.status, without.errors)
    assert with_agent.status == 1


MANY_CALLS = """
    def f(): pass
    for _ in range({}):
        f()
"""


def test_a_drained_ring_loses_nothing(start_trace: StartTrace, traced_interpreter: Path) -> None:
    calls = 700_000
    process, spool = start_trace(traced_interpreter, MANY_CALLS.format(calls))
    drain = Drain(spool)
    drain.start()
    _, errors = process.communicate(timeout=120)
    (events,) = drain.finish().values()
    assert (process.returncode, errors) == (0, "")
    assert list(drain.lost.values()) == [0]
    assert len(events) == 2 * calls + 2
    assert [event.kind for event in events[1:-1]] == ["enter", "return"] * calls
    assert all(a.time <= b.time for a, b in zip(events, events[1:]))


def test_a_full_ring_counts_what_it_loses(
    start_trace: StartTrace, traced_interpreter: Path
) -> None:
    # The drain comes only after the thread gave up waiting for one; losses stand where they were.
    calls = 200_000
    program = f"""
        import os, time
        def f(): pass
        def g(): pass
        for _ in range({calls}):
            f()
        open("ready", "w").close()
        while not os.path.exists("go"):
            time.sleep(0.001)
        g()
    """
    process, spool = start_trace(traced_interpreter, program)
    wait_for(spool.parent / "ready")
    (process_before,) = read_spool(spool)
    # Readings of usage take two slots each, and stand between calls; what it took to tell who a
    # function is takes one.
    ring = process_before.main
    fitted = len(ring.events)
    kinds = [event.kind for event in ring.remarks]
    assert set(kinds) <= {"usage", "own"}
    assert fitted + 2 * kinds.count("usage") + kinds.count("own") == RING_EVENTS
    missing = 2 * calls + 1 - fitted
    assert ring.lost == missing
    drain = Drain(spool)
    drain.start()
    deadline = time.monotonic() + 60
    while not drain.raw or not next(iter(drain.raw.values())):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    seen = drain.visits
    while drain.visits == seen:  # until the room is there
        time.sleep(0.001)
    (spool.parent / "go").touch()
    _, errors = process.communicate(timeout=60)
    (events,) = drain.finish().values()
    assert (process.returncode, errors) == (0, "")
    kept, (lost, *after) = events[:fitted], events[fitted:]
    assert {event.kind for event in kept} == {"enter", "return"}
    assert lost.kind == "lost"
    assert lost.time == missing
    assert [event.kind for event in after] == ["enter", "return", "return"]


def test_recording_that_ends_first(start_trace: StartTrace, traced_interpreter: Path) -> None:
    # A program that goes on afterwards does not wait for a recorder that is gone.
    program = """
        import os, time
        def f(): pass
        f()
        open("ready", "w").close()
        while not os.path.exists("go"):
            time.sleep(0.001)
        begin = time.monotonic()
        for _ in range(400_000):
            f()
        print(time.monotonic() - begin < 1.9)
    """
    process, spool = start_trace(traced_interpreter, program)
    folder = spool.parent
    wait_for(folder / "ready")
    end_recording(spool)
    shutil.rmtree(spool)
    (folder / "go").touch()
    output, errors = process.communicate(timeout=120)
    assert (process.returncode, errors) == (0, "")
    # A thread that finds its ring full waits two seconds for a drain that lives.
    assert output == "True\n"


def test_stopped_by_a_signal(start_trace: StartTrace, traced_interpreter: Path) -> None:
    program = """
        import time
        def f(): pass
        f()
        open("ready", "w").close()
        time.sleep(60)
    """
    process, spool = start_trace(traced_interpreter, program)
    wait_for(spool.parent / "ready")
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGTERM
    (traced,) = read_spool(spool)
    assert traced.words() == ["enter <module>", "enter f", "return f"]


def test_descriptors_are_the_programs(trace: Trace, traced_interpreter: Path) -> None:
    # Daemons close what they do not know; what we then wrote would be in their files.
    program = """
        import os, threading
        def f(): pass
        f()
        before = os.listdir("/proc/self/fd")
        os.closerange(3, 100)
        worker = threading.Thread(target=f)
        worker.start()
        worker.join()
        files = [os.open(f"file{n}", os.O_CREAT | os.O_RDWR) for n in range(8)]
        def late(): pass
        for _ in range(20_000):
            late()
        print(len(before), {os.fstat(file).st_size for file in files})
    """
    target = trace(traced_interpreter, program)
    # 0, 1, 2, and the folder that is listed.
    assert target.output == "4 {0}\n"
    assert target.process.count("enter", "late") == 20_000


def test_a_full_disk_is_no_crash(trace: Trace, traced_interpreter: Path) -> None:
    # A limit on the size of files stands in for it: another ring cannot be made. What happens where
    # one that is there gets no more room is tests/unit/test_events.c's.
    program = """
        import resource, signal, threading
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
        def f(): pass
        for _ in range(100_000):
            f()
        worker = threading.Thread(target=f)
        worker.start()
        worker.join()
        print("alive")
    """
    target = trace(traced_interpreter, program, check=False)
    assert (target.status, target.errors, target.output) == (0, "", "alive\n")
    (main,) = target.process.rings
    assert main.os_tid == main.os_pid


def test_threads_that_cannot_have_a_buffer_are_told_by_others(
    trace: Trace, traced_interpreter: Path
) -> None:
    # As after os.setuid: the spool is out of reach. Their calls were lost, and nobody knew.
    program = """
        import resource, threading
        def f(): pass
        def work():
            for _ in range(100):
                f()
        f()
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))
        for _ in range(3):
            worker = threading.Thread(target=work)
            worker.start()
            worker.join()
        work()
    """
    target = trace(traced_interpreter, program)
    (main,) = target.process.rings
    assert main.lost == 3 * 2 * 100  # and one function, which was not known yet
    assert main.untold == 1
    assert target.process.count("enter", "f") == 101


def test_an_agent_that_cannot_be_loaded_is_said(
    start_trace: StartTrace, traced_interpreter: Path, agent_file: Path
) -> None:
    name = agent_file.name if ".nogil." in agent_file.name else "some.so"
    settings = {"agent": f"/nowhere/{name}"}
    process, spool = start_trace(traced_interpreter, "print(1)", settings=settings)
    output, errors = process.communicate(timeout=60)
    assert (output, errors, process.returncode) == ("1\n", "", 0)
    (file,) = spool.glob("*.why")
    assert f"/nowhere/{name}" in file.read_text(encoding="utf-8")
