"""`barograph import` of PyTorch's traces: operators and tasks add up to the file's own numbers."""

from __future__ import annotations

import gzip
import json
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest
from calling import REPOSITORY, Run
from test_import_logs import Recorded, imported

TRACES = REPOSITORY / "tests" / "traces"
OPERATORS = ("cpu_op", "user_annotation")


def events_of(path: Path) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = json.loads(gzip.decompress(path.read_bytes()))["traceEvents"]
    return events


def kind_of(event: dict[str, Any]) -> tuple[str, str]:
    if event["cat"] == "cpu_op":
        return "torch.op", event["name"]
    return "torch.annotation", "train_step" if "train_step" in event["name"] else event["name"]


def own_times(events: list[dict[str, Any]]) -> tuple[dict[Any, float], dict[Any, int]]:
    """Own ns and number of operators; functions of Python have no part in it."""
    own: dict[tuple[str, str], float] = defaultdict(float)
    number: Counter[tuple[str, str]] = Counter()
    active: list[tuple[float, tuple[str, str]]] = []
    chosen = [event for event in events if event["ph"] == "X" and event["cat"] in OPERATORS]
    for event in sorted(chosen, key=lambda event: (event["ts"], -event["dur"])):
        while active and active[-1][0] <= event["ts"] + 0.002:
            active.pop()
        if active:
            own[active[-1][1]] -= event["dur"] * 1000
        active.append((event["ts"] + event["dur"], kind_of(event)))
        own[kind_of(event)] += event["dur"] * 1000
        number[kind_of(event)] += 1
    return own, number


def by_operator(recorded: Recorded) -> tuple[dict[Any, int], dict[Any, int]]:
    operators = recorded.operators()
    own: Counter[tuple[str, str]] = Counter()
    number: Counter[tuple[str, str]] = Counter()
    for operator, _, start, end, _, amounts in recorded.by_kind["task"]:
        own[operators[operator][:2]] += end - start
        for key, value in amounts:
            if recorded.strings[key] == "invocations":
                number[operators[operator][:2]] += value
    return own, number


@pytest.mark.parametrize("name", ["torch24_mlp.json.gz", "torch24_stacks.json.gz"])
def test_operators_add_up(run: Run, tmp_path: Path, name: str) -> None:
    recorded = imported(run, TRACES / name, tmp_path)
    events = events_of(TRACES / name)
    expected, numbers = own_times(events)
    found, found_numbers = by_operator(recorded)
    assert found_numbers == numbers
    assert found.keys() == expected.keys()
    for key, ns in expected.items():
        assert abs(found[key] - ns) <= numbers[key], key  # starts and ends are rounded to the ns
    # With stacks an annotation begins within the call that makes it: that one is cut.
    assert any("overlap" in note for note in recorded.notes) == ("stacks" in name)


def test_a_slot_has_one_task_at_a_time(run: Run, tmp_path: Path) -> None:
    recorded = imported(run, TRACES / "torch24_stacks.json.gz", tmp_path)
    slots: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for _, thread, start, end, *_ in recorded.by_kind["task"]:
        slots[thread].append((start, end))
    for spans in slots.values():
        spans.sort()
        assert all(a[1] <= b[0] for a, b in zip(spans, spans[1:]))


def test_memory_shapes_places_and_the_way_back(run: Run, tmp_path: Path) -> None:
    path = TRACES / "torch24_stacks.json.gz"
    recorded = imported(run, path, tmp_path)
    events = events_of(path)
    memory = [event["args"]["Bytes"] for event in events if event["name"] == "[memory]"]
    sums = recorded.amounts()
    assert sums["allocated_bytes"] == sum(size for size in memory if size > 0) > 1e7
    assert sums["freed_bytes"] == -sum(size for size in memory if size < 0)
    operators = recorded.operators()
    randn = next(i for i, (_, name, _) in enumerate(operators) if name == "aten::normal_")
    assert recorded.facts(randn)["input_dims"] == "[[32, 3, 48, 48], [], [], []]"
    assert operators[randn][2].startswith("torch_job.py:")
    parents = [row[4] for row in recorded.by_kind["operator"]]
    path_of = []
    while randn >= 0:
        path_of.append(operators[randn][1])
        randn = parents[randn]
    assert path_of == ["aten::normal_", "aten::randn", "train_step", "PyTorch"]
    edges = {
        (operators[a][1], operators[b][1])
        for a, b, kind in recorded.by_kind["operator_edge"]
        if kind == "data"
    }
    assert ("aten::relu", "ReluBackward0") in edges
    names = {recorded.strings[row[1]] for row in recorded.by_kind["function"]}
    assert any("PyCapsule object>" in name for name in names)
    assert not any(" at 0x" in name for name in names)


# As Kineto writes them where there is a GPU, in 2024 and 2021: by hand, after its output_json.cpp.
LAUNCHES = {
    "new": ("cpu_op", "cuda_runtime", "kernel", "gpu_memcpy", "gpu_memset", "External id"),
    "old": ("Operator", "Runtime", "Kernel", "Memcpy", "Memset", "external id"),
}


def gpu_trace(style: str) -> dict[str, Any]:
    op, runtime, kernel, copy, memset, external = LAUNCHES[style]

    def on(cat: str, name: str, place: tuple[Any, Any], ts: float, dur: float, **args: Any) -> Any:
        args = {key.replace("_", " "): value for key, value in args.items()}
        if "External id" in args:
            args[external] = args.pop("External id")
        pid, tid = place
        return {"ph": "X", "cat": cat, "name": name, "pid": pid, "tid": tid, "ts": ts, "dur": dur,
                "args": args}  # fmt: skip

    cpu, stream, other = (10, 10), (0, 7), (0, 20)
    events = [
        on(kernel, "void gemm<float>(int)", stream, 30, 50, correlation=1, External_id=5,
           grid=[4, 2, 1], block=[128, 1, 1], shared_memory=1024),
        on(kernel, "void gemm<float>(int)", stream, 60, 40, correlation=2, External_id=5),
        on(copy, "Memcpy HtoD (Pageable -> Device)", other, 31, 9, correlation=3, bytes=4096),
        on(memset, "Memset (Device)", other, 45, 5, correlation=99, bytes=512, External_id=5),
        on(kernel, "ncclDevKernel_AllReduce", other, 60, 30, correlation=77),
        on("user_annotation", "ProfilerStep#4", cpu, 0, 200),
        on("gpu_user_annotation", "ProfilerStep#4", stream, 30, 70),
        on(op, "aten::mm", cpu, 10, 40, External_id=5),
        on(runtime, "cudaLaunchKernel", cpu, 12, 5, correlation=1),
        on(runtime, "cudaLaunchKernel", cpu, 20, 5, correlation=2),
        on(runtime, "cudaMemcpyAsync", cpu, 100, 10, correlation=3),
        {"ph": "s", "id": 1, "pid": 10, "tid": 10, "ts": 12, "cat": "ac2g", "name": "ac2g"},
        {"ph": "f", "id": 1, "pid": 0, "tid": 7, "ts": 30, "cat": "ac2g", "name": "ac2g"},
        {"ph": "M", "name": "process_labels", "pid": 0, "args": {"labels": "GPU 0"}},
        {"ph": "M", "name": "thread_name", "pid": 0, "tid": 7, "args": {"name": "stream 7"}},
    ]  # fmt: skip
    device = {"id": 0, "name": "NVIDIA H100", "totalGlobalMem": 85899345920, "numSms": 132}
    return {"schemaVersion": 1, "deviceProperties": [device],
            "distributedInfo": {"backend": "nccl", "rank": 3, "world_size": 8},
            "traceEvents": events}  # fmt: skip


@pytest.mark.parametrize("style", LAUNCHES)
def test_kernels_are_parts_of_what_launched_them(run: Run, tmp_path: Path, style: str) -> None:
    path = tmp_path / "gpu.json"
    path.write_text(json.dumps(gpu_trace(style), indent=1))
    recorded = imported(run, path, tmp_path)
    operators = recorded.operators()
    parents = [row[4] for row in recorded.by_kind["operator"]]
    tree = {
        (kind, name, operators[parent][1])
        for (kind, name, _), parent in zip(operators[1:], parents[1:])
    }
    assert tree == {
        ("torch.annotation", "ProfilerStep", "PyTorch"),
        ("torch.op", "aten::mm", "ProfilerStep"),
        ("torch.runtime", "cudaLaunchKernel", "aten::mm"),
        ("torch.runtime", "cudaMemcpyAsync", "ProfilerStep"),
        ("torch.kernel", "void gemm<float>(int)", "aten::mm"),
        ("torch.copy", "Memcpy HtoD (Pageable -> Device)", "ProfilerStep"),
        ("torch.memset", "Memset (Device)", "aten::mm"),
        ("torch.collective", "ncclDevKernel_AllReduce", "PyTorch"),
    }
    edges = {(operators[a][1], operators[b][1], k) for a, b, k in recorded.by_kind["operator_edge"]}
    assert edges == {
        ("cudaLaunchKernel", "void gemm<float>(int)", "control"),
        ("cudaMemcpyAsync", "Memcpy HtoD (Pageable -> Device)", "control"),
    }
    sums = recorded.amounts()
    assert sums["gpu_ns"] == 120_000
    assert sums["copy_ns"] == 14_000
    assert sums["copied_bytes"] == 4608
    assert (sums["blocks"], sums["threads_per_block"], sums["shared_memory_bytes"]) == (
        8,
        128,
        1024,
    )
    assert recorded.facts(0) == {
        "device_0_name": "NVIDIA H100",
        "device_0_memory_bytes": "85899345920",
        "device_0_multiprocessors": "132",
        "rank": "3",
        "world_size": "8",
    }
    threads = [recorded.strings[row[4]] for row in recorded.by_kind["thread"]]
    # Two kernels of a stream at once: neither is within the other.
    assert sorted(threads) == ["", "", "stream 7", "stream 7 / 2"]
    assert {recorded.strings[row[5]] for row in recorded.by_kind["process"]} == {"", "GPU 0"}
    assert recorded.notes == [
        "1 slice says again what others say (an annotation as a device saw it): it was left out"
    ]
    for command in (["report"], ["view", "-o", tmp_path / "page.html"]):
        assert run(command[0], tmp_path / "log.baro", *command[1:]).returncode == 0


def test_a_trace_without_its_member_of_versions_is_chrome(run: Run, tmp_path: Path) -> None:
    trace = gpu_trace("new")
    path = tmp_path / "gpu.json"
    path.write_text(json.dumps(trace["traceEvents"]))
    done = run("import", "-o", tmp_path / "a.baro", path)
    assert "slices of chrome" in done.stderr
    done = run("import", "-o", tmp_path / "b.baro", "--from", "torch", path)
    assert "slices of torch" in done.stderr
