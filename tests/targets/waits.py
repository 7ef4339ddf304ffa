"""Threads that wait for one known reason each, and say themselves for how long.

One thread a reason (`--reasons`, default: those that do not disturb each other):

    lock     a Lock that another thread holds for a while
    sleep    time.sleep
    network  recv on a TCP connection to a peer process
    pipe     read from a pipe of that process
    disk     fsync of written blocks in `--folder` (O_DIRECT where the file system can)
    child    Popen.wait for a child that sleeps
    idle     an asyncio event loop with nothing ready
    condition, queue   Condition.wait and Queue.get: also waits for a lock

and, each alone because they disturb everybody:

    gil        two threads computing in pure Python: each waits for the GIL about half of its time,
               or not at all where there is none; one beside other reasons
    runnable   a thread that shares its core with another process
    collector  gc.collect over many objects

Every thread alternates its wait with a little work that holds no GIL (a hash over a large buffer),
so that what it says it waited for is not in truth a wait for the GIL. A label is the state it
should be reported in; a disk block's own CPU time and waits for a core are taken off it by the
thread's clocks. `states` in the truth gives, a thread, each state's share of the thread's wall
time.
"""

import asyncio
import contextlib
import gc
import hashlib
import mmap
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time

import selftime

BUFFER = bytes(1 << 20)


def compute(milliseconds):
    """Work outside the GIL, in the thread's CPU time."""
    until = time.thread_time_ns() + int(milliseconds * 1e6)
    while time.thread_time_ns() < until:
        hashlib.sha256(BUFFER[: 1 << 18])


# Each waiter is opened by the main thread, waits once per call in its own, and is closed by the
# main one.


class Lock:
    state = "lock"

    def open(self, options):
        self.lock = threading.Lock()
        self.lock.acquire()
        self.asked = threading.Semaphore(0)
        self.over = False
        self.holder = threading.Thread(target=self.hold, name="holder", daemon=True)
        self.holder.start()

    def hold(self):
        """Release the lock a while after it is waited for; the waiter takes it again."""
        while True:
            self.asked.acquire()
            if self.over:
                return
            time.sleep(0.018)
            self.lock.release()

    def wait(self):
        self.asked.release()
        self.lock.acquire()

    def close(self):
        self.over = True
        self.asked.release()
        self.holder.join()


class ConditionWait:
    state = "lock"

    def open(self, options):
        self.condition = threading.Condition()

    def wait(self):
        with self.condition:
            self.condition.wait(0.018)

    def close(self):
        pass


class QueueGet:
    state = "lock"

    def open(self, options):
        self.queue = queue.Queue()

    def wait(self):
        with contextlib.suppress(queue.Empty):
            self.queue.get(timeout=0.018)

    def close(self):
        pass


class Sleep:
    state = "sleep"

    def open(self, options):
        pass

    def wait(self):
        time.sleep(0.018)

    def close(self):
        pass


def echo_late(descriptor_in, descriptor_out):
    """The peer process: answers every byte 18 ms later, in no Python of ours."""
    code = (
        "import os,sys,time\n"
        "r,w=int(sys.argv[1]),int(sys.argv[2])\n"
        "while os.read(r,1):\n"
        "    time.sleep(0.018)\n"
        "    os.write(w,b'x')\n"
    )
    return subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", code, str(descriptor_in), str(descriptor_out)],
        pass_fds=(descriptor_in, descriptor_out),
    )


class Network:
    state = "network"

    def open(self, options):
        listener = socket.create_server(("127.0.0.1", 0))
        self.socket = socket.create_connection(listener.getsockname())
        peer, _ = listener.accept()
        listener.close()
        self.peer = echo_late(peer.fileno(), peer.fileno())
        peer.close()
        self.wait()  # the peer has started

    def wait(self):
        self.socket.sendall(b"x")
        self.socket.recv(1)

    def close(self):
        self.socket.close()
        self.peer.wait()


class Pipe:
    state = "pipe"

    def open(self, options):
        their_end, self.ask = os.pipe()
        self.answer, their_answer = os.pipe()
        self.peer = echo_late(their_end, their_answer)
        os.close(their_end)
        os.close(their_answer)
        self.wait()

    def wait(self):
        os.write(self.ask, b"x")
        os.read(self.answer, 1)

    def close(self):
        os.close(self.ask)
        self.peer.wait()
        os.close(self.answer)


class Disk:
    state = "disk"

    def open(self, options):
        self.path = os.path.join(options.folder, f"waits-{os.getpid()}.bin")
        flags = os.O_RDWR | os.O_CREAT
        try:
            self.file = os.open(self.path, flags | os.O_DIRECT, 0o600)
        except OSError:  # tmpfs and some overlays
            self.file = os.open(self.path, flags, 0o600)
        self.block = mmap.mmap(-1, 1 << 20)
        self.block[:] = os.urandom(1 << 20)

    def wait(self):
        """About 18 ms of writing through to the device."""
        until = time.monotonic_ns() + 18_000_000
        while time.monotonic_ns() < until:
            os.lseek(self.file, 0, os.SEEK_SET)
            os.write(self.file, self.block)
            os.fsync(self.file)

    def close(self):
        os.close(self.file)
        os.unlink(self.path)


class Child:
    state = "child"

    def open(self, options):
        self.start()

    def start(self):
        # A program that starts fast and does nothing; starting it is no wait.
        self.process = subprocess.Popen(["sleep", "0.15"])

    def wait(self):
        self.process.wait()

    def between(self):
        self.start()

    def close(self):
        self.process.wait()


class Idle:
    state = "idle"

    def open(self, options):
        self.loop = asyncio.new_event_loop()

    def wait(self):
        self.loop.run_until_complete(asyncio.sleep(0.018))

    def close(self):
        self.loop.close()


class Collector:
    state = "collector"

    def open(self, options):
        self.keep = [[i] for i in range(200_000)]

    def wait(self):
        gc.collect()

    def close(self):
        self.keep = None


REASONS = {
    "lock": Lock,
    "sleep": Sleep,
    "network": Network,
    "pipe": Pipe,
    "disk": Disk,
    "child": Child,
    "idle": Idle,
    "condition": ConditionWait,
    "queue": QueueGet,
    "collector": Collector,
}
TOGETHER = ["lock", "sleep", "network", "pipe", "disk", "child", "idle", "condition", "queue"]


def waiter_loop(watch, waiter, deadline):
    while time.monotonic_ns() < deadline:
        watch.start()
        waiter.wait()
        watch.stop(waiter.state)
        compute(1.0)
        if hasattr(waiter, "between"):
            waiter.between()


def waiter_thread(name, waiter, deadline_of):
    watch = selftime.Stopwatch(name)
    watch.core_waits = True
    selftime.measured(waiter_loop, watch, waiter, deadline_of())
    watch.finish()


def pure_python(deadline):
    value = 1
    while time.monotonic_ns() < deadline:
        for _ in range(2000):
            value = (value * 31 + 7) & 0xFFFF


def computing_thread(name, deadline_of):
    watch = selftime.Stopwatch(name)
    selftime.measured(pure_python, deadline_of())
    watch.finish()


def states_of(thread, reason):
    """Shares of the thread's wall time by state, from its clocks."""
    wall, cpu, waited = thread["wall_ns"], thread["cpu_ns"], thread["runnable_ns"]
    states = {"cpu": cpu / wall, "runnable": waited / wall}
    if reason == "gil":
        states["gil"] = max(0, wall - cpu - waited) / wall
        return states
    if reason == "runnable":
        return states
    label = thread["labels"][REASONS[reason].state]
    if reason == "collector":
        # Where the collector had no core it waited for one, like any other code.
        states["collector"] = label["cpu_ns"] / wall
        states["cpu"] -= label["cpu_ns"] / wall
        return states
    off_core = label["wall_ns"] - label["cpu_ns"] - label["runnable_ns"]
    states[REASONS[reason].state] = max(0, off_core) / wall
    return states


def start_rival(options):
    """A process that computes on this one's core, so that each has about half of it."""
    core = sorted(os.sched_getaffinity(0))[0] if options.cpu is None else options.cpu
    os.sched_setaffinity(0, {core})
    rival = os.fork()
    if rival == 0:
        while os.getppid() != 1:
            for _ in range(100000):
                pass
        os._exit(0)
    return rival


def main(options):
    reasons = options.reasons.split(",")
    session = selftime.Session(options)
    rival = start_rival(options) if "runnable" in reasons else None
    waiters = {reason: REASONS[reason]() for reason in reasons if reason in REASONS}
    for waiter in waiters.values():
        waiter.open(options)
    threads = []
    for reason in reasons:
        for number in range(2 if reasons == ["gil"] else 1):
            name = f"{reason}-{number}"
            if reason in waiters:
                function, arguments = waiter_thread, (name, waiters[reason])
            else:
                function, arguments = computing_thread, (name,)
            arguments += (lambda: session.deadline_ns,)
            threads.append(threading.Thread(target=function, args=arguments, name=name))
    # A thread lives just as long as its window: what is opened was opened before.
    session.begin()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    session.end()
    for waiter in waiters.values():
        waiter.close()
    if rival is not None:
        os.kill(rival, signal.SIGKILL)
        os.waitpid(rival, 0)
    truth = session.as_dict()
    for thread in truth["threads"]:
        thread["states"] = states_of(thread, thread["name"].partition("-")[0])
    session.extra["threads"] = truth["threads"]
    session.write()


if __name__ == "__main__":
    parser = selftime.parser(__doc__, seconds=3.0)
    parser.add_argument("--reasons", default=",".join(TOGETHER), help="comma-separated")
    parser.add_argument("--folder", default=".", help="on the disk to wait for")
    main(parser.parse_args())
