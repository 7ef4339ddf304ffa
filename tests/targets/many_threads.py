"""Many threads of which two work: what do the sleeping ones cost, and are the working ones seen?

`--threads` in all (the main one, which waits, is one of them), `--busy` of them computing in pure
Python, so that they wait for the GIL and for nothing else. Every thread stops its own clocks. Work
per round is fixed: `rounds` compares how fast the program was.

The sleeping ones are woken one after the other, each when the one before has ended: all at once
they would wait for each other, even after their clocks stopped. `releases` says of each, by thread
id, when it was woken (`at_ns`; it waited for its lock until then, and from then on for its turn to
run) and what it had waited for a core by then, on its way to the lock (`core_wait_ns`).
"""

import threading
import time

import selftime


def idle_thread(event, watch):
    watch.start()
    event.wait()
    watch.stop("waited")


def one_round():
    value = 1
    for _ in range(20_000):
        value = (value * 31 + 7) & 0xFFFF
    return value


def busy_thread(deadline, counts):
    while time.monotonic_ns() < deadline:
        one_round()
        counts.append(1)


def start_idle(name, event, watches, ready):
    watch = selftime.Stopwatch(name)
    watches.append(watch)
    ready.release()
    selftime.measured(idle_thread, event, watch)
    watch.finish()


def start_busy(name, session, counts):
    watch = selftime.Stopwatch(name)
    selftime.measured(busy_thread, session.deadline_ns, counts)
    watch.finish()


def wake(sleepers, events, watches):
    """Let the sleeping threads end, one by one; returns `releases`."""
    releases = {}
    for thread, event, watch in zip(sleepers, events, watches):
        core_wait_ns = watch.core_wait_so_far_ns()
        releases[watch.thread_id] = {"at_ns": time.monotonic_ns(), "core_wait_ns": core_wait_ns}
        event.set()
        thread.join()
    return releases


def main(options):
    busy = min(options.busy, max(1, options.threads - 1))
    idle = max(0, options.threads - 1 - busy)
    session = selftime.Session(options)
    threading.stack_size(256 * 1024)
    events = [threading.Event() for _ in range(idle)]
    watches = []
    ready = threading.Semaphore(0)
    sleepers = [
        threading.Thread(
            target=start_idle, args=(f"idle-{i}", event, watches, ready), name=f"idle-{i}"
        )
        for i, event in enumerate(events)
    ]
    # One after the other: without a GIL they would crowd each other out before their clocks start.
    for thread in sleepers:
        thread.start()
        ready.acquire()
    session.begin()
    counts = []
    if options.threads == 1:
        start_busy("busy-0", session, counts)
    else:
        workers = [
            threading.Thread(
                target=start_busy, args=(f"busy-{i}", session, counts), name=f"busy-{i}"
            )
            for i in range(busy)
        ]
        for thread in workers:
            thread.start()
        for thread in workers:
            thread.join()
    session.end()
    session.extra["releases"] = wake(sleepers, events, watches)
    session.extra.update(rounds=len(counts), thread_count=options.threads, busy=busy, idle=idle)
    session.write()


if __name__ == "__main__":
    parser = selftime.parser(__doc__)
    parser.add_argument("--threads", type=int, default=51)
    parser.add_argument("--busy", type=int, default=2)
    main(parser.parse_args())
