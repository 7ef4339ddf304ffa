"""Runs a target, bare or under a tool, and reads everybody's clocks at the target's own marks.

The target announces the begin and the end of its window on a socket and waits each time until it is
answered (selftime.Marks). In between the harness reads the CPU time of the tool's processes, which
are those started here less the target's: so a tool's cost is known without its start, and apart
from the program it runs.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .profile import Profile
from .tools import ROOT, Request, Tool

TARGETS = ROOT / "tests" / "targets"


class RunError(Exception):
    """A target or a tool did not do what every comparison needs; the text holds what it printed."""


@dataclass
class Run:
    """One finished run."""

    truth: dict[str, Any]
    profile: Profile | None
    status: int  # of the tool, or of the bare target
    printed: str
    folder: Path
    request: Request | None = None
    tool_window_cpu_ns: int = 0  # between the marks
    tool_work_cpu_ns: int = (
        0  # from the first mark to the tool's end: with what it still has to write
    )
    tool_start_cpu_ns: int = 0  # before the first mark
    tool_core_wait_ns: int = 0  # between the marks
    stolen_ns: int = 0  # of one core, between the marks: time that the host gave to others
    started_ns: int = 0  # when the tool, or the bare target, was started
    ended_ns: int = 0  # when it was over
    after_end_ns: int = 0  # from the target's last mark to the tool's end
    before_begin_ns: int = 0  # from the start to the target's first mark
    marks: dict[str, int] = field(default_factory=dict)

    def label(self, name: str, clock: str = "wall_ns") -> float:
        """Time of one label over all threads."""
        return float(
            sum(thread["labels"].get(name, {}).get(clock, 0) for thread in self.truth["threads"])
        )

    def share(self, name: str, of: Sequence[str], clock: str = "wall_ns") -> float:
        """Share of one label in the time of several."""
        whole = sum(self.label(other, clock) for other in of)
        return self.label(name, clock) / whole if whole else 0.0

    @property
    def labels(self) -> list[str]:
        """All labels."""
        return sorted({label for thread in self.truth["threads"] for label in thread["labels"]})

    @property
    def core_wait_ratio(self) -> float:
        """Part of the window in which the target was ready and had no core."""
        window = self.truth["window"]
        return float(window.get("runnable_ns", 0)) / max(1.0, float(window.get("wall_ns", 0)))


def process_cpu_ns(process_id: int) -> int | None:
    """CPU time of all threads a process has and had; None if it is gone. Works on zombies."""
    try:
        # The kernel's number for "CPU clock of that process": ~pid << 3 | CPUCLOCK_SCHED.
        return time.clock_gettime_ns((~process_id << 3) | 2)
    except OSError:
        return None


def _children(process_id: int) -> list[int]:
    found: list[int] = []
    try:
        for task in os.listdir(f"/proc/{process_id}/task"):
            text = Path(f"/proc/{process_id}/task/{task}/children").read_text()
            found.extend(map(int, text.split()))
    except OSError:
        pass
    return found


def process_tree(process_id: int, without: int | None = None) -> list[int]:
    """A process and what descends from it, except for the process `without` and its descendants."""
    if process_id == without:
        return []
    tree = [process_id]
    for child in _children(process_id):
        tree.extend(process_tree(child, without))
    return tree


def _core_wait_ns(process_id: int) -> int:
    total = 0
    try:
        for task in os.listdir(f"/proc/{process_id}/task"):
            text = Path(f"/proc/{process_id}/task/{task}/schedstat").read_text()
            total += int(text.split()[1])
    except (OSError, IndexError):
        pass
    return total


def _stolen_ns() -> int:
    """Time in which a core was to run something and the host ran others, on average of all cores.

    A process that it happens to has neither CPU time nor a wait for a core then. Counted in 10 ms.
    """
    with open("/proc/stat", encoding="ascii") as file:
        all_cores = file.readline().split()
    ticks = int(all_cores[8]) if len(all_cores) > 8 else 0
    return ticks * 1_000_000_000 // os.sysconf("SC_CLK_TCK") // (os.cpu_count() or 1)


class _ToolClocks:
    """CPU time and core waits of the tool's processes, and stolen time, read at the marks."""

    def __init__(self, root: int) -> None:
        self.root = root
        self.cpu: dict[str, int] = {}
        self.wait: dict[str, int] = {}
        self.stolen: dict[str, int] = {}

    def read(self, mark: str, target: int | None) -> None:
        self.stolen[mark] = _stolen_ns()
        processes = process_tree(self.root, target)
        self.cpu[mark] = sum(process_cpu_ns(process) or 0 for process in processes)
        self.wait[mark] = sum(map(_core_wait_ns, processes))


class _Marks:
    """The listening end of selftime.Marks."""

    def __init__(self, path: Path) -> None:
        self.selector = selectors.DefaultSelector()
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.listener.bind(str(path))
        self.listener.listen(8)
        self.selector.register(self.listener, selectors.EVENT_READ)
        self.connections: list[socket.socket] = []

    def wait(self, timeout_s: float) -> list[tuple[str, int, int, socket.socket]]:
        """Marks that came in: name, process, time, and the connection to answer on."""
        found = []
        for key, _ in self.selector.select(timeout_s):
            if key.fileobj is self.listener:
                connection, _ = self.listener.accept()
                self.connections.append(connection)
                self.selector.register(connection, selectors.EVENT_READ)
                continue
            connection = key.fileobj  # type: ignore[assignment]
            try:
                text = connection.recv(200).decode()
            except OSError:
                text = ""
            if not text:
                self.selector.unregister(connection)
                continue
            name, process_id, at = text.split()
            found.append((name, int(process_id), int(at), connection))
        return found

    def close(self) -> None:
        for connection in self.connections:
            connection.close()
        self.listener.close()
        self.selector.close()


def _ended(process: subprocess.Popen[bytes]) -> bool:
    """Whether a process is over; leaves it to be waited for, so that its clocks stay readable."""
    flags = os.WEXITED | os.WNOHANG | os.WNOWAIT
    return os.waitid(os.P_PID, process.pid, flags) is not None


def kill_tree(process_id: int) -> None:
    """Kill a process started here and all that descends from it."""
    for descendant in reversed(process_tree(process_id)):
        with contextlib.suppress(OSError):
            os.kill(descendant, signal.SIGKILL)


@dataclass(frozen=True)
class Cores:
    """Where to run: a core each for target and sampler; None leaves it to the scheduler."""

    target: int | None = None
    tool: int | None = None


def different_cores() -> Cores:
    """A core each; both the same where there is only one."""
    cores = sorted(os.sched_getaffinity(0))
    return Cores(cores[0], cores[-1])


def same_core() -> Cores:
    """One core for both."""
    core = sorted(os.sched_getaffinity(0))[0]
    return Cores(core, core)


def run(
    python: str,
    target: str,
    *arguments: str,
    tool: Tool | None = None,
    rate_hz: int = 1000,
    children: bool = False,
    cores: Cores = Cores(),
    folder: Path | None = None,
    timeout_s: float = 90.0,
    read: bool = True,
) -> Run:
    """Run one target to its end, under `tool` if one is given.

    Parameters
    ----------
    python : str
        Interpreter.
    target : str
        Name of a script in tests/targets, without ``.py``.
    *arguments : str
        The script's own.
    read : bool
        Whether to read the tool's output into `Run.profile`.

    Raises
    ------
    RunError
        No truth was written, or it took longer than `timeout_s`; all processes are gone then.
    """
    folder = Path(tempfile.mkdtemp(prefix="truth-")) if folder is None else folder
    truth_path, marks_path = folder / "truth.json", folder / "marks"
    for stale in (truth_path, marks_path):
        stale.unlink(missing_ok=True)
    script = [str(TARGETS / f"{target}.py"), *arguments]
    script += ["--truth", str(truth_path), "--marks", str(marks_path)]
    if cores.target is not None:
        script += ["--cpu", str(cores.target)]
    request = Request(python, script, folder / "profile.out", rate_hz, children)
    command = [python, *script] if tool is None else tool.command(request)
    printed_path = folder / "printed.txt"
    marks = _Marks(marks_path)
    started = time.monotonic_ns()
    with open(printed_path, "wb") as printed_file:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=printed_file,
            stderr=subprocess.STDOUT,
            cwd=folder,
            start_new_session=True,
            # One thread runs here.
            preexec_fn=_on_core(cores.tool if tool is not None else cores.target),  # noqa: PLW1509
        )
        try:
            result = _watch(process, marks, tool is not None, started + int(timeout_s * 1e9))
        finally:
            marks.close()
            kill_tree(process.pid)
            process.wait()
    result.status = process.returncode
    result.started_ns = started
    result.before_begin_ns = result.marks.get("begin", started) - started
    result.printed = printed_path.read_text(errors="replace")
    result.folder = folder
    result.request = request
    if not truth_path.exists():
        raise RunError(
            f"{' '.join(command)}: status {process.returncode}, no truth; printed:\n"
            + result.printed[-2000:]
        )
    result.truth = json.loads(truth_path.read_text(encoding="utf-8"))
    if tool is not None and read:
        result.profile = tool.read(request, result.printed)
    return result


def _on_core(core: int | None) -> Any:
    return None if core is None else lambda: os.sched_setaffinity(0, {core})


def _watch(process: subprocess.Popen[bytes], marks: _Marks, has_tool: bool, until: int) -> Run:
    """Answer marks until the process is over."""
    result = Run({}, None, 0, "", Path())
    clocks = _ToolClocks(process.pid)
    target: int | None = None
    while not _ended(process):
        if time.monotonic_ns() > until:
            raise RunError(f"process {process.pid} took too long and was ended")
        for name, process_id, at, connection in marks.wait(0.02):
            target = process_id if name == "begin" else target
            result.marks[name] = at
            if has_tool:
                clocks.read(name, target)
            connection.send(b"go")
    ended = time.monotonic_ns()
    result.ended_ns = ended
    result.after_end_ns = ended - result.marks.get("end", ended)
    if has_tool and "end" in clocks.cpu:
        final = process_cpu_ns(process.pid) or 0
        result.tool_start_cpu_ns = clocks.cpu["begin"]
        result.tool_window_cpu_ns = clocks.cpu["end"] - clocks.cpu["begin"]
        result.tool_work_cpu_ns = max(final, clocks.cpu["end"]) - clocks.cpu["begin"]
        result.tool_core_wait_ns = clocks.wait["end"] - clocks.wait["begin"]
        result.stolen_ns = clocks.stolen["end"] - clocks.stolen["begin"]
    return result


def least_crowded(runs: list[Run]) -> Run:
    """The run whose tool, or else whose target, had a core for most of the time."""
    return min(runs, key=lambda r: (r.tool_core_wait_ns + r.stolen_ns, r.core_wait_ratio))


def clean(result: Run) -> None:
    """Remove what a run left in its folder."""
    shutil.rmtree(result.folder, ignore_errors=True)
