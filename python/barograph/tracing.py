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

# As in traced_values, which is imported only where values are asked for and a recording runs.
_ARGUMENTS, _RETURNS, _REPR = 1, 2, 4

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


class Mark:
    """Code whose calls are recorded, and what of their values."""

    __slots__ = ("code", "function", "percent", "values")

    def __init__(
        self,
        code: ref[CodeType],
        function: ref[FunctionType] | None,
        values: int,
        percent: float,
    ) -> None:
        self.code = code
        self.function = function  # None where no values are asked for
        self.values = values  # traced_values.ARGUMENTS and so on
        self.percent = percent  # what recording them may cost; 0: the recording's budget

    def tell(self, agent: ModuleType) -> None:
        """Have an agent record it."""
        code = self.code()
        if code is None:
            return
        if self.function is not None:
            from barograph.traced_values import SECRET_RETURNS, judge  # noqa: PLC0415

            parameters, is_secret = judge(self.function(), code)
            agent.values(code, self.values | (SECRET_RETURNS if is_secret else 0), parameters)
        agent.mark(code, self.percent)


# What was marked in this process, for recordings that `barograph.record` starts: by the address of
# the code, for equal code of two functions is not the same.
_marked: dict[int, Mark] = {}
# Of the recording that `barograph.record` started and has not stopped.
_own_agent: ModuleType | None = None


def percent_of(overhead: str) -> float:
    """``"5%"`` as 5.0; TypeError and ValueError where it is no percentage.

    Digits, perhaps a point and digits, a percent sign: as ``record --overhead`` has it.
    """
    if not isinstance(overhead, str):
        raise TypeError('overhead is a percentage, like "5%"')
    whole, point, fraction = overhead[:-1].partition(".")
    digits = whole + fraction
    is_number = digits.isascii() and digits.isdigit() and whole and bool(point) == bool(fraction)
    percent = float(overhead[:-1]) if is_number and overhead.endswith("%") else 0.0
    if not 0.01 <= percent <= 1000:
        raise ValueError(f'overhead is a percentage from "0.01%" to "1000%", not {overhead!r}')
    return percent


def _remember(function: FunctionType, values: int, percent: float) -> Mark:
    code = function.__code__
    address = id(code)

    def forget(reference: ref[CodeType]) -> None:
        mark = _marked.get(address)
        if mark is not None and mark.code is reference:
            del _marked[address]

    known = _marked.get(address)
    if known is not None and (known.values or known.percent) and not (values or percent):
        return known  # as of a method, whose class is marked now
    mark = Mark(ref(code, forget), ref(function) if values else None, values, percent)
    _marked[address] = mark
    return mark


def use_agent(agent: ModuleType) -> None:
    """Tell this agent of what is marked from now on."""
    global _own_agent  # noqa: PLW0603
    _own_agent = agent
    for mark in list(_marked.values()):
        mark.tell(agent)


def leave_agent() -> None:
    """Take back what the agent was told."""
    global _own_agent
    agent, _own_agent = _own_agent, None
    for mark in list(_marked.values()):
        code = mark.code()
        if code is not None and agent is not None:
            agent.unmark(code)


def is_recorded() -> bool:
    """Whether an agent runs in this process: the hook's, or one that it was forked with."""
    agent = hook_agent() or _own_agent
    return agent is not None and agent.running() is not None


def _agent_path(settings: dict[bytes, bytes]) -> str:
    """Where the start-up hook found the agent that it started."""
    path = os.fsdecode(settings[b"agent"])
    if "t" not in sys.abiflags and path.endswith(".abi3.so"):
        return path
    from barograph.recording import find_agent  # noqa: PLC0415

    return find_agent(settings) or path


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
        loader = ExtensionFileLoader("barograph._agent", _agent_path(settings))
        spec = spec_from_loader("barograph._agent", loader)
        agent = module_from_spec(spec) if spec is not None else None
    except (OSError, KeyError, ImportError):
        return None
    return agent if agent is not None and agent.running() is not None else None


def _unwrapped(function: FunctionType) -> FunctionType:
    """Return the function that it wraps, where it says so.

    The code of a decorator's wrapper is one for all that is decorated, and that of
    `contextlib.contextmanager` one for all of the program.
    """
    passed = {id(function)}
    while isinstance(wrapped := vars(function).get("__wrapped__"), FunctionType):
        if id(wrapped) in passed:
            break
        passed.add(id(wrapped))
        function = wrapped
    return function


def _functions_of(member: object, module: object = None) -> Iterator[FunctionType]:
    """Functions of what a class body may hold under a name, through the descriptors that wrap it.

    With a module: of its functions only.
    """
    if isinstance(member, FunctionType):
        if module is None or member.__module__ == module:
            yield _unwrapped(member)
    elif isinstance(member, (staticmethod, classmethod)):
        yield from _functions_of(member.__func__, module)
    elif isinstance(member, property):
        for function in (member.fget, member.fset, member.fdel):
            yield from _functions_of(function, module)
    elif isinstance(member, _WITH_FUNC):
        yield from _functions_of(member.func, module)
    elif not isinstance(member, type):
        # functools.cache and other wrappers that say what they wrap.
        wrapped = getattr(member, "__dict__", {}).get("__wrapped__")
        if wrapped is not None:
            yield from _functions_of(wrapped, module)


def _functions_of_target(target: object) -> Iterator[FunctionType]:
    if isinstance(target, type):
        # Its own members: what it inherits belongs to others, and so does what enum, namedtuple or
        # functools.total_ordering put there, which is the same code in all classes.
        module = vars(target).get("__module__")
        for name, member in vars(target).items():
            if name not in _LEFT_OUT:
                yield from _functions_of(member, module)
    else:
        yield from _functions_of(target)


if TYPE_CHECKING:

    @overload
    def trace(
        target: T,
        *,
        arguments: bool = False,
        returns: bool = False,
        repr: bool = False,
        overhead: str | None = None,
    ) -> T: ...
    @overload
    def trace(
        *,
        arguments: bool = False,
        returns: bool = False,
        repr: bool = False,
        overhead: str | None = None,
    ) -> Callable[[T], T]: ...


def trace(
    target: Any = None,
    *,
    arguments: bool = False,
    returns: bool = False,
    repr: bool = False,  # noqa: A002
    overhead: str | None = None,
) -> Any:
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
    arguments
        Record what each call was given, as it was when the call began: numbers and the beginnings
        of strings and containers, type and shape of arrays and tables, the type alone of all else.
        Values whose name says that they are secret, and parameters that are annotated with
        `barograph.Secret`, are stored as ``<redacted>``. docs/values.md says all of it.
    returns
        Record what each call returned, likewise.
    repr
        Describe objects of other types by their own ``__repr__``: code of the program that runs at
        each call, whatever it costs and does.

    overhead
        What recording these functions may cost of the program's own time: ``"5%"``, whatever
        budget the recording has. All with the same percentage share one budget.

    Returns
    -------
    object
        `target` itself; without one, the decorator.
    """
    percent = percent_of(overhead) if overhead is not None else 0.0
    if target is None:
        return functools.partial(
            trace, arguments=arguments, returns=returns, repr=repr, overhead=overhead
        )
    values = 0
    if arguments or returns:
        values = arguments * _ARGUMENTS + returns * _RETURNS + repr * _REPR
    agent = hook_agent() or _own_agent
    for function in _functions_of_target(target):
        mark = _remember(function, values, percent)
        if agent is not None:
            mark.tell(agent)
    return target
