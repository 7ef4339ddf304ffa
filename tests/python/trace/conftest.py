"""Running a program with the agent, without a recorder: the spool directory is the test's own."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import textwrap
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from traced import (
    Needs,
    StartTrace,
    Target,
    Trace,
    agent_of,
    sanitizer_environment,
    version_of,
)

import find_pythons

# Of the tests that are for every interpreter, those of parts of the agent that are other ones
# without a GIL, or are used there by several threads. All run on free-threaded ones, too, with
# BARO_ALL_FREE_THREADED=1, which takes a minute; and with their GIL with PYTHON_GIL=1.
FREE_THREADED = {
    *("test_block", "test_threads_that_run_already", "test_forked_children", "test_tasks"),
    *("test_generators_that_end_early", "test_hostile_values", "test_started_children"),
    *("test_objects_are_as_without_us", "test_tool_ids_of_others_are_left_alone"),
}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if os.environ.get("BARO_ALL_FREE_THREADED"):
        return
    left_out = []
    for item in items:
        parameters = getattr(getattr(item, "callspec", None), "params", {})
        is_free_threaded = str(parameters.get("traced_interpreter", "")).endswith("t")
        if is_free_threaded and getattr(item, "originalname", "") not in FREE_THREADED:
            left_out.append(item)
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


# Finding an interpreter starts it, and others: once is enough.
find_interpreter = lru_cache(maxsize=None)(find_pythons.find)
find_version = lru_cache(maxsize=None)(version_of)


def _package_folder(program: Path) -> Path:
    """Where the agent and its hook are: beside the program of a build folder, else installed."""
    folder = program.resolve().parent / "python" / "barograph"
    if not folder.is_dir():
        package = importlib.util.find_spec("barograph")
        assert package is not None
        assert package.origin is not None
        folder = Path(package.origin).parent
    assert (folder / "_agent.abi3.so").is_file(), f"no agent in {folder}"
    assert (folder / "_startup" / "sitecustomize.py").is_file()
    return folder


@pytest.fixture
def agent_folder(barograph: Path) -> Path:
    return _package_folder(barograph)


@pytest.fixture
def start_trace(agent_folder: Path, tmp_path: Path) -> Iterator[StartTrace]:
    """Starts programs; what a failed test leaves running ends with it."""
    spools: list[Path] = []
    processes: list[subprocess.Popen[str]] = []

    def start(
        interpreter: Path,
        program: str = "",
        *,
        arguments: list[str] | None = None,
        settings: dict[str, str] | None = None,
        env: dict[str, str] | None = None,
        agent: bool = True,
    ) -> tuple[subprocess.Popen[str], Path]:
        spool = tmp_path / f"spool{len(spools)}"
        spool.mkdir(mode=0o700)
        spools.append(spool)
        path = tmp_path / "program.py"
        path.write_text(textwrap.dedent(program), encoding="utf-8")
        users = dict(env or {})
        config = {"agent": str(agent_folder / "_agent.abi3.so"), **(settings or {})}
        python_path = [str(agent_folder / "_startup")]
        if "PYTHONPATH" in users:
            config["python_path"] = users["PYTHONPATH"]
            python_path += [users["PYTHONPATH"]] if users["PYTHONPATH"] else []
        lines = [f"{key}={value}\n" for key, value in config.items()]
        (spool / "config").write_text("".join(lines), encoding="utf-8")
        environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LANG": "C.UTF-8"}
        environment |= sanitizer_environment()
        environment |= {key: os.environ[key] for key in ("PYTHON_GIL",) if key in os.environ}
        environment |= {"PYTHONDONTWRITEBYTECODE": "1", **users}
        if agent:
            environment["BAROGRAPH_SPOOL"] = str(spool)
            environment["PYTHONPATH"] = os.pathsep.join(python_path)
        process = subprocess.Popen(
            [str(interpreter), *(arguments if arguments is not None else [path.name])],
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        return process, spool

    yield start
    for process in processes:
        if process.poll() is None:
            process.kill()
            process.communicate()


@pytest.fixture
def trace(start_trace: StartTrace) -> Trace:
    def run(*arguments: Any, check: bool = True, **options: Any) -> Target:
        process, spool = start_trace(*arguments, **options)
        try:
            output, errors = process.communicate(timeout=120)
        finally:
            process.kill()  # one that hangs would take the CPU from every test after it
        if check:
            assert process.returncode == 0, errors
            assert errors == ""
        return Target(process.returncode, output, errors, spool)

    return run


@pytest.fixture(params=find_pythons.tested())
def traced_interpreter(request: pytest.FixtureRequest, agent_folder: Path) -> Path:
    """Every interpreter that can be traced."""
    version: str = request.param
    found = find_interpreter(version)
    reason = f"python {version} is missing; tools/get_pythons.sh fetches it"
    if found is not None and version.endswith("t") and agent_of(agent_folder, version) is None:
        reason = f"no agent for python {version} in {agent_folder}: configured without it"
        found = None
    if found is None:
        if os.environ.get("CI", "") not in ("", "false", "0"):
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)
    return found


@pytest.fixture
def free_threaded(traced_interpreter: Path) -> bool:
    return traced_interpreter.name.endswith("t")


@pytest.fixture
def library(version: tuple[int, int], free_threaded: bool) -> str:
    """The folder of the standard library: python3.13t."""
    return f"python{version[0]}.{version[1]}" + "t" * free_threaded


@pytest.fixture
def needs(traced_interpreter: Path) -> Needs:
    def skip_without(module: str) -> None:
        command = [str(traced_interpreter), "-c", f"import {module}"]
        if subprocess.run(command, capture_output=True, check=False).returncode != 0:
            pytest.skip(f"{traced_interpreter.name} was built without {module}")

    return skip_without


@pytest.fixture
def agent_file(agent_folder: Path, traced_interpreter: Path, free_threaded: bool) -> Path:
    """The module that the interpreter loads."""
    if not free_threaded:
        return agent_folder / "_agent.abi3.so"
    found = agent_of(agent_folder, traced_interpreter.name[len("python") :])
    assert found is not None
    return found


@pytest.fixture
def version(traced_interpreter: Path) -> tuple[int, int]:
    return find_version(traced_interpreter)
