"""How a program ends, `--how`, after `--seconds` of work; what it did till then is in the truth.

    return   status 0                      exit     status 3
    signal   kills itself with SIGTERM     abort    os.abort
    exec     becomes another Python program, which works as long again below `after_exec`
    deaf     ignores SIGINT and SIGTERM, then ends with status 0
    raise    ends with a traceback, status 1

``largest_gap_ns`` is the longest time between two rounds of under a millisecond each: a program
that was stopped for a while shows it. ``process_cpu_ns`` is all the CPU time of the process so far,
the interpreter's start included.
"""

import os
import signal
import sys
import time

import selftime


def one_round():
    value = 1
    for _ in range(2000):
        value = (value * 31 + 7) & 0xFFFF


def work_until(deadline):
    gap, before = 0, time.monotonic_ns()
    while before < deadline:
        one_round()
        now = time.monotonic_ns()
        gap = max(gap, now - before)
        before = now
    return gap


def after_exec(seconds):
    work_until(time.monotonic_ns() + int(seconds * 1e9))


def main():
    parser = selftime.parser(__doc__, seconds=1.0)
    hows = ["return", "exit", "signal", "abort", "exec", "deaf", "raise"]
    parser.add_argument("--how", choices=hows, default="return")
    parser.add_argument("--after-exec", action="store_true")
    options = parser.parse_args()
    if options.after_exec:
        after_exec(options.seconds)
        return
    if options.how == "deaf":
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    session = selftime.Session(options)
    deadline = session.begin()
    gap = selftime.measured(work_until, deadline)
    session.end()
    session.extra.update(how=options.how, largest_gap_ns=gap, process_cpu_ns=time.process_time_ns())
    session.write()
    if options.how == "exit":
        sys.exit(3)
    if options.how == "signal":
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(10)
    if options.how == "abort":
        os.abort()
    if options.how == "raise":
        raise RuntimeError("as asked")
    if options.how == "exec":
        script = [sys.executable, os.path.abspath(__file__), "--after-exec"]
        os.execv(sys.executable, [*script, "--seconds", str(options.seconds)])


if __name__ == "__main__":
    main()
