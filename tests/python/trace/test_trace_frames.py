"""CPython 3.9 to 3.11, where the agent evaluates frames: what could go wrong only there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ring_reader import read_spool
from traced import Trace

import find_pythons

FRAMES = [row for row in find_pythons.tested() if row in {"3.9", "3.10", "3.11"}]


@pytest.fixture(params=FRAMES)
def interpreter(request: pytest.FixtureRequest) -> Path:
    """Each of those that have no sys.monitoring."""
    found = find_pythons.find(request.param)
    assert found is not None, f"python {request.param} is missing; tools/get_pythons.sh fetches it"
    return found


# Deeper than the C stack of a thread, which calls of Python take where somebody evaluates frames;
# but a ring holds only 262,144 events. 3.9 and 3.10 take C stack without us, too: there the depth
# is one that they can do.
DEEP = """
    import _thread, json, os, resource, signal, sys, threading, time

    def down(levels):
        return levels and 1 + down(levels - 1)

    def fall(levels):
        if levels == 0:
            raise ValueError
        fall(levels - 1)

    def endless(levels=1):
        global reached
        reached = levels
        endless(levels + 1)

    def split(levels):
        if levels:
            return split(levels - 1)
        pid = os.fork()
        return pid and os.waitpid(pid, 0)[1] or pid

    def clutter(levels):
        node = Node()
        node.self = node
        return levels and clutter(levels - 1)

    class Node:
        def __del__(self):
            down(2)

    def stay(levels):
        if levels:
            stay(levels - 1)
        ready.set()
        while True:
            time.sleep(0.001)

    def frames_of(error):
        count, traceback = 0, error.__traceback__
        while traceback:
            count, traceback = count + 1, traceback.tb_next
        return count

    inlines = sys.version_info >= (3, 11)
    levels = 16000 if inlines else 6000
    sys.setrecursionlimit(15000)
    told = {}
    if inlines:
        try:
            endless()
        except RecursionError as error:
            told["reached"] = reached, frames_of(error)
    sys.setrecursionlimit(1000000)
    told["down"] = down(levels)
    try:
        fall(levels)
    except ValueError as error:
        told["fall"] = frames_of(error)
    child = split(levels)
    if child == 0:
        down(10)
        os._exit(9)
    told["child"] = os.WEXITSTATUS(child)
    told["heard"] = 0
    def hear(number, frame):
        told["heard"] += 1
        down(3)
    signal.signal(signal.SIGALRM, hear)
    signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
    while told["heard"] < 3:
        clutter(levels // 16)
    signal.setitimer(signal.ITIMER_REAL, 0)
    told["heard"] = True

    # Stacks that are small, in threads that threading knows, and does not.
    threading.stack_size(1 << 20)
    few = 60000 if inlines else 500
    worker = threading.Thread(target=lambda: told.__setitem__("worker", down(few)))
    worker.start()
    worker.join()
    done = _thread.allocate_lock()
    done.acquire()
    def raw():
        told["raw"] = down(few)
        done.release()
    _thread.start_new_thread(raw, ())
    done.acquire()
    # One that stands deep when the interpreter ends.
    ready = threading.Event()
    threading.Thread(target=stay, args=(few,), daemon=True).start()
    ready.wait()
    print(json.dumps(told))
"""


def test_deep_recursion_as_without_us(trace: Trace, interpreter: Path) -> None:
    target = trace(interpreter, DEEP)
    assert target.output == trace(interpreter, DEEP, agent=False).output
    told = json.loads(target.output)
    levels = told["down"]
    assert (told["child"], told["worker"]) == (9, told["raw"])
    process, child = target.processes
    for kind in ("enter", "raise"):
        assert process.count(kind, "fall") == levels + 1
    assert process.count("enter", "split") == levels + 1
    assert child.count("enter", "down") == child.count("return", "down") == 11
    (worker,) = [ring for ring in process.rings if ring.name.startswith("Thread-1")]
    downs = [word for word in process.words(worker) if word.endswith(" down")]
    assert downs == ["enter down"] * (told["worker"] + 1) + ["return down"] * (told["worker"] + 1)
    assert process.notes == {}


def test_deep_recursion_where_no_stack_can_be_had(trace: Trace, interpreter: Path) -> None:
    # greenlet copies pieces of the C stack, which has to be one for that.
    program = """
        import sys, threading, types
        sys.modules["greenlet"] = types.ModuleType("greenlet")
        sys.setrecursionlimit(1000000)
        threading.stack_size(4 << 20)

        def down(levels):
            return levels and 1 + down(levels - 1)

        def after():
            pass

        def work(levels):
            print(down(levels))
            after()

        levels = 60000 if sys.version_info >= (3, 11) else 5000
        for _ in range(2):
            worker = threading.Thread(target=work, args=(levels,))
            worker.start()
            worker.join()
    """
    target = trace(interpreter, program)
    assert target.output == trace(interpreter, program, agent=False).output
    process = target.process
    levels = int(target.output.split()[0])
    assert 2000 < process.count("enter", "down") < 2 * levels
    assert process.count("enter", "down") == process.count("return", "down")
    assert process.count("return", "after") == 2
    assert list(process.notes) == ["deep_recursion"]


def test_beside_another_tool_of_its_kind(
    trace: Trace, interpreter: Path, agent_folder: Path, tmp_path: Path
) -> None:
    """The other one is the agent once more: a copy of the module has its own state."""
    program = f"""
        import ctypes, shutil
        from importlib.machinery import ExtensionFileLoader
        from importlib.util import module_from_spec, spec_from_loader
        from pathlib import Path

        def load(name):
            path = shutil.copy({str(agent_folder / "_agent.abi3.so")!r}, name + ".so")
            loader = ExtensionFileLoader("_agent", str(Path(path).resolve()))
            return module_from_spec(spec_from_loader("_agent", loader))

        def start(agent, name):
            spool = Path(name).resolve()
            spool.mkdir(mode=0o700)
            return agent.start(bytes(spool), [], [], b"/nowhere", True)

        def function(name):
            get = getattr(ctypes.pythonapi, name)
            get.restype = ctypes.c_void_p
            return get

        def is_clean():
            current = function("_PyInterpreterState_GetEvalFrameFunc")
            current.argtypes = [ctypes.c_void_p]
            default = ctypes.cast(ctypes.pythonapi._PyEval_EvalFrameDefault, ctypes.c_void_p)
            return current(function("PyInterpreterState_Get")()) == default.value

        def a(): pass
        def b(): pass
        def c(): pass
        def d(): pass
        def e(): pass

        one, two = load("one"), load("two")
        print(start(one, "first"), start(two, "second"))
        a()
        one.stop()  # The other stands on top of it, and still calls it.
        b()
        print(start(one, "third"))
        c()
        two.stop()
        d()
        one.stop()
        e()
        print(is_clean())
    """
    target = trace(interpreter, program, agent=False)
    assert target.output == "None None\nNone\nTrue\n"
    for name, seen in {"first": "a", "second": "abc", "third": "cd"}.items():
        (process,) = read_spool(tmp_path / name)
        counts = {each: process.count("return", each) for each in "abcde"}
        assert counts == {each: int(each in seen) for each in "abcde"}, name
        assert process.facts["engine"] == "frame evaluation"


def test_what_is_specialized_is_seen(trace: Trace, interpreter: Path) -> None:
    # 3.11 calls some methods of Python without a call, once it has seen them a few times.
    program = """
        class Box:
            def __getitem__(self, index):
                return index
            @property
            def size(self):
                return 1

        def use(box):
            return box[1] + box.size

        for _ in range(1000):
            use(Box())
    """
    process = trace(interpreter, program).process
    for name in ("use", "Box.__getitem__", "Box.size"):
        assert process.count("return", name) == 1000


def test_the_programs_own_hooks_and_ours(trace: Trace, interpreter: Path) -> None:
    """Both see every call, in every thread."""
    program = """
        import cProfile, pstats, sys, threading

        def f():
            pass

        def work():
            for _ in range(10):
                f()

        seen = []
        profile = cProfile.Profile()
        profile.runcall(work)
        rows = pstats.Stats(profile).stats.items()
        seen.append(sum(row[0] for (_, _, name), row in rows if name == "f"))
        def watch(frame, event, argument):
            if frame.f_code.co_name == "f":
                events.append(event)
            return watch
        for setters in ((sys.setprofile, threading.setprofile), (sys.settrace, threading.settrace)):
            events = []
            for setter in setters:
                setter(watch)
            worker = threading.Thread(target=work)
            worker.start()
            work()
            worker.join()
            for setter in setters:
                setter(None)
            seen.append(sorted(events))
        print(seen)
    """
    target = trace(interpreter, program)
    assert target.output == trace(interpreter, program, agent=False).output
    assert target.process.count("enter", "f") == target.process.count("return", "f") == 50
