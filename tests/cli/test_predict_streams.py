"""`barograph predict` on traces of a GPU: launches ahead of it or behind, streams, waiting.

Nothing here has a GPU: the traces are made by hand, and so are the answers. Times in microseconds.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from calling import REPOSITORY, Run
from gpu_traces import COMMUNICATION, CPU, Trace

TRACES = REPOSITORY / "tests" / "traces"
# Of the program's own code a third goes with the speed of cores (term unexplained_cpu).
CODE_AT_2X = 1 - 0.333 / 2
# An operator of 20 us begins its launch after 10; the kernel may begin 10 later, as the first does.
PERIOD, CALL, LAUNCH, LATENCY = 1000, 20, 10, 10
KERNELS = 10


def imported(run: Run, folder: Path, trace: Trace | Path) -> Path:
    source = trace if isinstance(trace, Path) else trace.write(folder / "trace.json")
    out = folder / "t.baro"
    answer = run("import", "-q", "-f", "-o", out, source)
    assert answer.returncode == 0, answer.stderr
    return out


def predicted_us(run: Run, recording: Path, change: str) -> float:
    answer = run("predict", "--json", "--set", change, recording)
    assert answer.returncode == 0, answer.stderr
    found = json.loads(answer.stdout)
    assert found["low_s"] < found["predicted_s"] < found["high_s"]
    return float(found["predicted_s"]) * 1e6


def launched_each_millisecond(kernel_us: float) -> Trace:
    """Ten kernels in one stream, and a wait for the last that comes back 5 us after it."""
    trace = Trace()
    free = 0.0
    for k in range(KERNELS):
        start = max(free, PERIOD * k + LAUNCH + LATENCY)
        trace.kernel("aten::mm", "gemm", (PERIOD * k, start, kernel_us))
        free = start + kernel_us
    begin = PERIOD * (KERNELS - 1) + 100
    trace.wait(begin, max(free, begin) + 5 - begin)
    return trace


def replayed_us(kernel_us: float) -> float:
    """When the wait comes back: kernels behind their launches and the one before."""
    free = 0.0
    for k in range(KERNELS):
        free = max(free, PERIOD * k + LAUNCH + LATENCY) + kernel_us
    return max(free + 5, PERIOD * (KERNELS - 1) + 100)


@pytest.mark.parametrize("factor", [0.5, 1.25, 2, 4, 100])
def test_a_queue_of_kernels_runs_empty_where_the_gpu_is_faster(
    run: Run, tmp_path: Path, factor: float
) -> None:
    """The host is ahead of kernels of 2 ms; half as long, each waits for its launch: 10, not 14."""
    recording = imported(run, tmp_path, launched_each_millisecond(2000))
    assert predicted_us(run, recording, "gpu=1x") == pytest.approx(20025)
    found = predicted_us(run, recording, f"gpu={factor}x")
    assert found == pytest.approx(replayed_us(2000 / factor))


def test_faster_cores_do_not_help_a_full_queue(run: Run, tmp_path: Path) -> None:
    recording = imported(run, tmp_path, launched_each_millisecond(2000))
    # The first launch is there after half of its call's 10 us, and 6 of the next 10 are the call.
    found = predicted_us(run, recording, "cpu_speed=2x")
    assert found == pytest.approx(10 / 2 + 6 / 2 + 4 + 20000 + 5)


@pytest.mark.parametrize("factor", [0.05, 0.25, 2, 4])
def test_bound_by_launches_it_is_the_host_that_counts(
    run: Run, tmp_path: Path, factor: float
) -> None:
    """Kernels of 200 us, one each millisecond: a GPU matters where it is five times slower."""
    recording = imported(run, tmp_path, launched_each_millisecond(200))
    assert predicted_us(run, recording, "gpu=1x") == pytest.approx(9225)
    found = predicted_us(run, recording, f"gpu={factor}x")
    assert found == pytest.approx(replayed_us(200 / factor))


def test_bound_by_launches_faster_cores_help(run: Run, tmp_path: Path) -> None:
    recording = imported(run, tmp_path, launched_each_millisecond(200))
    period = CALL / 2 + (PERIOD - CALL) * CODE_AT_2X
    last = 9 * period + 10 / 2 + 6 / 2 + 4
    assert predicted_us(run, recording, "cpu_speed=2x") == pytest.approx(last + 200 + 5)


def test_a_kernel_waits_for_the_copy_of_another_stream(run: Run, tmp_path: Path) -> None:
    """Launched at once, it began when the copy was done: a faster GPU does not copy faster."""
    trace = Trace()
    ids = {"External__id": 1, "correlation": 1}
    trace.add("cuda_runtime", "cudaMemcpyAsync", CPU, 0, 10, cbid=41, **ids)
    trace.add("gpu_memcpy", "Memcpy HtoD (Pinned -> Device)", COMMUNICATION, 20, 5000, device=0,
              context=1, stream=20, bytes=1 << 20, **ids)  # fmt: skip
    trace.kernel("aten::mm", "gemm", (20, 5025, 4000))
    trace.wait(50, 8980)
    recording = imported(run, tmp_path, trace)
    assert predicted_us(run, recording, "gpu=1x") == pytest.approx(9030)
    assert predicted_us(run, recording, "gpu=2x") == pytest.approx(5025 + 2000 + 5)
    assert predicted_us(run, recording, "gpu=0.5x") == pytest.approx(5025 + 8000 + 5)


@pytest.mark.parametrize(
    ("call", "at_4x"),
    [("cudaDeviceSynchronize", 5020 + 1000), ("cudaStreamSynchronize", 5020)],
)
def test_which_streams_a_wait_is_for(run: Run, tmp_path: Path, call: str, at_4x: float) -> None:
    """Two kernels beside a copy, a wait, and 1 ms of the host: a stream's wait skips the copy."""
    trace = Trace()
    trace.kernel("aten::mm", "gemm", (0, 40, 4000))
    trace.kernel("aten::mm", "gemm", (20, 4040, 4000))
    ids = {"External__id": 7, "correlation": 7}
    trace.add("cuda_runtime", "cudaMemcpyAsync", CPU, 40, 5, cbid=41, **ids)
    trace.add("gpu_memcpy", "Memcpy DtoH (Device -> Pinned)", COMMUNICATION, 50, 4970, device=0,
              context=1, stream=20, bytes=1 << 20, **ids)  # fmt: skip
    trace.add("cuda_runtime", call, CPU, 50, 7995, cbid=131, correlation=9)
    trace.add("cpu_op", "aten::index", CPU, 8045, 1000)
    recording = imported(run, tmp_path, trace)
    assert predicted_us(run, recording, "gpu=1x") == pytest.approx(9045)
    assert predicted_us(run, recording, "gpu=4x") == pytest.approx(at_4x)
    # With half the speed both wait for the kernels.
    assert predicted_us(run, recording, "gpu=0.5x") == pytest.approx(40 + 16000 + 5 + 1000)


def test_each_wait_is_for_its_own_kernel(run: Run, tmp_path: Path) -> None:
    trace = Trace()
    for step in range(3):
        at = 5000 * step
        trace.kernel("aten::mm", "gemm", (at, at + 20, 3980))
        trace.wait(at + 20, 4000 - 20 + 10)
        trace.add("cpu_op", "aten::index", CPU, at + 4010, 990)
    recording = imported(run, tmp_path, trace)
    assert predicted_us(run, recording, "gpu=1x") == pytest.approx(15000)
    assert predicted_us(run, recording, "gpu=2x") == pytest.approx(3 * (20 + 1990 + 10 + 990))


def test_a_copy_that_its_caller_waits_for(run: Run, tmp_path: Path) -> None:
    """From memory that is not pinned: no GPU makes it shorter, slower cores do not either."""
    trace = Trace()
    trace.copy("Memcpy HtoD (Pageable -> Device)", 100, 2000, 1 << 20)
    trace.kernel("aten::mm", "gemm", (2110, 2130, 1000))
    trace.wait(2130, 1005)
    recording = imported(run, tmp_path, trace)
    assert predicted_us(run, recording, "gpu=1x") == pytest.approx(3050)
    assert predicted_us(run, recording, "gpu=2x") == pytest.approx(2550)


def test_a_thread_waits_for_another_one(run: Run, tmp_path: Path) -> None:
    """Forward, then backward on autograd's own thread, then the optimizer: no call says so."""
    trace = Trace()
    trace.add("cpu_op", "aten::mm", CPU, 0, 1000)
    trace.add(
        "cpu_op", "autograd::engine::evaluate_function: MmBackward0", (4312, 5000), 1100, 2000
    )
    trace.add("cpu_op", "Optimizer.step", CPU, 3200, 1000)
    recording = imported(run, tmp_path, trace)
    at_2x = predicted_us(run, recording, "cpu_speed=2x")
    assert at_2x == pytest.approx(500 + 1000 + 500 + 200 * CODE_AT_2X)


REAL = (
    "tf217_mlp.run_metadata.pb.gz",
    "tf217_mlp.xplane.pb.gz",
    "torch24_mlp.json.gz",
    "torch24_stacks.json.gz",
)


@pytest.mark.parametrize("name", REAL)
@pytest.mark.parametrize("change", ["cpu_speed=1x", "network=1x"])
def test_without_a_change_it_is_the_recorded_run(
    run: Run, tmp_path: Path, name: str, change: str
) -> None:
    recording = imported(run, tmp_path, TRACES / name)
    answer = json.loads(run("predict", "--json", "--set", change, recording).stdout)
    assert answer["predicted_s"] == pytest.approx(answer["base_s"], rel=1e-9)


def test_kernels_of_two_streams_at_once(run: Run, tmp_path: Path) -> None:
    """Each stream behind its own launches: the longer one counts, whichever it is then."""
    trace = Trace()
    trace.kernel("aten::mm", "gemm", (0, 30, 6000))
    trace.kernel("nccl:all_reduce", "ncclDevKernel_AllReduce_Sum_f32_RING_LL(int)", (20, 50, 5000),
                 COMMUNICATION)  # fmt: skip
    trace.wait(40, 5995)
    recording = imported(run, tmp_path, trace)
    assert predicted_us(run, recording, "gpu=1x") == pytest.approx(6035)
    assert predicted_us(run, recording, "gpu=2x") == pytest.approx(5050)  # the collective
    assert predicted_us(run, recording, "gpu=2x,network=2x") == pytest.approx(30 + 3000 + 5)
    assert predicted_us(run, recording, "network=0.5x") == pytest.approx(50 + 10000)
