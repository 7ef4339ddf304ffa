"""Two call chains alternating as fast as they can: the test for stacks that never existed.

Every function is called from exactly one place, so the truth is a list of `edges` (caller, callee);
any other neighbours in a profile were never on a stack together. Two chains alternate:

    swift_1 -> swift_2 -> … -> swift_n         a few times, each returning at once
    steady_1 -> steady_2 -> … -> steady_n      stays about as long in its last function

A sampler that reads memory while it changes mixes them; one that rejects what it could not read
rejects the swift chain more often, and so moves the shares. Two exact measures of that are in the
truth:

``labels``   phases of about 0.3 ms each: `phase_alternate` (both chains, as above) and
             `phase_steady` (one loop, no calls), alternating and each stopped by the clock.
             Rejected stacks of the first show as a share too small.
``chains``   the share of the swift chain's time in both chains' time, from blocks of equal calls
             stopped by the CPU clock, before and after the measured window: loops over the swift
             chain alone, the steady chain alone, both, a call that does nothing, and no call. What
             part of a call is the caller's cannot be seen by a clock; the chains take about equal
             time, so that it cancels. `uncertainty` is what remains of it, plus half of what the
             parts differ from the whole.

`--shape`: `pair` (2 deep), `five` (5 deep), `generator` (a generator in each chain, whose frame is
not on the thread's stack).
"""

import time

import selftime

# --- two deep ---


def swift_1():
    swift_2()
    swift_2()
    swift_2()
    swift_2()
    swift_2()
    swift_2()
    swift_2()
    return swift_2()


def swift_2():
    return 1


def steady_1(n):
    return steady_2(n)


def steady_2(n):
    for _ in range(n):
        pass
    return n


def alternate_pair(spin, calls):
    for _ in range(calls):
        swift_1()
        steady_1(spin)


def only_swift_pair(_, calls):
    for _ in range(calls):
        swift_1()


def only_steady_pair(spin, calls):
    for _ in range(calls):
        steady_1(spin)


# --- five deep ---


def swift_five_1():
    swift_five_2()
    swift_five_2()
    swift_five_2()
    return swift_five_2()


def swift_five_2():
    return swift_five_3()


def swift_five_3():
    return swift_five_4()


def swift_five_4():
    return swift_five_5()


def swift_five_5():
    return 1


def steady_five_1(n):
    return steady_five_2(n)


def steady_five_2(n):
    return steady_five_3(n)


def steady_five_3(n):
    return steady_five_4(n)


def steady_five_4(n):
    return steady_five_5(n)


def steady_five_5(n):
    for _ in range(n):
        pass
    return n


def alternate_five(spin, calls):
    for _ in range(calls):
        swift_five_1()
        steady_five_1(spin)


def only_swift_five(_, calls):
    for _ in range(calls):
        swift_five_1()


def only_steady_five(spin, calls):
    for _ in range(calls):
        steady_five_1(spin)


# --- with a generator ---


def swift_generator_1(generator):
    swift_generator_2(generator)
    swift_generator_2(generator)
    swift_generator_2(generator)
    return swift_generator_2(generator)


def swift_generator_2(generator):
    return next(generator)


def swift_generator_3():
    while True:
        swift_generator_4()
        yield 1


def swift_generator_4():
    return 1


def steady_generator_1(generator):
    return steady_generator_2(generator)


def steady_generator_2(generator):
    return next(generator)


def steady_generator_3(spin):
    while True:
        steady_generator_4(spin)
        yield 1


def steady_generator_4(n):
    for _ in range(n):
        pass
    return n


def generators(spin):
    """Both, made once: a generator that is dropped runs again, below whoever dropped it."""
    return swift_generator_3(), steady_generator_3(spin)


def alternate_generator(pair, calls):
    swift, steady = pair
    for _ in range(calls):
        swift_generator_1(swift)
        steady_generator_1(steady)


def only_swift_generator(pair, calls):
    swift, _ = pair
    for _ in range(calls):
        swift_generator_1(swift)


def only_steady_generator(pair, calls):
    _, steady = pair
    for _ in range(calls):
        steady_generator_1(steady)


# --- what is common ---


def no_calls(_, calls):
    for _ in range(calls):
        pass


def nothing():
    pass


def empty_calls(_, calls):
    for _ in range(calls):
        nothing()


def phase_alternate(alternate, argument, calls):
    alternate(argument, calls)


def phase_steady(n):
    for _ in range(n):
        pass


def same(spin):
    return spin


# The loops, what makes their first argument of a spin, the names' infix, and the depth.
SHAPES = {
    "pair": (alternate_pair, only_swift_pair, only_steady_pair, same, "", 2),
    "five": (alternate_five, only_swift_five, only_steady_five, same, "five_", 5),
    "generator": (
        alternate_generator,
        only_swift_generator,
        only_steady_generator,
        generators,
        "generator_",
        4,
    ),
}


def edges_of(alternate, infix, depth):
    """Every pair (caller, callee) there is below `measured`."""
    edges = [["measured", "work"], ["work", "phase_alternate"], ["work", "phase_steady"]]
    edges.extend(["work", name] for name in ("start", "stop", "another"))
    edges.append(["phase_alternate", alternate.__name__])
    for chain in ("swift_", "steady_"):
        names = [chain + infix + str(level) for level in range(1, depth + 1)]
        edges.append([alternate.__name__, names[0]])
        edges.extend([caller, callee] for caller, callee in zip(names, names[1:]))
    return edges


def lower_quartile(values):
    ordered = sorted(values)
    return ordered[len(ordered) // 4]


def cpu_ns(function, *arguments):
    begin = time.thread_time_ns()
    function(*arguments)
    return time.thread_time_ns() - begin


def repetitions(function, goal_ns, *arguments):
    """How many repetitions n of `function(*arguments, n)` take `goal_ns` of CPU time."""
    n = 256
    while cpu_ns(function, *arguments, n) < goal_ns // 2:
        n *= 2
    return max(1, n * goal_ns // min(cpu_ns(function, *arguments, n) for _ in range(9)))


def equal_spin(prepare, only_swift, only_steady):
    """The spin that makes the steady chain take as long as the swift one."""
    few, many = prepare(4), prepare(44)
    tries = [
        (
            cpu_ns(only_swift, few, 500),
            cpu_ns(only_steady, few, 500),
            cpu_ns(only_steady, many, 500),
        )
        for _ in range(100)
    ]
    swift, low, high = map(min, zip(*tries))
    return max(2, round(4 + 40 * (swift - low) / (high - low)))


class Calibration:
    """Isolated times of the parts; runs outside `measured`, before and after the window."""

    def __init__(self, blocks, argument, calls):
        self.blocks = blocks
        self.argument = argument
        self.calls = calls
        self.times = {block.__name__: [] for block in blocks}

    def run(self):
        for _ in range(60):
            for block in self.blocks:
                self.times[block.__name__].append(cpu_ns(block, self.argument, self.calls))

    def result(self, infix):
        both, swift, steady, empty, none = (
            lower_quartile(self.times[block.__name__]) / self.calls for block in self.blocks
        )
        swift, steady, both, call = swift - none, steady - none, both - none, empty - none
        ratio = swift / (swift + steady)
        return {
            "swift": "swift_" + infix + "1",
            "steady": "steady_" + infix + "1",
            "swift_ns": swift,
            "steady_ns": steady,
            "both_ns": both,
            "call_ns": call,
            "swift_ratio": ratio,
            "uncertainty": call * abs(1 - 2 * ratio) / (swift + steady)
            + abs(both - swift - steady) / both / 2,
        }


def main(options):
    alternate, only_swift, only_steady, prepare, infix, depth = SHAPES[options.shape]
    blocks = (alternate, only_swift, only_steady, empty_calls, no_calls)
    for block in blocks:  # warm: specialised code, as the measured run has it
        block(prepare(10), 20000)
    if options.work:
        spin, calls, spins = map(int, options.work.split(","))
    else:
        spin = equal_spin(prepare, only_swift, only_steady)
        calls = repetitions(phase_alternate, 300_000, alternate, prepare(spin))
        spins = repetitions(phase_steady, 300_000)
    argument = prepare(spin)
    calibration = Calibration(blocks, argument, calls)

    def work(watch, another):
        while another():
            for _ in range(100):
                watch.start()
                phase_alternate(alternate, argument, calls)
                watch.stop("phase_alternate")
                watch.start()
                phase_steady(spins)
                watch.stop("phase_steady")

    def after():
        calibration.run()
        return {
            "shape": options.shape,
            "work": f"{spin},{calls},{spins}",
            "edges": edges_of(alternate, infix, depth),
            "chains": calibration.result(infix),
        }

    calibration.run()
    selftime.run(options, work, after)


if __name__ == "__main__":
    parser = selftime.parser(__doc__)
    parser.add_argument("--shape", choices=sorted(SHAPES), default="pair")
    parser.add_argument("--work", help="the `work` of another run's truth, to do just the same")
    main(parser.parse_args())
