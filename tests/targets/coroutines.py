"""Coroutines and generators: whole await chains, and the shares of asyncio tasks.

Three tasks compute in turn, 1, 2 and 3 units between two points where they give way, each at the
end of a chain of awaits; one waits for the loop's clock only. A fourth part runs a chain of
generators (`yield from`). The clocks stand inside the computing functions, around the work.

``chains`` in the truth: the function at the end -> the callers that must be above it, outermost
first, without a gap.
"""

import asyncio
import time

import selftime

UNIT_NS = 700_000


def compute(watch, label, units):
    watch.start()
    until = time.monotonic_ns() + units * UNIT_NS
    while time.monotonic_ns() < until:
        pass
    watch.stop(label)


def compute_one(watch):
    compute(watch, "compute_one", 1)


def compute_two(watch):
    compute(watch, "compute_two", 2)


def compute_three(watch):
    compute(watch, "compute_three", 3)


def compute_generator(watch):
    compute(watch, "compute_generator", 2)


async def level_3(function, watch):
    function(watch)
    await asyncio.sleep(0)


async def level_2(function, watch):
    await level_3(function, watch)


async def level_1(function, watch):
    await level_2(function, watch)


async def job_one(watch, another):
    while another():
        await level_1(compute_one, watch)


async def job_two(watch, another):
    while another():
        await level_1(compute_two, watch)


async def job_three(watch, another):
    while another():
        await level_1(compute_three, watch)


async def job_waiting(another):
    while another():
        await asyncio.sleep(0.002)


def generate_3(watch):
    for _ in range(2):
        compute_generator(watch)
        yield 1


def generate_2(watch):
    yield from generate_3(watch)


def generate_1(watch):
    yield from generate_2(watch)


async def job_generators(watch, another):
    while another():
        for _ in generate_1(watch):
            pass
        await asyncio.sleep(0)


async def gather(watch, another):
    await asyncio.gather(
        job_one(watch, another),
        job_two(watch, another),
        job_three(watch, another),
        job_waiting(another),
        job_generators(watch, another),
    )


AWAITS = ["level_1", "level_2", "level_3"]
CHAINS = {
    "compute_one": ["job_one", *AWAITS],
    "compute_two": ["job_two", *AWAITS],
    "compute_three": ["job_three", *AWAITS],
    "compute_generator": ["job_generators", "generate_1", "generate_2", "generate_3"],
}


def work(watch, another):
    asyncio.run(gather(watch, another))


if __name__ == "__main__":
    selftime.run(selftime.parser(__doc__).parse_args(), work, lambda: {"chains": CHAINS})
