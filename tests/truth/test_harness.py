"""The harness itself: parsers of every tool's output, tolerances, clocks. Needs no profiler."""

from __future__ import annotations

import math
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from harness import mojo, tools
from harness.profile import Frame, Profile, Stack, frame_of_text, impossible
from harness.runs import process_cpu_ns, process_tree
from harness.tolerance import Comparison, assert_all, standard_error
from harness.tools import TOOLS, Request

pytestmark = pytest.mark.quick


def request(folder: Path, text: str, **options: object) -> Request:
    output = folder / "out"
    output.write_text(text)
    return Request("python3", [], output, **options)  # type: ignore[arg-type]


def test_py_spy(tmp_path: Path) -> None:
    text = (
        'process 12:"python3 a.py";thread (0x7F01): worker;main (a.py:3);f (b (c):9) 7\n'
        "thread (14363);<module> (a.py:7) 3\n"
    )
    profile = TOOLS["py-spy"].read(request(tmp_path, text), "Samples: 10 Errors: 2\n")
    assert profile.lost == 2
    first, second = profile.stacks
    assert first == Stack(
        (Frame("main", "a.py", 3), Frame("f", "b (c)", 9)), 7.0, 12, 0x7F01, "worker"
    )
    assert second == Stack((Frame("<module>", "a.py", 7),), 3.0, None, 14363)


def test_barograph_roots() -> None:
    """The two roots that `export --threads` puts above a stack."""
    texts = ["process 12", "thread my (own) thread (34)", "main (a.py:3)"]
    stack = tools._stack_of_texts(texts, 5.0, frame_of_text)
    assert stack == Stack((Frame("main", "a.py", 3),), 5.0, 12, 34, "my (own) thread")


def test_tachyon(tmp_path: Path) -> None:
    text = "tid:9;<frozen runpy>:_run_code:87;t.py:outer:6 96\n"
    printed = "Captured 1,000 samples in 1.02 seconds\nSample rate: 980\nError rate: 4.00\n"
    profile = TOOLS["tachyon"].read(request(tmp_path, text), printed)
    assert profile.lost == 40
    frames = (Frame("_run_code", "<frozen runpy>", 87), Frame("outer", "t.py", 6))
    assert profile.stacks == [Stack(frames, 96.0, None, 9)]


def test_tachyon_children(tmp_path: Path) -> None:
    """Every child has a file of its own."""
    (tmp_path / "out_77").write_text("tid:77;c.py:child:2 5\n")
    profile = TOOLS["tachyon"].read(request(tmp_path, "tid:9;t.py:outer:6 1\n"), "")
    assert [(stack.process_id, stack.weight) for stack in profile.stacks] == [(None, 1), (77, 5)]


def integer(value: int) -> bytes:
    """MOJO's numbers."""
    out = [value & 0x3F]
    value >>= 6
    while value:
        out[-1] |= 0x80
        out.append(value & 0x7F)
        value >>= 7
    return bytes(out)


def mojo_file() -> bytes:
    def string(key: int, text: bytes) -> bytes:
        return b"\x0b" + integer(key) + text + b"\0"

    def frame(key: int, file: int, name: int, line: int) -> bytes:
        return b"\x03" + b"".join(map(integer, (key, file, name, line, line, 1, 2)))

    def references(*keys: int) -> bytes:
        return b"".join(b"\x05" + integer(key) for key in keys)

    stack = b"\x02" + integer(300) + integer(0) + b"1f\0"
    return (
        b"MOJ\x03\x01errors\x003/100\x00"
        + stack + string(70, b"a.py") + string(71, b"main") + string(72, b"leaf")
        + frame(100_000, 70, 72, 9) + frame(100_001, 70, 71, 3)
        + references(100_001, 100_000) + b"\x09" + integer(1500)
        + stack + references(100_001) + b"\x09" + integer(500)
        + stack + references(100_001, 100_000) + b"\x07\x09" + integer(1000)
    )  # fmt: skip


def test_austin() -> None:
    profile = mojo.read_mojo(mojo_file())
    assert profile.samples == 3
    assert profile.lost == 3
    main, leaf = Frame("main", "a.py", 3), Frame("leaf", "a.py", 9)
    weights = {stack.frames: stack.weight for stack in profile.stacks}
    assert weights == {(main, leaf): pytest.approx(2.5e-3), (main,): pytest.approx(0.5e-3)}
    assert {(stack.process_id, stack.thread_id) for stack in profile.stacks} == {(300, 0x1F)}


def test_austin_cut_anywhere_is_an_error_or_shorter() -> None:
    whole = mojo_file()
    for length in range(len(whole)):
        try:
            profile = mojo.read_mojo(whole[:length])
        except ValueError:
            continue
        assert profile.weight <= 3e-3 + 1e-9


@pytest.mark.parametrize(
    ("text", "frame"),
    [
        ("f (a.py:3)", Frame("f", "a.py", 3)),
        ("f (a (1).py:3)", Frame("f", "a (1).py", 3)),
        ("<lambda> (x:y.py:12)", Frame("<lambda>", "x:y.py", 12)),
        ("f (a.py)", Frame("f", "a.py", None)),
        ("[waiting for disk]", Frame("[waiting for disk]")),
    ],
)
def test_frames_as_text(text: str, frame: Frame) -> None:
    assert frame_of_text(text) == frame


def profile_of(*stacks: str) -> Profile:
    return Profile([Stack(tuple(map(Frame, names.split())), 1.0) for names in stacks])


def test_impossible_edges_are_found() -> None:
    edges = [["measured", "work"], ["work", "a"], ["a", "b"], ["work", "c"]]
    possible = profile_of(
        "main measured work a b", "measured work c", "<module> a", "idle wait", "work (unreadable)"
    )
    assert impossible(possible, edges)[0] == 0
    for stack in ("measured work a c", "measured work b", "a b", "measured a b", "work c"):
        assert impossible(profile_of(stack), edges)[0] == 1, stack


def test_shares_of_a_profile() -> None:
    profile = profile_of("measured f g", "measured f", "measured h", "other f")
    window = profile.within()
    assert window.samples == 3
    assert window.share("f") == pytest.approx(2 / 3)
    assert window.self_share("f") == pytest.approx(1 / 3)
    assert window.share("h", of=["h", "g"]) == pytest.approx(1 / 2)


def test_standard_error_covers_what_it_should() -> None:
    """Shares of 500 weighted draws each: two thirds lie within one standard error."""
    draw = random.Random(7)
    share, count, inside = 0.3, 500, 0
    for _ in range(400):
        weights = [draw.expovariate(1.0) for _ in range(count)]
        hit = sum(weight for weight in weights if draw.random() < share)
        inside += abs(hit / sum(weights) - share) < standard_error(share, count)
    assert 0.60 < inside / 400 < 0.76


def test_comparison_prints_chance_and_bias() -> None:
    good = Comparison("x", 0.30, 0.31, 1000, 0.01)
    wrong = Comparison("y", 0.30, 0.60, 1000, 0.01)
    assert good.holds
    assert not wrong.holds
    assert wrong.allowed == pytest.approx(4 * math.sqrt(2 * 0.3 * 0.7 / 1000) + 0.01)
    with pytest.raises(AssertionError, match=r"y: true 30\.00 %, seen 60\.00 %.*chance.*bias"):
        assert_all([good, wrong])
    with pytest.raises(AssertionError, match="nothing was compared"):
        assert_all([])


def test_cpu_clock_of_other_processes() -> None:
    """Also of one that has ended and was not waited for."""
    spin = "import time\nwhile time.process_time() < 0.1: pass"
    process = subprocess.Popen([sys.executable, "-I", "-c", spin])
    try:
        assert process.pid in process_tree(process.pid)
        deadline = time.monotonic() + 20
        while Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
            assert time.monotonic() < deadline
            time.sleep(0.01)
        took = process_cpu_ns(process.pid)
    finally:
        process.wait()
    assert took is not None
    assert 0.1e9 <= took < 1e9
    assert process_cpu_ns(process.pid) is None
