"""Traps of tracers that no other file here has: what a program sees of itself while it is recorded.

Each program runs with the agent and without, and must print the same; README.md says which trap is
held by which test.
"""

from __future__ import annotations

from pathlib import Path

from traced import Needs, Trace

FOLDER = Path(__file__).resolve().parents[3] / "python"

OBJECTS = """
    import abc, asyncio, contextvars, dataclasses, enum, functools, gc, inspect, marshal, pickle
    import sys, threading, traceback, typing, warnings
    sys.path.insert(0, {folder!r})
    from barograph import trace

    # A generator: send, throw, close, its result, and an end on another thread.
    @trace
    def talk():
        heard = []
        while True:
            try:
                word = yield len(heard)
                if word is None:
                    return heard
                heard.append(word)
            except KeyError as error:
                heard.append(error.args)
    @trace
    def delegate():
        return (yield from talk())
    for make in talk, delegate:
        it = make()
        print(next(it), it.send("a"), it.throw(KeyError(1)), it.send("b"), it.gi_frame is not None)
        try:
            it.send(None)
        except StopIteration as end:
            print(end.value, it.gi_frame)
        it = make()
        next(it)
        it.close()
        print(inspect.getgeneratorstate(it))
    @trace
    def abandoned():
        try:
            yield
        finally:
            ended.append(threading.current_thread().name)
    ended = []
    box = [abandoned()]
    next(box[0])
    worker = threading.Thread(target=box.clear, name="other")
    worker.start()
    worker.join()
    print(ended)

    # Coroutines: attributes, cancellation, resumption on another thread, context variables.
    place = contextvars.ContextVar("place", default="outside")
    @trace
    async def sleeper():
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            print("cancelled", place.get())
            raise
    @trace
    async def letters():
        token = place.set("inside")
        try:
            got = []
            while True:
                try:
                    got.append((yield len(got)))
                except ValueError:
                    got.append("threw")
        finally:
            print("letters", got)
            place.reset(token)
    @trace
    async def main():
        task = asyncio.ensure_future(sleeper())
        await asyncio.sleep(0)
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            print(task.cancelled())
        it = letters()
        print(await it.asend(None), await it.asend("x"), await it.athrow(ValueError()))
        print(it.ag_running, place.get())
        await it.aclose()
        coroutine = sleeper()
        print(coroutine.cr_running, coroutine.cr_await, coroutine.cr_code is sleeper.__code__)
        coroutine.close()
        return "main"
    print(asyncio.run(main()))
    class Once:
        def __await__(self):
            yield
            return threading.current_thread().name
    @trace
    async def moves():
        return await Once()
    moving = moves()
    moving.send(None)
    def resume():
        try:
            moving.send(None)
        except StopIteration as end:
            print(end.value)
    worker = threading.Thread(target=resume, name="resumer")
    worker.start()
    worker.join()

    # Classes of every kind.
    class Meta(type):
        def __call__(cls, *arguments): return super().__call__(*arguments)
    @trace
    class Base(metaclass=Meta):
        __slots__ = ("x",)
        made = []
        def __init__(self, x=0): self.x = x
        def __init_subclass__(cls, **more): Base.made.append((cls.__name__, more))
        def m(self): return "base"
        @property
        def p(self): return self.x
        @p.setter
        def p(self, x): self.x = x
        @functools.singledispatchmethod
        def kind(self, what): return "any"
        @kind.register
        def _(self, what: int): return "int"
        add = functools.partialmethod(lambda self, a, b: a + b, 1)
    @trace
    class Derived(Base, more=1):
        def m(self): return super().m() + __class__.__name__
    each = Derived(5)
    each.p = 6
    print(each.m(), each.p, each.kind(1), each.kind(""), each.add(2), Base.made, Base.__slots__)
    print([name for name in vars(Derived) if "trace" in name], Derived.__mro__)
    @trace
    @dataclasses.dataclass(frozen=True)
    class Point:
        a: int
        def double(self): return self.a * 2
    print(Point(2), Point(2) == Point(2), hash(Point(2)) == hash(Point(2)), Point(3).double())
    @trace
    class Color(enum.Enum):
        RED = 1
        @classmethod
        def first(cls): return cls.RED
    print(Color.first(), Color["RED"], list(Color), pickle.loads(pickle.dumps(Color.RED)))
    @trace
    class Pair(typing.NamedTuple):
        a: int
        def total(self): return self.a
    print(Pair(1).total(), Pair(1)._replace(a=2))
    @trace
    class Abstract(abc.ABC):
        @abc.abstractmethod
        def must(self): pass
    try:
        Abstract()
    except TypeError as error:
        print("abstract", Abstract.__abstractmethods__)
    @trace
    @functools.lru_cache
    def cached(n): return n
    print(cached(1), cached(1), cached.cache_info())

    # What travels to other processes is the bare function.
    @trace
    def plain(a: int, *, b: str = "c") -> float: "doc"; return 1.0
    print(pickle.loads(pickle.dumps(plain)) is plain, inspect.signature(plain), plain.__doc__)
    print(marshal.loads(marshal.dumps(plain.__code__)) == plain.__code__, plain.__dict__)
    print(typing.get_type_hints(plain), plain.__annotations__, trace(trace(plain)) is plain)

    # Exceptions: the same object, its traceback, its context.
    @trace
    def fails(error): raise error
    @trace
    def handles(error):
        try:
            fails(error)
        except BaseException as caught:
            assert caught is error
            try:
                raise RuntimeError("second")
            except RuntimeError as second:
                return second.__context__ is error, len(traceback.extract_tb(error.__traceback__))
    for kind in ValueError, SystemExit, KeyboardInterrupt, GeneratorExit, StopIteration:
        error = kind()
        print(type(error).__name__, handles(error), sys.exc_info())
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        sleeper()
        gc.collect()
    print([str(each.message) for each in caught])
"""


def test_objects_are_as_without_us(
    trace: Trace, traced_interpreter: Path, free_threaded: bool
) -> None:
    program = OBJECTS.format(folder=str(FOLDER))
    target = trace(traced_interpreter, program)
    assert target.output == trace(traced_interpreter, program, agent=False).output
    process = target.process
    for name in ("talk", "abandoned", "sleeper", "letters", "main", "moves", "Base.__init__"):
        assert process.count("enter", name) >= 1, name
    # The one that another thread ended, and the one that another thread resumed. Without a GIL an
    # object's own thread ends it, whoever drops the last reference.
    ends = "MainThread" if free_threaded else "other"
    (other,) = (ring for ring in process.rings if ring.name == ends)
    (resumer,) = (ring for ring in process.rings if ring.name == "resumer")
    assert "abandoned" in " ".join(process.words(other))
    assert "return moves #0" in process.words(resumer)


TOOLS = """
    import bdb, cProfile, io, linecache, os, pdb, pstats, sys, threading, trace

    def leaf(n): return n + 1
    def work(n):
        total = 0
        for i in range(n):
            total += leaf(i)
        return total
    def steps():
        yield leaf(1)
        yield leaf(2)
    def fails(): raise ValueError("x")

    # The standard library's coverage.
    tracer = trace.Trace(count=1, trace=0)
    tracer.runfunc(work, 3)
    print(sorted((line, n) for (name, line), n in tracer.results().counts.items()
        if name == __file__))

    # A debugger, by commands: a breakpoint, a step, the stack, values, an exception.
    commands = "break leaf,continue,args,up,p total,clear 1,return,continue,"
    commands = io.StringIO(commands.replace(",", "\\n"))
    shown = io.StringIO()
    debugger = pdb.Pdb(stdin=commands, stdout=shown, nosigint=True, readrc=False)
    print(debugger.runcall(work, 3))
    print([line for line in shown.getvalue().splitlines() if "/" not in line])
    class Lines(bdb.Bdb):
        def __init__(self): super().__init__(); self.seen = []
        def user_line(self, frame):
            self.seen.append((frame.f_code.co_name, frame.f_lineno))
            self.set_step()
        def user_return(self, frame, value):
            self.seen.append(repr(value).split(" at ")[0])
            self.set_step()
        def user_exception(self, frame, info): self.seen.append(info[0].__name__)
    lines = Lines()
    def debugged():
        try:
            fails()
        except ValueError:
            return list(steps())
    lines.runcall(debugged)
    print(lines.seen)

    # Profilers, in threads too, and one that is replaced by another.
    def profiled():
        profile = cProfile.Profile()
        profile.enable()
        work(3); list(steps())
        try: fails()
        except ValueError: pass
        profile.disable()
        stats = pstats.Stats(profile, stream=io.StringIO()).stats
        print(sorted((name, calls[:2]) for (file, _, name), calls in stats.items()
            if file == __file__))
    profiled()
    worker = threading.Thread(target=profiled)
    worker.start()
    worker.join()
    events = []
    def watch(frame, event, argument):
        if frame.f_code.co_filename == __file__ and frame.f_code.co_name != "watch":
            events.append((event, frame.f_code.co_name))
    def other(frame, event, argument):
        if frame.f_code.co_name == "leaf": events.append("other " + event)
    sys.setprofile(watch)
    list(steps())
    inside = sys.getprofile() is watch
    sys.setprofile(other)
    work(1)
    sys.setprofile(None)
    print(events, inside, sys.getprofile())
    traced = []
    def tracing(frame, event, argument):
        if frame.f_code.co_filename == __file__:
            traced.append((event, frame.f_code.co_name, frame.f_lineno))
            frame.f_trace_opcodes = frame.f_code.co_name == "leaf"
            return tracing
    sys.settrace(tracing)
    threading.settrace(tracing)
    worker = threading.Thread(target=work, args=(1,))
    worker.start()
    worker.join()
    list(steps())
    try: fails()
    except ValueError: pass
    inside = sys.gettrace() is tracing
    sys.settrace(None)
    threading.settrace(None)
    # Threads and the program take turns as they like.
    print(sorted(set(traced)), len(traced), inside, sys.gettrace())
    work(2)
"""


def test_tools_see_what_they_see_without_us(
    trace: Trace, traced_interpreter: Path, needs: Needs
) -> None:
    needs("_lsprof")
    # Debuggers, coverage and profilers of the program: the same lines, counts and events.
    target = trace(traced_interpreter, TOOLS)
    assert target.output == trace(traced_interpreter, TOOLS, agent=False).output
    # What ran before, under and after them was recorded.
    process = target.process
    assert process.count("enter", "leaf") >= 3 + 3 + 2 + 2 * 5 + 3 + 3 + 2
    assert process.count("enter", "leaf") == process.count("return", "leaf")


def test_ends_of_interpreters(trace: Trace, traced_interpreter: Path) -> None:
    """Daemon threads that call on, calls from atexit and from finalizers of dying modules, and
    interpreters within the process."""
    program = """
        import atexit, sys, threading, time

        def called(): return 1
        def forever():
            while True:
                called()
                time.sleep(0)
        class Last:
            def __del__(self): self.at_end()
            def at_end(self): self.called = called and called()

        interpreters = None
        for name in ("_interpreters", "_xxsubinterpreters"):
            try:
                interpreters = __import__(name)
                break
            except ImportError:
                pass
        for _ in range(2):
            if interpreters is not None:
                identity = interpreters.create()
                interpreters.run_string(identity, "def inner(): return 1\\ninner()")
                called()
                interpreters.destroy(identity)
        atexit.register(called)
        kept = Last()
        kept.cycle = kept
        sys.kept = Last()
        for _ in range(4):
            threading.Thread(target=forever, daemon=True).start()
        time.sleep(0.05)
        print("end", interpreters is not None)
    """
    target = trace(traced_interpreter, program)
    assert target.output == "end True\n"
    process = target.processes[0]
    assert process.count("return", "<module>") == 1
    assert process.count("enter", "forever") == 4
    assert process.count("enter", "called") >= 7
    # What other interpreters of the process run is none of ours.
    assert process.count("enter", "inner") == 0
