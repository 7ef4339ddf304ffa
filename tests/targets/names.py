"""Functions that are hard to name, each working for an equal, self-timed share.

``names`` in the truth has, a function: `label` (its key in ``labels``), `qualified` (its
co_qualname, from 3.11 on; `plain` before), `file`, `first_line`, and `tag`, an ASCII word inside
the name or file that survives however the rest is escaped.
"""

import sys
import time

import selftime

SPIN_NS = 4_000_000
QUALIFIED = sys.version_info >= (3, 11)


def spin_source(name):
    """Source of a function that spins till the time it is given."""
    return (
        f"def {name}(until):\n"
        "    value = 1\n"
        "    while clock() < until:\n"
        "        value = (value * 31 + 7) & 0xFFFF\n"
        "    return value\n"
    )


class Case:
    """One function and what it must be reported as."""

    def __init__(self, label, run, *, tag, plain, qualified, file, first_line):
        self.run = run
        self.truth = {
            "label": label,
            "tag": tag,
            "plain": plain,
            "qualified": qualified,
            "file": file,
            "first_line": first_line,
        }


def compiled(label, name, file, tag, blank_lines=0):
    """A function of any name compiled under any file name."""
    space = {"clock": time.monotonic_ns}
    source = "\n" * blank_lines + spin_source("placeholder")
    exec(compile(source, file, "exec"), space)
    function = space["placeholder"]
    changes = {"co_name": name}
    if QUALIFIED:
        changes["co_qualname"] = name
    function.__code__ = function.__code__.replace(**changes)
    return Case(
        label,
        function,
        tag=tag,
        plain=name,
        qualified=name,
        file=file,
        first_line=1 + blank_lines,
    )


SCOPES = """
class Outer:
    def method(self, until):
        value = 1
        while clock() < until:
            value = (value * 31 + 7) & 0xFFFF
        return value

    class Inner:
        @staticmethod
        def nested_method(until):
            value = 1
            while clock() < until:
                value = (value * 31 + 7) & 0xFFFF
            return value

def enclosing():
    def enclosed(until):
        value = 1
        while clock() < until:
            value = (value * 31 + 7) & 0xFFFF
        return value
    return enclosed

lambda_tag = lambda until: any(iter(lambda: clock() >= until, True))

def generator_tag(until):
    return sum(1 for _ in iter(lambda: clock() >= until, True))

def class_body(limit):
    global until
    until = limit
    class BodyTag:
        value = 1
        while clock() < until:
            value = (value * 31 + 7) & 0xFFFF
    return BodyTag
"""


def scope_cases():
    """Methods, nested functions, a class body, a generator expression, a lambda."""
    space = {"clock": time.monotonic_ns, "__name__": "scopes"}
    exec(compile(SCOPES, "scopes_tag.py", "exec"), space)
    file = "scopes_tag.py"
    line = {text: i for i, text in enumerate(SCOPES.split("\n"), 1)}

    def at(start):
        return next(number for text, number in line.items() if text.startswith(start))

    def case(label, run, tag, qualified, start):
        plain = qualified.rpartition(".")[2]
        return Case(
            label,
            run,
            tag=tag,
            plain=plain,
            qualified=qualified,
            file=file,
            first_line=at(start),
        )

    outer = space["Outer"]
    decorator = "        @staticmethod"  # co_firstlineno counts from there
    return [
        case("method", outer().method, "method", "Outer.method", "    def method"),
        case(
            "nested_method",
            outer.Inner.nested_method,
            "nested_method",
            "Outer.Inner.nested_method",
            decorator,
        ),
        case(
            "enclosed",
            space["enclosing"](),
            "enclosed",
            "enclosing.<locals>.enclosed",
            "    def enclosed",
        ),
        case("lambda", space["lambda_tag"], "<lambda>", "<lambda>", "lambda_tag"),
        case(
            "genexpr",
            space["generator_tag"],
            "<genexpr>",
            "generator_tag.<locals>.<genexpr>",
            "    return sum",
        ),
        case(
            "class_body",
            space["class_body"],
            "BodyTag",
            "class_body.<locals>.BodyTag",
            "    class BodyTag",
        ),
    ]


def huge(label, lines):
    """A function whose line table is longer than 4,096 bytes; it spins in its last line."""
    name = "huge_tag"
    body = "".join(f"    value = (value * 31 + {i % 1000}) & 0xFFFF\n" for i in range(lines))
    source = f"def {name}(until):\n    value = 1\n{body}    while clock() < until:\n        pass\n"
    space = {"clock": time.monotonic_ns}
    exec(compile(source, "huge_tag.py", "exec"), space)
    return Case(
        label,
        space[name],
        tag=name,
        plain=name,
        qualified=name,
        file="huge_tag.py",
        first_line=1,
    )


def cases():
    long_name = "long_tag_" + "x" * 10_000
    result = [
        compiled("latin", "latin_tag_é_ß", "latin_é_tag.py", "latin_tag_"),
        compiled("greek", "greek_tag_Ωμέγα", "Ωμέγα_tag.py", "greek_tag_"),
        compiled("han", "han_tag_晴雨计", "晴雨计_tag.py", "han_tag_"),
        compiled("astral", "astral_tag_🎈𝒳", "🎈_tag.py", "astral_tag_"),
        compiled(
            "surrogate", "surrogate_tag_\udcff\udc80", "surrogate_\udcfe_tag.py", "surrogate_tag_"
        ),
        compiled("control", "control_tag_\x01\n\t;\x7f", "control_\n;_tag.py", "control_tag_"),
        compiled("nul", "nul_tag_\0_end", "nul_tag.py", "nul_tag_"),
        compiled("spaces", "spaces_tag (not:12) 7", "dir with spaces/x (1):3.py", "spaces_tag "),
        compiled("long", long_name, "long_tag.py", "long_tag_"),
        compiled("long_file", "long_file_tag", "d/" * 3000 + "long_file.py", "long_file_tag"),
        compiled("empty", "", "empty_name_tag.py", "empty_name_tag"),
        compiled("late", "late_tag", "late_tag.py", "late_tag", blank_lines=70_000),
        huge("huge", 5000),
    ]
    return result + scope_cases()


def work_all(watch, another, all_cases):
    while another():
        for case in all_cases:
            watch.start()
            case.run(time.monotonic_ns() + SPIN_NS)
            watch.stop(case.truth["label"])


def main(options):
    all_cases = cases()

    def work(watch, another):
        work_all(watch, another, all_cases)

    selftime.run(options, work, lambda: {"names": [case.truth for case in all_cases]})


if __name__ == "__main__":
    main(selftime.parser(__doc__).parse_args())
