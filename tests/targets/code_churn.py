"""Code objects that live for a moment, in memory that is reused at once.

Every generation k compiles functions anew, runs them for about 0.4 ms, and drops them. Their names
say what they must be reported with:

    outer_K_L, inner_K_L   file ``churn_K.py``, first line L; outer_K calls inner_K, of the same K
    <lambda>               file ``lambda_K_L.py``, first line L

A profiler that knows a code object by its address alone shows one function's name with another's
file, line or callee.
"""

import time

import selftime

# What is compiled differs in nothing but numbers, so that a freed object's place fits the next one.
FUNCTIONS = """
def outer_{k}_{outer}(until):
    return inner_{k}_{inner}(until)
{gap}
def inner_{k}_{inner}(until):
    value = 1
    while clock() < until:
        value = (value * 31 + 7) & 0xFFFF
    return value
"""
LAMBDA = "{blank}run = lambda until: [clock() for _ in iter(lambda: clock() < until, False)]"


def generation(k):
    """Compile and run generation k."""
    outer = 2 + k % 37
    inner = outer + 3 + k % 11
    source = "\n" * (outer - 2) + FUNCTIONS.format(
        k=k, outer=outer, inner=inner, gap="\n" * (inner - outer - 3)
    )
    space = {"clock": time.monotonic_ns}
    exec(compile(source, f"churn_{k}.py", "exec"), space)
    space[f"outer_{k}_{outer}"](time.monotonic_ns() + 300_000)
    line = 1 + k % 53
    source = LAMBDA.format(blank="\n" * (line - 1))
    space = {"clock": time.monotonic_ns}
    exec(compile(source, f"lambda_{k}_{line}.py", "exec"), space)
    space["run"](time.monotonic_ns() + 100_000)


def work(watch, another):
    k = 0
    while another():
        for _ in range(20):
            generation(k)
            k += 1


if __name__ == "__main__":
    selftime.run(selftime.parser(__doc__).parse_args(), work)
