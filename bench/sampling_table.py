"""Measurements of bench/sampling.py as a table: medians, spread, and who is ahead by how much."""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Callable

OURS = "barograph"
# Modes of ours that are there to be compared with, not to compete.
REFERENCES = ("barograph-stop",)


@dataclass(frozen=True)
class Metric:
    """One line of the table."""

    row: str
    number: str  # as the row's measurements name it
    title: str
    better: str  # "less", "more", or "" where neither is
    text: Callable[[float], str]
    # Below this, "less is better" is a tie: chance, or what no run can tell apart.
    floor: float = 0.0
    ideal: float | None = None  # "nearest" to this is better


def decimals(digits: int, unit: str = "") -> Callable[[float], str]:
    """Numbers with thousands separators and a unit."""
    return lambda value: f"{value:,.{digits}f}{unit}"


METRICS = [
    Metric("cost", "slow_down", "slow-down", "less", decimals(3, "×"), floor=1.01),
    Metric("cost", "cpu_ms_per_1000", "sampler CPU, ms per 1,000 samples", "less", decimals(1)),
    Metric("cost", "samples_per_s", "samples a second of 1,000", "", decimals(0), ideal=1000),
    Metric("cost", "error_points_bare", "largest share error against the bare run, points", "less",
           decimals(1), floor=2.0),
    Metric("cost-100", "slow_down", "slow-down", "less", decimals(3, "×"), floor=1.01),
    Metric("cost-100", "cpu_percent", "sampler CPU, % of a core", "less", decimals(2)),
    Metric("cost-10k", "slow_down", "slow-down", "less", decimals(3, "×"), floor=1.01),
    Metric("cost-10k", "cpu_ms_per_1000", "sampler CPU, ms per 1,000 samples", "less", decimals(1)),
    Metric("cost-10k", "samples_per_s", "samples a second of 10,000", "", decimals(0),
           ideal=10_000),
    Metric("rate", "samples_per_s", "useful samples a second", "more", decimals(0)),
    Metric("rate", "slow_down", "slow-down", "less", decimals(3, "×"), floor=1.01),
    Metric("edges", "impossible_percent", "impossible stacks, %", "less", decimals(2), floor=0.05),
    Metric("edges", "lost_percent", "lost samples, %", "less", decimals(2), floor=1.0),
    Metric("edges", "error_points", "share error, points", "less", decimals(1), floor=3.0),
    Metric("edges", "slow_down", "slow-down", "less", decimals(3, "×"), floor=1.01),
    Metric("edges-10k", "impossible_percent", "impossible stacks, %", "less", decimals(2),
           floor=0.05),
    Metric("edges-10k", "lost_percent", "lost samples, %", "less", decimals(2), floor=1.0),
    Metric("edges-10k", "error_points", "share error (fast-changing phase), points", "less",
           decimals(1), floor=1.0),
    Metric("edges-10k", "chain_error_points", "share error (chain against chain), points", "less",
           decimals(1), floor=1.5),
    Metric("edges-10k", "slow_down", "slow-down", "less", decimals(3, "×"), floor=1.01),
    Metric("deep", "slow_down", "slow-down", "less", decimals(3, "×"), floor=1.01),
    Metric("deep", "cpu_ms_per_1000", "sampler CPU, ms per 1,000 samples", "less", decimals(1)),
    Metric("deep", "error_points", "share error, points", "less", decimals(1), floor=6.0),
    Metric("threads", "looks_per_s", "looks at all threads a second", "more", decimals(0)),
    Metric("threads", "cpu_percent", "sampler CPU, % of a core", "less", decimals(1)),
    Metric("threads", "slow_down", "slow-down", "less", decimals(3, "×"), floor=1.02),
    Metric("short", "seen_percent", "seen, %", "", decimals(0), ideal=100),
    Metric("short", "start_ms", "more ms before the first line", "less", decimals(0), floor=5.0),
    Metric("short", "end_ms", "more ms after the last line", "less", decimals(0), floor=5.0),
    Metric("pool", "seen_percent", "of the workers' time seen, %", "", decimals(0), ideal=100),
]  # fmt: skip


def median(cells: Iterable[dict[str, Any]], number: str) -> tuple[float, float, float] | None:
    """Median, least and greatest of one number over repetitions; None if no run gave it."""
    values = [cell["numbers"][number] for cell in cells if number in cell["numbers"]]
    return (statistics.median(values), min(values), max(values)) if values else None


def badness(metric: Metric, value: float) -> float:
    """Something that is less where the value is better."""
    if metric.ideal is not None:
        return abs(value - metric.ideal) / metric.ideal
    return -value if metric.better == "more" else max(value, metric.floor)


def verdict(metric: Metric, values: dict[str, float]) -> str:
    """How ours stands against the best other."""
    others = {tool: v for tool, v in values.items() if tool != OURS and tool not in REFERENCES}
    if OURS not in values or not others:
        return ""
    best = min(others, key=lambda tool: badness(metric, others[tool]))
    ours, theirs = badness(metric, values[OURS]), badness(metric, others[best])
    if metric.ideal is not None:
        word = "ahead" if ours < theirs else "behind" if ours > theirs + 0.03 else "even"
        return f"{word} ({best})"
    if ours == theirs:
        return f"even ({best})"
    # Both are positive amounts: x times less, or x times more, of them.
    first, second = abs(ours), abs(theirs)
    ratio = max(first, second) / max(1e-9, min(first, second))
    return f"{'ahead' if ours < theirs else 'behind'} {ratio:.2f}× ({best})"


def one_table(version: str, cells: list[dict[str, Any]], titles: dict[str, str]) -> list[str]:
    """The Markdown lines for one interpreter."""
    tools = []
    for cell in cells:
        if cell["tool"] != "bare" and cell["tool"] not in tools:
            tools.append(cell["tool"])
    lines = [
        f"| CPython {version} | {' | '.join(tools)} | barograph against the best other |",
        "|---" * (len(tools) + 2) + "|",
    ]
    row_before = ""
    for metric in METRICS:
        texts, values = [], {}
        for tool in tools:
            chosen = [c for c in cells if c["row"] == metric.row and c["tool"] == tool]
            found = median(chosen, metric.number)
            failed = [c for c in chosen if c.get("failed")]
            if found is None:
                texts.append("failed" if failed else "–")
                continue
            values[tool] = found[0]
            spread = ""
            if found[1] != found[2]:
                spread = f" ({metric.text(found[1])}–{metric.text(found[2])})"
            texts.append(metric.text(found[0]) + spread)
        if not values:
            continue
        if metric.row != row_before:
            lines.append(f"| **{titles[metric.row]}** |" + " |" * (len(tools) + 1))
            row_before = metric.row
        lines.append(f"| {metric.title} | {' | '.join(texts)} | {verdict(metric, values)} |")
    return lines


def markdown(results: dict[str, Any]) -> str:
    """All of the results: conditions, the command, one table an interpreter."""
    machine = results["machine"]
    processor = f"{machine['cores']} cores ({machine['processor']})"
    load = f"load {machine['load_before']:.2f} before and {machine['load_after']:.2f} after"
    tools = ", ".join(f"{tool} {version}" for tool, version in results["tools"].items())
    conditions = (
        f"Measured {results['date']} by `{results['command']}`: {processor}, Linux "
        f"{machine['kernel']}, {load}; medians of {results['repeat']} repetitions, least and "
        f"greatest in brackets. Target and sampler each had a core. {tools}."
    )
    lines = [conditions]
    for version in results["pythons"]:
        cells = [cell for cell in results["cells"] if cell["python"] == version]
        if cells:
            lines += ["", *one_table(version, cells, results["titles"])]
    return "\n".join(lines) + "\n"
