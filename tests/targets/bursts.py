"""Threads that sleep for long and wake up for less than a scheduler tick, among others that wait.

The kernel adds what a thread ran to its statistics when it leaves its CPU or at the next tick;
ticks are 1 to 10 ms apart. A profiler that trusts those alone never sees a burst that is over
sooner.
"""

import threading
import time

import selftime


def burst(seconds):
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        pass


def sleeper(options, deadline):
    watch = selftime.Stopwatch("sleeper")
    while time.monotonic_ns() < deadline:
        time.sleep(options.gap)
        watch.start()
        burst(options.burst)
        watch.stop("burst")
    watch.finish()


def main(options):
    session = selftime.Session(options)
    over = threading.Event()
    for _ in range(options.waiting):
        threading.Thread(target=over.wait, daemon=True).start()
    deadline = session.begin()
    sleepers = []
    for _ in range(options.sleepers):
        sleepers.append(threading.Thread(target=sleeper, args=(options, deadline)))
        sleepers[-1].start()
        time.sleep(options.gap / options.sleepers)
    for thread in sleepers:
        thread.join()
    session.end()
    over.set()
    session.write()


if __name__ == "__main__":
    parser = selftime.parser(__doc__)
    parser.add_argument("--gap", type=float, default=0.08)
    parser.add_argument("--burst", type=float, default=0.002)
    parser.add_argument("--sleepers", type=int, default=12)
    parser.add_argument("--waiting", type=int, default=20)
    main(parser.parse_args())
