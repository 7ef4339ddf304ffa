"""Threads by the names that the program gave them, and by the function of its own that they run."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

from calling import Run

PROGRAM = Path(__file__).parent.parent / "targets" / "thread_names.py"


def default_name(interpreter: Path) -> str:
    """What this Python calls a thread without a name: with its function from 3.10 on."""
    code = "import threading; print(threading.Thread(target=lambda: 0).name)"
    name = subprocess.run([interpreter, "-c", code], capture_output=True, text=True, check=True)
    return name.stdout.strip().replace("<lambda>", "work")


def test_record(run: Run, interpreter: Path) -> None:
    answer = run("record", "-o", "names.baro", "--", interpreter, PROGRAM, "record", "0.8")
    assert answer.returncode == 0, answer.stderr
    report = json.loads(run("report", "--json", "names.baro").stdout)
    threads = [thread for thread in report["threads"] if not thread["is_main"]]
    expected = ["ümlaut-worker", default_name(interpreter), "late name", "pool_0", "pool_1"]
    assert Counter(thread["name"] for thread in threads) == Counter(expected)
    entries = {thread["name"]: thread["entry"] for thread in threads}
    assert entries["ümlaut-worker"].startswith("work (thread_names.py:")
    assert entries["pool_0"].startswith("work (thread_names.py:")
    assert "run (thread_names.py:" in entries["late name"]
    text = run("report", "names.baro").stdout
    assert "ümlaut-worker" in text
    assert "late name" in text
    exported = run("export", "names.baro", "--to", "speedscope", "-o", "names.json")
    assert exported.returncode == 0, exported.stderr


def test_dump(run: Run, interpreter: Path) -> None:
    with subprocess.Popen(
        [interpreter, PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        while process.stdout.readline() != "ready\n":
            assert process.poll() is None
        answer = run("dump", "--json", "-p", process.pid)
        process.communicate()
    assert answer.returncode == 0, answer.stderr
    names = [thread["name"] for thread in json.loads(answer.stdout)["threads"]]
    for name in ("ümlaut-worker", "日本語 thread", "renamed from inside", "pool_0", "with slots"):
        assert names.count(name) == 1, names


def test_threads_without_a_name_are_called_by_their_function(run: Run, tmp_path: Path) -> None:
    """Those of _thread have no Thread; before 3.14 the kernel calls all threads alike."""
    (tmp_path / "program.py").write_text(
        "import _thread, time\n"
        "def collect():\n"
        "    while True:\n"
        "        time.sleep(0.001)\n"
        "_thread.start_new_thread(collect, ())\n"
        "time.sleep(0.6)\n",
        encoding="utf-8",
    )
    answer = run("record", "-o", "plain.baro", "--", sys.executable, "program.py")
    assert answer.returncode == 0, answer.stderr
    text = run("report", "plain.baro").stdout
    threads = text[text.index("\nThreads") :]
    assert "  collect (program.py:2)  " in threads
    assert " (main)  " in threads
