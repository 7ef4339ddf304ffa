"""`barograph import`: what others wrote opens here, and what we wrote comes back to the unit."""

from __future__ import annotations

import gzip
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from calling import REPOSITORY, Recording, Run
from consumers import call, consumer, export

THEIRS = REPOSITORY / "tests" / "imports"


def imported(run: Run, path: Path, *options: str) -> Path:
    out = path.with_name(path.name + ".imported.baro")
    done = run("import", "-f", "-o", out, *options, path)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("\n") == 1
    assert out.stat().st_mode & 0o777 == 0o600
    return out


def folded(run: Run, path: Path, *options: str) -> list[str]:
    done = run("export", "--to", "collapsed", *options, path)
    assert done.returncode == 0, done.stderr
    return sorted(done.stdout.splitlines())


def head(run: Run, path: Path) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(run("report", "--json", path).stdout)["head"]
    return parsed


# --- Round trips ---

WHOLE = ["--threads", "--states", "--idle", "--weight", "ns"]
SCENARIOS = pytest.mark.parametrize("scenario", ["small", "night", "deep", "names", "hostile"])


@SCENARIOS
def test_pprof_comes_back(run: Run, recording: Recording, scenario: str) -> None:
    """Stacks, lines, threads, processes, states and times."""
    path = recording(scenario)
    once = imported(run, export(run, path, "pprof", "--of", "samples"))
    back = folded(run, once, *WHOLE, "--lines")
    assert clean(back) == clean(folded(run, path, *WHOLE, "--lines"))
    twice = imported(run, export(run, once, "pprof"))
    assert folded(run, twice, *WHOLE, "--lines") == back
    ticks = ["--weight", "ticks"]
    assert clean(folded(run, once, *ticks)) == clean(folded(run, path, *ticks))


@SCENARIOS
def test_speedscope_comes_back(run: Run, recording: Recording, scenario: str) -> None:
    path = recording(scenario)
    out = export(run, path, "speedscope", "--of", "samples", "--states")
    once = imported(run, out)
    # A frame of a state stands for waits only: what ran has none, and comes back as unknown.
    expected = [line.replace(";[running] ", ";[unknown] ") for line in folded(run, path, *WHOLE)]
    assert folded(run, once, *WHOLE) == added_up(expected)
    again = export(run, once, "speedscope", "--states")
    assert profiles_of(again) == [
        [
            (stack + ([] if stack[-1:] and stack[-1].startswith("[") else ["[unknown]"]), weight)
            if stack
            else (stack, weight)
            for stack, weight in profile
        ]
        for profile in profiles_of(out)
    ]


@SCENARIOS
def test_collapsed_comes_back(run: Run, recording: Recording, scenario: str) -> None:
    path = recording(scenario)
    options = [*WHOLE, "--lines"]
    out = export(run, path, "collapsed", "--of", "samples", *options)
    once = imported(run, out, "--unit", "ns")
    assert folded(run, once, *options) == sorted(out.read_text("utf-8").splitlines())


def clean(lines: list[str]) -> list[str]:
    """pprof has '?' for what drives terminals, where collapsed has '_'."""
    return sorted(line.replace("?", "_") for line in lines)


def added_up(lines: list[str]) -> list[str]:
    sums: dict[str, int] = {}
    for line in lines:
        stack, count = line.rsplit(" ", 1)
        sums[stack] = sums.get(stack, 0) + int(count)
    return sorted(f"{stack} {count}" for stack, count in sums.items())


def profiles_of(path: Path) -> list[list[tuple[list[str], int]]]:
    """Names of stacks, and their weights, of each profile."""
    parsed = json.loads(path.read_text("utf-8"))
    names = [frame["name"] for frame in parsed["shared"]["frames"]]
    return [
        [
            ([names[f] for f in stack], weight)
            for stack, weight in zip(profile["samples"], profile["weights"])
        ]
        for profile in parsed["profiles"]
    ]


def test_counts_and_bytes_come_back_in_their_unit(run: Run, tmp_path: Path) -> None:
    lines = ["main;load 7", "main;parse 12345678901"]
    source = tmp_path / "counts.txt"
    source.write_text("\n".join(lines) + "\n")
    for unit in ("samples", "bytes", "pages"):
        recorded = imported(run, source, "--unit", unit)
        assert folded(run, recorded) == lines
        assert head(run, recorded)["weight_unit"] == unit
        once = imported(run, export(run, recorded, "pprof"))
        assert folded(run, once) == lines
        assert head(run, once)["weight_unit"] == unit
        spoken = json.loads(export(run, recorded, "speedscope").read_text("utf-8"))
        assert spoken["profiles"][0]["unit"] == ("bytes" if unit == "bytes" else "none")
        for format_name in ("chrome", "pstats", "csv"):
            done = run("export", "--to", format_name, recorded)
            assert done.returncode == 2
            assert f"amounts of this recording are {unit}" in done.stderr
        text = run("report", recorded).stdout
        assert ("12.3 GB" if unit == "bytes" else f"12,345,678,908 {unit}") in text
        assert " ns" not in text.replace("1 ns is 1 of", "")


def test_small_amounts_of_threads_beside_each_other_stay_apart(run: Run, tmp_path: Path) -> None:
    """A sample of one thread is no gap that another's may fill, however small."""
    lines = ["P1;T1;a 5", "P1;T2;b 7", "P1;T1;c 6", "P1;T2;d 1", "P1;T1;a 1"]
    source = tmp_path / "threads.txt"
    source.write_text("\n".join(lines) + "\n")
    expected = {"a": 6, "b": 7, "c": 6, "d": 1}
    for unit, size in (("samples", 1), ("ns", 1), ("us", 1000)):
        recorded = imported(run, source, "--unit", unit)
        sums: dict[str, int] = {}
        for profile in profiles_of(export(run, recorded, "speedscope")):
            for stack, weight in profile:
                if stack:
                    sums[stack[-1]] = sums.get(stack[-1], 0) + weight
        assert sums == {name: amount * size for name, amount in expected.items()}
        if unit == "samples":
            continue
        events = json.loads(export(run, recorded, "chrome").read_text("utf-8"))["traceEvents"]
        lengths: dict[str, float] = {}
        for event in events:
            if event["ph"] == "X":
                lengths[event["name"]] = lengths.get(event["name"], 0) + event["dur"]
        assert lengths == pytest.approx(
            {name: amount * size / 1000 for name, amount in expected.items()}
        )


# --- What others wrote ---


@pytest.mark.parametrize(
    ("name", "options", "total_ns"),
    [
        ("pyspy.raw", ["--rate", "100"], 110_000_000),
        ("pyspy_threads.raw", ["--rate", "100"], 110_000_000),
        ("pyspy.speedscope.json", [], None),
        ("austin.txt", [], None),
        ("go_cpu.pb.gz", [], None),
    ],
)
def test_files_of_other_tools_open(
    run: Run, tmp_path: Path, name: str, options: list[str], total_ns: int | None
) -> None:
    source = tmp_path / name
    shutil.copy(THEIRS / name, source)
    recorded = imported(run, source, *options)
    report = json.loads(run("report", "--json", recorded).stdout)
    wall_ns = sum(thread["wall_ns"] for thread in report["threads"])
    assert wall_ns == (total_of(source) if total_ns is None else total_ns)
    threads = {"pyspy_threads.raw": 2, "pyspy.speedscope.json": 2}
    assert len(report["threads"]) == threads.get(name, 1)
    assert report["head"]["weight_unit"] is None
    assert report["head"]["imported_from"] in {"collapsed", "speedscope", "pprof"}
    names = {function["short_name"] for function in report["functions"]}
    assert names & {"wait", "main.parse", "parse"}
    assert run("view", "-o", tmp_path / "page.html", recorded).returncode == 0
    printed = run("report", recorded)
    assert printed.returncode == 0
    assert "unknown: what was imported does not say" in printed.stdout
    assert "scheduler statistics" not in printed.stdout


def total_of(path: Path) -> int:
    """ns of all, by other means."""
    if path.suffix == ".json":
        profiles = json.loads(path.read_text("utf-8"))["profiles"]
        return sum(
            round(weight * 1e9)
            for p in profiles
            for stack, weight in zip(p["samples"], p["weights"])
            if stack
        )
    if path.suffix == ".gz":
        text = call(consumer("pprof"), "-raw", path)
        return sum(int(ns) for ns in re.findall(r"^ +\d+ +(\d+): ", text, re.M))
    lines = [line for line in path.read_text("utf-8").splitlines() if line and line[0] != "#"]
    return sum(int(line.rsplit(" ", 1)[1]) for line in lines) * 1000


def test_stacks_that_nobody_could_read_are_told(run: Run, tmp_path: Path) -> None:
    """py-spy and austin write counts without a stack, which some readers drop."""
    source = tmp_path / "odd.txt"
    source.write_text("main;load 3\n 2\n")
    recorded = imported(run, source)
    assert folded(run, recorded) == ["(unreadable) 2", "main;load 3"]


def test_values_of_pprof_are_chosen(run: Run, tmp_path: Path) -> None:
    source = tmp_path / "heap.pb.gz"
    shutil.copy(THEIRS / "go_heap.pb.gz", source)
    for options, unit in [([], "bytes"), (["--type", "alloc_objects"], "alloc_objects")]:
        recorded = imported(run, source, *options)
        assert head(run, recorded)["weight_unit"] == unit
    objects = sum(int(line.rsplit(" ", 1)[1]) for line in folded(run, recorded))
    raw = call(consumer("pprof"), "-raw", source)
    assert objects == sum(int(n) for n in re.findall(r"^ +(\d+) +\d+ +\d+ +\d+: ", raw, re.M))
    answer = run("import", "-o", tmp_path / "x.baro", "--type", "wall", source)
    assert answer.returncode == 2
    assert "no values of type wall; there are: alloc_objects, alloc_space," in answer.stderr


def test_evented_profiles_of_speedscope(run: Run, tmp_path: Path) -> None:
    source = tmp_path / "events.json"
    events = [("O", 0, 2), ("O", 1, 3), ("C", 1, 5.5), ("O", 1, 6), ("C", 1, 7), ("C", 0, 8)]
    source.write_text(
        json.dumps(
            {
                "$schema": "https://www.speedscope.app/file-format-schema.json",
                "profiles": [
                    {
                        "type": "evented",
                        "name": 'Thread 34 "main"',
                        "unit": "milliseconds",
                        "startValue": 2,
                        "endValue": 8,
                        "events": [{"type": t, "frame": f, "at": at} for t, f, at in events],
                    }
                ],
                "shared": {"frames": [{"name": "main \ud83d\ude80"}, {"name": 'a;"b"\n'}]},
            }
        )
    )
    recorded = imported(run, source)
    assert folded(run, recorded, "--weight", "us") == ["main_🚀 2500", 'main_🚀;a:"b"_ 3500']
    (thread,) = json.loads(run("report", "--json", recorded).stdout)["threads"]
    assert thread["thread_id"] == 34


def speedscope_of(*profiles: dict[str, Any]) -> str:
    frames = [{"name": "a"}, {"name": "b"}]
    named = [{"type": "sampled", "name": f"p{i}", **p} for i, p in enumerate(profiles)]
    return json.dumps({"shared": {"frames": frames}, "profiles": named})


def test_profiles_of_speedscope_stand_where_they_began(run: Run, tmp_path: Path) -> None:
    """The first to begin need not be the first in the file, nor have its unit."""
    late = {"unit": "milliseconds", "startValue": 5000, "samples": [[1]], "weights": [2000]}
    early = {"unit": "seconds", "startValue": 1, "samples": [[0]], "weights": [2]}
    empty = {"unit": "seconds", "startValue": 0, "samples": [], "weights": []}
    source = tmp_path / "two.json"
    for profiles in ([early, late], [late, early], [empty, late, early]):
        source.write_text(speedscope_of(*profiles))
        recorded = imported(run, source)
        assert head(run, recorded)["duration_ns"] == 6_000_000_000
        assert head(run, recorded)["thread_wall_ns"] == 4_000_000_000
        rows = run("export", "--to", "csv", recorded).stdout.splitlines()
        columns = rows[0].split(",")
        ends = sorted(int(dict(zip(columns, row.split(",")))["time_ns"]) for row in rows[1:])
        assert ends[1] - ends[0] == 4_000_000_000


def test_a_unit_is_told_once(run: Run, tmp_path: Path) -> None:
    counts = {"unit": "none", "startValue": 0, "samples": [[0]], "weights": [3]}
    source = tmp_path / "counts.json"
    source.write_text(speedscope_of(counts, counts, counts))
    assert len(head(run, imported(run, source))["notes"]) == 1


def test_parts_of_units_add_up(run: Run, tmp_path: Path) -> None:
    for weight, unit in ((1.5, "nanoseconds"), (0.4, "none")):
        profile = {"unit": unit, "startValue": 0, "samples": [[0]] * 10, "weights": [weight] * 10}
        source = tmp_path / "parts.json"
        source.write_text(speedscope_of(profile))
        assert head(run, imported(run, source))["thread_wall_ns"] == weight * 10


@pytest.mark.parametrize(
    ("frame", "name", "file"),
    [
        ("f (app.py:12)", "f", "app.py"),
        ("f (C:\\Program Files (x86)\\app.py:12)", "f", "C:\\Program Files (x86)\\app.py"),
        ("f (a(b.py:12)", "f", "a(b.py"),
        ("void (anonymous namespace)::run(int)", "void (anonymous namespace)::run(int)", None),
        ("call(int (*)(char))", "call(int (*)(char))", None),
    ],
)
def test_brackets_of_collapsed_frames(
    run: Run, tmp_path: Path, frame: str, name: str, file: str | None
) -> None:
    source = tmp_path / "frames.txt"
    source.write_text(f"{frame} 3\n")
    (row,) = json.loads(run("report", "--json", imported(run, source)).stdout)["functions"]
    assert (row["name"], row["file"]) == (name, file)


def test_a_frame_named_as_a_state_is_one_at_the_end_only(run: Run, tmp_path: Path) -> None:
    source = tmp_path / "named.json"
    frames = [{"name": name} for name in ("a", "[idle]", "c", "[waiting for disk]")]
    sampled = {"type": "sampled", "name": "p", "unit": "seconds", "startValue": 0}
    opened = {"type": "evented", "name": "q", "unit": "seconds", "startValue": 0, "endValue": 7}
    events = [("O", 0), ("O", 1), ("O", 2), ("O", 3), ("C", 3), ("C", 2), ("C", 1), ("C", 0)]
    at = [0, 1, 2, 3, 4, 5, 6, 7]
    moves = [{"type": t, "frame": f, "at": when} for (t, f), when in zip(events, at)]
    profiles = [
        {**sampled, "samples": [[0, 1, 2], [0, 1]], "weights": [2, 3]},
        {**opened, "events": moves},
    ]
    source.write_text(json.dumps({"shared": {"frames": frames}, "profiles": profiles}))
    recorded = imported(run, source)
    # Idle time is left out, as everywhere.
    assert folded(run, recorded, "--weight", "us", "--states") == [
        "a;[idle];c;[unknown] 4000000",
        "a;[idle];c;[waiting for disk] 1000000",
        "a;[unknown] 2000000",
    ]


def test_what_is_shorter_than_a_microsecond_is_not_nothing(run: Run, tmp_path: Path) -> None:
    profile = {"unit": "nanoseconds", "startValue": 0, "samples": [[0], [1]], "weights": [300, 99]}
    source = tmp_path / "short.json"
    source.write_text(speedscope_of(profile))
    assert folded(run, imported(run, source)) == ["a 300", "b 99"]


def pprof_of(system_name: int) -> bytes:
    def message(number: int, content: bytes) -> bytes:
        return bytes([number << 3 | 2, len(content)]) + content

    return (
        message(1, b"\x08\x01\x10\x02")  # a type: cpu, nanoseconds
        + message(2, b"\x08\x01\x10\x0a")  # 10 at the location 1
        + message(4, b"\x08\x01" + message(4, b"\x08\x01"))
        + message(5, b"\x08\x01\x18" + bytes([system_name]))  # the function 1
        + b"".join(message(6, text) for text in (b"", b"cpu", b"nanoseconds", b"_ZN3run"))
    )


def test_texts_that_pprof_has_not_are_asked_for(run: Run, tmp_path: Path) -> None:
    source = tmp_path / "texts.pb"
    source.write_bytes(pprof_of(9))
    answer = run("import", "-f", "-o", tmp_path / "out.baro", source)
    assert answer.returncode != 0
    assert answer.stderr == (
        f"barograph: import: {source}: pprof: expected texts up to number 9, found 4\n"
    )
    assert not (tmp_path / "out.baro").exists()


def test_functions_of_pprof_may_have_only_the_name_of_the_linker(run: Run, tmp_path: Path) -> None:
    source = tmp_path / "linker.pb"
    source.write_bytes(pprof_of(3))
    (row,) = json.loads(run("report", "--json", imported(run, source)).stdout)["functions"]
    assert (row["name"], row["thread_self_ns"]) == ("_ZN3run", 10)


def test_formats_of_the_help_stand_in_columns(run: Run) -> None:
    formats = run("help", "import").stdout.split("\nFormats:\n")[1].split("\n\n")[0]
    for line in formats.splitlines():
        assert re.fullmatch(r"  [a-z_]+ {2,}\S.*", line), line


# --- What is wrong ---

GOOD_JSON = '{"shared":{"frames":[{"name":"f"}]},"profiles":[%s]}'
WRONG = {
    "empty.txt": (b"", "of no known format"),
    "words.py": (b"def f():\n    return 1\n", "of no known format"),
    "noise.bin": (bytes(range(256)) * 40, "of no known format"),
    "third.txt": (b"a;b 1\na 2\nno count\n", "of no known format"),
    "late.txt": (b"a;b 1\n" * 30 + b"no count\n", "collapsed: line 31: expected frames and a"),
    "huge.txt": (b"a 99999999999999999999\n", "of no known format"),
    "zero.txt": (b"a;b 0\n", "collapsed: nothing in it has any weight"),
    "cut.json": (b'{"$schema":"speedscope","profiles":[{"type":', "speedscope: byte 44: expected"),
    "deep.json": (b'{"profiles":' + b"[" * 100_000, "fewer brackets within each other"),
    "frames.json": (
        (
            GOOD_JSON % '{"type":"sampled","name":"x","unit":"none","samples":[[1]],"weights":[1]}'
        ).encode(),
        "expected numbers of frames of this file",
    ),
    "weights.json": (
        (
            GOOD_JSON % '{"type":"sampled","name":"x","unit":"none","samples":[[0]],"weights":[]}'
        ).encode(),
        "expected as many weights as samples",
    ),
    "negative.json": (
        (
            GOOD_JSON % '{"type":"sampled","name":"x","unit":"none","samples":[[0]],"weights":[-1]}'
        ).encode(),
        "an amount of -1; expected 0 to 2^60",
    ),
    "order.json": (
        (
            GOOD_JSON % '{"type":"evented","name":"x","unit":"none","startValue":0,"endValue":9,'
            '"events":[{"type":"C","frame":0,"at":1}]}'
        ).encode(),
        "expected an event that opens a frame, or closes the last that is open",
    ),
    "cut.pb.gz": (gzip.compress(b"a;b 1\n" * 1000)[:-20], "its gzip stream ends early"),
    "broken.pb.gz": (b"\x1f\x8b\x08\x00" + b"\xff" * 40, "broken gzip at byte"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_told_in_one_line(run: Run, tmp_path: Path, name: str) -> None:
    content, part = WRONG[name]
    source = tmp_path / name
    source.write_bytes(content)
    answer = run("import", "-o", tmp_path / "out.baro", source)
    assert answer.returncode == 2, answer.stderr
    assert answer.stderr.startswith(f"barograph: import: {source}: ")
    assert part in answer.stderr
    assert answer.stderr.count("\n") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == [name]


def test_a_cut_pprof_is_refused(run: Run, tmp_path: Path) -> None:
    plain = gzip.decompress((THEIRS / "go_cpu.pb.gz").read_bytes())
    for length in range(1, len(plain), max(1, len(plain) // 40)):
        source = tmp_path / "cut.pb"
        source.write_bytes(plain[:length])
        answer = run("import", "-f", "-o", tmp_path / "out.baro", "--from", "pprof", source)
        assert answer.returncode in (0, 2)
        assert answer.stderr.count("\n") == 1
        if answer.returncode == 2:
            assert answer.stderr.startswith(f"barograph: import: {source}: pprof: ")


def test_a_failed_import_leaves_what_was_there(run: Run, tmp_path: Path) -> None:
    good, bad, out = (tmp_path / name for name in ("good.txt", "bad.txt", "out.baro"))
    good.write_text("a;b 1\n")
    bad.write_text("a;b 1\n" * 30 + "x\n")
    assert run("import", "-q", "-o", out, good).returncode == 0
    before = out.read_bytes()
    for options in ([], ["-f"]):
        assert run("import", "-o", out, *options, bad).returncode == 2
        assert out.read_bytes() == before
    answer = run("import", "-o", out, good)
    assert answer.returncode == 2
    assert "-f" in answer.stderr
    assert run("import", "-f", "-q", "-o", out, good).returncode == 0
    assert (tmp_path / "out.baro.old").read_bytes() == before
    assert not [path for path in tmp_path.iterdir() if path.suffix not in {".txt", ".baro", ".old"}]


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["import"], "an argument is missing"),
        (["import", "--from", "pprov", "x"], "unknown format 'pprov'; did you mean 'pprof'?"),
        (["import", "--from", "xml", "x"], "formats: speedscope, pprof, collapsed"),
        (["import", "/nonexistent/x"], "/nonexistent/x"),
        (["import", "/dev"], "/dev"),
    ],
)
def test_mistakes(run: Run, arguments: list[str], part: str) -> None:
    answer = run(*arguments)
    assert answer.returncode == 2
    assert part in answer.stderr
    assert answer.stderr.count("\n") == 1
