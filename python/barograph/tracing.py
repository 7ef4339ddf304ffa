"""`trace`: functions and classes whose calls a recording of calls shall hold in any case.

Nothing is wrapped: the agent is told which code objects are meant. So a traced function is the same
object as before, and without a recording nothing at all happens.
"""

from __future__ import annotations

import functools
import os
import sys
from _weakref import ref
from types import CodeType, FunctionType, ModuleType

# typing's own constant would cost the import of typing, which a decorated program pays.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, TypeVar, overload

    T = TypeVar("T")

__all__ = ["trace"]

# Called by the interpreter and by debuggers at moments that nobody thinks of as calls.
_LEFT_OUT = {
    *("__getattribute__", "__getattr__", "__setattr__", "__delattr__", "__dir__"),
    *("__repr__", "__hash__", "__eq__", "__ne__", "__del__", "__new__", "__init_subclass__"),
    *("__class_getitem__", "__set_name__", "__sizeof__", "__reduce__", "__reduce_ex__"),
    *("__getstate__", "__setstate__", "__subclasshook__"),
}


# Descriptors and callables that have what they wrap under this name.
_WITH_FUNC = (
    functools.cached_property,
    functools.partial,
    functools.partialmethod,
    functools.singledispatchmethod,
)


# What was marked in this process, for recordings that `barograph.record` starts: by the address of
# the code, for equal code of two functions is not the same.
_marked: dict[int, ref[CodeType]] = {}
# Of the recording that `barograph.record` started and has not stopped.
_own_agent: ModuleType | None = None


def _remember(code: CodeType) -> None:
    address = id(code)

    def forget(reference: ref[CodeType]) -> None:
        if _marked.get(address) is reference:
            del _marked[address]

    _marked[address] = ref(code, forget)


def use_agent(agent: ModuleType) -> None:
    """Tell this agent of what is marked from now on."""
    global _own_agent  # noqa: PLW0603
    _own_agent = agent
    for reference in list(_marked.values()):
        code = reference()
        if code is not None:
            agent.mark(code)


def leave_agent() -> None:
    """Take back what the agent was told."""
    global _own_agent
    agent, _own_agent = _own_agent, None
    for reference in list(_marked.values()):
        code = reference()
        if code is not None and agent is not None:
            agent.unmark(code)


def is_recorded() -> bool:
    """Whether an agent runs in this process: the hook's, or one that it was forked with."""
    agent = hook_agent() or _own_agent
    return agent is not None and agent.running() is not None


@functools.cache
def hook_agent() -> ModuleType | None:
    """The agent that the start-up hook started in this process, or None."""
    spool = os.environ.get("BAROGRAPH_SPOOL")
    if not spool or sys.implementation.name != "cpython":
        return None
    try:
        with open(os.path.join(spool, "config"), "rb") as file:
            settings = dict(line.rstrip(b"\n").split(b"=", 1) for line in file if b"=" in line)
        from importlib.machinery import ExtensionFileLoader  # noqa: PLC0415
        from importlib.util import module_from_spec, spec_from_loader  # noqa: PLC0415

        # The same file is the same library in the process, and its state is the library's.
        loader = ExtensionFileLoader("barograph._agent", os.fsdecode(settings[b"agent"]))
        spec = spec_from_loader("barograph._agent", loader)
        agent = module_from_spec(spec) if spec is not None else None
    except (OSError, KeyError, ImportError):
        return None
    return agent if agent is not None and agent.running() is not None else None


def _codes_of_function(function: FunctionType) -> Iterator[CodeType]:
    """Of the function that it wraps, where it says so.

    The code of a decorator's wrapper is one for all that is decorated, and that of
    `contextlib.contextmanager` one for all of the program.
    """
    passed = {id(function)}
    while isinstance(wrapped := vars(function).get("__wrapped__"), FunctionType):
        if id(wrapped) in passed:
            break
        passed.add(id(wrapped))
        function = wrapped
    yield function.__code__


def _codes_of(member: object, module: object = None) -> Iterator[CodeType]:
    """Code of what a class body may hold under a name, through the descriptors that wrap it.

    With a module: of its functions only.
    """
    if isinstance(member, FunctionType):
        if module is None or member.__module__ == module:
            yield from _codes_of_function(member)
    elif isinstance(member, (staticmethod, classmethod)):
        yield from _codes_of(member.__func__, module)
    elif isinstance(member, property):
        for function in (member.fget, member.fset, member.fdel):
            yield from _codes_of(function, module)
    elif isinstance(member, _WITH_FUNC):
        yield from _codes_of(member.func, module)
    elif not isinstance(member, type):
        # functools.cache and other wrappers that say what they wrap.
        wrapped = getattr(member, "__dict__", {}).get("__wrapped__")
        if wrapped is not None:
            yield from _codes_of(wrapped, module)


def _codes_of_target(target: object) -> Iterator[CodeType]:
    if isinstance(target, type):
        # Its own members: what it inherits belongs to others, and so does what enum, namedtuple or
        # functools.total_ordering put there, which is the same code in all classes.
        module = vars(target).get("__module__")
        for name, member in vars(target).items():
            if name not in _LEFT_OUT:
                yield from _codes_of(member, module)
    else:
        yield from _codes_of(target)


if TYPE_CHECKING:

    @overload
    def trace(target: T) -> T: ...
    @overload
    def trace() -> Callable[[T], T]: ...


def trace(target: Any = None) -> Any:
    """Record every call of a function, or of a class's own methods.

    Under ``barograph record --calls=@trace`` they are all that is recorded, under other patterns
    they are recorded too, wherever they stand; likewise in what `barograph.record` records. Without
    a recording the decorator does nothing that a program could notice.

    Parameters
    ----------
    target
        A function, generator or coroutine function, static or class method, property, or a class,
        of which its own methods are meant: neither inherited ones nor nested classes, nor methods
        like ``__repr__`` and ``__eq__`` that are called for reasons of others. What has no Python
        code (a built-in function) cannot be traced, and runs as always.

    Returns
    -------
    object
        `target` itself; without an argument, the decorator.
    """
    if target is None:
        return trace
    agent = hook_agent() or _own_agent
    for code in _codes_of_target(target):
        _remember(code)
        if agent is not None:
            agent.mark(code)
    return target
