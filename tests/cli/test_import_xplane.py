"""`barograph import` of XPlane: slices and operators are those that another reader finds."""

from __future__ import annotations

import gzip
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from calling import REPOSITORY, Run
from test_import_logs import imported
from test_import_traces import calls_of

TRACE = REPOSITORY / "tests" / "traces" / "tf217_mlp.xplane.pb.gz"


def varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        value |= (data[at] & 127) << shift
        shift += 7
        at += 1
        if data[at - 1] < 128:
            return value, at


def fields(data: bytes) -> Iterator[tuple[int, bytes, int]]:
    """Number, bytes of messages and texts, value of varints."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        content, value = b"", 0
        if key & 7 == 0:
            value, at = varint(data, at)
        else:
            length, at = varint(data, at) if key & 7 == 2 else ({1: 8, 5: 4}[key & 7], at)
            content = data[at : at + length]
            at += length
        yield key >> 3, content, value


def lines_of(space: bytes) -> Iterator[tuple[str, list[tuple[int, int, str, bool]]]]:
    """Of each line its name and events: start and end in ns, name, whether it is an operator."""
    for number, plane, _ in fields(space):
        if number != 1:
            continue
        names = {}
        for key, entry, _ in fields(plane):
            if key == 4:
                parts = {k: (content, value) for k, content, value in fields(entry)}
                texts = {k: content.decode() for k, content, _ in fields(parts[2][0])}
                names[parts[1][1]] = (texts[2], texts.get(4, ""))
        for key, line, _ in fields(plane):
            if key != 3:
                continue
            events = []
            base = next((value for k, _, value in fields(line) if k == 3), 0)
            for k, event, _ in fields(line):
                if k == 4:
                    row = {k: value for k, _, value in fields(event)}
                    name, shown = names[row[1]]
                    start = row.get(2, 0)
                    end = start + row.get(3, 0)
                    is_operator = bool(shown) and name.endswith(":" + shown)
                    events.append(
                        (
                            base + (start + 500) // 1000,
                            base + (end + 500) // 1000,
                            name,
                            is_operator,
                        )
                    )
            yield next(c.decode() for k, c, _ in fields(line) if k == 2), events


def test_slices_are_calls(run: Run, tmp_path: Path) -> None:
    lines = dict(lines_of(gzip.decompress(TRACE.read_bytes())))
    expected: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for events in lines.values():
        active: list[tuple[int, str]] = []
        for start, end, name, _ in sorted(events, key=lambda row: (row[0], -row[1])):
            while active and active[-1][0] <= start:
                active.pop()
            expected[name][0] += 1
            if name not in (inner for _, inner in active):
                expected[name][1] += end - start
            active.append((end, name))
    recorded = imported(run, TRACE, tmp_path)
    found = calls_of(run, tmp_path / "log.baro")
    assert {name: row[0] for (name, _), row in found.items()} == {
        name: row[0] for name, row in expected.items()
    }
    for (name, _), row in found.items():
        assert abs(row[2] - expected[name][1]) <= row[0], name
    threads = {recorded.strings[row[4]] for row in recorded.by_kind["thread"]}
    assert threads == {name for name, events in lines.items() if events}
    (anchor,) = recorded.by_kind["anchor"]
    assert 1_795_000_000 < anchor[1] / 1e9 < 1_796_000_000  # in November 2026
    assert run("view", tmp_path / "log.baro", "-o", tmp_path / "page.html").returncode == 0


def test_operators_have_tasks(run: Run, tmp_path: Path) -> None:
    expected: Counter[str] = Counter()
    for _, events in lines_of(gzip.decompress(TRACE.read_bytes())):
        for start, end, name, is_operator in events:
            expected[name] += end - start if is_operator else 0
    recorded = imported(run, TRACE, tmp_path)
    operators = recorded.operators()
    assert operators[0][0] == "tf.run"
    found: Counter[str] = Counter()
    for operator, _, start, end, *_ in recorded.by_kind["task"]:
        found[operators[operator][1]] += end - start
    assert len(+found) > 50
    assert +found == +expected
    assert {kind for kind, *_ in operators[1:]} == {"tf.op"}


def message(number: int, *parts: bytes | int) -> bytes:
    """A field: of a number, or of bytes."""
    if isinstance(parts[0], int):
        return bytes([number << 3]) + encoded(parts[0])
    content = b"".join(part for part in parts if isinstance(part, bytes))
    return bytes([number << 3 | 2]) + encoded(len(content)) + content


def encoded(value: int) -> bytes:
    data = b""
    while value > 127:
        data += bytes([value & 127 | 128])
        value >>= 7
    return data + bytes([value])


def name(number: int, key: int, text: bytes) -> bytes:
    return message(number, message(1, key), message(2, message(1, key), message(2, text)))


def device_space() -> bytes:
    """By hand, after xplane.proto: a stream whose kernels overlap, Python, and what has no time."""

    def event(key: int, start_us: int, us: int) -> bytes:
        return message(4, message(1, key), message(2, start_us * 10**6), message(3, us * 10**6))

    device = message(
        1,
        message(2, b"/device:GPU:0"),
        message(3, message(1, 7), message(2, b"Stream #7"), message(3, 1000),
                event(1, 0, 10), event(1, 5, 10), message(4, message(1, 1), message(5, 3)),
                event(9, 0, 1)),
        name(4, 1, b"fusion.1"),
    )  # fmt: skip
    host = message(
        1,
        message(2, b"/host:CPU"),
        name(4, 1, b"$app.py:12 train"),
        message(3, message(1, 8), message(2, b"x"), message(11, b"python"), message(3, 1000),
                event(1, 0, 20)),
    )  # fmt: skip
    return device + host + message(4, b"worker")


def test_devices_python_and_what_is_left_out(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "host.xplane.pb"
    path.write_bytes(device_space())
    recorded = imported(run, path, tmp_path)
    assert calls_of(run, tmp_path / "log.baro") == {
        ("fusion.1", None): (2, 20_000, 20_000),
        ("train", 12): (1, 20_000, 20_000),
    }
    assert [row[:2] for row in recorded.operators()] == [
        ("tf.run", "worker"),
        ("tf.kernel", "fusion.1"),
    ]
    assert recorded.amounts()["gpu_ns"] == 20_000
    threads = sorted(recorded.strings[row[4]] for row in recorded.by_kind["thread"])
    assert threads == ["Stream #7", "Stream #7 / 2", "python"]
    assert recorded.notes == [
        "1 event has a number and no time of its own: it was left out",
        "1 event has no name: it was left out",
    ]


def test_what_a_device_did_is_told_once(run: Run, tmp_path: Path) -> None:
    def event(key: int, start_us: int, us: int) -> bytes:
        return message(4, message(1, key), message(2, start_us * 10**6), message(3, us * 10**6))

    def line(key: int, text: bytes, *events: bytes) -> bytes:
        return message(3, message(1, key), message(2, text), message(3, 1000), *events)

    names = [b"jit_train", b"fusion.1", b"all-reduce.3", b"MemcpyH2D", b"7"]
    device = message(
        1,
        message(2, b"/device:GPU:0"),
        *(name(4, key + 1, text) for key, text in enumerate(names)),
        line(1, b"Steps", event(5, 0, 50)),
        line(2, b"XLA Modules", event(1, 0, 50)),
        line(3, b"XLA Ops", event(2, 0, 20), event(3, 20, 30)),
        line(4, b"Stream #14(MemcpyH2D)", event(4, 5, 9)),
    )
    path = tmp_path / "gpu.xplane.pb"
    path.write_bytes(device)
    recorded = imported(run, path, tmp_path)
    assert [row[:2] for row in recorded.operators()[1:]] == [
        ("tf.kernel", "fusion.1"),
        ("tf.collective", "all-reduce.3"),
        ("tf.copy", "MemcpyH2D"),
    ]
    facts = [recorded.facts(operator)["state"] for operator in (1, 2, 3)]
    assert facts == ["gpu", "network", "copy"]
    assert {name for name, _ in calls_of(run, tmp_path / "log.baro")} == {
        text.decode() for text in names
    }


def test_a_cut_file_is_refused(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "host.xplane.pb"
    path.write_bytes(gzip.decompress(TRACE.read_bytes())[:30_000])
    done = run("import", "--from", "xplane", path)
    assert done.returncode == 2
    assert "xplane: byte 30000: the file is cut, or no XPlane" in done.stderr
