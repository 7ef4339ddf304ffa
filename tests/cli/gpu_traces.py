"""Traces with a GPU as Kineto writes them, made by hand: nothing here has one.

After output_json.cpp of libkineto (2024): categories, names and arguments are those that PyTorch 2
writes; times are ours, so that what is to be found is known.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

CPU = (4312, 4312)
STREAM = (0, 7)
COMMUNICATION = (0, 20)


class Trace:
    """Events of one process and one GPU; times in microseconds."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = [
            {"ph": "M", "name": "process_name", "pid": 4312, "tid": 0, "ts": 0,
             "args": {"name": "python"}},
            {"ph": "M", "name": "process_labels", "pid": 0, "tid": 0, "ts": 0,
             "args": {"labels": "GPU 0"}},
            {"ph": "M", "name": "thread_name", "pid": 0, "tid": 7, "ts": 0,
             "args": {"name": "stream 7 "}},
        ]  # fmt: skip
        self.correlation = 1000

    def add(self, cat: str, name: str, place: tuple[int, int], ts: float, dur: float,
            **args: Any) -> None:  # fmt: skip
        pid, tid = place
        named = {key.replace("__", " "): value for key, value in args.items()}
        self.events.append({"ph": "X", "cat": cat, "name": name, "pid": pid, "tid": tid, "ts": ts,
                            "dur": dur, "args": named})  # fmt: skip

    def step(self, number: int, ts: float, dur: float) -> None:
        self.add("user_annotation", f"ProfilerStep#{number}", CPU, ts, dur, External__id=number)
        self.add("gpu_user_annotation", f"ProfilerStep#{number}", STREAM, ts, dur)

    def loader(self, workers: bool, ts: float, dur: float) -> None:
        kind = "_MultiProcessingDataLoaderIter" if workers else "_SingleProcessDataLoaderIter"
        name = f"enumerate(DataLoader)#{kind}.__next__"
        self.add("user_annotation", name, CPU, ts, dur)
        if not workers:
            self.add("cpu_op", "aten::stack", CPU, ts + dur / 4, dur / 2)

    def kernel(self, op: str, kernel: str, times: tuple[float, float, float],
               place: tuple[int, int] = STREAM) -> None:  # fmt: skip
        """An operator of 20 us that launches a kernel; times: its begin, then the kernel's."""
        launched, ts, dur = times
        self.correlation += 1
        ids = {"External__id": self.correlation, "correlation": self.correlation}
        self.add("cpu_op", op, CPU, launched, 20, External__id=self.correlation)
        self.add("cuda_runtime", "cudaLaunchKernel", CPU, launched + 10, 6, cbid=211, **ids)
        self.add("kernel", kernel, place, ts, dur, device=0, context=1, stream=place[1],
                 registers__per__thread=32, shared__memory=0, grid=[64, 1, 1], block=[256, 1, 1],
                 est__achieved__occupancy__=30, **ids)  # fmt: skip

    def copy(self, name: str, ts: float, dur: float, size: int) -> None:
        """One that its caller waits for: from memory that is not pinned."""
        self.correlation += 1
        ids = {"External__id": self.correlation, "correlation": self.correlation}
        self.add("cpu_op", "aten::copy_", CPU, ts - 15, dur + 25, External__id=self.correlation)
        self.add("cuda_runtime", "cudaMemcpyAsync", CPU, ts - 10, dur + 15, cbid=41, **ids)
        self.add("gpu_memcpy", name, STREAM, ts, dur, device=0, context=1, stream=7, bytes=size,
                 **{"memory__bandwidth__(GB/s)": size / dur / 1e3}, **ids)  # fmt: skip

    def wait(self, ts: float, dur: float) -> None:
        self.correlation += 1
        self.add("cuda_runtime", "cudaStreamSynchronize", CPU, ts, dur, cbid=131,
                 correlation=self.correlation)  # fmt: skip

    def write(self, path: Path) -> Path:
        device = {"id": 0, "name": "NVIDIA A100-SXM4-40GB", "totalGlobalMem": 42505273344,
                  "computeMajor": 8, "computeMinor": 0, "numSms": 108}  # fmt: skip
        trace = {
            "schemaVersion": 1,
            "deviceProperties": [device],
            "displayTimeUnit": "ms",
            "baseTimeNanoseconds": 1_700_000_000_000_000_000,
            "traceEvents": self.events,
        }
        path.write_text(json.dumps(trace))
        return path
