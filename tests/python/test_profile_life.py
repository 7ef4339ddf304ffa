"""What barograph.load gives, in use: who holds it, in which threads, and in which interpreters."""

from __future__ import annotations

import gc
import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import nanoarrow
import pytest
from profile_rows import READABLE, TABLES, rows_of
from test_recording_reader import ROOT

import barograph as package

LEAK_BYTES = 2**20

# --- Who holds what ---


@pytest.mark.parametrize("recording", READABLE, ids=lambda path: path.stem)
@pytest.mark.parametrize("name", TABLES)
def test_streams_outlive_the_profile(recording: Path, name: str) -> None:
    profile = package.load(recording)
    expected = rows_of(getattr(profile, name))
    table = getattr(profile, name)
    capsule = table.__arrow_c_stream__()
    del profile, table
    gc.collect()
    stream = nanoarrow.c_array_stream(capsule)
    array = stream.get_next()
    del stream, capsule
    gc.collect()
    assert nanoarrow.Array(array).to_pylist() == expected


def test_streams_may_stay_unread_and_are_their_own() -> None:
    table = package.load(ROOT / "tests/recordings/threads.baro").samples
    expected = rows_of(table)
    for _ in range(3):
        table.__arrow_c_stream__(None)
        table.schema.__arrow_c_schema__()
    first, second = nanoarrow.ArrayStream(table), nanoarrow.ArrayStream(table)
    assert second.read_all().to_pylist() == expected
    assert first.read_all().to_pylist() == expected


def test_columns_outlive_their_table_and_die_in_another_thread() -> None:
    table = package.load(ROOT / "tests/recordings/threads.baro").samples
    expected = [row["state"] for row in rows_of(table)]
    column = nanoarrow.Array(nanoarrow.c_array_stream(table).get_next()).child(
        table.column_names.index("state")
    )
    box, found = [column], []
    del table, column

    def read() -> None:
        found.extend(box.pop().to_pylist())
        gc.collect()

    thread = threading.Thread(target=read)
    thread.start()
    thread.join()
    assert found == expected


def test_threads_load_and_read_at_once() -> None:
    path = ROOT / "tests/recordings/threads.baro"
    expected = rows_of(package.load(path).nodes)
    shared = package.load(path)
    wrong: list[object] = []

    def work() -> None:
        for _ in range(20):
            for profile in (shared, package.load(path)):
                rows = rows_of(profile.nodes)
                if rows != expected:
                    wrong.append(rows)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_other_threads_run_while_a_recording_is_read() -> None:
    path = ROOT / "tests/recordings/threads.baro"
    package.load(path)
    turns, is_over = 0, False

    def count() -> None:
        nonlocal turns
        while not is_over:
            turns += 1
            time.sleep(0)

    before = sys.getswitchinterval()
    # Nobody is made to give the GIL away: the other thread's turns are what load leaves it.
    sys.setswitchinterval(1000)
    thread = threading.Thread(target=count)
    thread.start()
    try:
        tries = 0
        moved = False
        while not moved and tries < 10_000:
            tries += 1
            start = turns
            package.load(path)
            moved = turns != start
    finally:
        is_over = True
        sys.setswitchinterval(before)
        thread.join()
    assert moved


def resident_bytes() -> int:
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def test_a_thousand_loads_leave_nothing_behind() -> None:
    # A profile takes 64 KiB and more: one that is kept each time would show as 64 MB.
    path = ROOT / "tests/recordings/everything.baro"

    def use() -> None:
        profile = package.load(path)
        assert profile.head["samples"]
        for name in TABLES:
            table = getattr(profile, name)
            table.__arrow_c_stream__()
            nanoarrow.c_array_stream(table).get_next()
            table.schema.__arrow_c_schema__()
        with pytest.raises(FileNotFoundError):
            package.load("/no such file")

    for _ in range(200):
        use()
    gc.collect()
    before = resident_bytes()
    for _ in range(1000):
        use()
    gc.collect()
    assert resident_bytes() - before < LEAK_BYTES


# --- Where the extension module is, and where it is not ---

WITHOUT = "import sys; sys.modules['barograph._profile'] = None; "
LOAD = """
import sys, sysconfig
import barograph
try:
    profile = barograph.load(sys.argv[1])
except barograph.Error as error:
    print(error)
else:
    profile.samples.__arrow_c_stream__()
    free_threaded = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
    print(profile.head["samples"], len(profile.samples), free_threaded)
"""


def run(python: str | Path, code: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [str(python), "-c", code, *(str(argument) for argument in arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_package_works_without_the_extension_module(barograph: Path) -> None:
    assert run(sys.executable, WITHOUT + "import barograph").stderr == ""
    answer = run(sys.executable, WITHOUT + LOAD, "x.baro")
    assert answer.stdout.startswith("this Python cannot read recordings: the extension module")
    assert answer.stdout.count("\n") == 1
    start = "import runpy; sys.argv = ['barograph', '--version']; "
    start += "runpy.run_module('barograph', run_name='__main__')"
    module = run(sys.executable, WITHOUT + start)
    program = subprocess.run([barograph, "--version"], capture_output=True, text=True, check=True)
    assert module.stdout == program.stdout


def test_one_module_serves_every_version(interpreter: Path, tmp_path: Path) -> None:
    # The package alone, without the environment's other packages.
    (tmp_path / "barograph").symlink_to(Path(package.__file__).parent)
    recording = ROOT / "tests/recordings/threads.baro"
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n" + LOAD
    answer = run(interpreter, code, recording)
    samples = package.load(recording).head["samples"]
    if interpreter.name.endswith("t"):
        # Without a GIL there is no stable ABI: the module would have to be built for this version.
        assert answer.stdout.startswith("this Python cannot read recordings"), answer.stderr
        assert "built for interpreters with a GIL" in answer.stdout
    else:
        assert answer.stdout == f"{samples} {samples} False\n", answer.stderr
    assert answer.stderr == ""


def test_names_of_the_package() -> None:
    assert {"load", "Profile", "Table", "Schema", "Error"} <= {*dir(package)}
    profile = package.load(ROOT / "tests/recordings/threads.baro")
    assert isinstance(profile, package.Profile)
    assert isinstance(profile.samples, package.Table)
    assert isinstance(profile.samples.schema, package.Schema)
    assert re.fullmatch(r"<barograph.Profile .*threads.baro: \d+ samples, .*>", repr(profile))
