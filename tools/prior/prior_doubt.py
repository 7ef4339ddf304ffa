"""Training without the examples whose label is doubtful.

A label says what the module is for; of 281 classes of engines that were read (`checked.tsv`) 22 %
wait for something else, most of them a helper in memory beside sockets or files. So an example is
left out of training where models of other projects, of its code and of its documentation together,
find its label unlikely; a label of disk or network has to be the likelier one.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from prior_model import RESOURCES, Model, Settings, fit, softmax
from prior_quantise import quantised
from project_words import Corpus

# By resource: what a label has to be as likely as.
DOUBT = np.array([0.3, 0.5, 0.5])
INNER_FOLDS = 4
# How much surer two models are than one. Here it only says which examples are doubtful.
BOTH = 1.3


def folds_of(project: np.ndarray, count: int) -> np.ndarray:
    """Fold of each example; a project is in one, and folds are of about one size."""
    sizes = [0] * count
    fold: dict[int, int] = {}
    names, units = np.unique(project, return_counts=True)
    for name, size in sorted(zip(names, units), key=lambda row: (-row[1], row[0])):
        fold[name] = sizes.index(min(sizes))
        sizes[fold[name]] += size
    return np.array([fold[name] for name in project])


def rows_with_text(corpus: Corpus, rows: np.ndarray) -> np.ndarray:
    """Of some examples, those that a model can read."""
    return rows[np.diff(corpus.table.counts.indptr)[rows] > 0]


def likelihood(
    corpora: Mapping[str, Corpus], settings: Mapping[str, Settings], rows: np.ndarray
) -> np.ndarray:
    """How likely models of other projects find each example's label; both models together.

    Parameters
    ----------
    corpora, settings : mapping
        By model; all corpora have the same examples.
    rows : numpy.ndarray
        The examples, and all that the models learn from.
    """
    whole = next(iter(corpora.values())).table
    fold = np.full(len(whole.labels), -1)
    fold[rows] = folds_of(whole.project[rows], INNER_FOLDS)
    total = np.zeros((len(whole.labels), len(RESOURCES)))
    seen = np.zeros(len(whole.labels))
    for model, corpus in corpora.items():
        has = rows_with_text(corpus, rows)
        for k in range(INNER_FOLDS):
            test = has[fold[has] == k]
            fitted = fit(corpus.table.part(has[fold[has] != k]), settings[model])
            p = softmax(fitted.scores(corpus.table.words, corpus.table.counts[test]))
            total[test] += np.log(p + 1e-6)
            seen[test] += 1
    sure = np.where(seen > 1, BOTH, 1.0) / np.maximum(seen, 1)
    p = softmax(total * sure[:, None])
    return np.asarray(p[rows, whole.labels[rows]])


def fit_clean(
    corpora: Mapping[str, Corpus], settings: Mapping[str, Settings], rows: np.ndarray
) -> dict[str, Model]:
    """Fit each model on those of some examples whose label is not doubtful."""
    labels = next(iter(corpora.values())).table.labels[rows]
    kept = rows[likelihood(corpora, settings, rows) >= DOUBT[labels]]
    return {
        model: quantised(fit(corpus.table.part(rows_with_text(corpus, kept)), settings[model]))
        for model, corpus in corpora.items()
    }
