"""Says what a reader from outside must see: its own stack, names and lines of many code objects.

Lines on standard output, then it waits for a line on standard input, and ends:

    code ADDRESS FIRST_LINE NAME FILE OFFSET:END:LINE,...
    frame ADDRESS LINE NAME FILE           innermost first, as they are during the wait
    ready

Names and files are UTF-8 in hexadecimal (surrogates kept), "-" when empty; line 0 is "none". Runs
on every Python 3.
"""

import dis
import sys
import threading
import types


def text(value):
    return value.encode("utf-8", "surrogatepass").hex() or "-"


def name_of(code):
    return getattr(code, "co_qualname", code.co_name)


def lines_of(code):
    """(start, end, line) for all instructions, 0 for those without a line."""
    if hasattr(code, "co_lines"):
        return [(start, end, line or 0) for start, end, line in code.co_lines() if end > start]
    starts = list(dis.findlinestarts(code))
    ends = [start for start, _ in starts[1:]] + [len(code.co_code)]
    return [(start, end, line) for (start, line), end in zip(starts, ends)]


def write(*words):
    sys.stdout.write(" ".join(str(word) for word in words) + "\n")


def describe_code(code):
    ranges = ",".join(f"{start}:{end}:{line}" for start, end, line in lines_of(code))
    write(
        "code",
        id(code),
        code.co_firstlineno,
        text(name_of(code)),
        text(code.co_filename),
        ranges or "-",
    )


def nested(code):
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from nested(constant)


def stdlib_codes(limit):
    """Code objects of functions in modules that every interpreter has loaded or can load."""
    import argparse, ast, collections, inspect, logging, os, re, subprocess, tokenize, typing  # noqa

    seen = {}
    for module in (
        argparse,
        ast,
        collections,
        dis,
        inspect,
        logging,
        os,
        re,
        subprocess,
        tokenize,
        threading,
        typing,
    ):
        for value in list(vars(module).values()):
            owners = [value] + (list(vars(value).values()) if isinstance(value, type) else [])
            for owner in owners:
                code = getattr(owner, "__code__", None)
                if isinstance(code, types.CodeType):
                    for inner in nested(code):
                        seen[id(inner)] = inner
    return list(seen.values())[:limit]


def odd_codes():
    """Names and tables at and over the limits of a reader, and lines that jump."""
    sources = [
        ("def caf\u00e9(): return 1", "latin-\u00e9.py"),
        ("def \u540d\u524d(): return 2", "\u30d5\u30a1\u30a4\u30eb.py"),
        ("def \U00020000\U00020001(): return 3", "\U0001f40d.py"),
        ("def lone(): return 4", "not-utf8-\udc80\udcff.py"),
        ("def far():\n" + "\n" * 70000 + "    return (1,\n" + "\n" * 300 + " len(()))", "far.py"),
        ("def " + "n" * 4000 + "(): return 5", "f" * 4096),
        ("def longest(): return 6", "x" * 5000),
        ("def longest_wide(): return 7", "\u30d5" * 3000),
        (
            "def many():\n" + "".join(f"    a{i} = [{i},\n  None]\n" for i in range(4000)),
            "many.py",
        ),
        ("def big():\n" + "".join(f"    x = f(y) + g({i})\n" for i in range(12000)), "big.py"),
    ]
    for source, name in sources:
        yield from nested(compile(source, name, "exec"))
    function = lambda: None  # noqa: E731
    yield function.__code__.replace(co_name="", co_filename="")
    yield function.__code__.replace(co_name="with\0nul and \n newline")
    yield function.__code__.replace(co_firstlineno=1)


def describe_stack(frame):
    while frame is not None:
        code = frame.f_code
        write("frame", id(code), frame.f_lineno, text(name_of(code)), text(code.co_filename))
        frame = frame.f_back
    write("ready")
    sys.stdout.flush()


def wait(keep):
    # One line: it is both the line described and the line that waits.
    describe_stack(sys._getframe()) or sys.stdin.readline()
    return len(keep)


def generator(keep):
    try:
        yield 0
        # A frame of its own before 3.12, as is the lambda below.
        yield [  # noqa: C416
            item
            for item in (
                1,
                wait(keep),
            )
        ]
    finally:
        keep.clear()


class Box:
    @property
    def value(self):
        inner = generator(self.keep)
        next(inner)
        return (lambda one, two: next(one))(inner, 2)  # noqa: PLC3002

    class Inner:
        def recurse(self, box, depth):
            if depth:
                return self.recurse(box, depth - 1)
            return max([0], key=lambda _: box.value)


def main():
    box = Box()
    box.keep = stdlib_codes(400) + list(odd_codes())
    for code in box.keep:
        describe_code(code)
    exec(
        compile("class Body:\n  \n  x = go()\n", "body.py", "exec"),
        {"go": lambda: Box.Inner().recurse(box, 20)},
    )


if len(sys.argv) > 1 and sys.argv[1] == "thread":
    thread = threading.Thread(target=main)
    thread.start()
    thread.join()
else:
    main()
