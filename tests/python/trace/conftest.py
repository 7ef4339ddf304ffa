"""Running a program with the agent, without a recorder: the spool directory is the test's own."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import textwrap
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from traced import StartTrace, Target, Trace, sanitizer_environment, version_of

import find_pythons

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
def start_trace(agent_folder: Path, tmp_path: Path) -> StartTrace:
    spools: list[Path] = []

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
        return process, spool

    return start


@pytest.fixture
def trace(start_trace: StartTrace) -> Trace:
    def run(*arguments: Any, check: bool = True, **options: Any) -> Target:
        process, spool = start_trace(*arguments, **options)
        output, errors = process.communicate(timeout=120)
        if check:
            assert process.returncode == 0, errors
            assert errors == ""
        return Target(process.returncode, output, errors, spool)

    return run


@pytest.fixture(params=[row for row in find_pythons.tested() if not row.endswith("t")])
def traced_interpreter(request: pytest.FixtureRequest) -> Path:
    """Every interpreter that can be traced; free-threaded ones are test_trace_startup.py's."""
    version: str = request.param
    found = find_interpreter(version)
    if found is None:
        reason = f"python {version} is missing; tools/get_pythons.sh fetches it"
        if os.environ.get("CI", "") not in ("", "false", "0"):
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)
    return found


@pytest.fixture
def version(traced_interpreter: Path) -> tuple[int, int]:
    return find_version(traced_interpreter)
