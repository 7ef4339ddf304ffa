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
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "prior"))

import numpy as np
from scipy.optimize import minimize_scalar

import prior_metrics as metrics
from checked import checked_units
from corpus import TEXTS
from corpus_fetch import HERE, fetch_all
from framework_operators import write_operators
from prior_doubt import fit_clean, folds_of, rows_with_text
from prior_evaluate import Prior
from prior_model import (
    RESOURCES,
    Settings,
    softmax,
    temperature_of,
    weights_of_units,
)
from prior_quantise import read_weights, write_weights
from prior_words import count_unit, read_api
from project_words import Corpus, corpus_of, read_words

ROOT = HERE.parents[1]
WEIGHTS = ROOT / "src" / "explain" / "prior_weights.txt"
# Chosen on projects that were left out, of the corpus alone; tools/prior/README.md has what else
# was tried.
SETTINGS = {"code": Settings(strength=0.3), "docs": Settings(strength=1.0)}
FOLDS = 5
Kinds = dict[str, np.ndarray]  # which units are of a kind


def held_out(
    corpora: dict[str, Corpus], checked: Checked
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Scores by model, of each example and of each checked class, by models of other projects.

    Examples, and classes, without a text that the model reads have nan.
    """
    whole = next(iter(corpora.values())).table
    fold = folds_of(whole.project, FOLDS)
    fold_of = dict(zip(whole.project, fold))
    shape = (len(whole.labels), len(RESOURCES))
    scores = {model: np.full(shape, np.nan) for model in corpora}
    of_checked = {m: np.full((len(checked.labels), len(RESOURCES)), np.nan) for m in corpora}
    for k in range(FOLDS):
        models = fit_clean(corpora, SETTINGS, np.flatnonzero(fold != k))
        for name, corpus in corpora.items():
            test = rows_with_text(corpus, np.flatnonzero(fold == k))
            scores[name][test] = models[name].scores(corpus.table.words, corpus.table.counts[test])
            for i in np.flatnonzero([fold_of[p] == k for p in checked.project]):
                of_checked[name][i] = models[name].scores_of(checked.counts[name][i])
        print(f"fold {k + 1} of {FOLDS}", flush=True)
    return scores, of_checked


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


@dataclass(frozen=True)
class Checked:
    """Classes of the corpus that were labelled by the rubric; counts are by model."""

    project: np.ndarray
    labels: np.ndarray
    counts: dict[str, list[Counter[str]]]


def checked_of(cache: Path, projects: list[str]) -> Checked:
    """Read the checked classes; `projects` are those of the corpus, in order."""
    api = frozenset(read_api())
    found = list(checked_units(cache))
    counts = {
        model: [count_unit(unit.name, text_of(unit), api) for _, unit, _ in found]
        for model, text_of in TEXTS.items()
    }
    for model, text_of in TEXTS.items():
        for i, (_, unit, _) in enumerate(found):
            if not text_of(unit):
                counts[model][i] = Counter()
    project = np.array([projects.index(name) for name, _, _ in found])
    return Checked(project, np.array([label for _, _, label in found]), counts)


def rows_of(p: dict[str, np.ndarray], labels: np.ndarray, kinds: Kinds, sharp: float) -> list[str]:
    """Lines of the table: each model, and both where there are both."""
    both = ~np.isnan(p["code"][:, 0]) & ~np.isnan(p["docs"][:, 0])
    together = np.full_like(p["code"], np.nan)
    together[both] = combined(p["code"][both], p["docs"][both], sharp)
    shown = {
        "code": p["code"],
        "docs": p["docs"],
        "code, where there are docs": np.where(both[:, None], p["code"], np.nan),
        "combined": together,
    }
    return [
        row_of(what, kind, of[at], labels[at])
        for what, of in shown.items()
        for kind, is_of_kind in kinds.items()
        for at in [np.flatnonzero(is_of_kind & ~np.isnan(of[:, 0]))]
    ]


def left_out(corpora: dict[str, Corpus], checked: Checked) -> tuple[dict[str, float], float]:
    """Judge each project by models of all others; return temperatures and sharpness."""
    whole, is_class = corpora["code"].table, corpora["code"].is_class
    labels = whole.labels
    scores, of_checked = held_out(corpora, checked)
    temperature: dict[str, float] = {}
    for model in corpora:
        at = np.flatnonzero(~np.isnan(scores[model][:, 0]))
        weights = weights_of_units(labels[at], whole.project[at], 0.0)
        temperature[model] = temperature_of(scores[model][at], labels[at], weights)
    p = {model: softmax(scores[model] / t) for model, t in temperature.items()}
    both = np.flatnonzero(~np.isnan(p["code"][:, 0]) & ~np.isnan(p["docs"][:, 0]))
    weights = weights_of_units(labels[both], whole.project[both], 0.0)
    sharpness = sharpness_of(p["code"][both], p["docs"][both], labels[both], weights)
    rows = rows_of(p, labels, {"function": ~is_class, "class": is_class}, sharpness)
    p = {model: softmax(of_checked[model] / t) for model, t in temperature.items()}
    every = np.ones(len(checked.labels), bool)
    rows += rows_of(p, checked.labels, {"checked": every}, sharpness)
    table = "\n".join(["\t".join(HEAD.split()), *rows])
    (HERE / "left_out.tsv").write_text(table + "\n", encoding="ascii")
    print(table)
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
        names = [project.project for project in projects]
        temperature, sharpness = left_out(corpora, checked_of(options.cache, names))
    models = fit_clean(corpora, SETTINGS, np.arange(len(corpora["code"].table.labels)))
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
    frameworks = fetch_all([HERE / "frameworks.tsv"], options.cache)
    # Of what was written, as the program reads it.
    target = WEIGHTS.with_name("prior_operators.txt")
    count = write_operators(frameworks, options.cache, Prior(WEIGHTS), target)
    print(f"{count} operators of frameworks")
    return 0


if __name__ == "__main__":
    sys.exit(main())
