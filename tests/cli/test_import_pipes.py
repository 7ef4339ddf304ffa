"""`barograph import` of what comes through a pipe: the same recording as of the file."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from calling import REPOSITORY, Run
from framework_logs import LOGS, ROLLING, lines_of

TRACES = REPOSITORY / "tests" / "traces"
THEIRS = REPOSITORY / "tests" / "imports"
(PIECE,) = (LOGS / ROLLING).glob("events_1_*")
# Of each importer one file; what they are packed in is known behind the pipe (test_log_input.c).
FILES = [
    LOGS / "spark35_cluster.gz",
    PIECE,
    LOGS / "flink120_join.json.gz",
    TRACES / "torch24_mlp.json.gz",
    TRACES / "viztracer.json",
    TRACES / "tf217_mlp.xplane.pb.gz",
    TRACES / "tf217_mlp.run_metadata.pb.gz",
    THEIRS / "go_cpu.pb.gz",
    THEIRS / "pyspy.speedscope.json",
    THEIRS / "pyspy.raw",
]


def of_file(run: Run, path: Path, folder: Path) -> dict[str, Any]:
    made = folder / "file.baro"
    assert run("import", "-q", "-f", "-o", made, path).returncode == 0
    return report(run, made)


def report(run: Run, path: Path) -> dict[str, Any]:
    """All that a report says, but for what the file is called."""
    answer: dict[str, Any] = json.loads(run("report", "--json", "--top", "0", path).stdout)
    for of_the_file in ("path", "command", "bytes"):
        answer["head"].pop(of_the_file)
    return answer


def piped(
    barograph: Path, folder: Path, bytes_in: bytes, *arguments: str
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [barograph, "import", "-f", "-o", folder / "pipe.baro", *arguments],
        input=bytes_in,
        capture_output=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_pipe_gives_what_the_file_gives(
    run: Run, barograph: Path, tmp_path: Path, path: Path
) -> None:
    expected = of_file(run, path, tmp_path)
    done = piped(barograph, tmp_path, path.read_bytes(), "-")
    assert done.returncode == 0, done.stderr
    assert report(run, tmp_path / "pipe.baro") == expected
    assert "standard input" in run("report", tmp_path / "pipe.baro").stdout.splitlines()[0]


@pytest.mark.parametrize("name", ["spark35_cluster.gz", "flink120_join.json.gz"])
def test_unpacked_by_a_shell(run: Run, barograph: Path, tmp_path: Path, name: str) -> None:
    """The two ways in which people write it, and a descriptor by its name."""
    expected = of_file(run, LOGS / name, tmp_path)
    for script in (
        'zcat "$1" | "$0" import -q -f -o pipe.baro -',
        '"$0" import -q -f -o pipe.baro <(zcat "$1")',
        'zcat "$1" | "$0" import -q -f -o pipe.baro /dev/stdin',
        'zcat "$1" > plain; "$0" import -q -f -o pipe.baro - < plain',
    ):
        command = ["bash", "-c", "set -eo pipefail; " + script, str(barograph), str(LOGS / name)]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False, timeout=60)
        assert done.returncode == 0, (script, done.stderr)
        assert report(run, tmp_path / "pipe.baro") == expected


def test_a_named_pipe_is_opened_once(run: Run, barograph: Path, tmp_path: Path) -> None:
    """Who writes into it would be killed by a second opening: its first reader has gone then."""
    expected = of_file(run, LOGS / "spark35_cluster.gz", tmp_path)
    os.mkfifo(tmp_path / "fifo")
    plain = b"".join(lines_of(LOGS / "spark35_cluster.gz"))
    out, fifo = str(tmp_path / "pipe.baro"), str(tmp_path / "fifo")
    command = [str(barograph), "import", "-f", "-o", out, fifo]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as child:
        (tmp_path / "fifo").write_bytes(plain)
        _, said = child.communicate(timeout=60)
    assert child.returncode == 0, said
    assert report(run, tmp_path / "pipe.baro") == expected


def test_a_pipe_of_a_known_format_is_not_looked_at(
    run: Run, barograph: Path, tmp_path: Path
) -> None:
    log = LOGS / "spark35_cluster.gz"
    expected = of_file(run, log, tmp_path)
    assert piped(barograph, tmp_path, log.read_bytes(), "--from=spark", "-").returncode == 0
    assert report(run, tmp_path / "pipe.baro") == expected


def test_what_is_kept_of_a_long_log_is_its_beginning(barograph: Path, tmp_path: Path) -> None:
    """160 MB come through; memory is that of the few tasks in it."""
    lines = lines_of(LOGS / "spark35_cluster.gz")
    filler = b'{"Event":"SparkListenerBlockUpdated","x":"' + b"y" * 60000 + b'"}\n'
    big = b"".join(line + filler * 40 for line in lines)
    assert len(big) > 160e6
    # Virtual memory in KiB; a sanitizer's shadow has no room in it.
    limit = "" if "asan" in str(barograph) else "ulimit -v 100000; "
    command = ["sh", "-c", limit + 'exec "$@"', "sh", str(barograph), "import", "--quiet"]
    for packed in (big, gzip.compress(big, 1)):
        done = subprocess.run(
            [*command, "-f", "-o", tmp_path / "pipe.baro", "-"],
            input=packed,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr


def test_a_pipe_that_is_cut_is_told(run: Run, barograph: Path, tmp_path: Path) -> None:
    packed = (LOGS / "spark35_cluster.gz").read_bytes()
    done = piped(barograph, tmp_path, packed[: len(packed) * 9 // 10], "-")
    assert done.returncode == 0, done.stderr
    text = run("report", tmp_path / "pipe.baro").stdout
    assert "its gzip stream ends early" in text


@pytest.mark.parametrize(
    ("bytes_in", "words"),
    [
        (b"", b"standard input: of no known format, it looks like: empty"),
        (b'{"nodes": []}', b"a CPU profile of V8"),
        (b"\x00\x01\x02" * 2000, b"standard input: of no known format"),
        (b"\x1f\x8b junk", b"standard input: "),
    ],
)
def test_other_bytes_are_one_line(
    barograph: Path, tmp_path: Path, bytes_in: bytes, words: bytes
) -> None:
    done = piped(barograph, tmp_path, bytes_in, "-")
    assert done.returncode == 2
    assert done.stderr.count(b"\n") == 1
    assert words in done.stderr
    assert list(tmp_path.iterdir()) == []
