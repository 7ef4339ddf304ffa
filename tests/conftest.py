"""What the tests of all folders share: the program they test and the interpreters it is tested on.

``barograph`` is the program that the environment variable BAROGRAPH names, else the installed one.
``interpreter`` repeats a test for every CPython of tools/pythons.txt; one that is not on this
machine skips the test by name, in CI it fails it.
"""

from __future__ import annotations

import os
import shutil
import sysconfig
from functools import lru_cache
from pathlib import Path

import pytest

import find_pythons

IN_CI = os.environ.get("CI", "") not in ("", "false", "0")

find_interpreter = lru_cache(maxsize=None)(find_pythons.find)


@pytest.fixture(scope="session")
def barograph() -> Path:
    named = os.environ.get("BAROGRAPH")
    if named is not None:
        return Path(named)
    folders = os.pathsep.join([sysconfig.get_path("scripts"), os.environ.get("PATH", "")])
    found = shutil.which("barograph", path=folders)
    assert found is not None, "no barograph to test: `make install`, or name one in BAROGRAPH"
    return Path(found)


@pytest.fixture(params=find_pythons.tested())
def interpreter(request: pytest.FixtureRequest) -> Path:
    version: str = request.param
    found = find_interpreter(version)
    if found is None:
        reason = f"python {version} is missing; tools/get_pythons.sh fetches it"
        if IN_CI:
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)
    return found
