"""Tools and hooks that a traced program uses itself: they work as without us."""

from __future__ import annotations

from pathlib import Path

import pytest
from traced import Needs, Trace

PROGRAMS = {
    "cProfile": """
        import cProfile, io, pstats
        def f(): return g()
        def g(): return 1
        profile = cProfile.Profile()
        profile.enable()
        f(); f()
        profile.disable()
        stats = pstats.Stats(profile, stream=io.StringIO()).stats
        print(sorted((name, calls[0]) for (_, _, name), calls in stats.items() if name in "fg"))
    """,
    "setprofile": """
        import sys, threading
        def f(): pass
        seen = []
        def watch(frame, event, argument):
            if frame.f_code.co_name == "f":
                seen.append(event)
        sys.setprofile(watch)
        f()
        sys.setprofile(None)
        threading.setprofile(watch)
        worker = threading.Thread(target=f)
        worker.start()
        worker.join()
        print(seen, sys.getprofile())
    """,
    "settrace": """
        import sys
        def f():
            x = 1
            return x
        seen = []
        def watch(frame, event, argument):
            if frame.f_code.co_name == "f":
                seen.append((event, frame.f_lineno))
            return watch
        sys.settrace(watch)
        f()
        sys.settrace(None)
        print(seen)
    """,
    "monitoring": """
        import sys
        def f(): pass
        if hasattr(sys, "monitoring"):
            m = sys.monitoring
            seen = []
            for tool in (m.DEBUGGER_ID, m.COVERAGE_ID, m.PROFILER_ID, m.OPTIMIZER_ID):
                m.use_tool_id(tool, "theirs")
                m.register_callback(tool, m.events.PY_START, lambda code, at: (
                    seen.append(code.co_name), m.DISABLE)[1])
                m.set_events(tool, m.events.PY_START)
            f(); f()
            for tool in (m.DEBUGGER_ID, m.COVERAGE_ID, m.PROFILER_ID, m.OPTIMIZER_ID):
                m.set_events(tool, 0)
                m.free_tool_id(tool)
            print(sorted(seen))
    """,
    "identity": """
        import copy, gc, inspect, pickle, sys
        def f(a, b=2): return a
        class C:
            def m(self): return 1
        print(pickle.loads(pickle.dumps(f)) is f, inspect.signature(f), inspect.isfunction(C.m))
        print(type(f).__name__, f.__qualname__, copy.copy(f) is f, sys.getrecursionlimit())
        def g():
            yield inspect.currentframe().f_code.co_name
        it = g()
        print(next(it), it.gi_frame.f_lineno - g.__code__.co_firstlineno, list(it), it.gi_frame)
        def new(): pass
        gc.collect()
        known = len(gc.get_objects())
        new()
        print(len(gc.get_objects()) - known)
    """,
    "recursion": """
        def down(): down()
        try:
            down()
        except RecursionError as error:
            print(str(error).split(" in ")[0])
    """,
    "never awaited": """
        import gc, warnings
        async def f(): pass
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            f()
            gc.collect()
        print([str(each.message) for each in caught])
    """,
    "signals and finalizers": """
        import gc, signal
        class Node:
            def __del__(self): finished.append(touch())
        def touch(): return 1
        def on_alarm(number, frame): finished.append(touch())
        finished = []
        signal.signal(signal.SIGALRM, on_alarm)
        signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
        for _ in range(25_000):  # some 30 ms, and fewer events than a ring holds
            node = Node()
            node.self = node
            touch()
        signal.setitimer(signal.ITIMER_REAL, 0)
        print(len(finished) > 10)
    """,
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_works_as_without_us(
    trace: Trace, traced_interpreter: Path, name: str, needs: Needs
) -> None:
    if "cProfile" in name:
        needs("_lsprof")
    target = trace(traced_interpreter, PROGRAMS[name])
    assert target.output == trace(traced_interpreter, PROGRAMS[name], agent=False).output
    assert target.process.count("enter", "<module>") == 1


def test_tool_ids_of_others_are_left_alone(
    trace: Trace, traced_interpreter: Path, version: tuple[int, int], agent_file: Path
) -> None:
    if version < (3, 12):
        pytest.skip("there is no sys.monitoring")
    program = "import sys; print([sys.monitoring.get_tool(tool) for tool in range(6)])"
    assert trace(traced_interpreter, program).output == (
        "[None, None, None, None, 'barograph', None]\n"
    )
    # The program's own start-up took the ones that are nobody's.
    program = f"""
        import sys
        from importlib.machinery import ExtensionFileLoader
        from importlib.util import module_from_spec, spec_from_loader
        for tool in (3, 4):
            sys.monitoring.use_tool_id(tool, "theirs")
        path = {str(agent_file)!r}
        spec = spec_from_loader("_agent", ExtensionFileLoader("_agent", path))
        agent = module_from_spec(spec)
        spool = __import__("os").path.abspath("spool1").encode()
        print(agent.start(spool, [], [], b"/nowhere", True), agent.running())
        print(sys.monitoring.get_tool(3), sys.monitoring.get_tool(4))
    """
    target = trace(traced_interpreter, program, agent=False)
    assert target.process.notes == {
        "no_calls": "other tools have the ids 3 and 4 of sys.monitoring"
    }
    assert target.output.splitlines() == [
        "other tools have the ids 3 and 4 of sys.monitoring None",
        "theirs theirs",
    ]


def test_references_are_given_back(
    trace: Trace, traced_interpreter: Path, free_threaded: bool
) -> None:
    program = """
        import sys
        def f(): pass
        def g():
            yield
        def counts():
            return [sys.getrefcount(each) for each in (f, f.__code__, g.__code__, ValueError)]
        def work():
            for _ in range(2000):
                f()
                list(g())
                next(g())
                try:
                    list(x for x in g() if fail())
                except ValueError:
                    pass
        def fail():
            raise ValueError
        work()
        before = counts()
        work()
        print([b - a for a, b in zip(before, counts())])
    """
    target = trace(traced_interpreter, program)
    assert target.output == "[0, 0, 0, 0]\n" or free_threaded
    # 3.14t counts one less for a function that has run, by itself.
    assert target.output == trace(traced_interpreter, program, agent=False).output
