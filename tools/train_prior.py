#!/usr/bin/env python3
"""Trains the resource prior, and writes what the program has of it.

    pip install ".[prior]"
    tools/train_prior.py [--cache build/prior] [--no-left-out] [--operators]

Fetches the sources of `prior/corpus.tsv` (1.5 GB, from Debian, Maven and PyPI), takes functions
and classes with their documentation, labels them by the rules of `prior/labels.tsv`, fits two
linear models, and writes

    src/explain/prior_weights.txt     what words weigh
    src/explain/prior_operators.txt   what the models say of the operators of frameworks
    tools/prior/left_out.tsv          how good the models are on projects that they have not seen

Nothing in it depends on chance or on the clock: the same sources give the same files. Nobody
needs this to build or use barograph. Takes an hour on one core, most of it leave-project-out;
--no-left-out skips that, and takes temperatures from the file of weights that is there.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "prior"))

import numpy as np
from scipy.optimize import minimize_scalar

import prior_metrics as metrics
from corpus import Example, read_corpus
from corpus_fetch import HERE, fetch_all
from framework_operators import write_operators
from prior_model import (
    RESOURCES,
    Model,
    Settings,
    counts_of,
    fit,
    softmax,
    temperature_of,
    weights_of_units,
)
from prior_quantise import quantised, read_weights, write_weights

ROOT = HERE.parents[1]
WEIGHTS = ROOT / "src" / "explain" / "prior_weights.txt"
# Chosen on projects that were left out, of the corpus alone; tools/prior/README.md has what else
# was tried.
SETTINGS = {"code": Settings(strength=0.3), "docs": Settings(strength=1.0)}
FOLDS = 5
INNER_FOLDS = 2
# An example whose own label a model of other projects finds less likely than this is left out of
# training: it stands in a module of sockets, and is a getter.
DOUBT = 0.12


@dataclass
class Data:
    """Examples that have the text that a model wants."""

    at: np.ndarray  # of the whole corpus
    counts: list[Counter[str]]
    labels: np.ndarray
    projects: list[str]
    settings: Settings

    def part(self, rows: np.ndarray) -> Data:
        """Some of it."""
        return Data(
            self.at[rows],
            [self.counts[i] for i in rows],
            self.labels[rows],
            [self.projects[i] for i in rows],
            self.settings,
        )


def data_of(examples: Sequence[Example], model: str) -> Data:
    """Examples with code, or with documentation."""
    at = [i for i, e in enumerate(examples) if getattr(e, model)]
    counts = counts_of([(examples[i].name, getattr(examples[i], model)) for i in at])
    labels = np.array([examples[i].label for i in at])
    projects = [examples[i].project for i in at]
    return Data(np.array(at), counts, labels, projects, SETTINGS[model])


def folds_of(projects: Sequence[str], count: int) -> np.ndarray:
    """Fold of each example; a project is in one, and folds are of about one size."""
    sizes = [0] * count
    fold: dict[str, int] = {}
    for project, size in sorted(Counter(projects).items(), key=lambda row: (-row[1], row[0])):
        fold[project] = sizes.index(min(sizes))
        sizes[fold[project]] += size
    return np.array([fold[project] for project in projects])


def held_out(data: Data, folds: int, fitted: Callable[[Data], Model]) -> np.ndarray:
    """Scores of each example by a model that has not seen its project."""
    fold = folds_of(data.projects, folds)
    scores = np.zeros((len(data.labels), len(RESOURCES)))
    for k in range(folds):
        test = np.flatnonzero(fold == k)
        model = fitted(data.part(np.flatnonzero(fold != k)))
        scores[test] = model.scores([data.counts[i] for i in test])
        if folds == FOLDS:
            print(f"fold {k + 1} of {folds}", flush=True)
    return scores


def fit_plain(data: Data) -> Model:
    """Fit on all of it."""
    return fit(data.counts, data.labels, data.projects, data.settings)


def fit_clean(data: Data) -> Model:
    """Fit without what models of other projects find unlikely."""
    p = softmax(held_out(data, INNER_FOLDS, fit_plain))
    own = p[np.arange(len(data.labels)), data.labels]
    return quantised(fit_plain(data.part(np.flatnonzero(own >= DOUBT))))


def sharpness_of(code: np.ndarray, docs: np.ndarray, labels: np.ndarray, w: np.ndarray) -> float:
    """How much surer both models are together: what makes held-out labels likeliest."""

    def loss(s: float) -> float:
        p = combined(code, docs, s)[np.arange(len(labels)), labels]
        return float(-(w * np.log(p + 1e-12)).sum())

    return float(minimize_scalar(loss, bounds=(0.5, 3), method="bounded").x)


def combined(code: np.ndarray, docs: np.ndarray, sharpness: float) -> np.ndarray:
    """Both models' probabilities as one: as `baro_prior_combine`."""
    return softmax(sharpness * (np.log(code + 1e-9) + np.log(docs + 1e-9)) / 2)


def row_of(what: str, kind: str, p: np.ndarray, labels: np.ndarray) -> str:
    """Return a line of the table of what was left out."""
    most = np.bincount(labels, minlength=len(RESOURCES)) / len(labels)
    values = [
        metrics.accuracy(p, labels),
        metrics.macro_f1(p, labels),
        metrics.brier(p, labels),
        metrics.calibration_error(p, labels),
        *metrics.recalls(p, labels),
        float(most.max()),
    ]
    return "\t".join([what, kind, str(len(labels)), *(f"{v:.4f}" for v in values)])


HEAD = "model kind units accuracy macro_f1 brier ece recall_cpu recall_disk recall_network majority"


def left_out(examples: Sequence[Example], data: dict[str, Data]) -> tuple[dict[str, float], float]:
    """Judge each project by models of all others; return temperatures and sharpness."""
    kinds = np.array([e.kind for e in examples])
    p = {m: np.full((len(examples), len(RESOURCES)), np.nan) for m in data}
    temperature: dict[str, float] = {}
    rows = ["\t".join(HEAD.split())]
    for name, of in data.items():
        scores = held_out(of, FOLDS, fit_clean)
        weights = weights_of_units(of.labels, of.projects, 0.0)
        temperature[name] = temperature_of(scores, of.labels, weights)
        p[name][of.at] = softmax(scores / temperature[name])
        for kind in ("function", "class"):
            some = of.at[kinds[of.at] == kind]
            labels = np.array([examples[i].label for i in some])
            rows.append(row_of(name, kind, p[name][some], labels))
    both = np.flatnonzero(~np.isnan(p["code"][:, 0]) & ~np.isnan(p["docs"][:, 0]))
    labels = np.array([examples[i].label for i in both])
    weights = weights_of_units(labels, [examples[i].project for i in both], 0.0)
    sharpness = sharpness_of(p["code"][both], p["docs"][both], labels, weights)
    for kind in ("function", "class"):
        some = both[kinds[both] == kind]
        labels = np.array([examples[i].label for i in some])
        rows.append(row_of("code, where there are docs", kind, p["code"][some], labels))
        whole = combined(p["code"][some], p["docs"][some], sharpness)
        rows.append(row_of("combined", kind, whole, labels))
    (HERE / "left_out.tsv").write_text("\n".join(rows) + "\n", encoding="ascii")
    print("\n".join(rows))
    return temperature, sharpness


def train(options: argparse.Namespace) -> None:
    """Write weights, and unless it is told not to, how good they are."""
    fetch_all([HERE / "corpus.tsv"], options.cache)
    examples = read_corpus(options.cache)
    projects = len({example.project for example in examples})
    print(f"{len(examples)} units of {projects} projects", flush=True)
    data = {model: data_of(examples, model) for model in ("code", "docs")}
    if options.no_left_out:
        known, sharpness = read_weights(WEIGHTS)
        temperature = {name: model.temperature for name, model in known.items()}
    else:
        temperature, sharpness = left_out(examples, data)
    models = {name: fit_clean(of) for name, of in data.items()}
    for name, model in models.items():
        model.temperature = temperature[name]
    write_weights(models["code"], models["docs"], sharpness, WEIGHTS)


def main() -> int:
    parser = argparse.ArgumentParser(description="Trains the resource prior.")
    parser.add_argument("--cache", type=Path, default=ROOT / "build" / "prior")
    parser.add_argument("--no-left-out", action="store_true", help="keep temperatures")
    parser.add_argument("--operators", action="store_true", help="only judge operators anew")
    options = parser.parse_args()
    if not options.operators:
        train(options)
    # Of what was written, as the program reads it.
    models, _ = read_weights(WEIGHTS)
    frameworks = fetch_all([HERE / "frameworks.tsv"], options.cache)
    target = WEIGHTS.with_name("prior_operators.txt")
    count = write_operators(frameworks, options.cache, models["code"], models["docs"], target)
    print(f"{count} operators of frameworks")
    return 0


if __name__ == "__main__":
    sys.exit(main())
