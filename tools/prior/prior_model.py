"""The linear models of the prior: features of units, fitting, calibration, what they weigh.

Two models, over code and over documentation: multinomial logistic regression on words, pairs of
words and known names of APIs. A unit's values are 1 + log(count), brought to length one over the
words that the model knows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.optimize import minimize_scalar
from sklearn.linear_model import LogisticRegression

from prior_words import read_api, value_of

RESOURCES = ("cpu", "disk", "network")
SEED = 6
ITERATIONS_MAX = 60


@dataclass(frozen=True)
class Settings:
    """What is chosen by leave-project-out cross validation.

    Attributes
    ----------
    projects_min, units_min : int
        A word is counted if it stands in that many projects and units.
    strength : float
        Inverse of the penalty on weights.
    balance : float
        0: classes weigh as they are; 1: all the same.
    engine : float
        What a project that runs dataflows weighs beside others.
    features_max : int
        The heaviest are kept, and fitted once more.
    """

    projects_min: int = 4
    units_min: int = 15
    strength: float = 0.3
    balance: float = 1.0
    engine: float = 3.0
    features_max: int = 6000


# Words that stand in most texts, or in the paths of packages: they say who wrote a text, not what
# it does.
STOP_WORDS = frozenset(
    """a an the of and or to in on for by with from is are be was as at it its this that these
    those which if not no can may will must should when then than into has have had do does done
    been being any all each other same such only also so but we you they there their our your one
    two used using use uses via per more most some org apache com github google io java javax
    scala python lang util utils impl internal common api core self cls public private protected
    static final abstract class interface extends implements void return returns throws param
    params parameter parameters args kwargs arg true false null none def val var override object
    import package see link code author since version deprecated todo note example examples
    default optional
    string str int integer bool boolean""".split()
)


def is_stopped(word: str) -> bool:
    return any(part in STOP_WORDS for part in word.lstrip("^").split(" "))


@dataclass(frozen=True)
class Table:
    """Units of all projects as counts of words: what a model is fitted on.

    Attributes
    ----------
    words : list of str
        In order.
    counts : scipy.sparse.csr_matrix
        Units by words.
    labels, project : numpy.ndarray
        Of each unit; projects as whole numbers.
    is_engine : numpy.ndarray
        Whether the unit's project runs dataflows.
    """

    words: list[str]
    counts: sparse.csr_matrix
    labels: np.ndarray
    project: np.ndarray
    is_engine: np.ndarray

    def part(self, rows: np.ndarray) -> Table:
        """Some of its units."""
        of_units = self.labels[rows], self.project[rows], self.is_engine[rows]
        return Table(self.words, self.counts[rows], *of_units)


def is_frequent(units: np.ndarray, projects: np.ndarray, s: Settings) -> np.ndarray:
    """Whether words that stand in so many units and projects are counted."""
    return np.asarray((units >= s.units_min) & (projects >= s.projects_min))


def _vocabulary_of(table: Table, s: Settings) -> np.ndarray:
    """Columns of the words that enough projects and units have."""
    there = sparse.csr_matrix(
        (np.ones_like(table.counts.data), table.counts.indices, table.counts.indptr),
        shape=table.counts.shape,
    )
    _, own = np.unique(table.project, return_inverse=True)
    where = (own, np.arange(len(own)))
    of_projects = sparse.csr_matrix((np.ones(len(own)), where)) @ there
    of_projects.data[:] = 1
    units = np.asarray(there.sum(axis=0)).ravel()
    projects = np.asarray(of_projects.sum(axis=0)).ravel()
    return np.flatnonzero(is_frequent(units, projects, s))


def values_of(counts: sparse.csr_matrix) -> sparse.csr_matrix:
    """Rows of length one: 1 + log(count), as `prior_words.value_of` has it."""
    values = sparse.csr_matrix(counts, dtype=np.float64, copy=True)
    values.data = 1 + np.log(values.data)
    length = np.sqrt(np.asarray(values.multiply(values).sum(axis=1)).ravel())
    values.data /= np.repeat(np.maximum(length, 1e-12), np.diff(values.indptr))
    return values


def shared_columns(vocabulary: Sequence[str]) -> sparse.csr_matrix:
    """A column for each resource that names of APIs share: words by resources."""
    api = read_api()
    kinds = sorted(set(api.values()))
    at = [(i, kinds.index(api[w[1:]])) for i, w in enumerate(vocabulary) if w.startswith("=")]
    ones = np.ones(len(at))
    where = ([i for i, _ in at], [k for _, k in at])
    return sparse.csr_matrix((ones, where), shape=(len(vocabulary), len(kinds)))


def weights_of_units(labels: np.ndarray, project: np.ndarray, balance: float) -> np.ndarray:
    """Each project weighs as the root of its units, each class by `balance`; the mean is 1."""
    _, own, size = np.unique(project, return_inverse=True, return_counts=True)
    weights = np.asarray(size[own] ** -0.5)
    total = weights.sum()
    for label in range(len(RESOURCES)):
        part = weights[labels == label].sum() / total
        weights[labels == label] *= (1 / (len(RESOURCES) * part)) ** balance
    return weights / weights.mean()


@dataclass
class Model:
    """Weights (resources by words), bias, words; scores are divided by the temperature."""

    words: list[str]
    weights: np.ndarray
    bias: np.ndarray
    temperature: float = 1.0

    def scores(self, words: Sequence[str], counts: sparse.csr_matrix) -> np.ndarray:
        """Scores of units before calibration; `words` are those of the columns, in order."""
        columns = np.searchsorted(np.array(words), np.array(self.words))
        return np.asarray(values_of(counts[:, columns]) @ self.weights.T) + self.bias

    def scores_of(self, counts: Mapping[str, int]) -> np.ndarray:
        """Scores of one unit by its words; nan where it has none that the model knows."""
        at = {word: i for i, word in enumerate(self.words) if word in counts}
        values = np.array([value_of(counts[word]) for word in at])
        if not at:
            return np.full(len(RESOURCES), np.nan)
        weights = self.weights[:, list(at.values())]
        return np.asarray(weights @ (values / np.sqrt((values**2).sum()))) + self.bias


def softmax(scores: np.ndarray) -> np.ndarray:
    """Rows that add up to one."""
    high = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(high / high.sum(axis=1, keepdims=True))


def _fit(x: sparse.csr_matrix, y: np.ndarray, w: np.ndarray, words: list[str], c: float) -> Model:
    shared = shared_columns(words)
    wide = sparse.hstack([x, x @ shared]).tocsr()
    fitted = LogisticRegression(C=c, max_iter=ITERATIONS_MAX, tol=1e-3, random_state=SEED).fit(
        wide, y, sample_weight=w
    )
    own = fitted.coef_[:, : len(words)] + fitted.coef_[:, len(words) :] @ shared.T.toarray()
    own = own - own.mean(axis=0, keepdims=True)  # a constant over resources says nothing
    return Model(words, own, fitted.intercept_ - fitted.intercept_.mean())


def fit(table: Table, s: Settings) -> Model:
    """Fit a model; the temperature is left at 1."""
    columns = _vocabulary_of(table, s)
    w = weights_of_units(table.labels, table.project, s.balance)
    w = w * np.where(table.is_engine, s.engine, 1.0)
    w = w / w.mean()

    def fitted(columns: np.ndarray) -> tuple[Model, sparse.csr_matrix]:
        x = values_of(table.counts[:, columns])
        words = [table.words[i] for i in columns]
        return _fit(x, table.labels, w, words, s.strength), x

    model, x = fitted(columns)
    if len(columns) > s.features_max:
        mass = np.sqrt(np.asarray(x.multiply(x).sum(axis=0)).ravel())
        heaviest = np.argsort(-(np.abs(model.weights).max(axis=0) * mass), kind="stable")
        model, _ = fitted(columns[np.sort(heaviest[: s.features_max])])
    return model


def temperature_of(scores: np.ndarray, labels: np.ndarray, weights: np.ndarray) -> float:
    """Temperature under which held-out labels are likeliest."""

    def loss(t: float) -> float:
        p = softmax(scores / t)[np.arange(len(labels)), labels]
        return float(-(weights * np.log(p + 1e-12)).sum())

    return float(minimize_scalar(loss, bounds=(0.2, 10), method="bounded").x)
