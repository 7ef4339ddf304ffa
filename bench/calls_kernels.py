"""What bench/calls.py runs inside each interpreter: calls of one kind, under one tool or none.

Prints one line of JSON: calls made, CPU ns of the process for each, and how many of them the tool
holds at the end (null where it does not tell). Only the standard library, and Python 3.9.
"""

from __future__ import annotations

import contextlib
import cProfile
import functools
import io
import json
import sys
import threading
import time
from collections.abc import Iterator
from importlib import import_module
from typing import Any, Callable

DEPTH = 300


def plain(value: int) -> int:
    return value


class Point:
    def method(self, value: int) -> int:
        return value


def steps(count: int) -> Iterator[int]:
    for index in range(count):
        yield index + 1


def descend(depth: int) -> int:
    return 0 if depth == 0 else descend(depth - 1)


# --- kernels: make about `count` calls, return how many ---


def calls(count: int) -> int:
    for index in range(count):
        plain(index)
    return count


def methods(count: int) -> int:
    point = Point()
    for index in range(count):
        point.method(index)
    return count


def resumptions(count: int) -> int:
    for _ in steps(count):
        pass
    return count


def in_threads(count: int, threads: int) -> int:
    workers = [threading.Thread(target=calls, args=(count // threads,)) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return count // threads * threads


def threads2(count: int) -> int:
    return in_threads(count, 2)


def threads4(count: int) -> int:
    return in_threads(count, 4)


def threads8(count: int) -> int:
    return in_threads(count, 8)


def deep(count: int) -> int:
    for _ in range(count // DEPTH):
        descend(DEPTH - 1)
    return count // DEPTH * DEPTH


KERNELS = {
    kernel.__name__: kernel
    for kernel in (calls, methods, resumptions, threads2, threads4, threads8, deep)
}
TARGETS = (plain, Point.method, steps, descend)

# --- tools: begin before the calls; what they give ends them and says how many they hold ---


def no_tool(_: int) -> Callable[[], int | None]:
    return lambda: None


def with_cprofile(_: int) -> Callable[[], int | None]:
    profile = cProfile.Profile()
    profile.enable()

    def end() -> int:
        profile.disable()
        codes = {target.__code__ for target in TARGETS}
        return sum(entry.callcount for entry in profile.getstats() if entry.code in codes)

    return end


def with_yappi(_: int) -> Callable[[], int | None]:
    yappi = import_module("yappi")
    yappi.set_clock_type("wall")
    yappi.start(builtins=False)

    def end() -> int:
        yappi.stop()
        names = {target.__qualname__ for target in TARGETS}
        return sum(stat.ncall for stat in yappi.get_func_stats() if stat.name in names)

    return end


def with_viztracer(count: int) -> Callable[[], int | None]:
    viztracer = import_module("viztracer")
    tracer = viztracer.VizTracer(
        ignore_c_function=True, tracer_entries=2 * count + 100_000, verbose=0
    )
    tracer.start()

    def end() -> int:
        tracer.stop()
        held: int = tracer.parse()
        tracer.terminate()
        return held

    return end


def with_tprof(_: int) -> Callable[[], int | None]:
    tprof = import_module("tprof").tprof
    stack = contextlib.ExitStack()
    stats = stack.enter_context(tprof(*TARGETS))

    def end() -> int:
        with contextlib.redirect_stderr(io.StringIO()):
            stack.close()
        return sum(stat.calls for stat in stats)

    return end


def with_decorator(_: int) -> Callable[[], int | None]:
    """What people write themselves: two clocks and an append."""
    rows: list[tuple[str, float, float]] = []

    def traced(function: Any) -> Any:
        @functools.wraps(function)
        def wrapper(*args: Any, **named: Any) -> Any:
            begin = time.perf_counter()
            try:
                return function(*args, **named)
            finally:
                rows.append((function.__qualname__, begin, time.perf_counter() - begin))

        return wrapper

    for target in (plain, steps, descend):
        globals()[target.__name__] = traced(target)
    Point.method = traced(Point.method)  # type: ignore[method-assign]
    return lambda: len(rows)


def with_opentelemetry(_: int) -> Callable[[], int | None]:
    """Its own decorator and batch processor; the exporter only counts."""
    export = import_module("opentelemetry.sdk.trace.export")
    sdk = import_module("opentelemetry.sdk.trace")
    held = 0

    class Counter(export.SpanExporter):  # type: ignore[misc, name-defined]
        def export(self, spans: Any) -> Any:
            nonlocal held
            held += len(spans)
            return export.SpanExportResult.SUCCESS

    provider = sdk.TracerProvider()
    provider.add_span_processor(export.BatchSpanProcessor(Counter()))
    tracer = provider.get_tracer("bench")
    for target in (plain, steps, descend):
        globals()[target.__name__] = tracer.start_as_current_span(target.__name__)(target)
    Point.method = tracer.start_as_current_span("method")(  # type: ignore[method-assign]
        Point.method
    )

    def end() -> int:
        provider.shutdown()
        return held

    return end


TOOLS: dict[str, Callable[[int], Callable[[], int | None]]] = {
    "bare": no_tool,
    "barograph": no_tool,  # comes from outside
    "cProfile": with_cprofile,
    "yappi": with_yappi,
    "viztracer": with_viztracer,
    "tprof": with_tprof,
    "decorator": with_decorator,
    "opentelemetry": with_opentelemetry,
}
# A span takes so long that a tenth of the calls gives as good a figure in a bearable time.
FEWER = {"opentelemetry": 10}


def main(tool: str, kernel: str, count: int) -> None:
    """Run one cell."""
    run = KERNELS[kernel]
    count //= FEWER.get(tool, 1)
    end = TOOLS[tool](count)
    run(min(count, 20_000))  # specialised by the interpreter, rings and tables made
    begin_ns = time.process_time_ns()
    made = run(count)
    used_ns = time.process_time_ns() - begin_ns
    held = end()
    print(json.dumps({"calls": made, "ns": used_ns / made, "held": held}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
