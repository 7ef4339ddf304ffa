"""The test suites of click and attrs, every function and class of them decorated and recorded.

Each test must end as it does without us. In every run: parts of both, before and after
sys.monitoring. BAROGRAPH_SUITES=all runs both, whole, on every interpreter (half an hour: attrs has
tests by hypothesis). tools/get_suites.sh fetches the packages.
"""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import find_pythons

REPOSITORY = Path(__file__).resolve().parents[3]
SUITES = REPOSITORY / "build" / "consumers" / "suites"
IN_CI = os.environ.get("CI", "") not in ("", "false", "0")
ALL = os.environ.get("BAROGRAPH_SUITES") == "all"


@dataclass(frozen=True)
class Suite:
    name: str
    modules: str  # that are decorated
    functions: int  # so many at least are there to be decorated, classes included
    called: int  # and so many functions called
    tests: int  # at least, of those run
    part: tuple[str, ...] = ()
    plugins: tuple[str, ...] = ()


def files(names: str) -> tuple[str, ...]:
    return tuple(f"tests/test_{name}.py" for name in names.split())


CLICK = Suite(
    "click",
    "click",
    functions=480,
    called=250,
    tests=200,
    part=files("arguments basic chain commands context defaults formatting options parser"),
)
ATTRS = Suite(
    "attrs",
    "attr attrs",
    functions=230,
    called=150,
    tests=600,
    part=files(
        "abc annotations cmp compat config converters dunders filters hooks import init_subclass"
        " next_gen packaging pattern_matching setattr slots utils validators version_info"
    ),
    plugins=("hypothesis.extra.pytestplugin",),
)
EVERY_RUN = [(CLICK, "3.9"), (CLICK, "3.11"), (ATTRS, "3.13")]
EVERYTHING = [
    (suite, version)
    for suite in (CLICK, ATTRS)
    for version in find_pythons.tested()
    if not version.endswith("t")
]


def unavailable(reason: str) -> None:
    if IN_CI:
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def run_suite(suite: Suite, python: Path, folder: Path, prefix: list[str]) -> dict[str, Any]:
    """Outcomes of the tests; decorated where `prefix` is there, which records them."""
    source = SUITES / suite.name
    paths = [source / "src", SUITES / "runner", Path(__file__).parent, REPOSITORY / "python"]
    outcomes = folder / "outcomes.json"
    outcomes.unlink(missing_ok=True)
    environment = {
        **{key: text for key, text in os.environ.items() if not key.startswith("PYTHON")},
        "PYTHONPATH": os.pathsep.join(map(str, paths)),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "HYPOTHESIS_STORAGE_DIRECTORY": str(folder / "hypothesis"),
        "OUTCOMES": str(outcomes),
        "DECORATED": suite.modules if prefix else "",
    }
    command = [str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    command += ["--basetemp", str(folder / "temporary"), "-p", "decorate_everything"]
    for plugin in suite.plugins:
        command += ["-p", plugin, "--hypothesis-seed=0"]
    part = [] if ALL else list(suite.part)
    answer = subprocess.run(
        [*prefix, *command, *part],
        cwd=source,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=3600 if ALL else 300,
    )
    # 1: some tests failed, which may be so without us.
    assert answer.returncode in (0, 1), answer.stdout + answer.stderr
    found: dict[str, Any] = json.loads(outcomes.read_text(encoding="utf-8"))
    found["output"] = answer.stdout
    return found


@pytest.mark.parametrize(
    ("suite", "version"),
    [
        pytest.param(*each, id=f"{each[0].name}-{each[1]}")
        for each in (EVERYTHING if ALL else EVERY_RUN)
    ],
)
def test_ends_as_without_us(barograph: Path, tmp_path: Path, suite: Suite, version: str) -> None:
    python = find_pythons.find(version)
    if python is None:
        unavailable(f"python {version} is missing; tools/get_pythons.sh fetches it")
    if not (SUITES / "complete").exists():
        unavailable("the suite is missing; tools/get_suites.sh fetches it")
    assert python is not None
    recording = tmp_path / "suite.baro"
    plain = run_suite(suite, python, tmp_path, [])
    record = [str(barograph), "record", "--calls=@trace", "-o", str(recording), "--"]
    decorated = run_suite(suite, python, tmp_path, record)

    assert plain["decorated"] == 0
    assert decorated["decorated"] >= suite.functions
    before, after = plain["outcomes"], decorated["outcomes"]
    assert len(before) >= suite.tests
    assert sum(outcome == "passed" for outcome in before.values()) > 0.9 * len(before)
    changed = {test for test in before | after if before.get(test) != after.get(test)}
    assert not changed, decorated["output"]

    answer = subprocess.run(
        [str(barograph), "report", "--json", str(recording)],
        capture_output=True,
        text=True,
        check=True,
    )
    report = json.loads(answer.stdout)
    assert report["head"]["complete"] is True
    assert report["head"]["lost_call_events"] == 0
    files = {function["file"] for function in report["functions"]}
    folders = tuple(str(SUITES / suite.name / "src" / name) for name in suite.modules.split())
    strange = {file for file in files if not file.startswith((*folders, "<"))}
    assert not strange, "only what is decorated is recorded"
    assert len(report["functions"]) >= suite.called
