"""A program of 0.3 s: how much of it is seen, from its first line on?

``first_line_ns`` and ``last_line_ns`` (CLOCK_MONOTONIC) enclose the script; `spin` runs from right
after the first to right before the second. Only `time` is imported before.
"""

import time

FIRST_LINE_NS = time.monotonic_ns()


def spin(milliseconds):
    until = FIRST_LINE_NS + int(milliseconds * 1e6)
    value = 1
    while time.monotonic_ns() < until:
        value = (value * 31 + 7) & 0xFFFF


def measured():
    spin(300)


measured()
LAST_LINE_NS = time.monotonic_ns()

import selftime  # noqa: E402  its imports would be most of the program

options = selftime.parser(__doc__).parse_args()
session = selftime.Session(options)
session.extra.update(first_line_ns=FIRST_LINE_NS, last_line_ns=LAST_LINE_NS)
session.write()
