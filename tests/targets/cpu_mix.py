"""Seven functions with known shares of one thread's time, 5 to 60 frames deep.

Every round does the same fixed work, so wall time per round compares runs; the shares are what the
clocks around each function say. `--inflate mix_text=2` does one function's work that many times:
the shares that follow are known before the second run.
"""

import selftime

# Repetitions set the shares to roughly 4, 7, 11, 13, 14, 20 and 30 %; the clocks say exactly.
# name: (depth of the working frame below `measured`, repetitions of the kernel)
DEPTHS = {
    "mix_text": 5,
    "mix_dict": 10,
    "mix_sort": 15,
    "mix_float": 25,
    "mix_calls": 35,
    "mix_slice": 45,
    "mix_integer": 60,
}
WORDS = [f"w{i * 7919 % 1000}" for i in range(400)]
NUMBERS = [(i * 7919) % 10007 for i in range(1500)]


def kernel_text(n):
    for _ in range(n):
        " ".join(word.upper() for word in WORDS).replace("W1", "x").split("X")


def kernel_dict(n):
    for _ in range(n):
        counts = {}
        for word in WORDS:
            counts[word] = counts.get(word, 0) + 1


def kernel_sort(n):
    for _ in range(n):
        sorted(NUMBERS, key=negative)


def negative(x):
    return -x


def kernel_float(n):
    total = 0.0
    for i in range(n * 1000):
        total += i * 0.5 - total * 0.25


def kernel_calls(n):
    for _ in range(n):
        tree(8)


def tree(levels):
    if levels:
        return tree(levels - 1) + tree(levels - 1)
    return 1


def kernel_slice(n):
    for _ in range(n):
        for i in range(300):
            NUMBERS[i : i + 40][::-1]


def kernel_integer(n):
    value = 1
    for _ in range(n * 1000):
        value = (value * 1103515245 + 12345) & 0x7FFFFFFF


def dive(depth, kernel, n):
    """`depth` more frames, the last of which is the kernel's."""
    if depth <= 1:
        return kernel(n)
    return dive(depth - 1, kernel, n)


# Frames between `measured` and the first `dive`: work, mix_*.
ABOVE = 3


def mix_text(n):
    dive(DEPTHS["mix_text"] - ABOVE, kernel_text, n)


def mix_dict(n):
    dive(DEPTHS["mix_dict"] - ABOVE, kernel_dict, n)


def mix_sort(n):
    dive(DEPTHS["mix_sort"] - ABOVE, kernel_sort, n)


def mix_float(n):
    dive(DEPTHS["mix_float"] - ABOVE, kernel_float, n)


def mix_calls(n):
    dive(DEPTHS["mix_calls"] - ABOVE, kernel_calls, n)


def mix_slice(n):
    dive(DEPTHS["mix_slice"] - ABOVE, kernel_slice, n)


def mix_integer(n):
    dive(DEPTHS["mix_integer"] - ABOVE, kernel_integer, n)


PARTS = [
    (mix_text, 20),
    (mix_dict, 40),
    (mix_sort, 13),
    (mix_float, 36),
    (mix_calls, 90),
    (mix_slice, 36),
    (mix_integer, 38),
]


def work(watch, another):
    while another():
        for function, n in PARTS:
            watch.start()
            function(n)
            watch.stop(function.__name__)


def inflate(text):
    name, factor = text.split("=")
    for i, (function, n) in enumerate(PARTS):
        if function.__name__ == name:
            PARTS[i] = (function, n * int(factor))
            return
    raise SystemExit(f"cpu_mix: no function {name}")


if __name__ == "__main__":
    options = selftime.parser(__doc__)
    options.add_argument("--inflate", metavar="NAME=FACTOR")
    options = options.parse_args()
    if options.inflate:
        inflate(options.inflate)
    selftime.run(options, work, lambda: {"depths": DEPTHS})
