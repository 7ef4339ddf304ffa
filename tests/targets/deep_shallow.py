"""Deep and shallow stacks in turn: does a sampler see as much of the deep ones, and at what cost?

5 ms at a depth of 2 frames below `measured`, then 5 ms at the bottom of `--depth` more frames, each
ended by the clock (or, to compare run times, after `--pieces` of work). A sampler whose cost grows
with depth comes too late for the next sample (coordinated omission), or loses deep ones, and the
share of `phase_deep` shows it. `--only` stays in one of them, for what a sample costs there.
"""

import sys
import time

import selftime

PHASE_NS = 5_000_000


def shallow_work(until):
    value = 1
    while until < 0 or time.monotonic_ns() < until:
        for _ in range(100):
            value = (value * 31 + 7) & 0xFFFF
        if until < 0:
            until += 1
            if until == 0:
                break


def deep_work(until):
    value = 1
    while until < 0 or time.monotonic_ns() < until:
        for _ in range(100):
            value = (value * 31 + 7) & 0xFFFF
        if until < 0:
            until += 1
            if until == 0:
                break


def descend(levels, until):
    if levels <= 1:
        return deep_work(until)
    return descend(levels - 1, until)


def phase_end(options):
    """What a phase works until: a time, or minus a number of equal pieces of work."""
    return -options.pieces if options.pieces else time.monotonic_ns() + PHASE_NS


def phase_shallow(options):
    shallow_work(phase_end(options))


def phase_deep(options):
    descend(options.depth, phase_end(options))


def main(options):
    sys.setrecursionlimit(options.depth + 200)

    def work(watch, another):
        while another():
            if options.only != "deep":
                watch.start()
                phase_shallow(options)
                watch.stop("phase_shallow")
            if options.only != "shallow":
                watch.start()
                phase_deep(options)
                watch.stop("phase_deep")

    selftime.run(options, work, lambda: {"depth": options.depth})


if __name__ == "__main__":
    parser = selftime.parser(__doc__)
    parser.add_argument("--depth", type=int, default=300, help="calls below phase_deep")
    parser.add_argument(
        "--pieces", type=int, help="end phases after this many equal pieces of work"
    )
    parser.add_argument("--only", choices=["deep", "shallow"])
    main(parser.parse_args())
