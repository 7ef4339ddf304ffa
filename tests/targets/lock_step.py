"""A program whose period is the sampling interval: a sampler with a fixed beat sees one part only.

Every `--period-us` (by default 1,000, the interval at 1,000 Hz) on an absolute schedule:
`tick_early` for the first 30 % of the period, `tick_late` for the rest. The clocks say what it
really was.
"""

import time

import selftime

EARLY = 0.3


def tick_early(until):
    while time.monotonic_ns() < until:
        pass


def tick_late(until):
    while time.monotonic_ns() < until:
        pass


def main(options):
    period = options.period_us * 1000

    def work(watch, another):
        while another():
            # A new anchor ten times a second: a program that was held up falls back into step.
            anchor = time.monotonic_ns() // period * period + period
            tick_late(anchor)
            for k in range(100_000_000 // period):
                begin = anchor + k * period
                watch.start()
                tick_early(begin + int(EARLY * period))
                watch.stop("tick_early")
                watch.start()
                tick_late(begin + period)
                watch.stop("tick_late")

    selftime.run(options, work, lambda: {"period_us": options.period_us})


if __name__ == "__main__":
    parser = selftime.parser(__doc__)
    parser.add_argument("--period-us", type=int, default=1000)
    main(parser.parse_args())
