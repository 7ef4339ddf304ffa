"""The clocks of the test targets: what a target knows about itself, written as JSON.

A target does its work below `measured`, and stops each piece of it by its own clocks: wall time
(CLOCK_MONOTONIC), its thread's CPU time, and its thread's waits for a core (schedstat). A profiler
that is right agrees with these shares, whatever the machine did meanwhile, because all of them
belong to the very run that was profiled.

The truth written (`--truth FILE`) has the schema ``barograph.truth/1``:

``window``   begin_ns, end_ns (CLOCK_MONOTONIC) and the process's CPU and core waits in between
``threads``  one entry a measured thread: thread_id (as the kernel numbers it), name, begin_ns
             (CLOCK_MONOTONIC), wall_ns, cpu_ns, runnable_ns, core_wait_before_ns (from the
             thread's start to begin_ns), labels
``labels``   label -> {wall_ns, cpu_ns, runnable_ns, count}: a label is the name of the function
             whose frame is on the stack just as long as the clock ran
and whatever the target adds.

Standard library only; runs on CPython 3.9 to 3.15. Imports little, so that start-up stays short.
"""

import argparse
import json
import os
import socket
import sys
import threading
import time

_threads = []
_threads_lock = threading.Lock()


def thread_id():
    """Number of the calling thread as the kernel and every outside profiler see it."""
    return threading.get_native_id()


def core_wait_ns(path="/proc/thread-self/schedstat"):
    """Time in ns a thread was ready and had no core; 0 where the kernel does not count it."""
    try:
        with open(path, "rb", buffering=0) as file:
            return int(file.read().split()[1])
    except (OSError, IndexError):
        return 0


class Stopwatch:
    """The clocks of one thread, and how much of them each label took. Used by that thread alone."""

    def __init__(self, name):
        self.name = name
        self.thread_id = thread_id()
        self.labels = {}
        self.core_waits = False
        self._wall = self._cpu = self._wait = 0
        self._begin = (time.monotonic_ns(), time.thread_time_ns(), core_wait_ns())
        self._end = None
        with _threads_lock:
            _threads.append(self)

    def start(self):
        """Begin a piece of work."""
        if self.core_waits:
            self._wait = core_wait_ns()
        self._cpu = time.thread_time_ns()
        self._wall = time.monotonic_ns()

    def stop(self, label):
        """End the piece begun last, and count it under `label`."""
        wall = time.monotonic_ns() - self._wall
        cpu = time.thread_time_ns() - self._cpu
        wait = core_wait_ns() - self._wait if self.core_waits else 0
        entry = self.labels.get(label)
        if entry is None:
            self.labels[label] = [wall, cpu, wait, 1]
        else:
            entry[0] += wall
            entry[1] += cpu
            entry[2] += wait
            entry[3] += 1

    def finish(self):
        """Close the thread's window; labels stay."""
        self._end = (time.monotonic_ns(), time.thread_time_ns(), core_wait_ns())

    def core_wait_so_far_ns(self):
        """Its waits for a core since its window opened; for any thread to ask."""
        return core_wait_ns(f"/proc/self/task/{self.thread_id}/schedstat") - self._begin[2]

    def as_dict(self):
        """The entry of ``threads`` in the truth."""
        end = self._end or (time.monotonic_ns(), self._begin[1], self._begin[2])
        names = ("wall_ns", "cpu_ns", "runnable_ns", "count")
        return {
            "thread_id": self.thread_id,
            "name": self.name,
            "begin_ns": self._begin[0],
            "wall_ns": end[0] - self._begin[0],
            "cpu_ns": end[1] - self._begin[1],
            "runnable_ns": end[2] - self._begin[2],
            "core_wait_before_ns": self._begin[2],
            "labels": {label: dict(zip(names, entry)) for label, entry in self.labels.items()},
        }


def parser(description, seconds=2.0):
    """The options every target has."""
    result = argparse.ArgumentParser(description=description)
    result.add_argument("--seconds", type=float, default=seconds, help="how long to work")
    result.add_argument("--rounds", type=int, help="work this many rounds instead of --seconds")
    result.add_argument("--truth", help="file to write what the clocks say to, as JSON")
    result.add_argument("--marks", help="UNIX socket to announce the window's begin and end on")
    result.add_argument("--cpu", type=int, help="core to run on")
    return result


class Marks:
    """Tells the harness when the window begins and ends, and waits until it has read its clocks.

    Without a socket every mark is only a note in the truth.
    """

    def __init__(self, path):
        self.socket = None
        if path:
            self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            self.socket.connect(path)

    def send(self, name):
        """Announce `name` and go on when it has been seen."""
        if self.socket is not None:
            self.socket.sendall(f"{name} {os.getpid()} {time.monotonic_ns()}".encode())
            self.socket.recv(16)


class Session:
    """One measured run: opened before the work, closed after it, then written."""

    def __init__(self, options, target=None):
        self.options = options
        self.target = target or os.path.splitext(os.path.basename(sys.argv[0]))[0]
        self.extra = {}
        if options.cpu is not None:
            os.sched_setaffinity(0, {options.cpu})
        self.marks = Marks(options.marks)
        self.window = {}

    def _clocks(self):
        return time.monotonic_ns(), time.process_time_ns(), core_wait_ns()

    def begin(self):
        """Open the window; returns the time at which work of `--seconds` should end."""
        self.marks.send("begin")
        self._begin = self._clocks()
        self.deadline_ns = self._begin[0] + int(self.options.seconds * 1e9)
        return self.deadline_ns

    def end(self):
        """Close the window."""
        now = self._clocks()
        wall, cpu, wait = (end - begin for end, begin in zip(now, self._begin))
        here = thread_id()
        for watch in _threads:
            if watch.thread_id != here:  # the caller's own wait is counted already
                wait += watch.as_dict()["runnable_ns"]
        self.window = {
            "begin_ns": self._begin[0],
            "end_ns": now[0],
            "wall_ns": wall,
            "cpu_ns": cpu,
            "runnable_ns": wait,
        }
        self.marks.send("end")

    def as_dict(self):
        """All that is known, ready to be written."""
        truth = {
            "schema": "barograph.truth/1",
            "target": self.target,
            "python": ".".join(map(str, sys.version_info[:3])),
            "process_id": os.getpid(),
            "window": self.window,
            "threads": [watch.as_dict() for watch in _threads],
        }
        truth.update(self.extra)
        return truth

    def write(self):
        """Write the truth to `--truth`, whole or not at all; without it to standard output."""
        text = json.dumps(self.as_dict(), indent=1)
        if not self.options.truth:
            print(text)
            return
        partial = self.options.truth + ".part"
        with open(partial, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(partial, self.options.truth)


def measured(work, *arguments):
    """Run `work`; the frame that says "this is inside the window" on every stack below it."""
    return work(*arguments)


def run(options, work, after=dict):
    """The usual life of a single-threaded target.

    `work(watch, another)` is called below `measured` with the main thread's stopwatch and a
    function that says whether another round is due. `after()` runs when the window is closed and
    gives what else is true.
    """
    session = Session(options)
    deadline = session.begin()
    watch = Stopwatch("main")
    done = [0]

    def another():
        if options.rounds is not None:
            more = done[0] < options.rounds
        else:
            more = time.monotonic_ns() < deadline
        done[0] += more
        return more

    measured(work, watch, another)
    watch.finish()
    session.end()
    session.extra["rounds"] = done[0]
    session.extra.update(after())
    session.write()
