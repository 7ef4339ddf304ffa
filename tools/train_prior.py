#!/usr/bin/env python3
"""Trains the resource prior, and writes what the program has of it.

    pip install ".[prior]"
    tools/train_prior.py [--cache build/prior] [--no-left-out] [--operators]

Fetches the sources of `prior/corpus.tsv` (2 GB, from Debian, Maven and PyPI), takes functions
and classes with their documentation, labels them by the rules of `prior/labels.tsv`, fits two
linear models, and writes

    src/explain/prior_weights.txt     what words weigh
    src/explain/prior_operators.txt   what the models say of the operators of frameworks
    tools/prior/left_out.tsv          how good the models are on projects that they have not seen

Nothing in it depends on chance or on the clock: the same sources give the same files. Nobody
needs this to build or use barograph. Takes a quarter of an hour on one core, most of it to read
sources once; --no-left-out takes temperatures from the file of weights that is there.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "prior"))

import numpy as np
from scipy.optimize import minimize_scalar

import prior_metrics as metrics
from corpus import TEXTS
from corpus_fetch import HERE, fetch_all
from framework_operators import write_operators
from prior_evaluate import Prior
from prior_model import (
    RESOURCES,
    Model,
    Settings,
    Table,
    fit,
    softmax,
    temperature_of,
    weights_of_units,
)
from prior_quantise import quantised, read_weights, write_weights
from project_words import Corpus, corpus_of, read_words

ROOT = HERE.parents[1]
WEIGHTS = ROOT / "src" / "explain" / "prior_weights.txt"
# Chosen on projects that were left out, of the corpus alone; tools/prior/README.md has what else
# was tried.
SETTINGS = {"code": Settings(strength=0.3), "docs": Settings(strength=1.0)}
FOLDS = 5
INNER_FOLDS = 2
# An example whose own label a model of other projects finds less likely than this is left out of
# training: it stands in a module of sockets, and is a getter.
DOUBT = 0.3


def folds_of(project: np.ndarray, count: int) -> np.ndarray:
    """Fold of each example; a project is in one, and folds are of about one size."""
    sizes = [0] * count
    fold: dict[int, int] = {}
    names, units = np.unique(project, return_counts=True)
    for name, size in sorted(zip(names, units), key=lambda row: (-row[1], row[0])):
        fold[name] = sizes.index(min(sizes))
        sizes[fold[name]] += size
    return np.array([fold[name] for name in project])


def fit_clean(table: Table, settings: Settings) -> Model:
    """Fit without what models of other projects find unlikely."""
    fold = folds_of(table.project, INNER_FOLDS)
    own = np.zeros(len(table.labels))
    for k in range(INNER_FOLDS):
        test = np.flatnonzero(fold == k)
        model = fit(table.part(np.flatnonzero(fold != k)), settings)
        p = softmax(model.scores(table.words, table.counts[test]))
        own[test] = p[np.arange(len(test)), table.labels[test]]
    return quantised(fit(table.part(np.flatnonzero(own >= DOUBT)), settings))


def held_out(table: Table, settings: Settings) -> np.ndarray:
    """Scores of each example by a model that has not seen its project."""
    fold = folds_of(table.project, FOLDS)
    scores = np.zeros((len(table.labels), len(RESOURCES)))
    for k in range(FOLDS):
        test = np.flatnonzero(fold == k)
        model = fit_clean(table.part(np.flatnonzero(fold != k)), settings)
        scores[test] = model.scores(table.words, table.counts[test])
        print(f"fold {k + 1} of {FOLDS}", flush=True)
    return scores


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


def left_out(corpora: dict[str, Corpus]) -> tuple[dict[str, float], float]:
    """Judge each project by models of all others; return temperatures and sharpness."""
    whole = corpora["code"].table
    labels, project, is_class = whole.labels, whole.project, corpora["code"].is_class
    p = {model: np.full((len(labels), len(RESOURCES)), np.nan) for model in corpora}
    temperature: dict[str, float] = {}
    for model, corpus in corpora.items():
        at = corpus.with_text()
        table = corpus.table.part(at)
        scores = held_out(table, SETTINGS[model])
        weights = weights_of_units(table.labels, table.project, 0.0)
        temperature[model] = temperature_of(scores, table.labels, weights)
        p[model][at] = softmax(scores / temperature[model])
    code, docs = p["code"], p["docs"]
    both = np.flatnonzero(~np.isnan(code[:, 0]) & ~np.isnan(docs[:, 0]))
    weights = weights_of_units(labels[both], project[both], 0.0)
    sharpness = sharpness_of(code[both], docs[both], labels[both], weights)
    rows = ["\t".join(HEAD.split())]

    def add(what: str, of: np.ndarray, some: np.ndarray) -> None:
        for kind, is_of_kind in (("function", ~is_class), ("class", is_class)):
            at = some[is_of_kind[some]]
            rows.append(row_of(what, kind, of[at], labels[at]))

    for model, of in p.items():
        add(model, of, corpora[model].with_text())
    add("code, where there are docs", code, both)
    together = np.full_like(code, np.nan)
    together[both] = combined(code[both], docs[both], sharpness)
    add("combined", together, both)
    (HERE / "left_out.tsv").write_text("\n".join(rows) + "\n", encoding="ascii")
    print("\n".join(rows))
    return temperature, sharpness


def train(options: argparse.Namespace) -> None:
    """Write weights, and unless it is told not to, how good they are."""
    fetch_all([HERE / "corpus.tsv"], options.cache)
    projects = read_words(options.cache)
    print(f"{sum(len(p.labels) for p in projects)} units of {len(projects)} projects", flush=True)
    corpora = {model: corpus_of(projects, model, SETTINGS[model]) for model in TEXTS}
    if options.no_left_out:
        known, sharpness = read_weights(WEIGHTS)
        temperature = {name: model.temperature for name, model in known.items()}
    else:
        temperature, sharpness = left_out(corpora)
    models = {}
    for name, corpus in corpora.items():
        models[name] = fit_clean(corpus.table.part(corpus.with_text()), SETTINGS[name])
        models[name].temperature = temperature[name]
    write_weights(models["code"], models["docs"], sharpness, WEIGHTS)


def main() -> int:
    parser = argparse.ArgumentParser(description="Trains the resource prior.")
    parser.add_argument("--cache", type=Path, default=ROOT / "build" / "prior")
    parser.add_argument("--no-left-out", action="store_true", help="keep temperatures")
    parser.add_argument("--operators", action="store_true", help="only judge operators anew")
    options = parser.parse_args()
    if not options.operators:
        train(options)
    frameworks = fetch_all([HERE / "frameworks.tsv"], options.cache)
    # Of what was written, as the program reads it.
    target = WEIGHTS.with_name("prior_operators.txt")
    count = write_operators(frameworks, options.cache, Prior(WEIGHTS), target)
    print(f"{count} operators of frameworks")
    return 0


if __name__ == "__main__":
    sys.exit(main())
