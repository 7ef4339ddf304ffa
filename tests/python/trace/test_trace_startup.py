"""The start-up hook: what it starts, what it hides, what it leaves to others."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from traced import StartTrace, Target, Trace, agent_of

import find_pythons

STATE = """
    import json, os, sys
    json.dump({
        "path": [entry for entry in sys.path],
        "modules": sorted(sys.modules),
        "PYTHONPATH": os.environ.get("PYTHONPATH"),
        "importers": sorted(sys.path_importer_cache),
        "profile": repr(sys.getprofile()),
        "trace": repr(sys.gettrace()),
        "flags": repr(sys.flags),
        "argv": sys.argv,
    }, sys.stdout)
"""


def state_of(target: Target) -> dict[str, object]:
    state: dict[str, object] = json.loads(target.output)
    return state


@pytest.mark.parametrize("users", [{}, {"PYTHONPATH": ""}, {"PYTHONPATH": "lib:/nowhere"}])
def test_program_sees_nothing_of_it(
    trace: Trace,
    traced_interpreter: Path,
    version: tuple[int, int],
    users: dict[str, str],
    tmp_path: Path,
) -> None:
    (tmp_path / "lib").mkdir()
    without = state_of(trace(traced_interpreter, STATE, agent=False, env=users))
    target = trace(traced_interpreter, STATE, env=users)
    assert target.process.count("enter", "<module>") == 1
    state = state_of(target)
    assert state == without


CHAINED = "import sys; print('theirs', __name__, __file__)\n"


def test_the_next_sitecustomize_is_imported(
    trace: Trace, traced_interpreter: Path, tmp_path: Path
) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "sitecustomize.py").write_text(CHAINED, encoding="utf-8")
    program = "import sitecustomize; print(sitecustomize.__file__)"
    env = {"PYTHONPATH": str(tmp_path / "lib")}
    target = trace(traced_interpreter, program, env=env)
    file = tmp_path / "lib" / "sitecustomize.py"
    assert target.output == f"theirs sitecustomize {file}\n{file}\n"
    assert target.output == trace(traced_interpreter, program, env=env, agent=False).output


@pytest.mark.parametrize("text", ["raise ValueError('theirs')", "import no_such_module"])
def test_errors_of_the_next_sitecustomize_are_its_own(
    trace: Trace, traced_interpreter: Path, tmp_path: Path, text: str
) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "sitecustomize.py").write_text(text, encoding="utf-8")
    env = {"PYTHONPATH": str(tmp_path / "lib")}
    with_agent, without = (
        trace(traced_interpreter, "print(1)", env=env, agent=agent, check=False)
        for agent in (True, False)
    )
    assert with_agent.errors == without.errors != ""
    assert (with_agent.status, with_agent.output) == (without.status, without.output)


def test_module_of_the_same_name_is_the_users(
    trace: Trace, traced_interpreter: Path, tmp_path: Path
) -> None:
    program = """
        import sys
        try:
            import sitecustomize
        except ImportError:
            print("none")
    """
    plain = trace(traced_interpreter, program, agent=False).output
    assert trace(traced_interpreter, program).output == plain


@pytest.mark.parametrize("settings", [{}, {"children": "no"}])
def test_python_children(trace: Trace, traced_interpreter: Path, settings: dict[str, str]) -> None:
    program = """
        import subprocess, sys

        def parent():
            code = "def child(): pass\\nchild()"
            subprocess.run([sys.executable, "-c", code], check=True)

        parent()
    """
    first, *others = trace(traced_interpreter, program, settings=settings).processes
    assert first.count("return", "parent") == 1
    if settings:
        assert others == []
    else:
        (child,) = others
        assert child.parent == first.pid
        assert child.words() == [
            *("enter <module>", "enter child", "return child", "return <module>"),
        ]


@pytest.mark.parametrize("calls", ["*", "@trace"])
@pytest.mark.parametrize("users", [{}, {"PYTHONPATH": "lib"}])
def test_children_with_an_environment_of_their_own(
    trace: Trace, traced_interpreter: Path, users: dict[str, str], calls: str
) -> None:
    program = """
        import os, subprocess, sys
        code = "import os; print(os.environ.get('PYTHONPATH'), os.environ.get('MORE'))"
        for env in (
            {**os.environ, "MORE": "1"},
            {**os.environ, "PYTHONPATH": "other"},
            {key: text for key, text in os.environ.items() if key != "PYTHONPATH"},
            {key: text for key, text in os.environ.items() if key != "BAROGRAPH_SPOOL"},
            None,
        ):
            subprocess.run([sys.executable, "-c", code], env=env, check=True)
        os.environ["PYTHONPATH"] = "set"
        subprocess.run([sys.executable, "-c", code], check=True)
        del os.environ["PYTHONPATH"]
        subprocess.run([sys.executable, "-c", code], check=True)
        python = [sys.executable, "-c", code]
        os.waitpid(os.posix_spawn(python[0], python, {**os.environ, "MORE": "2"}), 0)
        os.spawnve(os.P_WAIT, python[0], python, {**os.environ, "MORE": "3"})
        subprocess.run(python, env={**os.environ, "MORE": "4"}, preexec_fn=int, check=True)
    """
    target = trace(traced_interpreter, program, env=users, settings={"calls": calls})
    plain = trace(traced_interpreter, program, env=users, agent=False)
    assert target.output == plain.output
    # All but the one whose environment says that it is none of ours.
    assert len(target.processes) == 10


def test_functions_that_start_children_look_as_before(
    trace: Trace, traced_interpreter: Path
) -> None:
    program = """
        import os, pickle, posix
        for f in (os.execve, os.posix_spawn, os.posix_spawnp):
            print(f, f.__module__, f.__qualname__, f.__text_signature__, f.__doc__)
            print(pickle.loads(pickle.dumps(f)) is f, getattr(posix, f.__name__) is f)
        print(os.execve in os.supports_fd)
        for env in ({"A\\0B": "c"}, {"A": "b\\0c"}, {"A=B": "c"}, {"A": 5}, {1: "a"}):
            for start in (os.posix_spawn, os.execve):
                try:
                    start("/bin/true", ["true"], {**os.environ, **env})
                    print("started", env)
                except (ValueError, TypeError) as error:
                    print(error)
        for arguments in ((), ("/bin/true", ["true"], 5), ("/nowhere", ["x"], {"a": "b"})):
            try:
                os.posix_spawn(*arguments)
            except Exception as error:
                print(type(error).__name__, error)
    """
    with_agent, without = (trace(traced_interpreter, program, agent=a) for a in (True, False))
    assert with_agent.output == without.output


@pytest.mark.parametrize("method", ["spawn", "fork", "forkserver"])
def test_process_pools(trace: Trace, traced_interpreter: Path, method: str) -> None:
    program = f"""
        import multiprocessing

        def work(number):
            return number + 1

        if __name__ == "__main__":
            with multiprocessing.get_context("{method}").Pool(2) as pool:
                print(sum(pool.map(work, range(20), chunksize=1)))
                pool.close()
                pool.join()
    """
    target = trace(traced_interpreter, program)
    assert target.output == "210\n"
    assert sum(process.count("return", "work") for process in target.processes) == 20


@pytest.mark.parametrize("program", ["-c", "-m", "script"])
def test_ways_to_start(
    trace: Trace, traced_interpreter: Path, tmp_path: Path, program: str
) -> None:
    text = "def f(): pass\nf()\n"
    (tmp_path / "module.py").write_text(text, encoding="utf-8")
    ways = {"-c": ["-c", text], "-m": ["-m", "module"], "script": ["module.py"]}
    process = trace(traced_interpreter, arguments=ways[program]).process
    assert process.words() == ["enter <module>", "enter f", "return f", "return <module>"]
    assert {code.module for code in process.codes} == {"__main__"}


def test_without_a_recording_nothing_happens(
    traced_interpreter: Path, agent_folder: Path, tmp_path: Path
) -> None:
    # The recorder has gone and taken its folder along; a child of the program starts after that.
    program = "import os; print(os.environ.get('PYTHONPATH'), os.environ['BAROGRAPH_SPOOL'])"
    answer = subprocess.run(
        [traced_interpreter, "-c", program],
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(agent_folder / "_startup"),
            "BAROGRAPH_SPOOL": str(tmp_path / "gone"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert (answer.returncode, answer.stderr) == (0, "")
    assert answer.stdout.split()[0] == "None"


@pytest.mark.parametrize("version", [row for row in find_pythons.tested() if row.endswith("t")])
def test_an_agent_for_free_threaded_ones(agent_folder: Path, version: str, tmp_path: Path) -> None:
    """It is said where there is none; one that is installed there is found, if it is the same."""
    interpreter = find_pythons.find(version)
    agent = agent_of(agent_folder, version)
    if interpreter is None or agent is None:
        pytest.skip(f"python {version}, or an agent for it, is missing: tools/get_pythons.sh")
    hook = shutil.copytree(agent_folder / "_startup", tmp_path / "elsewhere" / "_startup")
    (tmp_path / "installed" / "barograph").mkdir(parents=True)

    def run(settings: str) -> str:
        spool = tmp_path / "spool"
        shutil.rmtree(spool, ignore_errors=True)
        spool.mkdir(mode=0o700)
        (spool / "config").write_text(settings, encoding="utf-8")
        answer = subprocess.run(
            [interpreter, "-c", "print(1)"],
            env={
                "BAROGRAPH_SPOOL": str(spool),
                "PYTHONPATH": f"{hook}:{tmp_path / 'installed'}",
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert (answer.stdout, answer.stderr, answer.returncode) == ("1\n", "", 0)
        reasons = [file.read_text(encoding="utf-8") for file in spool.glob("*.why")]
        assert len(reasons) + len(list(spool.glob("*.defs"))) == 1
        return "".join(reasons)

    reason = run("agent=/elsewhere/_agent.abi3.so\n")
    assert reason.endswith(
        f" is free-threaded and needs an agent of its own: {interpreter} -m pip install barograph\n"
    )
    shutil.copy(agent, tmp_path / "installed" / "barograph")
    assert run("agent=/elsewhere/_agent.abi3.so\n") == ""
    assert "is of another version than the recorder" in run("format=77\n")


def _old_python(version: str) -> Path | None:
    pyenv = Path.home() / ".pyenv" / "versions"
    candidates = sorted(pyenv.glob(f"{version}.*/bin/python{version}"))
    found = shutil.which(f"python{version}") if not candidates else str(candidates[-1])
    return None if found is None else Path(found)


@pytest.mark.parametrize("version", ["2.7", "3.6", "3.8", "pypy3"])
def test_other_pythons_run_undisturbed(
    start_trace: StartTrace, version: str, tmp_path: Path
) -> None:
    interpreter = shutil.which(version) if version.startswith("pypy") else _old_python(version)
    if interpreter is None:
        pytest.skip(f"python {version} is not on this machine")
    (tmp_path / "lib").mkdir()
    text = "import os; print('theirs ' + os.environ['PYTHONPATH'])\n"
    (tmp_path / "lib" / "sitecustomize.py").write_text(text, encoding="utf-8")
    process, spool = start_trace(
        Path(interpreter),
        "import sys, sitecustomize; print([e for e in sys.path if 'barograph' in e])",
        env={"PYTHONPATH": "lib"},
    )
    output, errors = process.communicate(timeout=60)
    assert (output, errors, process.returncode) == ("theirs lib\n[]\n", "", 0)
    (file,) = spool.glob("*.why")
    assert "calls are recorded" in file.read_text(encoding="utf-8")
