"""Tasks: who made them is told when they are made, for the event loop runs them later."""

from __future__ import annotations

from pathlib import Path

import pytest
from traced import Trace

# One program for all: a start of an interpreter is what takes the time.
PROGRAM = """
    import asyncio, contextlib, sys, threading, types

    async def by_gather(): await asyncio.sleep(0)
    async def by_future(): pass
    async def by_task(): await by_awaiting()
    async def by_awaiting(): await asyncio.sleep(0)
    async def by_group(): pass
    async def by_other_thread(): pass
    async def by_eager(): await asyncio.sleep(0)
    async def by_constructor(): pass
    async def never_run(): pass
    @types.coroutine
    def by_generator():
        yield

    def from_function():
        return asyncio.ensure_future(by_future())

    async def group():
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(by_group())

    async def eager():
        asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
        await asyncio.create_task(by_eager())
        asyncio.get_running_loop().set_task_factory(None)

    def in_thread(loop):
        asyncio.run_coroutine_threadsafe(by_other_thread(), loop).result()

    async def main():
        await asyncio.gather(by_gather(), by_gather())
        await from_function()
        await asyncio.create_task(by_task())
        loop = asyncio.get_running_loop()
        thread = threading.Thread(target=in_thread, args=(loop,))
        thread.start()
        await loop.run_in_executor(None, thread.join)
        if sys.version_info < (3, 12):
            await asyncio.create_task(by_generator())
        # What makes no task, and what is no coroutine.
        task = asyncio.create_task(never_run())
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await asyncio.Task(by_constructor())
        future = loop.create_future()
        future.set_result(None)
        await asyncio.ensure_future(future)
        for wrong in (None, 1, from_function):
            with contextlib.suppress(TypeError):
                asyncio.create_task(wrong)
        if hasattr(asyncio, "TaskGroup"):
            await group()
        if hasattr(asyncio, "eager_task_factory"):
            await eager()

    sys.modules["greenlet"] = sys

    asyncio.run(main())
"""


def spawner_of(words: list[str], name: str) -> str:
    """The call that is on top of the stack of these words where the task is told of first."""
    stack: list[str] = []
    for word in words:
        kind, function, *_ = word.split()
        if kind == "spawn" and function == name:
            return stack[-1] if stack else ""
        if kind in ("enter", "resume", "throw"):
            stack.append(function)
        elif kind in ("return", "raise", "yield"):
            assert stack.pop() == function
    raise AssertionError(f"no task of {name}: {words}")


@pytest.mark.parametrize("is_marked", [False, True])
def test_tasks(
    trace: Trace,
    traced_interpreter: Path,
    version: tuple[int, int],
    is_marked: bool,
    agent_file: Path,
) -> None:
    # asyncio's own functions are left out in every other version, and recorded too in the others.
    has_asyncio = not is_marked and version[1] % 2 == 1
    calls = "@trace" if is_marked else "__main__.*,asyncio.*" if has_asyncio else "__main__.*"
    program = PROGRAM
    if is_marked:
        head = f"""
    import importlib.machinery, importlib.util, types
    loader = importlib.machinery.ExtensionFileLoader("barograph._agent",
                                                     {str(agent_file)!r})
    agent = importlib.util.module_from_spec(
        importlib.util.spec_from_loader("barograph._agent", loader))
"""
        # Marked before asyncio is imported.
        mark = """
    for each in list(globals().values()):
        if isinstance(each, types.FunctionType):
            agent.mark(each.__code__)
    asyncio.run(main())
"""
        program = head + PROGRAM.replace("\n    asyncio.run(main())\n", mark)
    if version < (3, 12):
        program = program.replace("asyncio.eager_task_factory", "asyncio.not_there")
    process = trace(traced_interpreter, program, settings={"calls": calls}).process
    assert process.facts["greenlets"] == "imported"
    words = process.words(spawns=True)
    made_by = {"by_future": "from_function", "by_task": "main", "never_run": "main"}
    if version < (3, 12):
        made_by["by_generator"] = "main"
    if version >= (3, 11):
        made_by["by_group"] = "group"
    if version >= (3, 12):
        made_by["by_eager"] = "eager"
    if not has_asyncio:  # else its own functions stand in between
        made_by |= {"by_gather": "main", "main": "" if is_marked else "<module>"}
    assert {name: spawner_of(words, name) for name in made_by} == made_by
    for name in made_by.keys() | {"by_gather", "main"}:
        assert process.count("spawn", name) == (2 if name == "by_gather" else 1), name
    # The frame is the one that the coroutine's own events have.
    for name in made_by.keys() - {"by_gather", "never_run"}:
        (spawned,) = {word.split()[2] for word in words if word.startswith(f"spawn {name} ")}
        (entered,) = {word.split()[2] for word in words if word.startswith(f"enter {name} ")}
        assert spawned == entered, name
    for name in ("by_awaiting", "by_constructor", "group", "eager", "from_function"):
        assert process.count("spawn", name) == 0
    assert process.count("enter", "never_run") == 0
    (other,) = [
        ring
        for ring in process.rings
        if any("in_thread" in w for w in process.words(ring, spawns=True))
    ]
    assert spawner_of(process.words(other, spawns=True), "by_other_thread") == "in_thread"
    # Both threads tell; the one that only did what it was asked to says so.
    told = [
        (ring.serial, event.detail)
        for ring in process.rings
        for event in ring.spawns
        if event.kind == "spawn" and process.codes[event.id].qualified_name == "by_other_thread"
    ]
    assert sorted(told) == [(0, 1), (other.serial, 0)]
    assert sum(e.detail for ring in process.rings for e in ring.spawns if e.kind == "spawn") == 1
