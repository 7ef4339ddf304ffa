"""Which code is recorded."""

from __future__ import annotations

from pathlib import Path

import pytest
from traced import Trace

PROGRAM = """
    import fractions, sys, textwrap
    sys.path.insert(0, "site-packages")
    import installed
    from collections import namedtuple
    from dataclasses import dataclass

    @dataclass
    class Point:
        x: int

    @dataclass
    class Pair:
        x: int
        y: int

    class Near(Pair):
        pass

    class Box:
        def put(self): pass
        def take(self): pass

    def own():
        textwrap.dedent(" a")
        fractions.Fraction(1, 3)
        installed.function()
        repr(Point(1))
        Pair(1, 2) == Near(1, 2)
        Box().put()
        Box().take()

    own()
"""

ANNOTATIONS = {"Point.__annotate__", "Pair.__annotate__"}  # from 3.14 on


@pytest.fixture
def site_packages(tmp_path: Path) -> None:
    folder = tmp_path / "site-packages"
    folder.mkdir()
    (folder / "installed.py").write_text("def function(): pass\n", encoding="utf-8")


@pytest.mark.usefixtures("site_packages")
@pytest.mark.parametrize("calls", [None, "*"])
def test_the_users_own_code(trace: Trace, traced_interpreter: Path, calls: str | None) -> None:
    settings = {} if calls is None else {"calls": calls}
    process = trace(traced_interpreter, PROGRAM, settings=settings).process
    names = {code.qualified_name for code in process.codes}
    # What dataclass made has no file; where it runs says whose it is, and its first argument of
    # which class: by its code it is __create_fn__.<locals>.__init__, in all of them.
    assert {name for name in names if "<locals>" in name or name.startswith("__create")} <= {
        "__create_fn__"  # the factory that dataclass executes in the user's module
    }
    assert {name for name in names if not name.startswith("__create")} - ANNOTATIONS == {
        *("<module>", "Point", "Pair", "Near", "Box", "own", "Box.put", "Box.take"),
        *("Point.__init__", "Point.__repr__", "Pair.__init__", "Pair.__eq__"),
    }
    assert {code.module for code in process.codes} == {"__main__"}


@pytest.mark.usefixtures("site_packages")
@pytest.mark.parametrize(
    ("calls", "expected"),
    [
        ("__main__.own", {"own"}),
        ("__main__.Box.*", {"Box.put", "Box.take"}),
        ("program.Box.*", {"Box.put", "Box.take"}),  # the script's name, as if it were imported
        ("*.Box.put,textwrap.dedent", {"Box.put", "dedent"}),
        ("__main__.Pair.__[ie]*", {"Pair.__init__", "Pair.__eq__"}),
        ("installed", {"<module>", "function"}),
        ("ins?alled.func*", {"function"}),
        ("nowhere.*", set()),
    ],
)
def test_patterns(trace: Trace, traced_interpreter: Path, calls: str, expected: set[str]) -> None:
    process = trace(traced_interpreter, PROGRAM, settings={"calls": calls}).process
    assert {code.qualified_name for code in process.codes} == expected
    # Everything that is said to be entered is.
    entered = {event.id for ring in process.rings for event in ring.events}
    assert entered == {code.id for code in process.codes}


def test_the_standard_library_by_pattern(trace: Trace, traced_interpreter: Path) -> None:
    program = "import fractions\nfractions.Fraction(6, 4) + 1\n"
    process = trace(traced_interpreter, program, settings={"calls": "fractions.*"}).process
    assert process.count("enter", "Fraction.__new__") >= 2
    assert {code.module for code in process.codes} == {"fractions"}


def test_code_that_is_left_out_runs_without_events(trace: Trace, traced_interpreter: Path) -> None:
    # Exceptions that pass through code that is left out are seen by the engine, and passed over.
    program = """
        import json

        def own(text):
            try:
                json.loads(text)
            except ValueError:
                return 1

        own("{")
    """
    words = trace(traced_interpreter, program).process.words()
    assert words == ["enter <module>", "enter own", "return own", "return <module>"]
