"""Which events a program's calls become, on every interpreter."""

from __future__ import annotations

from pathlib import Path

from traced import Trace

CALLS = """
    def leaf():
        return 1

    def branch():
        leaf()
        return leaf()

    branch()
"""


def test_calls_nest(trace: Trace, traced_interpreter: Path) -> None:
    process = trace(traced_interpreter, CALLS).process
    assert process.words() == [
        *("enter <module>", "enter branch", "enter leaf", "return leaf"),
        *("enter leaf", "return leaf", "return branch", "return <module>"),
    ]
    times = [event.time for event in process.main.events]
    assert times == sorted(times)
    assert process.main.lost == 0


def test_definitions_say_where_code_is(
    trace: Trace, traced_interpreter: Path, version: tuple[int, int]
) -> None:
    process = trace(traced_interpreter, CALLS).process
    assert process.version.startswith("{}.{}.".format(*version))
    assert process.command_line.endswith(" program.py")
    module, branch, leaf = process.codes
    assert (module.name, module.module) == ("<module>", "__main__")
    assert (leaf.name, leaf.module) == ("leaf", "__main__")
    # Absolute from 3.9 on in some versions, as it was given in others: as the interpreter has it.
    assert {Path(code.file).name for code in process.codes} == {"program.py"}
    assert (leaf.first_line, branch.first_line) == (2, 5)


def test_qualified_names(trace: Trace, traced_interpreter: Path) -> None:
    # 3.9 and 3.10 have none in code objects: the names of what contains them are put together.
    program = """
        class Box:
            class Lid:
                def shut(self):
                    return 1

            @property
            def size(self):
                return (lambda: 2)()

            @staticmethod
            def make():
                def inner():
                    return Box()
                return inner()

        Box.make().size
        Box.Lid().shut()
        exec("def late(): pass\\nlate()")
    """
    process = trace(traced_interpreter, program).process
    assert [code.qualified_name for code in process.codes] == [
        *("<module>", "Box", "Box.Lid", "Box.make", "Box.make.<locals>.inner", "Box.size"),
        *("Box.size.<locals>.<lambda>", "Box.Lid.shut", "<module>", "late"),
    ]


def test_exceptions(trace: Trace, traced_interpreter: Path) -> None:
    program = """
        import json

        class Trouble(Exception):
            pass

        def through(make):
            raise make

        def caught(make):
            try:
                through(make)
            except Exception:
                return 1

        caught(ValueError())
        caught(Trouble())
        caught(json.JSONDecodeError("", "", 0))
    """
    words = trace(traced_interpreter, program).process.words()
    raised = [word for word in words if word.startswith("raise")]
    types = ["ValueError", "Trouble", "json.decoder.JSONDecodeError"]
    assert raised == [f"raise through {name}" for name in types]
    assert words.count("return caught") == 3


def test_a_generator_is_one_call(trace: Trace, traced_interpreter: Path) -> None:
    program = """
        def count():
            yield 1
            yield 2
            return 3

        def outer():
            yield from count()

        a, b = count(), count()
        next(a), next(b), next(a)
        list(b)
        list(a)
        list(outer())
    """
    words = trace(traced_interpreter, program).process.words()
    steps = ["enter {}", "yield {}", "resume {}", "yield {}", "resume {}", "return {}"]
    for frame in ("#0", "#1"):
        mine = [word.replace(f"count {frame}", "{}") for word in words if word.endswith(frame)]
        # A frame's address is used again once its generator is gone: only the first life counts.
        assert mine[:6] == steps
    assert words[1:5] == ["enter count #0", "yield count #0", "enter count #1", "yield count #1"]
    nested = words[words.index(next(word for word in words if word.startswith("enter outer"))) :]
    assert [" ".join(word.split()[:2]) for word in nested] == [
        *("enter outer", "enter count", "yield count", "yield outer"),
        *("resume outer", "resume count", "yield count", "yield outer"),
        *("resume outer", "resume count", "return count", "return outer", "return <module>"),
    ]


def test_a_closed_generator_ends(trace: Trace, traced_interpreter: Path) -> None:
    program = """
        def endless():
            while True:
                try:
                    yield
                except KeyError:
                    pass

        each = endless()
        next(each)
        each.throw(KeyError())
        each.close()
    """
    words = trace(traced_interpreter, program).process.words()
    assert words[1:-1] == [
        *("enter endless #0", "yield endless #0", "throw endless #0", "yield endless #0"),
        *("throw endless #0", "raise endless #0 GeneratorExit"),
    ]


def test_a_dropped_generator(
    trace: Trace, traced_interpreter: Path, version: tuple[int, int]
) -> None:
    program = """
        def two():
            yield 1
            yield 2

        next(two())
    """
    words = trace(traced_interpreter, program).process.words()[1:-1]
    # Nothing surrounds the yield, so 3.13 runs nothing to end it.
    end = [] if version == (3, 13) else ["throw two #0", "raise two #0 GeneratorExit"]
    assert words == ["enter two #0", "yield two #0", *end]


def test_generators_that_end_early(
    trace: Trace, traced_interpreter: Path, free_threaded: bool
) -> None:
    program = """
        import asyncio

        def two():
            try:
                yield 1
                yield 2
            except KeyError:
                raise

        def outer():
            try:
                yield from two()
            except KeyError:
                yield 9

        def closes():
            try:
                yield 1
            except GeneratorExit:
                return 5

        async def numbers():
            try:
                yield 1
            finally:
                pass

        async def main():
            for end in ("aclose", "athrow"):
                each = numbers()
                await each.__anext__()
                try:
                    await getattr(each, end)(*[ValueError][: end == "athrow"])
                except ValueError:
                    pass

        async def nothing():
            pass

        # What never began is no call, however it ends.
        two().close()
        nothing().close()
        try:
            two().throw(KeyError)
        except KeyError:
            pass
        each = outer()
        next(each)
        each.throw(KeyError)
        each.close()
        each = closes()
        next(each)
        each.close()
        asyncio.run(main())
        each = two()
        next(each)
    """
    words = trace(traced_interpreter, program).process.words()
    assert [word.split(" #")[0] + " ".join(word.split()[3:]) for word in words] == [
        *("enter <module>", "enter outer", "enter two", "yield two", "yield outer"),
        *("throw two", "raise twoKeyError", "throw outer", "yield outer"),
        *("throw outer", "raise outerGeneratorExit"),
        *("enter closes", "yield closes", "throw closes", "return closes"),
        *("enter main", "enter numbers", "yield numbers"),
        *("throw numbers", "raise numbersGeneratorExit"),
        *("enter numbers", "yield numbers", "throw numbers", "raise numbersValueError"),
        *("return main", "enter two", "yield two", "return <module>"),
        # At the end of the interpreter. Without a GIL nobody is told of it any more by then.
        *([] if free_threaded else ["throw two", "raise twoGeneratorExit"]),
    ]


def test_coroutines(trace: Trace, traced_interpreter: Path) -> None:
    program = """
        import asyncio

        async def inner(number):
            await asyncio.sleep(0)
            return number

        async def numbers():
            for number in range(2):
                await asyncio.sleep(0)
                yield number

        async def main():
            await asyncio.gather(inner(1), inner(2))
            async for each in numbers():
                pass

        asyncio.run(main())
    """
    process = trace(traced_interpreter, program).process
    for name, calls in {"inner": 2, "main": 1, "numbers": 1}.items():
        assert process.count("enter", name) == calls
        assert process.count("return", name) == calls
        assert process.count("yield", name) == process.count("resume", name) > 0
    words = process.words()
    first = words.index("enter inner #1")
    assert words[first : first + 4] == [
        *("enter inner #1", "yield inner #1", "enter inner #2", "yield inner #2"),
    ]


def test_threads_have_rings_of_their_own(trace: Trace, traced_interpreter: Path) -> None:
    program = """
        import os, threading, time

        def work(count):
            for _ in range(count):
                step()

        def step():
            pass

        workers = [
            threading.Thread(target=work, args=(10 * n,), name=f"worker \\u00e9{n}")
            for n in (1, 2)
        ]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        # Joined, a thread has left Python; its end comes a moment later.
        until = time.monotonic() + 10
        while len(os.listdir("/proc/self/task")) > 1 and time.monotonic() < until:
            time.sleep(0.001)
    """
    process = trace(traced_interpreter, program).process
    main, first, second = process.rings
    assert (main.name, main.closed) == ("MainThread", False)
    assert (first.name, first.closed) == ("worker é1", True)
    assert (second.name, second.closed) == ("worker é2", True)
    steps = ["enter step", "return step"]
    assert process.words(first) == ["enter work", *steps * 10, "return work"]
    assert process.words(second) == ["enter work", *steps * 20, "return work"]


def test_many_threads_one_after_the_other(trace: Trace, traced_interpreter: Path) -> None:
    # Their idents and thread-local memory are used again: rings must not be.
    program = """
        import threading

        def work():
            pass

        for _ in range(50):
            worker = threading.Thread(target=work)
            worker.start()
            worker.join()
    """
    process = trace(traced_interpreter, program).process
    assert [ring.serial for ring in process.rings] == list(range(51))
    for ring in process.rings[1:]:
        assert process.words(ring) == ["enter work", "return work"]


def test_raw_threads(trace: Trace, traced_interpreter: Path) -> None:
    program = """
        import _thread, time

        def work():
            lock.release()

        lock = _thread.allocate_lock()
        lock.acquire()
        _thread.start_new_thread(work, ())
        lock.acquire()
        time.sleep(0.2)
    """
    process = trace(traced_interpreter, program).process
    assert process.count("return", "work") == 1


def test_deep_recursion(trace: Trace, traced_interpreter: Path) -> None:
    program = """
        import sys
        sys.setrecursionlimit(4000)

        def down(depth):
            return depth and down(depth - 1)

        down(3000)
    """
    process = trace(traced_interpreter, program).process
    assert process.words() == [
        "enter <module>",
        *["enter down"] * 3001,
        *["return down"] * 3001,
        "return <module>",
    ]


def test_functions_that_come_and_go(trace: Trace, traced_interpreter: Path) -> None:
    # Memory of dead code is used again by other code, under the same address.
    program = """
        for number in range(3000):
            space = {"__name__": "made"}
            exec(f"def f{number}(): pass", space)
            space[f"f{number}"]()
            del space
    """
    process = trace(traced_interpreter, program).process
    names = [code.qualified_name for code in process.codes if code.name != "<module>"]
    assert names == [f"f{number}" for number in range(3000)]
    for number in (0, 1499, 2999):
        assert process.count("enter", f"f{number}") == process.count("return", f"f{number}") == 1


def test_equal_code_is_not_the_same_function(trace: Trace, traced_interpreter: Path) -> None:
    program = """
        spaces = [{"__name__": name} for name in ("one", "two")]
        for space in spaces:
            exec(compile("def same(): pass", "same", "exec"), space)
            space["same"]()
    """
    process = trace(traced_interpreter, program).process
    same = [code.module for code in process.codes if code.name == "same"]
    assert same == ["one", "two"]
