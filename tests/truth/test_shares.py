"""Shares of time are those that the program's own clocks say."""

from __future__ import annotations

from functools import partial

import pytest
from harness import bias
from harness.profile import Profile, holds
from harness.recorder import Python, Recorder
from harness.runs import Run
from harness.tolerance import Comparison, assert_all, standard_error


def seen(run: Run) -> Profile:
    """What was sampled inside the window."""
    assert run.profile is not None
    window = run.profile.within()
    assert window.stacks, f"no sample below `measured`; printed: {run.printed[-1000:]}"
    return window


def compare_labels(run: Run, labels: list[str], allowed: float = bias.SHARE) -> list[Comparison]:
    """Each label's share in all of `labels`, seen against true."""
    window = seen(run)
    return [
        Comparison(
            label,
            run.share(label, labels),
            window.share(label, of=labels),
            window.samples or 0,
            bias.widened(run, allowed),
        )
        for label in labels
    ]


def context(run: Run) -> str:
    return (
        f"{run.truth['target']} on {run.truth['python']}: sampler without a core "
        f"{100 * bias.crowding(run):.1f} % of the window, target {100 * run.core_wait_ratio:.1f} %"
    )


@pytest.mark.quick_on("3.9", "3.12", "3.15")
def test_known_split(python: Python, record: Recorder) -> None:
    """Seven functions, 5 to 60 deep."""
    run = record(python, "cpu_mix", "--seconds", "3")
    assert_all(compare_labels(run, run.labels), context(run))


@pytest.mark.only_on("3.9", "3.11", "3.12", "3.14t", "3.15")
def test_calls_and_inline_work_weigh_the_same(python: Python, record: Recorder) -> None:
    """No function bias: the share of the half that makes calls is right from 5 to 95 %."""
    run = record(python, "call_inline", "--seconds", "3")
    comparisons = []
    window = seen(run)
    for percent in run.truth["points"]:
        pair = [f"calls_{percent:02d}", f"inline_{percent:02d}"]
        here = sum(window.total(name) for name in pair) / window.weight
        comparisons.append(
            Comparison(
                pair[0],
                run.share(pair[0], pair),
                window.share(pair[0], of=pair),
                (window.samples or 0) * here,
                bias.widened(run, bias.SHARE),
            )
        )
    assert_all(comparisons, context(run))


@pytest.mark.parametrize(
    "depth", [pytest.param(300, marks=pytest.mark.only_on("3.9", "3.12", "3.14t", "3.15")), 900]
)
def test_deep_stacks_are_seen_as_often(python: Python, record: Recorder, depth: int) -> None:
    """Half of the time 2 deep, half 300 or 900 deep: none is lost, none comes late."""
    run = record(python, "deep_shallow", "--seconds", "2", "--depth", str(depth))
    labels = ["phase_deep", "phase_shallow"]
    assert_all(compare_labels(run, labels), context(run))
    for stack in seen(run).stacks:
        if holds(stack, "deep_work"):
            levels = sum(frame.function == "descend" for frame in stack.frames)
            assert levels == depth, f"{levels} of {depth} frames in a deep stack"


@pytest.mark.only_on("3.9", "3.12", "3.15")
def test_period_of_the_sampling_interval(python: Python, record: Recorder) -> None:
    """A program in step with the sampler's mean interval is not seen in one phase only."""
    run = record(python, "lock_step", "--seconds", "2", "--period-us", "1000")
    assert_all(compare_labels(run, ["tick_early", "tick_late"]), context(run))


@pytest.mark.only_on("3.12", "3.15")
def test_inflated_function_shifts_shares_as_predicted(python: Python, record: Recorder) -> None:
    """Shares predicted from a recording are those of a second, with one function doubled."""
    name = "mix_slice"
    before = record(python, "cpu_mix", "--seconds", "2")
    after = record(python, "cpu_mix", "--seconds", "2", "--inflate", f"{name}=2")
    labels = before.labels
    share = seen(before).share(name, of=labels)
    predicted = 2 * share / (1 + share)
    samples = seen(before).samples or 0
    # d predicted / d share = 2 / (1 + share)²: chance of the first recording comes on top.
    error = standard_error(share, samples) * 2 / (1 + share) ** 2
    measured = seen(after).share(name, of=labels)
    # The work, not its time, is doubled: what a warm cache or a busy machine changes is the clocks'
    # to say.
    true_shift = after.share(name, labels) - 2 * before.share(name, labels) / (
        1 + before.share(name, labels)
    )
    comparison = Comparison(
        f"{name} after it was doubled (predicted from the first recording)",
        predicted + true_shift,
        measured,
        seen(after).samples or 0,
        bias.widened(before, bias.SHARE) + bias.widened(after, 0.0) + 4 * error,
    )
    assert_all([comparison], context(after))


IN_THREADS = pytest.param(["--threads"], marks=pytest.mark.only_on("3.12", "3.13t", "3.14t"))


@pytest.mark.quick_on("3.12")
@pytest.mark.parametrize("options", [[], IN_THREADS], ids=["one thread", "new threads"])
def test_current_lines(python: Python, record: Recorder, options: list[str]) -> None:
    """Lines that sort big and small lists, also in a function of 5,000 lines."""
    run = record(python, "hot_lines", "--seconds", "2", *options)
    window = seen(run)
    comparisons = []
    for label, line in run.truth["lines"].items():
        function = line["function"]
        of_function = window.filter(partial(holds, function=function))
        at_line = sum(
            stack.weight
            for stack in of_function.stacks
            for frame in stack.frames
            if frame.function == line["function"] and frame.line == line["line"]
        )
        comparisons.append(
            Comparison(
                f"{label} (line {line['line']})",
                line["ns"] / run.label(line["function"]),
                at_line / of_function.weight,
                of_function.samples or 0,
                bias.widened(run, bias.SHARE),
            )
        )
    assert_all(comparisons, context(run))


def test_coroutines_and_generators(python: Python, record: Recorder) -> None:
    """Shares of asyncio tasks; and every sample shows the whole chain of awaits."""
    run = record(python, "coroutines", "--seconds", "2")
    labels = sorted(run.truth["chains"])
    assert_all(compare_labels(run, labels), context(run))
    broken = 0.0
    window = seen(run)
    for stack in window.stacks:
        names = [frame.function for frame in stack.frames]
        for leaf, chain in run.truth["chains"].items():
            if leaf in names:
                at = names.index(leaf)
                broken += stack.weight * (names[max(0, at - len(chain)) : at] != chain)
    allowed = bias.IMPOSSIBLE * window.weight + 4 * window.weight / (window.samples or 1)
    assert broken <= allowed, f"{100 * broken / window.weight:.3f} % of samples with a broken chain"


@pytest.mark.only_on("3.12", "3.15")
def test_standard_errors_reported_are_right(python: Python, record: Recorder) -> None:
    """`self_ratio_error` is the chance a share really has: not hidden, not exaggerated."""
    run = record(python, "cpu_mix", "--seconds", "2")
    assert run.profile is not None
    report = run.profile.notes["report"]
    assert isinstance(report, dict)
    samples = run.profile.samples or 0
    checked = 0
    for function in report["functions"]:
        ratio, error = function["self_ratio"], function["self_ratio_error"]
        # Start-up holds single long waits; only the even work of the target is told by the formula.
        if ratio < 0.02 or not str(function["file"]).endswith("cpu_mix.py"):
            continue
        low = standard_error(ratio, samples, inflation=1.0)
        # Samples are of unequal length where the target had to wait for a core.
        high = standard_error(ratio, samples, inflation=3.0 + 20 * run.core_wait_ratio)
        assert 0.7 * low <= error <= 1.3 * high, (function["name"], ratio, error, low, high)
        checked += 1
    assert checked >= 5, f"only {checked} functions above 2 %"
