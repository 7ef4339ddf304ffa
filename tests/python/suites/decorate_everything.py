"""A pytest plugin: every function and class of a package gets ``@barograph.trace`` on import.

The packages are those of the variable DECORATED, separated by blanks. Their source is compiled with
the decorator above all others of every ``def``, ``async def`` and ``class``, nested ones included,
as if somebody had written it there; lines stay where they are. How each test ended is written to
the file OUTCOMES, as a JSON object.
"""

from __future__ import annotations

import ast
import builtins
import importlib.abc
import importlib.machinery
import json
import os
import sys
from pathlib import Path
from types import CodeType
from typing import TYPE_CHECKING, Any

import barograph

if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

    import pytest

# A name of builtins, so that no module has one more than before.
DECORATOR = "__barograph_trace__"
PACKAGES = os.environ.get("DECORATED", "").split()

decorated = 0


class Decorate(ast.NodeTransformer):
    """Adds the decorator to what is defined."""

    def generic_visit(self, node: ast.AST) -> ast.AST:
        global decorated  # noqa: PLW0603
        super().generic_visit(node)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            decorated += 1
            # Where the first one stands begins the function, for inspect and for tracebacks.
            first = node.decorator_list[0] if node.decorator_list else node
            name = ast.copy_location(ast.Name(DECORATOR, ast.Load()), first)
            node.decorator_list.insert(0, name)
        return node


class DecoratingLoader(importlib.machinery.SourceFileLoader):
    """Compiles anew each time: what is cached is without decorators."""

    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        tree = Decorate().visit(ast.parse(self.get_data(path), path))
        code: CodeType = compile(tree, path, "exec", dont_inherit=True)
        return code


class Finder(importlib.abc.MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname.partition(".")[0] not in PACKAGES:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is not None and isinstance(spec.loader, importlib.machinery.SourceFileLoader):
            spec.loader = DecoratingLoader(fullname, spec.loader.path)
        return spec


if PACKAGES:
    early = [name for name in sys.modules if name.partition(".")[0] in PACKAGES]
    assert not early, f"imported before it could be decorated: {early}"
    setattr(builtins, DECORATOR, barograph.trace)
    sys.meta_path.insert(0, Finder())

outcomes: dict[str, str] = {}


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    # The worst of set-up, call and tear-down; a skipped set-up has no call.
    if report.outcome != "passed" or report.nodeid not in outcomes:
        outcomes[report.nodeid] = report.outcome


def pytest_sessionfinish(session: pytest.Session, exitstatus: int | pytest.ExitCode) -> None:
    found: dict[str, Any] = {"outcomes": outcomes, "decorated": decorated}
    Path(os.environ["OUTCOMES"]).write_text(json.dumps(found), encoding="utf-8")
