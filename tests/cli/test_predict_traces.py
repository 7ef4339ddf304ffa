"""`barograph predict` on traces of PyTorch and TensorFlow, whose answers can be said by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from calling import REPOSITORY, Run
from gpu_traces import COMMUNICATION, CPU, Trace

TRACES = REPOSITORY / "tests" / "traces"


def imported(run: Run, tmp_path: Path, trace: Trace | Path) -> Path:
    source = trace if isinstance(trace, Path) else trace.write(tmp_path / "trace.json")
    out = tmp_path / "t.baro"
    answer = run("import", "-q", "-o", out, source)
    assert answer.returncode == 0, answer.stderr
    return out


def predict(run: Run, recording: Path, change: str) -> dict[str, Any]:
    answer = run("predict", "--json", "--set", change, recording)
    assert answer.returncode == 0, answer.stderr
    found: dict[str, Any] = json.loads(answer.stdout)
    return found


def waiting_for_the_device() -> Trace:
    """1 ms of launching, then the host waits until 10 ms; a kernel from 0.5 to 9.9 ms."""
    trace = Trace()
    trace.add("cpu_op", "aten::linear", CPU, 0, 1000)
    trace.add("kernel", "gemm", (0, 7), 500, 9400, device=0, context=1, stream=7)
    trace.wait(1000, 9000)
    return trace


def test_a_faster_gpu_shortens_the_wait_for_it(run: Run, tmp_path: Path) -> None:
    recording = imported(run, tmp_path, waiting_for_the_device())
    found = predict(run, recording, "gpu=2x")
    assert found["base_s"] == pytest.approx(0.010)
    # It begins at 0.5 ms, takes half of 9.4 ms, and the wait comes back 0.1 ms later.
    assert found["predicted_s"] == pytest.approx(0.0005 + 0.0094 / 2 + 0.0001)
    assert found["low_s"] < found["predicted_s"] < found["high_s"]
    assert found["base_slots"] == 0
    assert not found["calibration"]["is_calibrated"]
    # The operator that launched it is there in half the time, and no kernel is any shorter.
    assert predict(run, recording, "cpu_speed=2x")["predicted_s"] == pytest.approx(0.00975)
    assert predict(run, recording, "network=2x")["predicted_s"] == pytest.approx(0.010)


def test_what_the_host_hides_is_not_saved(run: Run, tmp_path: Path) -> None:
    trace = Trace()
    trace.add("cpu_op", "aten::linear", CPU, 0, 10_000)
    trace.add("kernel", "gemm", (0, 7), 500, 2000, device=0, context=1, stream=7)
    recording = imported(run, tmp_path, trace)
    assert predict(run, recording, "gpu=4x")["predicted_s"] == pytest.approx(0.010)
    assert predict(run, recording, "gpu=0.1x")["predicted_s"] == pytest.approx(0.0005 + 0.020)


def test_collectives_go_with_the_network(run: Run, tmp_path: Path) -> None:
    """As a bandwidth over what it was, too."""
    trace = Trace()
    trace.add("cpu_op", "aten::linear", CPU, 0, 1000)
    name = "ncclDevKernel_AllReduce_Sum_f32_RING_LL(ncclDevKernelArgsStorage<4096ul>)"
    trace.add("kernel", name, COMMUNICATION, 500, 9400, device=0, context=1, stream=20)
    trace.wait(1000, 9000)
    recording = imported(run, tmp_path, trace)
    found = predict(run, recording, "network=200Gbps/100Gbps")
    assert found["predicted_s"] == pytest.approx(0.0005 + 0.0094 / 2 + 0.0001)
    assert found["parts"][0]["value"] == "2x"


def test_text_and_sweep(run: Run, tmp_path: Path) -> None:
    recording = imported(run, tmp_path, waiting_for_the_device())
    answer = run("predict", "--why", "--set", "gpu=2x", "--sweep", "cpu_speed=1x..2x", recording)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.startswith("gpu=2x: 5.3")
    assert "all tasks run once more" in " ".join(answer.stdout.split())
    assert "sampling error" not in answer.stdout
    assert "cpu_speed" in answer.stdout
    assert "slots" not in answer.stdout


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("cores=2x", "cores: a trace does not say what it would change; what can be set is gpu"),
        ("function:f=2x", "function: operators of a trace are not known by function"),
        ("gpu=2x", "gpu: no kernel of one is in the trace"),
    ],
)
def test_what_a_trace_cannot_tell(run: Run, tmp_path: Path, change: str, why: str) -> None:
    recording = imported(run, tmp_path, TRACES / "torch24_mlp.json.gz")
    answer = run("predict", "--set", change, recording)
    assert answer.returncode == 2
    assert answer.stderr.startswith(f"barograph: predict: {recording}: {why}")
    assert answer.stderr.count("\n") == 1


@pytest.mark.parametrize("name", ["torch24_mlp.json.gz", "tf217_mlp.xplane.pb.gz"])
def test_faster_cores_never_make_a_real_one_longer(run: Run, tmp_path: Path, name: str) -> None:
    recording = imported(run, tmp_path, TRACES / name)
    times = [
        predict(run, recording, f"cpu_speed={factor}x")["predicted_s"] for factor in (0.5, 1, 2, 4)
    ]
    assert times == sorted(times, reverse=True)
    assert times[1] == pytest.approx(predict(run, recording, "disk=1x")["base_s"])
    assert times[2] > times[1] / 2


def test_a_kernel_that_ends_when_the_host_goes_on_is_not_waited_for(
    run: Run, tmp_path: Path
) -> None:
    """The path took the kernel: a faster GPU shortened what nobody waited for."""
    trace = Trace()
    trace.add("cpu_op", "aten::linear", CPU, 0, 5000)
    trace.add("kernel", "gemm", (0, 7), 1000, 4000, device=0, context=1, stream=7)
    trace.add("cpu_op", "aten::index", CPU, 5000, 5000)
    recording = imported(run, tmp_path, trace)
    answer = run("explain", "--json", recording)
    steps = json.loads(answer.stdout)["critical_path"]
    assert [(step["start_ns"], step["duration_ns"]) for step in steps] == [
        (0, 5_000_000),
        (5_000_000, 5_000_000),
    ]
    assert predict(run, recording, "gpu=4x")["predicted_s"] == pytest.approx(0.010)
    assert predict(run, recording, "cpu_speed=2x")["predicted_s"] == pytest.approx(0.005, rel=0.1)
