"""`barograph explain` of traces with a GPU: what it finds is what the trace was made to have."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from calling import Run
from gpu_traces import COMMUNICATION, CPU, Trace

US = 1000


def explained(run: Run, trace: Trace, folder: Path) -> dict[str, Any]:
    path = trace.write(folder / "trace.json")
    assert run("import", "-f", "-o", folder / "a.baro", path).returncode == 0
    text = run("explain", folder / "a.baro")
    assert text.returncode == 0, text.stderr
    done = run("explain", "--json", folder / "a.baro")
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def finding(answer: dict[str, Any], kind: str) -> dict[str, Any]:
    (found,) = [row for row in answer["findings"] if row["kind"] == kind]
    row: dict[str, Any] = found
    return row


def resources(answer: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {row["resource"]: row for row in answer["resources"]}


def slow_loader(workers: bool) -> Trace:
    """Four steps of 1 ms: 600 us at the loader, a launch, a kernel of 200 us that is waited for."""
    trace = Trace()
    for number in range(4):
        at = 1000 * number
        trace.step(number, at, 1000)
        trace.loader(workers, at + 5, 600)
        trace.kernel("aten::mm", "ampere_sgemm_128x64_nn", (at + 700, at + 720, 200))
        trace.wait(at + 730, 200)
    return trace


@pytest.mark.parametrize("workers", [False, True])
def test_waiting_for_data(run: Run, tmp_path: Path, workers: bool) -> None:
    answer = explained(run, slow_loader(workers), tmp_path)
    large = [row["operator"] for row in answer["findings"] if row["kind"] == "operator"]
    assert not any("DataLoader" in name or "Synchronize" in name for name in large)
    row = finding(answer, "data_loader")
    assert row["explains_ns"] == row["numbers"]["path_ns"] == 4 * 600 * US
    assert row["numbers"]["batches"] == 4
    assert ("workers of its data" in row["sentence"]) == workers
    by_key = resources(answer)
    if workers:
        assert by_key["child"]["path_ns"] == 4 * 600 * US
        assert by_key["child"]["evidence"] == "derived"
        assert answer["bottleneck"]["resource"] == "child"
    else:
        assert by_key["dataloader"]["path_ns"] == 4 * 300 * US  # half of it is aten::stack
        assert by_key["cpu"]["path_ns"] >= 4 * 300 * US
    # The host waits 190 us for what is left of each kernel; the device's clock has all of it.
    assert by_key["gpu"]["tasks_ns"] == 4 * (200 + 200) * US
    assert by_key["gpu"]["evidence"] == "measured"
    idle = finding(answer, "gpu_idle")["numbers"]
    assert idle["loading_ns"] == 4 * 600 * US
    assert idle["idle_ns"] == 4000 * US - 4 * 200 * US
    assert idle["idle_percent"] == pytest.approx(80)


def test_why_tells_of_spans_what_the_report_does(run: Run, tmp_path: Path) -> None:
    """What a span is, is what is known of it: `--why` does not say that nothing measured it."""
    explained(run, slow_loader(workers=False), tmp_path)
    report = json.loads(run("report", "--json", tmp_path / "a.baro").stdout)
    rows = {row["operator"]: row for row in report["operators"]}
    (loader,) = [name for name in rows if "DataLoader" in name]
    told = json.loads(run("explain", "--json", "--why", loader, tmp_path / "a.baro").stdout)
    assert told["resources"] == rows[loader]["by_resource"]
    (span,) = told["resources"]
    assert (span["resource"], span["evidence"]) == ("dataloader", "measured")
    text = run("explain", "--why", loader, tmp_path / "a.baro").stdout
    assert "measured" in text
    assert "loading data" in text
    assert "no clock" not in text


def test_an_unpinned_copy_that_nothing_overlaps(run: Run, tmp_path: Path) -> None:
    trace = Trace()
    trace.step(1, 0, 1000)
    trace.copy("Memcpy HtoD (Pageable -> Device)", 100, 400, 4_000_000)
    trace.kernel("aten::mm", "ampere_sgemm_128x64_nn", (530, 560, 300))
    trace.wait(580, 300)
    trace.copy("Memcpy DtoH (Device -> Pageable)", 900, 50, 4)
    answer = explained(run, trace, tmp_path)
    row = finding(answer, "copies")
    assert row["explains_ns"] == row["numbers"]["copying_ns"] == 450 * US
    assert row["numbers"]["bytes"] == 4_000_004
    assert (row["numbers"]["copies"], row["numbers"]["pageable"]) == (2, 2)
    by_key = resources(answer)
    assert by_key["copy"]["evidence"] == "measured"
    # On the host's way: the calls that wait for the copies.
    assert by_key["copy"]["path_ns"] == (415 + 65) * US
    assert by_key["gpu"]["path_ns"] == 300 * US
    assert sum(row["path_ns"] for row in answer["resources"]) == answer["run_ns"] == 1000 * US


def test_small_kernels_and_their_launches(run: Run, tmp_path: Path) -> None:
    trace = Trace()
    for i in range(200):
        trace.kernel("aten::add_", "vectorized_elementwise_kernel", (30 * i, 30 * i + 20, 3))
    answer = explained(run, trace, tmp_path)
    row = finding(answer, "small_kernels")
    assert (row["numbers"]["kernels"], row["numbers"]["median_ns"]) == (200, 3 * US)
    # Operators take 20 of 30 us, and no kernel runs then.
    assert row["numbers"]["launching_ns"] == 200 * 20 * US
    assert "torch.compile" in row["try"]
    assert answer["bottleneck"]["resource"] == "cpu"
    # The same work in kernels of 25 us is no matter of launches.
    large = Trace()
    for i in range(200):
        large.kernel("aten::add_", "vectorized_elementwise_kernel", (30 * i, 30 * i + 20, 28))
    kinds = {found["kind"] for found in explained(run, large, tmp_path)["findings"]}
    assert not kinds & {"small_kernels", "copies", "collectives", "data_loader"}


def test_collectives_that_nothing_overlaps(run: Run, tmp_path: Path) -> None:
    trace = Trace()
    trace.step(1, 0, 1000)
    trace.kernel("aten::mm", "ampere_sgemm_128x64_nn", (10, 40, 300))
    name = "ncclDevKernel_AllReduce_Sum_f32_RING_LL(ncclDevComm*, unsigned long, ncclWork*)"
    trace.kernel("nccl:all_reduce", name, (40, 240, 500), COMMUNICATION)
    trace.wait(70, 680)
    answer = explained(run, trace, tmp_path)
    row = finding(answer, "collectives")
    assert row["explains_ns"] == 400 * US  # from 340, when the other kernel ends, to 740
    assert row["numbers"]["collective_ns"] == 500 * US
    by_key = resources(answer)
    assert by_key["network"]["tasks_ns"] == 500 * US
    assert by_key["network"]["evidence"] == "measured"
    assert "network" not in {found["kind"] for found in answer["findings"]}  # of shuffled data


def test_a_trace_without_a_device_has_none_of_these(run: Run, tmp_path: Path) -> None:
    trace = Trace()
    trace.add("cpu_op", "aten::mm", CPU, 0, 500)
    answer = explained(run, trace, tmp_path)
    kinds = {found["kind"] for found in answer["findings"]}
    assert not kinds & {"gpu_idle", "small_kernels", "copies", "collectives", "data_loader"}
    assert resources(answer)["cpu"]["evidence"] == "derived"


def test_one_is_one(run: Run, tmp_path: Path) -> None:
    """One of each, and none: numbers have the word that goes with them, and no time is not 0 s."""
    trace = Trace()
    trace.step(0, 0, 1000)
    trace.loader(True, 5, 300)
    trace.kernel("aten::mm", "ampere_sgemm_128x64_nn", (320, 350, 5))
    trace.copy("Memcpy HtoD (Pageable -> Device)", 500, 100, 4096)
    name = "ncclDevKernel_AllReduce_Sum_f32_RING_LL(ncclDevKernelArgsStorage<4096ul>)"
    trace.add("kernel", name, COMMUNICATION, 700, 100, device=0, context=1, stream=20)
    trace.wait(700, 200)
    answer = explained(run, trace, tmp_path)
    sentences = {row["kind"]: row["sentence"] for row in answer["findings"]}
    text = " ".join(sentences.values())
    for words in ("half of 1 kernel took", "1 copy or memory set took", "1 collective took"):
        assert words in text
    assert "for 1 batch from" in text
    assert not re.search(r"\b1 (kernels|copies|collectives|batches|tasks|pieces)\b", text)
    assert not re.search(r"\b0 s\b", text)
    trace = Trace()
    trace.add("cpu_op", "aten::linear", CPU, 0, 1000)
    (row,) = explained(run, trace, tmp_path)["findings"]
    assert row["sentence"].startswith("aten::linear: 1 task or piece of its own work, ")
