"""Children of every kind, each stopping its own clocks: is their running time seen, and how soon?

`--kind`:
    fork        os.fork, 3 children one after the other
    pool        multiprocessing.Pool of 2 by fork, 12 tasks
    spawn       the same by spawn: new interpreters that import this file
    subprocess  3 Python programs started with subprocess
    exec        one child that replaces itself with another Python program (os.execv)
    tree        a child that has a child that works

Children work below `child_work`. ``children`` in the truth has, a process: process_id, ready_ns
(its first line, CLOCK_MONOTONIC), work_ns and work_cpu_ns (inside `child_work`), last_ns.
"""

import json
import multiprocessing
import os
import subprocess
import sys
import time

import selftime

READY_NS = time.monotonic_ns()


def child_work(milliseconds):
    """Work for a while by the wall clock; returns the (wall, CPU) time it took."""
    wall, cpu = time.monotonic_ns(), time.thread_time_ns()
    until = wall + int(milliseconds * 1e6)
    value = 1
    while time.monotonic_ns() < until:
        for _ in range(200):
            value = (value * 31 + 7) & 0xFFFF
    return time.monotonic_ns() - wall, time.thread_time_ns() - cpu


def note(folder, ready_ns, wall, cpu):
    """Add one piece of a child's work to its file."""
    entry = {
        "process_id": os.getpid(),
        "ready_ns": ready_ns,
        "work_ns": wall,
        "work_cpu_ns": cpu,
        "last_ns": time.monotonic_ns(),
    }
    path = os.path.join(folder, f"child-{os.getpid()}.jsonl")
    with open(path, "a", encoding="utf-8") as file:
        file.write(json.dumps(entry) + "\n")


def work_once(folder, milliseconds, ready_ns):
    wall, cpu = child_work(milliseconds)
    note(folder, ready_ns, wall, cpu)


class Worker:
    """A worker of a pool."""

    ready_ns = 0


def pool_start():
    Worker.ready_ns = time.monotonic_ns()


def pool_task(arguments):
    folder, milliseconds = arguments
    work_once(folder, milliseconds, Worker.ready_ns)


def run_fork(folder, milliseconds):
    for _ in range(3):
        child = os.fork()
        if child == 0:
            work_once(folder, milliseconds, time.monotonic_ns())
            os._exit(0)
        os.waitpid(child, 0)


def run_pool(folder, milliseconds, method="fork"):
    context = multiprocessing.get_context(method)
    with context.Pool(2, initializer=pool_start) as pool:
        pool.map(pool_task, [(folder, milliseconds / 6)] * 12, chunksize=1)
        pool.close()
        pool.join()


def run_spawn(folder, milliseconds):
    run_pool(folder, milliseconds, "spawn")


def again(*arguments):
    """The command line of a child that is this file."""
    return [sys.executable, os.path.abspath(__file__), *arguments]


def run_subprocess(folder, milliseconds):
    for _ in range(3):
        subprocess.run(again("--child", folder, "--milliseconds", str(milliseconds)), check=True)


def run_exec(folder, milliseconds):
    child = os.fork()
    if child == 0:
        command = again("--child", folder, "--milliseconds", str(2 * milliseconds))
        os.execv(command[0], command)
    os.waitpid(child, 0)


def run_tree(folder, milliseconds):
    child = os.fork()
    if child == 0:
        run_subprocess(folder, milliseconds)
        os._exit(0)
    os.waitpid(child, 0)


KINDS = {
    "fork": run_fork,
    "pool": run_pool,
    "spawn": run_spawn,
    "subprocess": run_subprocess,
    "exec": run_exec,
    "tree": run_tree,
}


def gather(folder):
    """The children's notes, one entry a process."""
    children = {}
    for name in os.listdir(folder):
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            for line in file:
                entry = json.loads(line)
                child = children.setdefault(
                    entry["process_id"], dict(entry, work_ns=0, work_cpu_ns=0)
                )
                child["work_ns"] += entry["work_ns"]
                child["work_cpu_ns"] += entry["work_cpu_ns"]
                child["last_ns"] = entry["last_ns"]
    return [children[process_id] for process_id in sorted(children)]


def main():
    parser = selftime.parser(__doc__)
    parser.add_argument("--kind", choices=sorted(KINDS), default="fork")
    parser.add_argument("--milliseconds", type=float, default=300, help="work of one child")
    parser.add_argument("--child", metavar="FOLDER", help="be a child and leave a note there")
    options = parser.parse_args()
    if options.child:
        work_once(options.child, options.milliseconds, READY_NS)
        return
    folder = os.path.abspath(f"children-{os.getpid()}")
    os.mkdir(folder)
    session = selftime.Session(options)
    session.begin()
    selftime.measured(KINDS[options.kind], folder, options.milliseconds)
    session.end()
    session.extra.update(kind=options.kind, children=gather(folder))
    session.write()


if __name__ == "__main__":
    main()
