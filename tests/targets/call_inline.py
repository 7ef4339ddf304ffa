"""Call against inline: the same work in one function, done in its own loop or in calls of another.

A profiler with function bias says too much of the half that makes calls. One sweep point a
percentage: `calls_05` … `calls_95` do that share of a period's work in calls of a function of their
own (`callee_05` …), `inline_05` … the rest, and the clocks around both say what the shares were.
"""

import selftime

POINTS = [5, 20, 35, 50, 65, 80, 95]
UNIT = 40

SOURCE = """
def callee_{p:02d}(value):
    for _ in range({unit}):
        value = (value * 31 + 7) & 0xFFFF
    return value


def calls_{p:02d}(times):
    value = 1
    for _ in range(times):
        value = callee_{p:02d}(value)
    return value


def inline_{p:02d}(times):
    value = 1
    for _ in range(times):
        for _ in range({unit}):
            value = (value * 31 + 7) & 0xFFFF
    return value
"""


def define():
    """The functions of every point: (percentage, calls, inline)."""
    points = []
    for percent in POINTS:
        space = {}
        source = SOURCE.format(p=percent, unit=UNIT)
        exec(compile(source, f"call_inline_{percent:02d}.py", "exec"), space)
        points.append((percent, space[f"calls_{percent:02d}"], space[f"inline_{percent:02d}"]))
    return points


def main(options):
    points = define()

    def work(watch, another):
        while another():
            for percent, calls, inline in points:
                watch.start()
                calls(10 * percent)
                watch.stop(calls.__name__)
                watch.start()
                inline(10 * (100 - percent))
                watch.stop(inline.__name__)

    selftime.run(options, work, lambda: {"points": POINTS})


if __name__ == "__main__":
    main(selftime.parser(__doc__).parse_args())
