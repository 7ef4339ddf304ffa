"""`barograph.record`: the calls of a block, by a recorder that outlives the program."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).resolve().parents[3] / "python"

# The package of the source folder with the program under test, as an installed one has it.
HEAD = f"""
import os, sys, threading, time
from pathlib import Path
sys.path.insert(0, {str(FOLDER)!r})
import barograph
import barograph.recording
barograph.recording.program_path = lambda: Path(os.environ["PROGRAM"])

def leaf(n):
    return n
def work(count):
    for i in range(count):
        leaf(i)
"""

# What an ended recording may not leave.
LEFT_BEHIND = """
if sys.version_info >= (3, 12):
    tools = [sys.monitoring.get_tool(i) for i in range(6)]
    assert tools == [None] * 6, tools
    for i in range(6):
        sys.monitoring.use_tool_id(i, "test")
        assert sys.monitoring.get_events(i) == 0
        assert sys.monitoring.get_local_events(i, leaf.__code__) == 0
        sys.monitoring.free_tool_id(i)
else:
    assert sys.getprofile() is None
    assert threading._profile_hook is None
    import ctypes
    get = ctypes.pythonapi._PyInterpreterState_GetEvalFrameFunc
    get.argtypes, get.restype = [ctypes.c_void_p], ctypes.c_void_p
    ctypes.pythonapi.PyInterpreterState_Get.restype = ctypes.c_void_p
    default = ctypes.cast(ctypes.pythonapi._PyEval_EvalFrameDefault, ctypes.c_void_p).value
    assert get(ctypes.pythonapi.PyInterpreterState_Get()) == default
maps = Path("/proc/self/maps").read_text()
assert ".ring" not in maps, maps
"""

Start = Callable[..., "subprocess.Popen[str]"]
Execute = Callable[..., str]


@pytest.fixture
def start(traced_interpreter: Path, barograph: Path, tmp_path: Path) -> Start:
    def start(program: str, *options: str) -> subprocess.Popen[str]:
        path = tmp_path / "program.py"
        path.write_text(HEAD + textwrap.dedent(program), encoding="utf-8")
        return subprocess.Popen(
            [traced_interpreter, "-B", "-W", "error", *options, path],
            cwd=tmp_path,
            env={**os.environ, "PROGRAM": str(barograph)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


@pytest.fixture
def execute(start: Start) -> Execute:
    def execute(program: str, status: int = 0) -> str:
        process = start(program)
        output, errors = process.communicate(timeout=60)
        assert process.returncode == status, errors
        assert errors == ""
        return output

    return execute


@pytest.fixture
def report(barograph: Path, tmp_path: Path) -> Callable[..., dict[str, Any]]:
    def report(name: str = "run.baro") -> dict[str, Any]:
        command = [str(barograph), "report", "--json", str(tmp_path / name)]
        answer = subprocess.run(command, capture_output=True, text=True, check=False)
        assert answer.returncode == 0, answer.stderr
        loaded: dict[str, Any] = json.loads(answer.stdout)
        assert loaded["head"]["complete"] is True
        assert loaded["head"]["lost_call_events"] == 0
        return loaded

    return report


Report = Callable[..., dict[str, Any]]


def calls_of(report: dict[str, Any]) -> dict[str, int]:
    return {function["name"]: function["calls"] for function in report["functions"]}


def await_end(path: Path, report: Report) -> dict[str, Any]:
    """Of a recording whose program is dead: the recorder may need a moment."""
    deadline = time.monotonic() + 20
    while True:
        try:
            return report(path.name)
        except AssertionError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def test_block(execute: Execute, report: Report) -> None:
    execute(
        """
        work(3)
        with barograph.record("run.baro") as recording:
            assert recording.running and recording.path == os.path.abspath("run.baro")
            work(1000)
        assert not recording.running and os.path.getsize("run.baro") > 100
        work(3)
        """
        + textwrap.dedent(LEFT_BEHIND).replace("\n", "\n        ")
    )
    found = report()
    assert calls_of(found) == {"work": 1, "leaf": 1000}
    assert found["head"]["end"] == "detached"
    assert found["head"]["kind"] == "calls"
    assert "program.py" in found["head"]["command"]


def test_one_after_the_other(execute: Execute, report: Report) -> None:
    """What one recording left out, disabled or numbered does not hold for the next one."""
    execute("""
        for name, calls in [("a", ["__main__.leaf"]), ("b", ["__main__.work"]), ("c", None)]:
            recording = barograph.record(name + ".baro", calls=calls)
            recording.start()
            work(10)
            recording.stop()
            recording.stop()
    """)
    assert calls_of(report("a.baro")) == {"leaf": 10}
    assert calls_of(report("b.baro")) == {"work": 1}
    assert calls_of(report("c.baro")) == {"work": 1, "leaf": 10}


def test_threads_that_run_already(execute: Execute, report: Report) -> None:
    """Also in a second recording, when they hold a ring of the first one."""
    execute("""
        steps = [threading.Semaphore(0) for _ in range(4)]
        done = threading.Semaphore(0)
        def loop(step):
            while True:
                step.acquire()
                if over: return
                work(50)
                done.release()
        over = False
        threads = [threading.Thread(target=loop, args=[step]) for step in steps]
        for thread in threads: thread.start()
        def turn():
            for step in steps: step.release()
            for step in steps: done.acquire()
        turn()
        for name in "ab":
            with barograph.record(name + ".baro", calls=["__main__.work", "__main__.leaf"]):
                turn()
                thread = threading.Thread(target=work, args=[7]); thread.start(); thread.join()
            turn()
        over = True
        for step in steps: step.release()
        for thread in threads: thread.join()
    """)
    for name in ("a.baro", "b.baro"):
        found = report(name)
        assert calls_of(found) == {"work": 5, "leaf": 207}
        assert sorted(thread["calls"] for thread in found["threads"]) == [8, 51, 51, 51, 51]


def test_marked_before_and_during(execute: Execute, report: Report) -> None:
    execute(
        """
        @barograph.trace
        def early(): leaf(1)
        early()
        def dead(): pass
        barograph.trace(dead); del dead
        for name in "ab":
            with barograph.record(name + ".baro", calls=["@trace"]):
                early()
                late = barograph.trace(lambda: leaf(2))
                late(); late()
                work(5)
        early(); late()
        leaf = early
        """
        + textwrap.dedent(LEFT_BEHIND).replace("\n", "\n        ")
    )
    for name in ("a.baro", "b.baro"):
        assert calls_of(report(name)) == {"early": 1, "<lambda>": 2}


def test_nothing_is_left_of_a_budget(execute: Execute, report: Report) -> None:
    """Where counting is too dear, the interpreter tells no ends of `leaf` any more."""
    said = execute(
        """
        import json
        def often():
            times, end = 0, time.thread_time() + 0.08
            while time.thread_time() < end:
                work(1000)
                times += 1000
            return times
        with barograph.record("a.baro", calls=["__main__.leaf"], overhead="0.01%"):
            times = often()
        with barograph.record("b.baro", calls=["__main__.leaf"]):
            work(1000)
        print(json.dumps([times, 1000]))
        """
        + textwrap.dedent(LEFT_BEHIND).replace("\n", "\n        ")
    )
    for name, times in zip("ab", json.loads(said)):
        found = report(name + ".baro")
        assert calls_of(found) == {"leaf": times}
        assert (found["head"]["skipped_calls"] > 0) == (name == "a")
        assert found["head"]["unfinished_calls"] == 0


def test_exceptions_pass_through(execute: Execute, report: Report) -> None:
    execute("""
        class Mine(Exception): pass
        error = Mine("text")
        try:
            with barograph.record("run.baro"):
                work(10)
                raise error
        except Mine as caught:
            assert caught is error and caught.__context__ is None and caught.__cause__ is None
        else:
            raise AssertionError
    """)
    assert calls_of(report()) == {"work": 1, "leaf": 10}


@pytest.mark.parametrize("end", ["os._exit(7)", "os.kill(os.getpid(), 9)", "sys.exit(7)"])
def test_death_in_the_block(end: str, start: Start, report: Report, tmp_path: Path) -> None:
    process = start(f"""
        recording = barograph.record("run.baro")
        recording.start()
        work(20_000)
        {end}
    """)
    process.communicate(timeout=60)
    assert process.returncode in (7, -9)
    found = await_end(tmp_path / "run.baro", report)
    assert calls_of(found) == {"work": 1, "leaf": 20_000}
    assert found["head"]["end"] == "exit"


def test_death_before_a_forked_child(start: Start, report: Report, tmp_path: Path) -> None:
    """The child holds the pipe to the recorder, and lives on."""
    process = start("""
        recording = barograph.record("run.baro")
        recording.start()
        child = os.fork()
        if child == 0:
            os.close(1); os.close(2)
            time.sleep(30)
            os._exit(0)
        print(child, flush=True)
        work(10)
        os._exit(0)
    """)
    output, _ = process.communicate(timeout=60)
    try:
        assert calls_of(await_end(tmp_path / "run.baro", report)) == {"work": 1, "leaf": 10}
    finally:
        os.kill(int(output), 9)


def test_forked_children(execute: Execute, report: Report) -> None:
    """They are in the file, and leaving the block ends only their own part of it."""
    execute("""
        with barograph.record("run.baro"):
            child = os.fork()
            work(100)
            if child:
                assert os.waitpid(child, 0)[1] == 0
                work(1)
            else:
                import warnings
                with warnings.catch_warnings(record=True) as caught:
                    warnings.simplefilter("always")
                    with barograph.record("other.baro"):
                        pass
                assert "recorded already" in str(caught[0].message), caught
        assert not os.path.exists("other.baro")
        if child == 0:
            work(1000)
            os._exit(0)
    """)
    found = report()
    assert calls_of(found) == {"work": 3, "leaf": 201}
    assert len(found["processes"]) == 2


def test_started_children(execute: Execute, report: Report, tmp_path: Path) -> None:
    """Pythons that are started meanwhile are in the file, whatever environment they are given."""
    (tmp_path / "child.py").write_text(HEAD + "work(10)\n", encoding="utf-8")
    execute("""
        import multiprocessing, subprocess
        def start(**named):
            subprocess.run([sys.executable, "-B", "child.py"], check=True, **named)
        def in_pool(count):
            work(count)
        if __name__ == "__main__":
            with barograph.record("run.baro", calls=["__main__.leaf", "program.leaf"]):
                start()
                start(env=dict(os.environ, BAROGRAPH_SPOOL="/nowhere"))
                start(env={"PROGRAM": "none", "PYTHONPATH": "/nowhere"})
                child = [sys.executable, "-B", "child.py"]
                assert os.spawnve(os.P_WAIT, child[0], child, dict(os.environ)) == 0
                # The script is its __mp_main__, which both patterns mean.
                with multiprocessing.get_context("spawn").Pool(1) as pool:
                    pool.map(in_pool, [5])
                    pool.close()
                    pool.join()
                work(1)
            names = ("BAROGRAPH_SPOOL", "PYTHONPATH")
            left = "import os; print([name for name in %r if name in os.environ])" % (names,)
            for env in (None, {}):
                command = [sys.executable, "-c", left]
                output = subprocess.run(command, check=True, stdout=subprocess.PIPE, env=env)
                assert output.stdout in (b"[]\\n", b"['PYTHONPATH']\\n"), output
            start()
    """)
    found = report()
    assert sum(function["calls"] for function in found["functions"]) == 4 * 10 + 5 + 1
    commands = [process["command"] for process in found["processes"]]
    assert sum("child.py" in command for command in commands) == 4
    assert sum("spawn_main" in command for command in commands) == 1


def test_second_recording(execute: Execute, report: Report) -> None:
    execute("""
        with barograph.record("run.baro") as recording:
            for other in (barograph.record("other.baro"), recording):
                try:
                    other.start()
                except barograph.Error as error:
                    assert "\\n" not in str(error)
                else:
                    raise AssertionError
            work(1)
        try:
            recording.start()
        except barograph.Error as error:
            assert "started once" in str(error)
        else:
            raise AssertionError
        assert not os.path.exists("other.baro")
    """)
    assert calls_of(report()) == {"work": 1, "leaf": 1}


def test_existing_file(execute: Execute, report: Report) -> None:
    execute("""
        Path("run.baro").write_text("old")
        try:
            barograph.record("run.baro").start()
        except FileExistsError as error:
            assert error.filename == os.path.abspath("run.baro")
        else:
            raise AssertionError
        with barograph.record(Path("run.baro"), overwrite=True):
            work(1)
        assert Path("run.baro.old").read_text() == "old"
    """)
    assert calls_of(report()) == {"work": 1, "leaf": 1}


def test_what_cannot_be_recorded(execute: Execute) -> None:
    execute("""
        def fails(kind, words, *arguments, **named):
            try:
                barograph.record(*arguments, **named).start()
            except kind as error:
                assert words in str(error) and "\\n" not in str(error), error
            else:
                raise AssertionError(words)
        fails(barograph.Error, "/nowhere/run.baro", "/nowhere/run.baro")
        fails(TypeError, "list", "run.baro", calls="mypkg.*")
        fails(TypeError, "list of patterns, like", "run.baro", calls=5)
        fails(TypeError, "list of patterns, like", "run.baro", calls=[b"mypkg.*"])
        fails(ValueError, "no pattern", "run.baro", calls=[])
        fails(ValueError, "a,b", "run.baro", calls=["a,b"])
        if sys.version_info >= (3, 12):
            for tool in (3, 4): sys.monitoring.use_tool_id(tool, "others")
            fails(barograph.Error, "sys.monitoring", "run.baro")
        barograph.recording.program_path = lambda: Path("/bin/false")
        fails(barograph.Error, "status 1", "run.baro")
        assert not os.path.exists("run.baro")
    """)


def test_nothing_called_is_a_warning(execute: Execute) -> None:
    execute("""
        import warnings
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            with barograph.record("run.baro", calls=["nowhere.*"]):
                work(1)
        (warning,) = caught
        assert warning.category is RuntimeWarning
        assert "nothing that matches nowhere.* was called" in str(warning.message)
        assert warning.filename == __file__, warning.filename
    """)


def test_recorder_dies(execute: Execute) -> None:
    execute("""
        recording = barograph.record("run.baro")
        recording.start()
        work(10)
        recording._recorder.kill()
        recording._recorder.wait()
        work(10)
        try:
            recording.stop()
        except barograph.Error as error:
            assert "killed by signal 9; what it had written is kept" in str(error), error
        else:
            raise AssertionError
        with barograph.record("next.baro"):
            work(1)
    """)


def test_below_record_calls(
    traced_interpreter: Path, barograph: Path, tmp_path: Path, report: Report
) -> None:
    path = tmp_path / "program.py"
    text = """
        import warnings
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            for name in ("other.baro", "another.baro"):
                recording = barograph.record(name)
                with recording:
                    work(1)
                    assert not recording.running
                assert not os.path.exists(name)
        (warning,) = caught  # once a process
        assert warning.category is RuntimeWarning
        assert warning.filename == __file__, warning.filename
        assert "recorded already" in str(warning.message)
        assert os.path.abspath("other.baro") in str(warning.message)
        try:
            recording.start()
        except barograph.Error as error:
            assert "started once" in str(error)
        else:
            raise AssertionError
    """
    path.write_text(HEAD + textwrap.dedent(text), encoding="utf-8")
    options = ["-q", "--calls=__main__.leaf", "-o", "run.baro"]
    command = [str(barograph), "record", *options, "--", str(traced_interpreter), str(path)]
    subprocess.run(command, cwd=tmp_path, check=True)
    assert calls_of(report()) == {"leaf": 2}


def test_imports_nothing_before_it_is_used() -> None:
    code = f"""
import sys
sys.path.insert(0, {str(FOLDER)!r})
before = set(sys.modules)
import barograph
print(*sorted(set(sys.modules) - before))
"""
    command = [sys.executable, "-I", "-c", code]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    assert answer.stdout.split() == ["__future__", "barograph"]
