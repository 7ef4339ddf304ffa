#!/usr/bin/env python3
"""How good the resource prior is: on left-out projects, labelled operators, measured time.

    pip install '.[prior]'
    bench/prior.py                  # left out, and labelled operators, whose sources are fetched
    bench/prior.py --data FOLDER    # and time, of runs of Spark: FOLDER/RUN has an event log and
                                    # a truth.json

What was left out is of `tools/train_prior.py`, which wrote it down when the weights were made.
Labelled operators are judged here, by the weights that the program has, beside what the paper
(CrystalPerf, ATC'21) says of its own on its own operators, the majority class, and a rule that
looks for names of network and file packages.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools" / "prior"))

import numpy as np  # noqa: E402

import prior_metrics as metrics  # noqa: E402
from gold import GROUPS, CitationError, Operator, operators  # noqa: E402
from prior_evaluate import RESOURCES, Prior  # noqa: E402
from registries import FetchError  # noqa: E402

PAPER = {
    "Spark": {"code": (0.810, 0.797), "docs": (0.765, 0.673)},
    "Flink": {"code": (0.733, 0.664), "docs": (0.748, 0.589)},
    "TensorFlow, PyTorch": {"code": (0.799, 0.752), "docs": (0.778, 0.652)},
}
# What people would try first: names of packages and types.
RULES = (
    (
        "network",
        r"java\.net|io\.netty|\bsocket|[Rr]pc|[Hh]ttp|urllib|requests\.|grpc|[Rr]emote|[Bb]roadcast|[Ss]huffle",
    ),
    (
        "disk",
        r"java\.nio\.file|java\.io\.File|hadoop\.fs|FileSystem|FileInput|FileOutput|\bopen\(|os\.path|[Pp]arquet|[Ff]ile",
    ),
)


def by_rule(operator: Operator) -> str:
    """The resource whose names stand most often in the code; CPU where none does."""
    found = {label: len(re.findall(rule, operator.code)) for label, rule in RULES}
    best = max(found, key=lambda label: found[label])
    return best if found[best] > 0 else "cpu"


def row(what: str, p: np.ndarray, labels: np.ndarray, is_sure: bool = True) -> str:
    """One line: accuracy, macro-F1, Brier score, calibration error, recall of each resource."""
    if len(labels) == 0:
        return f"{what:34} none"
    brier = f"{metrics.brier(p, labels):6.3f} {metrics.calibration_error(p, labels):6.3f}"
    recall = " ".join(f"{value:5.2f}" for value in metrics.recalls(p, labels))
    accuracy, f1 = metrics.accuracy(p, labels) * 100, metrics.macro_f1(p, labels)
    sure = brier if is_sure else ""
    return f"{what:34} {len(labels):4} {accuracy:6.1f} {f1:6.3f} {sure:13} {recall}"


def one_hot(labels: Sequence[str]) -> np.ndarray:
    """Probabilities of a rule that is always sure."""
    return np.eye(len(RESOURCES))[[RESOURCES.index(label) for label in labels]]


def print_left_out() -> None:
    print("Left out: projects judged by models of all others; labels are weak, the module's;")
    print("checked: classes of engines that were read and labelled by the rubric\n")
    lines = (ROOT / "tools" / "prior" / "left_out.tsv").read_text().splitlines()
    for line in lines:
        first, kind, *rest = line.split("\t")
        print(f"{first:26} {kind:9}", " ".join(f"{value:>14}" for value in rest))


def print_gold() -> None:
    prior = Prior()
    cases = list(operators())
    print(f"\nLabelled operators ({len(cases)}), of sources that no model has seen\n")
    columns = f"{'n':>4} {'acc %':>6} {'F1':>6} {'Brier':>6} {'ECE':>6}"
    print(f"{'':34} {columns} recall of cpu, disk, network")
    everything = tuple(framework for group in GROUPS.values() for framework in group)
    for group, frameworks in {**GROUPS, "all": everything}.items():
        some = [case for case in cases if case.framework in frameworks]
        print_group(prior, group, some)


def print_group(prior: Prior, group: str, cases: list[Operator]) -> None:
    labels = np.array([RESOURCES.index(case.label) for case in cases])
    judged = {
        "code": [prior.judge("code", case.name, f"{case.imports}\n{case.code}") for case in cases],
        "code, no imports": [prior.judge("code", case.name, case.code) for case in cases],
        "docs": [
            prior.judge("docs", case.name, case.docs) if case.docs else None for case in cases
        ],
    }
    for model, of in judged.items():
        has = [i for i, one in enumerate(of) if one is not None]
        p = np.array([of[i].probabilities for i in has])  # type: ignore[union-attr]
        print(row(f"{group}: {model}", p, labels[has]))
        if group in PAPER and model in PAPER[group]:
            accuracy, f1 = PAPER[group][model]
            print(f"{'  the paper':34} {'':4} {accuracy * 100:6.1f} {f1:6.3f}")
    both = [prior.combine(code, docs) for code, docs in zip(judged["code"], judged["docs"])]
    p = np.array([one if one is not None else (1 / 3,) * 3 for one in both])
    print(row(f"{group}: both", p, labels))
    most = Counter(case.label for case in cases).most_common(1)[0][0]
    print(row(f"  always {most}", one_hot([most] * len(cases)), labels, is_sure=False))
    print(row("  names of packages", one_hot([by_rule(c) for c in cases]), labels, is_sure=False))
    soft = np.array([[case.shares.get(r, 0) for r in RESOURCES] for case in cases])
    soft = soft / np.maximum(soft.sum(axis=1, keepdims=True), 1e-9)
    print(
        f"{'  distance to annotators shares':34} {np.abs(p - soft).sum(axis=1).mean() / 2:6.3f}\n"
    )


def print_times(folder: Path, program: Path) -> None:
    """CPU's share of tasks' time without what has other clocks: guessed, and measured."""
    print("Time: CPU's part of tasks' run time, measured, beside the prior's probability of CPU\n")
    columns = f"{'tasks s':>8} {'measured':>9} {'prior':>6}"
    print(f"{'run':28} {columns} {'guessed disk s':>14} {'network s':>10}")
    errors: list[tuple[int, float, float]] = []
    for truth in sorted(folder.glob("*/truth.json")):
        log = next((p for p in sorted(truth.parent.iterdir()) if p.name != "truth.json"), None)
        told = log and explained(program, log)
        if not told:
            print(f"{truth.parent.name:28} left out: no log that can be explained")
            continue
        shares = []
        for one in told["operators"]:
            why = explained(program, None, str(one["operator"]))
            run_ns = sum(
                ns
                for key, ns in one["by_resource_ns"].items()
                if key in {"cpu", "unknown", "disk", "network"}
            )
            if why and why["probabilities"] and run_ns:
                measured = one["by_resource_ns"].get("cpu", 0) / run_ns
                shares.append((run_ns, measured, why["probabilities"]["cpu"]))
        whole = sum(ns for ns, _, _ in shares)
        if whole:
            measured = sum(ns * m for ns, m, _ in shares) / whole
            guess = sum(ns * g for ns, _, g in shares) / whole
            errors += shares
            by = {r["resource"]: r["tasks_ns"] / 1e9 for r in told["resources"]}
            print(
                f"{truth.parent.name:28} {whole / 1e9:8.1f} {measured:9.2f} {guess:6.2f} "
                f"{by.get('prior_disk', 0):14.1f} {by.get('prior_network', 0):10.1f}"
            )
    if errors:
        print("\nmean error of CPU's part, weighted by time")
        whole = sum(ns for ns, _, _ in errors)
        for what, at in (("the prior", None), ("always 1/3", 1 / 3), ("always 1", 1.0)):
            wrong = sum(ns * abs(m - (g if at is None else at)) for ns, m, g in errors)
            print(f"  {what:12} {wrong / whole:.3f}")


def explained(program: Path, log: Path | None, why: str | None = None) -> Any:
    """What the program says of a log, or of an operator of the log before; None: it refuses."""
    made = ROOT / "build" / "bench_prior.baro"
    if log is not None:
        command = [str(program), "import", "-q", "-f", "-o", str(made), str(log)]
        if subprocess.run(command, check=False, capture_output=True).returncode != 0:
            return None
    command = [str(program), "explain", "--json", *(["--why", why] if why else []), str(made)]
    answer = subprocess.run(command, check=False, capture_output=True, text=True)
    return json.loads(answer.stdout) if answer.returncode == 0 else None


def main() -> int:
    parser = argparse.ArgumentParser(description="How good the resource prior is.")
    parser.add_argument("--data", type=Path, help="folder of runs of Spark, each with a truth.json")
    parser.add_argument("--no-gold", action="store_true", help="without the labelled operators")
    parser.add_argument("--barograph", type=Path, default=ROOT / "build" / "gcc" / "barograph")
    options = parser.parse_args()
    print_left_out()
    if not options.no_gold:
        try:
            print_gold()
        except (FetchError, CitationError) as error:
            sys.exit(f"prior: {error}; without labelled operators: --no-gold")
    if options.data is not None:
        print_times(options.data, options.barograph)
    return 0


if __name__ == "__main__":
    sys.exit(main())
