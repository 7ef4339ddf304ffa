"""The lines of one function, each with a share of its own: is the current line right?

`few_lines` sorts lists of three sizes, a line each; `many_lines` is 5,000 lines long and sorts on
two of them, early and late, between cheap ones. ``lines`` in the truth: label -> {line, ns}; the
clocks are read on lines of their own.

`--threads`: each round in a new thread, begun before the last one ends. Free-threaded 3.14 and
later run a copy of the bytecode in each thread, its own or that of one that ended: whoever looks
into another copy shows wrong lines.
"""

import threading
import time

import selftime

BIG = [(i * 7919) % 100_003 for i in range(24_000)]
MIDDLE = BIG[:12_000]
SMALL = BIG[:5_000]

FEW = """
def few_lines(clock, took):
    a = clock()
    sorted(BIG)
    b = clock()
    sorted(MIDDLE)
    c = clock()
    sorted(SMALL)
    d = clock()
    took["few_big"] += b - a
    took["few_middle"] += c - b
    took["few_small"] += d - c
"""
FEW_LINES = {"few_big": 4, "few_middle": 6, "few_small": 8}
MANY_LINES = {"many_early": 700, "many_late": 4901}
FUNCTIONS = [("few_lines", FEW_LINES), ("many_lines", MANY_LINES)]


def many_source():
    """`many_lines`: cheap lines, and a sort on each line of MANY_LINES between two clock lines."""
    lines = ["def many_lines(clock, took):", "    value = 1"]
    while len(lines) < 5000:
        number = len(lines) + 1
        if number + 1 == MANY_LINES["many_early"] or number + 1 == MANY_LINES["many_late"]:
            label = "many_early" if number < 2000 else "many_late"
            data = "MIDDLE" if label == "many_early" else "BIG"
            lines += [
                "    a = clock()",
                f"    sorted({data})",
                "    b = clock()",
                f"    took['{label}'] += b - a",
            ]
        else:
            lines.append(f"    value = (value * 31 + {number % 1000}) & 0xFFFF")
    return "\n".join(lines) + "\n"


def until_seen():
    """The first moments of a thread are nobody's: a profiler has to find it first."""
    until = time.monotonic_ns() + 10_000_000
    while time.monotonic_ns() < until:
        pass


def main(options):
    space = {"BIG": BIG, "MIDDLE": MIDDLE, "SMALL": SMALL}
    exec(compile(FEW, "few_lines.py", "exec"), space)
    exec(compile(many_source(), "many_lines.py", "exec"), space)
    took = dict.fromkeys(list(FEW_LINES) + list(MANY_LINES), 0)
    few_lines, many_lines = space["few_lines"], space["many_lines"]

    def one_round(watch):
        watch.start()
        few_lines(time.monotonic_ns, took)
        watch.stop("few_lines")
        watch.start()
        many_lines(time.monotonic_ns, took)
        watch.stop("many_lines")

    def in_thread(watch, done, over):
        until_seen()
        selftime.measured(one_round, watch)
        done.set()
        over.wait()

    def work(watch, another):
        while not options.threads and another():
            one_round(watch)
        last_over = threading.Event()
        while options.threads and another():
            done, over = threading.Event(), threading.Event()
            threading.Thread(target=in_thread, args=(watch, done, over)).start()
            done.wait()
            last_over.set()
            last_over = over
        last_over.set()

    def after():
        lines = {}
        for function, numbers in FUNCTIONS:
            for label, line in numbers.items():
                lines[label] = {"function": function, "line": line, "ns": took[label]}
        return {"lines": lines}

    selftime.run(options, work, after)


if __name__ == "__main__":
    parser = selftime.parser(__doc__)
    parser.add_argument("--threads", action="store_true", help="each round in a new one")
    main(parser.parse_args())
