"""`record`: the calls of a part of a running program, as ``barograph record --calls`` records all.

The recorder is a process of its own, the program ``barograph``: it outlives this one, so that what
was called before a crash is in the file. It is told of the end by a byte in a pipe, and sees this
process' death by itself. The agent is started in this process, and stopped again.
"""

from __future__ import annotations

import contextlib
import errno
import os
import threading
import warnings
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from typing import TYPE_CHECKING, Any

from barograph import Error, tracing
from barograph.__main__ import program_path

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Sequence
    from types import ModuleType, TracebackType

__all__ = ["Recording", "record"]

_PACKAGE = os.path.dirname(os.path.abspath(__file__))

_FAILURE = "barograph: record: "

_SPARE = (
    "this process is recorded already, with the one that started it, and its calls go there; "
    "{} is not written"
)

# Held while a recording starts or stops; _running is the one of this process.
_lock = threading.Lock()
_running: Recording | None = None
_has_told = False  # that recordings of this process are spare


def _forked() -> None:
    global _lock, _running
    recording, _lock, _running = _running, threading.Lock(), None
    if recording is not None and recording._recorder is not None:
        recording._recorder.returncode = 0  # the parent's to wait for
        for pipe in (
            recording._recorder.stdin,
            recording._recorder.stdout,
            recording._recorder.stderr,
        ):
            if pipe is not None:
                pipe.close()


os.register_at_fork(after_in_child=_forked)


def _load_hook() -> ModuleType:
    """The start-up hook of `record --calls`: it knows how to load an agent, and runs nothing."""
    path = os.path.join(_PACKAGE, "_startup", "sitecustomize.py")
    loader = SourceFileLoader("barograph._startup_hook", path)
    spec = spec_from_loader(loader.name, loader)
    if spec is None or not os.path.exists(path):
        raise Error(f"the package is incomplete: there is no {path}; install it anew")
    hook = module_from_spec(spec)
    loader.exec_module(hook)
    return hook


def find_agent(settings: dict[bytes, bytes]) -> str | None:
    """The agent that the start-up hook takes for this interpreter."""
    path: str | None = _load_hook().find_agent(settings, _PACKAGE)
    return path


def _check_calls(calls: Sequence[str] | None) -> str:
    if calls is None:
        return ""
    given: Any = calls  # what the annotation says is not what everybody gives
    is_list = hasattr(given, "__iter__") and not isinstance(given, (str, bytes))
    patterns = list(given) if is_list else []
    if not is_list or not all(isinstance(pattern, str) for pattern in patterns):
        raise TypeError(f'calls is a list of patterns, like ["mypkg.*"], not {calls!r:.80}')
    if not patterns:
        raise ValueError("calls has no pattern; None stands for the program's own code")
    for pattern in patterns:
        if not pattern or "," in pattern or "\n" in pattern:
            raise ValueError(f"no pattern of calls: {pattern!r}")
    return ",".join(patterns)


def _start_recorder(
    path: str, calls: str, overhead: str, overwrite: bool
) -> subprocess.Popen[bytes]:
    import subprocess  # noqa: PLC0415

    try:
        program = program_path()
    except FileNotFoundError as error:
        raise Error(str(error)) from None
    command = [str(program), "record", "--quiet", "--spool", f"--pid={os.getpid()}", "-o", path]
    command.append(f"--calls={calls}" if calls else "--calls")
    if overhead:
        command.append(f"--overhead={overhead}")
    if overwrite:
        command.append("--force")
    # A session of its own: neither Ctrl-C nor the end of the terminal is meant for it.
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def _end_of(recorder: subprocess.Popen[bytes], farewell: bytes) -> tuple[str, str]:
    """Let the recorder end: why it failed, and else what it has to say; one line or nothing."""
    _, errors = recorder.communicate(farewell)
    lines = errors.decode(errors="replace").splitlines()
    # Not by the status alone: a program that waits for any child may have had it.
    failed = recorder.returncode != 0 or any(line.startswith(_FAILURE) for line in lines)
    for prefix in (_FAILURE, "barograph: "):
        lines = [line[len(prefix) :] if line.startswith(prefix) else line for line in lines]
    text = "; ".join(lines)
    if failed and not text:
        status = recorder.returncode
        text = f"the recorder ended with status {status}"
        if status < 0:
            text = f"the recorder was killed by signal {-status}; what it had written is kept"
    if failed:
        return text, ""
    return "", text


class Recording:
    """Calls of this process, on their way to a file. Made by `record`; records once.

    In a ``with`` statement it is started and stopped by itself. Python programs that this one
    starts meanwhile are recorded too, until then.
    """

    def __init__(self, path: str, calls: str, overhead: str, overwrite: bool) -> None:
        self._path = path
        self._calls = calls
        self._overhead = overhead
        self._overwrite = overwrite
        self._recorder: subprocess.Popen[bytes] | None = None
        self._agent: ModuleType | None = None
        self._pid = 0
        self._stopped = False
        # The process was recorded already when it was to be started: nothing is done.
        self._is_spare = False

    @property
    def path(self) -> str:
        """The file, as an absolute path."""
        return self._path

    @property
    def running(self) -> bool:
        """Whether it has been started, and not been stopped: calls go to its file."""
        return self._recorder is not None and not self._stopped

    def start(self) -> None:
        """Record from now on, all threads of this process, and children that it forks or starts.

        Under ``barograph record --calls``, and in a child of a process that is recorded, nothing
        is done, nor at `stop`: the calls are in that recording.

        Raises
        ------
        FileExistsError
            If the file exists, and `overwrite` was not asked for.
        Error
            If this process runs another `Recording`, or calls cannot be recorded: the message says
            why.

        Warns
        -----
        RuntimeWarning
            If nothing is done, once in a process.
        """
        remark = self._begin()
        if remark:
            warnings.warn(remark, RuntimeWarning, stacklevel=2)

    def _begin(self) -> str:
        """As `start`, but returns what is to be warned of."""
        global _running, _has_told  # noqa: PLW0603
        with _lock:
            if self._recorder is not None or self._is_spare:
                raise Error("a recording is started once; barograph.record makes another one")
            if _running is not None:
                raise Error(f"a recording runs in this process already: {_running._path}")
            if tracing.is_recorded():
                self._is_spare = True
                told, _has_told = _has_told, True
                return "" if told else _SPARE.format(self._path)
            hook = _load_hook()
            reason = hook.why_not()
            if reason is not None:
                raise Error(f"calls cannot be recorded: {reason}")
            if not self._overwrite and os.path.lexists(self._path):
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), self._path)
            replaces = os.path.lexists(self._path)
            self._recorder = _start_recorder(
                self._path, self._calls, self._overhead, self._overwrite
            )
            self._pid = os.getpid()
            try:
                self._start_agent(hook, replaces)
            except BaseException:
                self._stopped = True
                raise
            _running = self
        return ""

    def _start_agent(self, hook: ModuleType, replaces: bool) -> None:
        recorder = self._recorder
        if recorder is None or recorder.stdout is None:
            raise AssertionError
        spool = recorder.stdout.readline().rstrip(b"\n")
        if not spool:
            raise Error(_end_of(recorder, b"")[0] or "the recorder did not start")
        agent: ModuleType | None = None
        try:
            settings: dict[bytes, bytes] = hook.settings_of(os.fsdecode(spool)) or {}
            agent_path = hook.find_agent(settings, _PACKAGE)
            if agent_path is None:
                raise Error(f"calls cannot be recorded: {hook.why_no_agent()}")
            agent = hook.load_agent(agent_path)
            if agent is None:
                raise AssertionError
            # Nothing of this package is recorded.
            reason = agent.start(
                spool,
                [glob for glob in settings.get(b"calls", b"").split(b",") if glob],
                [os.fsencode(folder) for folder in hook.library_folders()],
                os.fsencode(_PACKAGE),
                True,
                os.fsencode(os.path.join(_PACKAGE, "_startup")),
                float(settings.get(b"overhead", b"0")),
            )
            if reason is not None:
                raise Error(f"calls cannot be recorded: {reason}")
            if agent.running() is None:
                raise Error("calls cannot be recorded in a subinterpreter")
            tracing.use_agent(agent)
        except BaseException:
            if agent is not None:
                agent.stop()
            _end_of(recorder, b"x")
            os.unlink(self._path)
            if replaces:
                os.replace(self._path + ".old", self._path)
            raise
        self._agent = agent

    def stop(self) -> None:
        """End the recording; returns when the file is whole. May be called again.

        In a forked child only the child's own calls end: the file is its parent's.

        Raises
        ------
        Error
            If the file could not be written to its end; what was written before is kept.

        Warns
        -----
        RuntimeWarning
            If no calls were recorded, or not all: the message says why.
        """
        remark = self._finish()
        if remark:
            warnings.warn(remark, RuntimeWarning, stacklevel=2)

    def _finish(self) -> str:
        """As `stop`, but returns what is to be warned of."""
        global _running  # noqa: PLW0603
        with _lock:
            recorder, agent = self._recorder, self._agent
            if self._is_spare:
                return ""
            if recorder is None:
                raise Error("the recording was not started")
            if self._stopped or agent is None:
                return ""
            self._stopped = True
            tracing.leave_agent()
            agent.stop()
            if _running is self:
                _running = None
            if self._pid != os.getpid():
                return ""
            failure, remark = _end_of(recorder, b"x")
        if failure:
            raise Error(failure)
        return remark

    def __enter__(self) -> Recording:
        remark = self._begin()
        if remark:
            warnings.warn(remark, RuntimeWarning, stacklevel=2)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            remark = self._finish()
        except Error as problem:
            if error is None:
                raise
            remark = str(problem)
        # What the block raised is what its caller must see, even where warnings are errors.
        with contextlib.nullcontext() if error is None else contextlib.suppress(RuntimeWarning):
            if remark:
                warnings.warn(remark, RuntimeWarning, stacklevel=2)

    def __repr__(self) -> str:
        state = "running" if self.running else "stopped" if self._stopped else "not started"
        state = "not needed" if self._is_spare else state
        return f"<barograph.Recording {self._path}: {state}>"


def record(
    path: str | bytes | os.PathLike[Any],
    *,
    calls: Sequence[str] | None = None,
    overhead: str | None = None,
    overwrite: bool = False,
) -> Recording:
    """Record calls of a part of this program: those in a ``with`` block, or from start to stop.

    Parameters
    ----------
    path
        The recording, which `load` and ``barograph report`` read.
    calls
        Patterns of what is recorded: ``["mypkg.*", "json.decoder"]``, held against modules and
        qualified names; ``["@trace"]`` is what `trace` marked. None is the program's own code,
        which the standard library and installed packages are not. A pattern that begins with ``-``
        leaves out what it matches.
    overhead
        What recording may cost of the program's own time: ``"5%"``. Functions that are called too
        often are thinned: a random part of their calls is recorded, with weights, and all are
        counted. None records every call.
    overwrite
        Replace an existing file, which is kept as ``PATH.old``.

    Returns
    -------
    Recording
        Not started: a ``with`` statement does so, or its method `start`.

    Raises
    ------
    TypeError, ValueError
        If `calls` is no list of patterns, or `overhead` no percentage.
    """
    if overhead is not None:
        tracing.percent_of(overhead)
    return Recording(
        os.path.abspath(os.fsdecode(path)), _check_calls(calls), overhead or "", overwrite
    )
