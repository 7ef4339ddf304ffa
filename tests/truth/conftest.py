"""The interpreters to test, the runs they share, and what marks a quick test.

A test that takes `python` runs once an interpreter of tools/pythons.txt (or of
`BAROGRAPH_PYTHONS=3.9,3.15`). One that is missing fails, it does not skip. `quick_on(VERSION…)`
marks the runs that belong to `-m quick`.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
for folder in (str(ROOT / "tests" / "truth"), str(ROOT / "tools")):
    if folder not in sys.path:
        sys.path.insert(0, folder)

from harness.recorder import Python, Recorder  # noqa: E402

import find_pythons  # noqa: E402  found by the path above


def wanted() -> list[str]:
    """Versions to test, oldest first."""
    named = os.environ.get("BAROGRAPH_PYTHONS")
    return named.split(",") if named else find_pythons.tested()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "quick: part of the quick loop, `make check`")
    config.addinivalue_line("markers", "quick_on(*versions): quick when run on these interpreters")
    config.addinivalue_line(
        "markers", "only_on(*versions): what does not depend on the interpreter"
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "python" not in metafunc.fixturenames:
        return
    metafunc.parametrize("python", wanted(), indirect=True, scope="session")


def _wanted_on(item: pytest.Item) -> bool:
    """Whether `only_on`, of a test or of one of its parameters, leaves this interpreter in."""
    call = getattr(item, "callspec", None)
    version = call.params.get("python") if call is not None else None
    return version is None or all(version in mark.args for mark in item.iter_markers("only_on"))


@pytest.hookimpl(tryfirst=True)  # before pytest looks at -m
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    left_out = [item for item in items if not _wanted_on(item)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if _wanted_on(item)]
    for item in items:
        quick = item.get_closest_marker("quick_on")
        call = getattr(item, "callspec", None)
        if quick and (call is None or call.params.get("python") in quick.args):
            item.add_marker(pytest.mark.quick)


_found: dict[str, Path | None] = {}


@pytest.fixture(scope="session")
def python(request: pytest.FixtureRequest) -> Python:
    version = request.param
    if version not in _found:
        _found[version] = find_pythons.find(version)
    path = _found[version]
    if path is None:
        pytest.fail(f"no CPython {version} on this machine: tools/get_pythons.sh fetches it")
    result = Python(path)
    result.version = version
    return result


@pytest.fixture
def record(tmp_path: Path) -> Iterator[Recorder]:
    yield Recorder(tmp_path)
    shutil.rmtree(tmp_path, ignore_errors=True)
