"""`barograph.trace`: what is marked is recorded, and nothing of it changes."""

from __future__ import annotations

from pathlib import Path

from traced import Trace

FOLDER = Path(__file__).resolve().parents[3] / "python"

PROGRAM = """
    import functools, sys
    sys.path.insert(0, {folder!r})
    from barograph import trace

    @trace
    def marked(): return unmarked()
    def unmarked(): return 1

    @trace()
    def items():
        yield 1

    class Base:
        def inherited(self): pass

    @trace
    class Box(Base):
        def put(self): return self.secret()
        @staticmethod
        def static(): pass
        @classmethod
        def of_class(cls): pass
        @property
        def size(self): return 1
        @functools.cached_property
        def cached(self): return 1
        @functools.lru_cache
        def remembered(self): return 1
        def __repr__(self): return "box"
        def secret(self): pass
        class Inner:
            def nested(self): pass

    marked()
    list(items())
    box = Box()
    box.put(); box.static(); box.of_class(); box.size; box.cached; box.remembered()
    box.remembered(); repr(box); box.inherited(); Box.Inner().nested()
    assert trace(len) is len and trace(marked).__name__ == "marked"
"""

MARKED = [
    *("enter marked", "return marked", "enter items #0", "yield items #0", "resume items #0"),
    *("return items #0", "enter Box.put", "enter Box.secret", "return Box.secret"),
    *("return Box.put", "enter Box.static", "return Box.static", "enter Box.of_class"),
    *("return Box.of_class", "enter Box.size", "return Box.size", "enter Box.cached"),
    *("return Box.cached", "enter Box.remembered", "return Box.remembered"),
]


OTHERS_CODE = """
    import contextlib, enum, functools, sys
    from collections import namedtuple
    sys.path.insert(0, {folder!r})
    from barograph import trace

    @trace
    @contextlib.contextmanager
    def session():
        yield 1

    @contextlib.contextmanager
    def unmarked():
        yield 1

    def twice(function):
        @functools.wraps(function)
        def wrapper(*arguments):
            function(*arguments)
            return function(*arguments)
        return wrapper

    @trace
    @twice
    def repeated(): pass

    @trace
    class Color(enum.Enum):
        RED = 1
        def shade(self): return 1

    @trace
    @functools.total_ordering
    class Rank:
        def __lt__(self, other): return False

    @trace
    class Pair(namedtuple("Base", "a b")):
        def sum(self): return 3
    trace(Pair.__base__)

    with session():
        with unmarked():
            repeated()
    Color(1).shade()
    Rank() <= Rank()
    Pair._make([1, 2])._replace(a=1).sum()
    loop = lambda: 1
    loop.__wrapped__ = loop
    trace(loop)()
"""


def test_code_that_others_share_is_not_marked(trace: Trace, traced_interpreter: Path) -> None:
    # The wrapper of contextmanager is one code for all it ever wrapped, and so on.
    program = OTHERS_CODE.format(folder=str(FOLDER))
    process = trace(traced_interpreter, program, settings={"calls": "@trace"}).process
    assert [word.split(" #")[0] for word in process.words()] == [
        *("enter session", "yield session"),
        *("enter repeated", "return repeated", "enter repeated", "return repeated"),
        *("resume session", "return session", "enter Color.shade", "return Color.shade"),
        *("enter Rank.__lt__", "return Rank.__lt__", "enter Pair.sum", "return Pair.sum"),
        *("enter <lambda>", "return <lambda>"),
    ]


def test_only_what_is_marked(trace: Trace, traced_interpreter: Path) -> None:
    program = PROGRAM.format(folder=str(FOLDER))
    process = trace(traced_interpreter, program, settings={"calls": "@trace"}).process
    assert process.words() == MARKED


def test_marked_beside_patterns(trace: Trace, traced_interpreter: Path) -> None:
    program = PROGRAM.format(folder=str(FOLDER))
    settings = {"calls": "__main__.unmarked,@trace"}
    words = trace(traced_interpreter, program, settings=settings).process.words()
    assert words[:4] == ["enter marked", "enter unmarked", "return unmarked", "return marked"]
    assert [word for word in words if "unmarked" not in word] == MARKED


def test_marked_after_it_ran(trace: Trace, traced_interpreter: Path) -> None:
    program = f"""
        import sys, textwrap
        sys.path.insert(0, {str(FOLDER)!r})
        from barograph import trace
        textwrap.dedent(" a")
        trace(textwrap.dedent)
        textwrap.dedent(" a")
    """
    for calls in ("*", "@trace", "nowhere.*"):
        settings = {"calls": calls}
        process = trace(traced_interpreter, program, settings=settings).process
        assert process.count("enter", "dedent") == process.count("return", "dedent") == 1


def test_marks_outlive_a_fork(trace: Trace, traced_interpreter: Path) -> None:
    program = f"""
        import os, sys
        sys.path.insert(0, {str(FOLDER)!r})
        from barograph import trace
        @trace
        def f(): pass
        if os.fork() == 0:
            f()
            os._exit(0)
        os.wait()
    """
    target = trace(traced_interpreter, program, settings={"calls": "@trace"})
    parent, child = target.processes
    assert parent.rings == []
    assert child.words() == ["enter f", "return f"]


def test_exceptions_of_marked_code(trace: Trace, traced_interpreter: Path) -> None:
    program = f"""
        import sys
        sys.path.insert(0, {str(FOLDER)!r})
        from barograph import trace
        @trace
        def f(): fail()
        def fail(): raise ValueError
        try:
            f()
        except ValueError:
            pass
    """
    target = trace(traced_interpreter, program, settings={"calls": "@trace"})
    assert [" ".join(word.split()[:2]) for word in target.process.words()] == ["enter f", "raise f"]


def test_without_a_recording_it_is_the_same_object(trace: Trace, traced_interpreter: Path) -> None:
    program = f"""
        import functools, inspect, pickle, sys
        sys.path.insert(0, {str(FOLDER)!r})
        import barograph
        before = set(sys.modules)

        def f(a, b=2): return a + b
        class C: pass

        code = f.__code__
        print(barograph.trace(f) is f, barograph.trace()(f) is f, f.__code__ is code)
        print(barograph.trace(C) is C, barograph.trace(len) is len)
        print(pickle.loads(pickle.dumps(f)) is f, inspect.signature(f), inspect.isfunction(f))
        print(sorted(set(sys.modules) - before - {{"barograph.tracing"}}))
    """
    target = trace(traced_interpreter, program, agent=False)
    assert target.output.splitlines() == [
        *("True True True", "True True", "True (a, b=2) True", "[]"),
    ]
