"""The functions' source in tables: what ran, or none."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
import zlib
from pathlib import Path

from lake import CALLS, EACH_KIND, NO_DEPRECATIONS, WRITERS, lake, rows

import barograph as package
from barograph import tables

pytestmark = NO_DEPRECATIONS

PROGRAM = """\
import functools

def plain(n):
    return n

class Shop:
    @staticmethod
    @functools.lru_cache(maxsize=None)
    def price(n):
        # a comment
        return plain(n)

    def total(self): return sum(self.price(n) for n in range(3))

plain((lambda: Shop().total())())
"""
SOURCES = {
    "plain": "def plain(n):\n    return n\n",
    "price": "    @staticmethod\n    @functools.lru_cache(maxsize=None)\n    def price(n):\n"
    "        # a comment\n        return plain(n)\n",
    "total": "    def total(self): return sum(self.price(n) for n in range(3))\n",
    "<lambda>": "plain((lambda: Shop().total())())\n",
    "<genexpr>": None,
    "<module>": PROGRAM,
    "Shop": PROGRAM[PROGRAM.index("class") : PROGRAM.index("\nplain(")].rstrip("\n") + "\n",
}


def record_program(program: Path, barograph: Path, out: Path) -> Path:
    # Python's own program of a recorder that stands beside its package.
    command = [str(barograph), "record", "--calls", "-f", "--quiet", "-o", str(out), "--"]
    subprocess.run([*command, sys.executable, str(program)], check=True)
    return out


@EACH_KIND
def test_source_is_stored_where_it_is_what_ran(barograph: Path, kind: str, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM, encoding="utf-8")
    time.sleep(0.05)  # the kernel tells when a process began in hundredths of a second
    recordings = [record_program(program, barograph, tmp_path / f"{i}.baro") for i in range(2)]
    folder = tmp_path / "lake"
    WRITERS[kind](CALLS, folder)  # without
    first, second = (WRITERS[kind](path, folder, source=True) for path in recordings)
    texts = {text for text in SOURCES.values() if text is not None}
    assert first.rows["source"] == len(texts)
    assert first.without_source == {"no definition of their name is there": 1}
    assert second.rows["source"] == 0  # once for each hash
    connection = lake(kind, folder)
    connection.execute(tables.VIEW_DUCKDB)
    stored = rows(connection, "SELECT source_code, source_code_md5_hash FROM source")
    assert {text for text, _ in stored} == texts
    assert all(hashlib.md5(text.encode()).hexdigest() == digest for text, digest in stored)
    joined = rows(
        connection,
        "SELECT function_name, source_code_compressed, count(*) FROM thread_zeppelin"
        f" WHERE unique_app_id IN ('{first.run_id}', '{second.run_id}') GROUP BY ALL",
    )
    assert {
        name: None if data is None else zlib.decompress(data).decode() for name, data, _ in joined
    } == SOURCES
    counts = {name: count for name, _, count in joined}
    assert (counts["price"], counts["plain"]) == (6, 8)
    everything = rows(connection, "SELECT count(*) FROM thread_zeppelin")
    assert everything == rows(connection, "SELECT count(*) FROM calls")
    # Two that know nothing of each other.
    folder = tmp_path / "at_once"
    command = [sys.executable, "-m", "barograph.tables", "--source", kind, str(folder)]
    writers = [subprocess.Popen([*command, str(path)]) for path in recordings]
    assert [writer.wait(60) for writer in writers] == [0, 0]
    counts_of = "SELECT count(*), count(DISTINCT source_code_md5_hash) FROM source"
    assert rows(lake(kind, folder), counts_of) == [(len(texts), len(texts))]


def test_source_of_a_file_that_changed_is_not_stored(barograph: Path, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM, encoding="utf-8")
    old = program.stat()
    time.sleep(0.05)
    recording = record_program(program, barograph, tmp_path / "a.baro")
    program.write_text(PROGRAM.replace("a comment", "A COMMENT"), encoding="utf-8")
    os.utime(program, ns=(old.st_atime_ns, old.st_mtime_ns))  # as if nothing had been
    written = package.write_parquet(recording, tmp_path / "changed", source=True)
    assert written.without_source == {"their file changed after the run began": len(SOURCES)}
    assert written.rows["source"] == 0
    program.unlink()
    written = package.write_parquet(recording, tmp_path / "gone", source=True)
    assert written.without_source == {"their file cannot be read": len(SOURCES)}
    written = package.write_parquet(CALLS, tmp_path / "elsewhere", source=True)
    assert [*written.without_source] == ["the run is not of this machine"]
