"""`barograph import` of RunMetadata: its nodes are those of TensorFlow's own timeline of it."""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from pathlib import Path

import pytest
from calling import REPOSITORY, Run
from test_import_logs import Recorded, imported
from test_import_xplane import fields, message

TRACES = REPOSITORY / "tests" / "traces"
METADATA = TRACES / "tf217_mlp.run_metadata.pb.gz"
TIMELINE = TRACES / "tf217_mlp.timeline.json.gz"


def labels_of(metadata: bytes) -> list[tuple[str, str]]:
    """Name and label of each node."""
    rows = []
    for _, step, _ in (part for part in fields(metadata) if part[0] == 1):
        for _, device, _ in fields(step):
            for node in (content for number, content, _ in fields(device) if number == 2):
                texts = {k: content.decode() for k, content, _ in fields(node) if k in (1, 8)}
                rows.append((texts[1], texts[8]))
    return rows


def spans_of(recorded: Recorded) -> Counter[tuple[str, int, int]]:
    """Of tasks the operator's name, start and length, in microseconds that TensorFlow cut off."""
    operators = recorded.operators()
    ((_, utc),) = recorded.by_kind["anchor"]
    first = min(row[2] for row in recorded.by_kind["task"])
    spans: Counter[tuple[str, int, int]] = Counter()
    for operator, _, start, end, *_ in recorded.by_kind["task"]:
        begun, ended = ((utc + ns - first) // 1000 for ns in (start, end))
        spans[operators[operator][1], begun, ended - begun] += 1
    return spans


def test_nodes_are_those_of_the_timeline(run: Run, tmp_path: Path) -> None:
    recorded = imported(run, METADATA, tmp_path)
    events = json.loads(gzip.decompress(TIMELINE.read_bytes()))["traceEvents"]
    expected = Counter(
        (f"{event['args']['name']}:{event['args']['op']}", event["ts"], event["dur"])
        for event in events
        if event["ph"] == "X"
    )
    assert sum(expected.values()) > 30
    assert spans_of(recorded) == expected
    assert {kind for kind, *_ in recorded.operators()[1:]} == {"tf.op"}
    devices = {recorded.strings[row[5]] for row in recorded.by_kind["process"]}
    assert {name + " Compute" for name in devices} <= {
        event["args"]["name"] for event in events if event["ph"] == "M"
    }
    assert recorded.notes == []
    assert run("view", tmp_path / "log.baro", "-o", tmp_path / "page.html").returncode == 0


def test_edges_and_amounts_are_those_of_the_labels(run: Run, tmp_path: Path) -> None:
    rows = labels_of(gzip.decompress(METADATA.read_bytes()))
    matches = {node: re.match(r"(.*) = (.*)\((.*)\)", label) for node, label in rows}
    names = {node: f"{node}:{match[2]}" for node, match in matches.items() if match}
    expected = set()
    for node, match in matches.items():
        for taken in match[3].split(", ") if match and match[3] else []:
            source, kind = taken.lstrip("^").split(":")[0], "control" if "^" in taken else "data"
            expected.add((names[source], names[node], kind))
    recorded = imported(run, METADATA, tmp_path)
    operators = recorded.operators()
    found = {(operators[a][1], operators[b][1], k) for a, b, k in recorded.by_kind["operator_edge"]}
    assert found == expected
    assert {"data", "control"} == {kind for *_, kind in found}
    sums = recorded.amounts()
    assert sums["invocations"] == len(rows)
    assert sums["allocated_bytes"] > 1e5
    assert sums["output_bytes"] > 1e5
    tasks = sum(end - start for _, _, start, end, *_ in recorded.by_kind["task"])
    assert 0.5 * tasks < sums["compute_ns"] <= tasks


def node(name: bytes, start_us: int, us: int, label: bytes = b"", *more: bytes) -> bytes:
    return message(2, message(1, name), message(2, start_us), message(5, us), message(8, label),
                   *more)  # fmt: skip


def device(name: bytes, *nodes: bytes) -> bytes:
    return message(1, message(1, name), *nodes)


T = 1_795_265_605_406_887
HOST = b"/job:localhost/replica:0/task:0/device:GPU:0"


def gpu_step(style: str) -> bytes:
    """By hand, after device_tracer.cc of TensorFlow 1.5 and of 2.0: kernels and copies twice."""
    is_old = style == "old"
    front = b"/gpu:0/" if is_old else b"/device:GPU:0/"
    label = (
        b"" if is_old else b"volta_sgemm_128x64 regs:122 shm:0 grid:1,1,1 block:128,1,1@@mm:MatMul"
    )
    copy = node(b"x:Const:MEMCPYHtoD" if is_old else b"x:Const", T + 5, 20,
                b"Pageable 4096 bytes" if is_old else b"x:Const bytes:4096 aync")  # fmt: skip
    kernels = [node(b"mm:MatMul", T + 40, 50, label), node(b"mm:MatMul", T + 95, 30, label)]
    streams = [device(front + b"stream:13", *kernels, *([copy] if is_old else []))]
    if not is_old:
        streams.append(device(front + b"stream:13<MemcpyH2D>", copy))
        streams.append(
            device(front + b"sync", node(b"cuStreamSynchronize", T + 60, 70, b"ThreadId 9"))
        )
    return message(
        1,
        device(HOST, node(b"x", T, 3, b"x = Const()"),
               node(b"mm", T + 10, 15, b"mm = MatMul(x:1, ^x, gone/_7, x/_12)"),
               node(b"other", T + 12, 15, b"other = Neg(mm)"),
               node(b"RecvTensor", T + 12, 4, b"edge_5 from a to b"),
               node(b"no_time", 0, 15), node(b"huge", 2**63, 15), node(b"", T, 1)),
        device(front + b"stream:all", *kernels, *([copy] if is_old else [])),
        *streams,
        device(front + b"memcpy", copy),
    )  # fmt: skip


@pytest.mark.parametrize("style", ["old", "new"])
def test_what_a_gpu_did_is_told_once(run: Run, tmp_path: Path, style: str) -> None:
    path = tmp_path / "run_metadata.pb"
    path.write_bytes(gpu_step(style))
    recorded = imported(run, path, tmp_path)
    operators = recorded.operators()
    parents = [row[4] for row in recorded.by_kind["operator"]]
    kernel = "mm:MatMul" if style == "old" else "volta_sgemm_128x64"
    copy = "x:Const:MEMCPYHtoD" if style == "old" else "x:Const"
    tree = {
        (kind, name, operators[parent][1])
        for (kind, name, _), parent in zip(operators[1:], parents[1:])
    }
    expected = {
        ("tf.op", "x:Const", "TensorFlow"),
        ("tf.op", "mm:MatMul", "TensorFlow"),
        ("tf.op", "other:Neg", "TensorFlow"),
        ("tf.op", "RecvTensor", "TensorFlow"),
        ("tf.kernel", kernel, "mm:MatMul"),
        ("tf.copy", copy, "x:Const"),
    }
    if style == "new":
        expected.add(("tf.runtime", "cuStreamSynchronize", "TensorFlow"))
    assert tree == expected
    sums = recorded.amounts()
    assert (sums["gpu_ns"], sums["copy_ns"]) == (80_000, 20_000)
    assert sums["copied_bytes"] == (0 if style == "old" else 4096)
    edges = {(operators[a][1], operators[b][1], k) for a, b, k in recorded.by_kind["operator_edge"]}
    assert edges == {
        ("x:Const", "mm:MatMul", "data"),
        ("x:Const", "mm:MatMul", "control"),
        ("mm:MatMul", "other:Neg", "data"),
    }
    threads = sorted(recorded.strings[row[4]] for row in recorded.by_kind["thread"])
    streams = ["stream:13"] if style == "old" else ["stream:13", "stream:13<MemcpyH2D>", "sync"]
    # Nodes of one device that ran at once stand side by side.
    assert threads == sorted([f"device:GPU:0{lane}" for lane in ("", " / 2", " / 3")] + streams)
    again = 4 if style == "old" else 3
    assert recorded.notes == [
        "3 nodes have no name or times that are none: they were left out",
        "1 input of a node is of one that the file does not have",
        f"{again} slices say again what their stream says: they were left out",
    ]


def test_what_is_no_run_metadata_is_refused(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "run_metadata.pb"
    whole = gzip.decompress(METADATA.read_bytes())
    for data, words in [
        (whole[:5_000], "byte 5000: the file is cut, or no RunMetadata"),
        (b"", "byte 0: the file is cut, or no RunMetadata"),
        (message(2, b"x"), "byte 3: the file is cut, or no RunMetadata"),
        (message(1, device(b"/device:CPU:0")), "no slice with a time in it"),
        (message(1, device(b"/device:CPU:0", b"\x12\x02\x0a\x05")), "a node is cut"),
        (message(1, b"\x0a\x03\x0a\x09x"), "a device is cut"),
        (message(1, device(b"/device:CPU:0", node(b"x", 5, 5)) + b"\x0a\x7f"), "step are cut"),
    ]:
        path.write_bytes(data)
        done = run("import", "-f", "-o", tmp_path / "a.baro", "--from", "run_metadata", path)
        assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
        assert words in done.stderr
    assert not (tmp_path / "a.baro").exists()
