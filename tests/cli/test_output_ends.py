"""Files of `export -o` and `view -o`: whole under their name at any moment, however that ends."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from calling import ENDING_SIGNALS, Recording, Run

TRACE_ME, SYSCALL, DETACH = 0, 24, 17
libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
libc.ptrace.restype = ctypes.c_long

# What writes a file, without its -o.
COMMANDS = [
    ("export", "--to", "csv"),
    ("export", "--to", "pprof"),
    ("export", "--to", "html"),
    ("view",),
]
EACH = pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[-1])
OLD = b"yesterday's"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def check(answer: int) -> None:
    assert answer >= 0, os.strerror(ctypes.get_errno())


@contextmanager
def traced(command: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    """Stands before its first instruction."""
    script = f"import ctypes, os, signal, sys; ctypes.CDLL(None).ptrace({TRACE_ME}, 0, 0, 0)"
    script += "; signal.signal(signal.SIGPIPE, signal.SIG_DFL)"  # which Python ignores
    script += "; os.execv(sys.argv[1], sys.argv[1:])"
    child = subprocess.Popen(
        [sys.executable, "-c", script, *command],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"},  # which is traced itself
    )
    try:
        _, status = os.waitpid(child.pid, 0)
        assert os.WIFSTOPPED(status), "tracing a child is not allowed here"
        yield child
    finally:
        child.kill()
        child.communicate()


def step(child: subprocess.Popen[bytes]) -> bool:
    """To the begin or the end of its next call of the kernel; False: it has ended."""
    check(libc.ptrace(SYSCALL, child.pid, None, None))
    _, status = os.waitpid(child.pid, 0)
    if os.WIFSTOPPED(status):
        return True
    child.returncode = os.waitstatus_to_exitcode(status)
    return False


def half_written(folder: Path) -> Path | None:
    """The part, once it has something in it."""
    parts = [path for path in folder.iterdir() if ".part-" in path.name]
    return parts[0] if parts and parts[0].stat().st_size > 0 else None


def is_half_way(child: subprocess.Popen[bytes], folder: Path) -> Path:
    while (part := half_written(folder)) is None:
        assert step(child), child.communicate()
    return part


def call_of(
    barograph: Path, command: tuple[str, ...], out: Path, path: Path, *more: str
) -> list[str]:
    return [str(barograph), *command, "-o", str(out), *more, str(path)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "out").mkdir()
    return tmp_path / "out"


@pytest.fixture
def out(folder: Path) -> Path:
    """A file that is there already, alone in its folder."""
    file = folder / "out"
    file.write_bytes(OLD)
    return file


def expect_untouched(out: Path) -> None:
    assert names(out.parent) == ["out"]
    assert out.read_bytes() == OLD


def whole(run: Run, command: tuple[str, ...], path: Path, folder: Path) -> bytes:
    """What a call writes that nothing stops."""
    file = folder / "whole"
    assert run(*command, "-o", file, path).returncode == 0
    written = file.read_bytes()
    file.unlink()
    return written


@EACH
def test_what_is_there_is_whole_at_any_moment(
    run: Run, barograph: Path, recording: Recording, out: Path, command: tuple[str, ...]
) -> None:
    """Before and after each call of the kernel: the old one or all of the new one."""
    path, folder = recording("small"), out.parent
    new = whole(run, command, path, folder)
    seen = []
    with traced(call_of(barograph, command, out, path, "--force")) as child:
        while step(child):
            seen.append(out.read_bytes())
            assert seen[-1] in (OLD, new)
    assert child.returncode == 0
    assert seen[0] == OLD
    assert out.read_bytes() == new
    assert (folder / "out.old").read_bytes() == OLD
    assert names(folder) == ["out", "out.old"]


@EACH
def test_a_killed_one_leaves_what_was_there(
    run: Run, barograph: Path, recording: Recording, out: Path, command: tuple[str, ...]
) -> None:
    path, folder = recording("small"), out.parent
    with traced(call_of(barograph, command, out, path, "--force")) as child:
        part = is_half_way(child, folder)
        child.kill()
        child.wait()
    assert part.name == f"out.part-{child.pid}"
    assert out.read_bytes() == OLD
    assert names(folder) == ["out", part.name]
    assert (
        run(*command, "-f", "-o", out, path).returncode == 0
    )  # which the rest of it does not hinder


@EACH
@pytest.mark.usefixtures("no_core_files")
@pytest.mark.parametrize("number", ENDING_SIGNALS)
def test_a_signal_leaves_what_was_there(
    barograph: Path,
    recording: Recording,
    out: Path,
    command: tuple[str, ...],
    number: signal.Signals,
) -> None:
    with traced(call_of(barograph, command, out, recording("small"), "--force")) as child:
        is_half_way(child, out.parent)
        check(libc.ptrace(DETACH, child.pid, None, int(number)))
        _, said = child.communicate(timeout=60)
    what = "page" if command[0] == "view" else "file"
    assert said.decode() == f"barograph: {command[0]}: interrupted; no {what} was written\n"
    assert child.returncode == -number
    expect_untouched(out)


def test_a_page_for_the_browser_leaves_no_folder(
    barograph: Path, recording: Recording, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    monkeypatch.setenv("BROWSER", "true")
    with traced([str(barograph), "view", str(recording("small"))]) as child:
        while not any(half_written(place) for place in folder.iterdir()):
            assert step(child), child.communicate()
        check(libc.ptrace(DETACH, child.pid, None, int(signal.SIGINT)))
        _, said = child.communicate(timeout=60)
    assert said == b"barograph: view: interrupted; no page was written\n"
    assert names(folder) == []


@EACH
def test_no_room_is_one_line(
    run: Run, barograph: Path, recording: Recording, out: Path, command: tuple[str, ...]
) -> None:
    """A limit of the file's size is told as a full disk is; it killed without a word."""
    path = recording("hostile")
    blocks = (len(whole(run, command, path, out.parent)) - 1) // 512
    assert blocks > 0
    script = f'ulimit -f {blocks}; exec "$@"'
    command_line = call_of(barograph, command, out, path, "--force")
    done = subprocess.run(
        ["sh", "-c", script, "sh", *command_line], capture_output=True, check=False, timeout=60
    )
    assert done.returncode == 2
    assert done.stderr.decode() == f"barograph: {command[0]}: {out}: write: File too large\n"
    expect_untouched(out)


@EACH
def test_streams_are_written_as_they_are(
    run: Run, barograph: Path, recording: Recording, folder: Path, command: tuple[str, ...]
) -> None:
    """A named pipe, a pipe of the shell, devices: nothing is made beside them, nothing replaced."""
    path = recording("small")
    new = whole(run, command, path, folder)
    os.mkfifo(folder / "fifo")
    with (
        subprocess.Popen(["cat", folder / "fifo"], stdout=subprocess.PIPE) as reader,
        subprocess.Popen(call_of(barograph, command, folder / "fifo", path)) as writer,
    ):
        try:
            assert reader.communicate(timeout=60)[0] == new
        finally:
            reader.kill()
    assert writer.returncode == 0
    assert names(folder) == ["fifo"]
    for out in ("/dev/stdout", "-", "/dev/fd/1"):
        done = subprocess.run(
            call_of(barograph, command, Path(out), path), capture_output=True, check=True
        )
        assert (done.stdout, done.stderr) == (new, b"")
    with (folder / "kept").open("wb") as kept:
        subprocess.run(
            call_of(barograph, command, Path("/dev/stdout"), path), stdout=kept, check=True
        )
    assert (folder / "kept").read_bytes() == new
    for force in ([], ["-f"]):
        assert run(*command, *force, "-o", "/dev/null", path).returncode == 0
    assert Path("/dev/null").is_char_device()
    full = run(*command, "-o", "/dev/full", path)
    assert full.returncode == 2
    assert full.stderr == f"barograph: {command[0]}: /dev/full: write: No space left on device\n"


def test_a_link_stays_and_modes_are_kept(run: Run, recording: Recording, folder: Path) -> None:
    path, link = recording("small"), folder / "link"
    (folder / "far").mkdir()
    target = folder / "far" / "target"
    target.write_text("old")
    target.chmod(0o664)
    link.symlink_to("far/target")
    refused = run("export", "--to", "csv", "-o", link, path)
    assert refused.returncode == 2
    assert f"create {target}: file exists; -f replaces it" in refused.stderr
    assert run("export", "--to", "csv", "-f", "-o", link, path).returncode == 0
    assert link.is_symlink()
    assert target.stat().st_mode & 0o777 == 0o664
    assert target.read_text().startswith("process_id,")
    assert (folder / "far" / "target.old").read_text() == "old"
    assert names(folder) == ["far", "link"]
    (folder / "nowhere").symlink_to("not-there")
    lost = run("view", "-f", "-o", folder / "nowhere", path)
    assert lost.returncode == 2
    assert lost.stderr.endswith("nowhere: it is a link to something that is not there\n")
    assert names(folder) == ["far", "link", "nowhere"]


@EACH
@pytest.mark.parametrize("force", [(), ("--force",)], ids=["", "force"])
def test_a_recording_is_not_replaced_by_what_is_made_of_it(
    run: Run, recording: Recording, command: tuple[str, ...], force: tuple[str, ...]
) -> None:
    path = recording("small")
    before = path.read_bytes()
    (path.parent / "link").symlink_to(path.name)
    os.link(path, path.parent / "kept.old")
    (path.parent / "kept").write_text("newer")
    for out in (path, path.parent / "link"):
        refused = run(*command, *force, "-o", out, path)
        assert refused.returncode == 2
        assert refused.stderr == (
            f"barograph: {command[0]}: create {out}: it is what is read; give another name\n"
        )
    # -f would keep the newer one in its place.
    refused = run(*command, *force, "-o", path.parent / "kept", path.parent / "kept.old")
    assert refused.returncode == 2
    assert refused.stderr.count("\n") == 1
    assert path.read_bytes() == before
    assert (path.parent / "kept").read_text() == "newer"
    assert names(path.parent) == ["kept", "kept.old", "link", "small.baro"]


# What writes to standard output what it makes of a recording.
READERS = [
    ("export", "--to", "pprof"),
    ("export", "--to", "html", "-o", "/dev/stdout"),
    ("export", "--to", "csv", "-o", "/dev/fd/1"),
    ("view", "-o", "-"),
    ("report",),
    ("report", "--json"),
    ("explain",),
    ("predict", "--set", "cpu_speed=2x"),
    ("diff", "base.baro"),
]


def to_file(
    command: list[str], path: Path, how: int, stdout: bool = False, stderr: bool = False
) -> tuple[int, bytes]:
    """The exit status, and what was said on a stream that is not the file."""
    with os.fdopen(os.open(path, how), "wb") as file:
        done = subprocess.run(
            command,
            cwd=path.parent,
            stdout=file if stdout else subprocess.PIPE,
            stderr=file if stderr else subprocess.PIPE,
            check=False,
            timeout=60,
        )
    return done.returncode, (done.stdout or b"") + (done.stderr or b"")


@pytest.mark.parametrize("command", READERS, ids="_".join)
def test_a_shell_does_not_send_output_into_what_is_read(
    barograph: Path, recording: Recording, command: tuple[str, ...]
) -> None:
    """`>> r.baro`: it was written behind the recording's end, which was damaged from then on."""
    path = recording("small")
    before = path.read_bytes()
    (path.parent / "base.baro").write_bytes(before)
    os.link(path, path.parent / "same")
    for how in (os.O_WRONLY | os.O_APPEND, os.O_RDWR):
        for name in (path.name, "same"):
            status, said = to_file([str(barograph), *command, name], path, how, stdout=True)
            assert said.decode() == (
                f"barograph: {command[0]}: standard output is {name}, which is to be read: "
                "it would be damaged; send it to another file\n"
            )
            assert status == 2
    call, append = [str(barograph), *command, str(path)], os.O_WRONLY | os.O_APPEND
    status, said = to_file(call, path, append, stderr=True)
    assert f"standard error is {path}, which is to be read".encode() in said
    assert said.count(b"\n") == 1
    assert status == 2
    assert to_file(call, path, append, stdout=True, stderr=True) == (2, b"")
    assert path.read_bytes() == before


def test_what_a_shell_has_emptied_is_said(barograph: Path, recording: Recording) -> None:
    """`report > barograph.baro`, which is what is read where no file is named."""
    path = recording("small").rename(recording("small").parent / "barograph.baro")
    how = os.O_WRONLY | os.O_TRUNC
    status, said = to_file([str(barograph), "report"], path, how, stdout=True)
    assert status == 2
    assert b"standard output is barograph.baro, which is to be read: it is empty now" in said
    other = recording("small")
    with other.open("rb") as source, (path.parent / "text").open("wb") as out:
        command = [str(barograph), "report", "/dev/stdin"]
        subprocess.run(command, stdin=source, stdout=out, check=True, timeout=60)
    assert b"command" in (path.parent / "text").read_bytes()


def test_both_sides_of_a_comparison_are_read(run: Run, recording: Recording) -> None:
    base, new = recording("small"), recording("night")
    for out in (base, new):
        before = out.read_bytes()
        refused = run("view", "-f", "-o", out, base, new)
        assert refused.returncode == 2
        assert "it is what is read" in refused.stderr
        assert out.read_bytes() == before


def test_a_folder_that_lets_nothing_in_is_said(
    barograph: Path, recording: Recording, folder: Path
) -> None:
    """The file could be written; half of it would be left if that failed."""
    path, out = recording("small"), folder / "out"
    out.write_text("old")
    out.chmod(0o666)
    folder.chmod(0o555)
    rights = (
        ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
    )
    command = [*rights, *call_of(barograph, ("view",), out, path, "--force")]
    done = subprocess.run(command, capture_output=True, check=False, timeout=60)
    folder.chmod(0o700)
    assert done.returncode == 2
    assert done.stderr.decode() == (
        f"barograph: view: create {out}, whose folder must let a new file in: Permission denied\n"
    )
    assert out.read_text() == "old"
    assert names(folder) == ["out"]
