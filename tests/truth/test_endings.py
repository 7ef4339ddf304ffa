"""However it ends: the recording is kept, the status passed on, the target unharmed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from harness.profile import Profile
from harness.recorder import Python
from harness.runs import TARGETS, kill_tree
from harness.tools import TOOLS, Request, barograph_program

WAIT_S = 20.0


class Recording:
    """A recording under way: `barograph record` and the target `endings`."""

    def __init__(self, python: str, folder: Path) -> None:
        self.python = python
        self.folder = folder
        self.file = folder / "run.baro"
        self.truth_file = folder / "truth.json"
        self.errors = folder / "errors.txt"
        self.started: list[subprocess.Popen[bytes]] = []

    def target_command(self, *arguments: str) -> list[str]:
        script = str(TARGETS / "endings.py")
        return [self.python, script, "--truth", str(self.truth_file), *arguments]

    def start(self, command: list[str]) -> subprocess.Popen[bytes]:
        with open(self.errors, "ab") as errors:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=errors,
                stderr=errors,
                cwd=self.folder,
                start_new_session=True,
            )
        self.started.append(process)
        return process

    def record(self, *options: str, target: tuple[str, ...] = ()) -> subprocess.Popen[bytes]:
        """Start `barograph record` on the target, or on a running one by `-p` in the options."""
        command = [barograph_program(), "record", "-o", str(self.file), *options]
        if target:
            command += ["--", *self.target_command(*target)]
        return self.start(command)

    def target_process(self, recorder: subprocess.Popen[bytes]) -> int:
        """Process id of the target that a recorder started."""
        children = Path(f"/proc/{recorder.pid}/task/{recorder.pid}/children")
        until = time.monotonic() + WAIT_S
        while time.monotonic() < until:
            for child in map(int, children.read_text().split()):
                try:
                    arguments = Path(f"/proc/{child}/cmdline").read_bytes()
                except OSError:
                    continue
                if b"endings.py" in arguments:
                    return child
            time.sleep(0.005)
        raise AssertionError(f"no target started; {self.printed()}")

    def truth(self) -> dict[str, Any]:
        """The target's truth, once it has come to its end."""
        until = time.monotonic() + WAIT_S
        while not self.truth_file.exists():
            assert time.monotonic() < until, f"the target did not come to its end; {self.printed()}"
            time.sleep(0.02)
        truth = json.loads(self.truth_file.read_text())
        assert isinstance(truth, dict)
        return truth

    def profile(self) -> Profile:
        """What the recording holds."""
        return TOOLS["barograph"].read(Request(self.python, [], self.file), "")

    def printed(self) -> str:
        return "printed: " + self.errors.read_text(errors="replace")[-2000:]

    def seconds_in(self, function: str) -> float:
        """Wall time seen below a function."""
        profile = self.profile()
        assert profile.unit_s is not None
        return profile.total(function) * profile.unit_s


@pytest.fixture
def recording(python: Python, tmp_path: Path) -> Iterator[Recording]:
    result = Recording(python, tmp_path)
    yield result
    for process in result.started:
        kill_tree(process.pid)
        process.wait()


def state_letter(process_id: int) -> str | None:
    """R, S, T …; None when the process is gone."""
    try:
        return Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return None


def tracer(process_id: int) -> int:
    for line in Path(f"/proc/{process_id}/status").read_text().splitlines():
        if line.startswith("TracerPid:"):
            return int(line.split()[1])
    raise AssertionError("no TracerPid")


ENDS = {"return": 0, "exit": 3, "raise": 1, "signal": 143, "abort": 134}


@pytest.mark.quick_on("3.12")
@pytest.mark.only_on("3.9", "3.12", "3.15")
@pytest.mark.parametrize("how", sorted(ENDS))
def test_status_is_passed_on_and_the_recording_kept(recording: Recording, how: str) -> None:
    """Status, exception, signal and crash of the command are those of `record`."""
    process = recording.record(target=("--how", how, "--seconds", "0.5"))
    assert process.wait(WAIT_S) == ENDS[how], recording.printed()
    true = recording.truth()["window"]["wall_ns"] * 1e-9
    assert abs(recording.seconds_in("work_until") - true) < 0.05 + 0.1 * true


@pytest.mark.only_on("3.9", "3.12", "3.14t", "3.15")
def test_exec_is_followed(recording: Recording) -> None:
    """A process that becomes another program is sampled before and after."""
    process = recording.record(target=("--how", "exec", "--seconds", "0.6"))
    assert process.wait(WAIT_S) == 0, recording.printed()
    assert abs(recording.seconds_in("measured") - 0.6) < 0.1
    assert abs(recording.seconds_in("after_exec") - 0.6) < 0.1


def assert_ran_on(recording: Recording, seconds: float) -> None:
    """The target came to its end by itself and was never held up for long."""
    truth = recording.truth()
    assert truth["window"]["wall_ns"] * 1e-9 >= seconds
    gap, waited = truth["largest_gap_ns"] * 1e-9, truth["window"]["runnable_ns"] * 1e-9
    assert gap < 0.2 + waited, f"the target stood still for {gap:.3f} s"


@pytest.mark.only_on("3.9", "3.12", "3.14t", "3.15")
@pytest.mark.parametrize("mode", [(), ("--stop",)])
def test_target_survives_a_killed_sampler(recording: Recording, mode: tuple[str, ...]) -> None:
    """SIGKILL at any moment: the target runs on; the file has all but the last second."""
    process = recording.record(*mode, "--rate", "2000", target=("--seconds", "2.6"))
    target = recording.target_process(process)
    time.sleep(2.0)
    process.kill()
    process.wait()
    time.sleep(0.1)
    assert state_letter(target) in ("R", "S", "D"), "the target was left stopped"
    assert tracer(target) == 0
    assert_ran_on(recording, 2.6)
    assert recording.seconds_in("work_until") > 0.5


@pytest.mark.only_on("3.12")
def test_target_survives_many_killed_attachments(recording: Recording) -> None:
    """Attached and killed at twenty moments, in both modes: the target is as it was."""
    target = recording.start(recording.target_command("--seconds", "4"))
    time.sleep(0.3)
    for i in range(20):
        mode = ["--stop"] if i % 2 else []
        process = recording.record("-f", *mode, "--rate", "5000", "-p", str(target.pid))
        time.sleep(0.05 + 0.004 * i)
        process.kill()
        process.wait()
        assert state_letter(target.pid) in ("R", "S", "D"), f"stopped after kill {i}"
        assert tracer(target.pid) == 0
    assert target.wait(WAIT_S) == 0
    assert_ran_on(recording, 4.0)


@pytest.mark.only_on("3.9", "3.12", "3.14t", "3.15")
def test_attach_and_leave(recording: Recording) -> None:
    """`-p` with a duration: it ends by itself, and the target goes on."""
    target = recording.start(recording.target_command("--seconds", "2.5"))
    time.sleep(0.4)
    process = recording.record("-p", str(target.pid), "--duration", "0.8")
    assert process.wait(WAIT_S) == 0, recording.printed()
    assert state_letter(target.pid) in ("R", "S", "D")
    assert tracer(target.pid) == 0
    assert abs(recording.seconds_in("work_until") - 0.8) < 0.1
    assert target.wait(WAIT_S) == 0
    assert_ran_on(recording, 2.5)


@pytest.mark.quick_on("3.12")
@pytest.mark.only_on("3.12")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_ends_and_keeps_the_recording(recording: Recording, number: int) -> None:
    """A signal to barograph alone ends the recording and is passed on to the command."""
    process = recording.record(target=("--seconds", "8"))
    target = recording.target_process(process)
    time.sleep(1.0)
    process.send_signal(number)
    status = process.wait(WAIT_S)
    assert recording.seconds_in("work_until") > 0.5
    # The command's own status: ended by the signal, which Python answers to SIGINT likewise.
    assert status == 128 + number, recording.printed()
    assert state_letter(target) is None, "the target was left running"


@pytest.mark.only_on("3.12")
def test_command_that_ignores_signals(recording: Recording) -> None:
    """The recording is kept, and the command is neither killed nor left behind unsaid."""
    process = recording.record(target=("--how", "deaf", "--seconds", "2.5"))
    target = recording.target_process(process)
    time.sleep(1.0)
    process.send_signal(signal.SIGINT)
    time.sleep(0.2)
    assert state_letter(target) in ("R", "S", "D")
    process.wait(WAIT_S)
    still_there = state_letter(target) is not None
    assert not still_there or str(target) in recording.printed()
    assert recording.seconds_in("work_until") > 0.5
    assert_ran_on(recording, 2.5)


@pytest.mark.only_on("3.12")
@pytest.mark.parametrize("mode", [(), ("--stop",)])
def test_stopped_target_goes_on_when_continued(recording: Recording, mode: tuple[str, ...]) -> None:
    """SIGSTOP and SIGCONT of the target are the user's: recording waits, and counts no running."""
    process = recording.record(*mode, target=("--seconds", "2.0"))
    target = recording.target_process(process)
    time.sleep(0.8)
    os.kill(target, signal.SIGSTOP)
    time.sleep(0.6)
    assert state_letter(target) in ("T", "t"), "the target was continued by somebody else"
    os.kill(target, signal.SIGCONT)
    assert process.wait(WAIT_S) == 0, recording.printed()
    truth = recording.truth()
    report = recording.profile().notes["report"]
    assert isinstance(report, dict)
    main = next(t for t in report["threads"] if t["thread_id"] == truth["process_id"])
    running = (main["states"]["cpu"] or 0.0) * main["wall_ns"]
    process_cpu = truth["process_cpu_ns"]
    if mode:
        # With --stop the program is held for half of its time, and that counts as running: the
        # 0.6 s in which the user stopped it must not.
        assert running <= main["wall_ns"] - 0.55e9, (running, main["wall_ns"])
    else:
        # 0.1 s for the end of the interpreter, after its last look at its clock.
        assert running <= 1.05 * process_cpu + 0.1e9, (running, process_cpu)


@pytest.mark.quick_on("3.12")
@pytest.mark.only_on("3.12")
def test_what_is_no_python_is_refused_in_one_line(recording: Recording) -> None:
    """No such process, and a process that is no Python: status 2 and one line."""
    sleeper = recording.start(["sleep", "30"])
    for process_id in (sleeper.pid, 2**22 - 2):
        done = subprocess.run(
            [barograph_program(), "record", "-o", str(recording.file), "-p", str(process_id)],
            capture_output=True,
            text=True,
            timeout=WAIT_S,
            check=False,
        )
        assert done.returncode == 2, done
        assert done.stderr.startswith("barograph: "), done.stderr
        assert done.stderr.count("\n") == 1, done.stderr
    assert state_letter(sleeper.pid) == "S"
