"""No stack is shown that never was, and none is lost for changing fast."""

from __future__ import annotations

import math

import pytest
from harness import bias
from harness.profile import impossible
from harness.recorder import Python, Recorder
from harness.runs import Run, different_cores, same_core
from harness.tolerance import Comparison, Z, assert_all
from test_shares import compare_labels, context, seen

# At this rate 2 s hold enough samples to tell 0.05 % from the 1.5 % of a single bulk read.
RATE_HZ = 10_000


def assert_no_impossible_edges(run: Run) -> None:
    assert run.profile is not None
    samples = seen(run).samples or 0
    weight, examples = impossible(run.profile, run.truth["edges"])
    allowed = bias.IMPOSSIBLE if promised(run) else bias.IMPOSSIBLE_HEAP
    expected = allowed * samples
    found = weight / seen(run).weight * samples
    chance = Z * math.sqrt(expected)
    assert found <= expected + chance, (
        f"{context(run)}: {found:.1f} of {samples:.0f} samples hold an edge that never was; "
        f"allowed {expected:.1f} bias ({100 * allowed} %) + {chance:.1f} chance; such as\n"
        + "\n".join(examples)
    )


def promised(run: Run) -> bool:
    """Whether this interpreter keeps frames where they can be read at once."""
    return [int(part) for part in run.truth["python"].split(".")[:2]] >= [3, 11]


def assert_few_lost(run: Run) -> None:
    allowed = bias.LOST if promised(run) else bias.LOST_HEAP
    # A read during which the sampler loses its core is a read that fails.
    allowed *= 1 + 2 * bias.crowding(run)
    lost = lost_ratio(run)
    assert lost < allowed, f"{context(run)}: {100 * lost:.2f} % lost, {100 * allowed:.2f} % allowed"


def lost_ratio(run: Run) -> float:
    """Part of the stacks that were to be read and were lost after all retries."""
    assert run.profile is not None
    assert run.profile.lost is not None
    stacks = run.profile.notes["stacks"]
    assert isinstance(stacks, float)
    return run.profile.lost / max(1.0, stacks + run.profile.lost)


def chain_comparison(run: Run) -> Comparison:
    """The swift chain's share in both chains."""
    chains = run.truth["chains"]
    window = seen(run)
    pair = [chains["swift"], chains["steady"]]
    part = sum(window.total(name) for name in pair) / window.weight
    return Comparison(
        f"swift chain of both (uncertainty of the truth {100 * chains['uncertainty']:.2f} points)",
        chains["swift_ratio"],
        window.share(pair[0], of=pair),
        (window.samples or 0) * part,
        bias.widened(run, bias.SHARE) + chains["uncertainty"] + bias.CHAIN_TRUTH,
    )


@pytest.mark.parametrize(
    "shape",
    [pytest.param("pair", marks=pytest.mark.quick_on("3.12", "3.15")), "five", "generator"],
)
def test_alternating_chains_on_two_cores(python: Python, record: Recorder, shape: str) -> None:
    run = record(
        python, "impossible_edges", "--seconds", "2", "--shape", shape, rate_hz=RATE_HZ,
        cores=different_cores(),
    )  # fmt: skip
    assert_no_impossible_edges(run)
    assert_few_lost(run)
    share = bias.SHARE if promised(run) else bias.SHARE_HEAP
    comparisons = compare_labels(run, ["phase_alternate", "phase_steady"], share)
    if promised(run):
        comparisons.append(chain_comparison(run))
    assert_all(comparisons, context(run))


@pytest.mark.only_on("3.9", "3.12", "3.14t", "3.15")
def test_alternating_chains_on_one_core(python: Python, record: Recorder) -> None:
    """Here the sampler interrupts the target by taking its core."""
    run = record(python, "impossible_edges", "--seconds", "1.5", cores=same_core())
    assert_no_impossible_edges(run)
    assert_few_lost(run)


@pytest.mark.only_on("3.9", "3.12", "3.14t", "3.15")
@pytest.mark.parametrize("shape", ["pair", "generator"])
def test_stopped_reference_has_none_at_all(python: Python, record: Recorder, shape: str) -> None:
    """`--stop`, what other results are compared with: not one impossible edge."""
    run = record(
        python, "impossible_edges", "--seconds", "1.5", "--shape", shape, tool="barograph-stop"
    )
    assert run.profile is not None
    weight, examples = impossible(run.profile, run.truth["edges"])
    assert weight == 0, f"{context(run)}:\n" + "\n".join(examples)
    assert_all(compare_labels(run, ["phase_alternate", "phase_steady"]), context(run))


@pytest.mark.quick_on("3.12")
def test_code_objects_are_not_confused(python: Python, record: Recorder) -> None:
    """Functions whose memory is reused all the time keep their name, file, line and callee."""
    run = record(python, "code_churn", "--seconds", "2", rate_hz=4000)
    wrong, right = [], 0
    for stack in seen(run).stacks:
        generations = set()
        for frame in stack.frames:
            name, file = frame.function, frame.file.rpartition("/")[2]
            if name.startswith(("outer_", "inner_")):
                _, k, first = name.split("_")
                generations.add(k)
                below = 1 if name.startswith("outer_") else 4
                line = frame.line if frame.line is not None else -1
                good = file == f"churn_{k}.py" and int(first) <= line <= int(first) + below
            elif name == "<lambda>" or file.startswith("lambda_"):
                # An instruction may have no line: nothing is said then, and nothing confused.
                here = frame.line is None or f"_{frame.line}.py" in file
                good = file.startswith("lambda_") and here
            elif file.startswith("churn_"):
                good = name == "<module>"
            else:
                continue
            right += good
            if not good:
                wrong.append(f"{name} ({frame.file}:{frame.line})")
        if len(generations) > 1:
            wrong.append(f"generations {generations} on one stack")
    assert right > 500, f"only {right} frames of churned code seen"
    # Torn stacks are counted by the tests above; here even one wrong name in 2,000 is too many.
    assert len(wrong) <= bias.IMPOSSIBLE * right + 2, f"{len(wrong)} of {right}: {wrong[:10]}"
