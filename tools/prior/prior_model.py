"""The linear models of the prior: features of units, fitting, calibration, what they weigh.

Two models, over code and over documentation: multinomial logistic regression on words, pairs of
words and known names of APIs. A unit's values are 1 + log(count), brought to length one over the
words that the model knows.
"""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.optimize import minimize_scalar
from sklearn.linear_model import LogisticRegression

from corpus_fetch import HERE
from prior_words import count_unit, value_of

RESOURCES = ("cpu", "disk", "network")
SEED = 6
ITERATIONS_MAX = 60


def read_api() -> dict[str, str]:
    """Read `api.tsv`: known name -> resource."""
    with (HERE / "api.tsv").open(encoding="utf-8", newline="") as file:
        return {row["name"]: row["resource"] for row in csv.DictReader(file, delimiter="\t")}


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
    features_max : int
        The heaviest are kept, and fitted once more.
    """

    projects_min: int = 4
    units_min: int = 15
    strength: float = 0.3
    balance: float = 0.5
    features_max: int = 6000


def counts_of(units: Sequence[tuple[str, str]]) -> list[Counter[str]]:
    """Counts of (name, text) pairs."""
    names = frozenset(read_api())
    return [count_unit(name, text, names) for name, text in units]


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


def _is_stopped(word: str) -> bool:
    return any(part in STOP_WORDS for part in word.lstrip("^").split(" "))


def vocabulary_of(
    counts: Sequence[Counter[str]], projects: Sequence[str], settings: Settings
) -> list[str]:
    """Words that enough projects and units have, in order."""
    units: Counter[str] = Counter()
    seen: dict[str, set[str]] = defaultdict(set)
    for count, project in zip(counts, projects):
        for word in count:
            units[word] += 1
            seen[word].add(project)
    return sorted(
        word
        for word, n in units.items()
        if n >= settings.units_min
        and len(seen[word]) >= settings.projects_min
        and not _is_stopped(word)
    )


def matrix_of(counts: Sequence[Counter[str]], vocabulary: Sequence[str]) -> sparse.csr_matrix:
    """Rows of length one: units by words."""
    index = {word: i for i, word in enumerate(vocabulary)}
    rows, columns, values = [0], [], []
    for count in counts:
        at = [(index[w], value_of(n)) for w, n in count.items() if w in index]
        length = sum(v * v for _, v in at) ** 0.5
        columns += [i for i, _ in at]
        values += [v / length for _, v in at]
        rows.append(len(columns))
    shape = (len(counts), len(vocabulary))
    return sparse.csr_matrix((values, columns, rows), shape=shape)


def shared_columns(vocabulary: Sequence[str]) -> sparse.csr_matrix:
    """A column for each resource that names of APIs share: words by resources."""
    api = read_api()
    kinds = sorted(set(api.values()))
    at = [(i, kinds.index(api[w[1:]])) for i, w in enumerate(vocabulary) if w.startswith("=")]
    ones = np.ones(len(at))
    where = ([i for i, _ in at], [k for _, k in at])
    return sparse.csr_matrix((ones, where), shape=(len(vocabulary), len(kinds)))


def weights_of_units(labels: np.ndarray, projects: Sequence[str], balance: float) -> np.ndarray:
    """Each project weighs as the root of its units, each class by `balance`; the mean is 1."""
    size = Counter(projects)
    weights = np.array([size[p] ** -0.5 for p in projects])
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

    def scores(self, counts: Sequence[Counter[str]]) -> np.ndarray:
        """Scores of units before calibration."""
        return np.asarray(matrix_of(counts, self.words) @ self.weights.T) + self.bias


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


def fit(
    counts: Sequence[Counter[str]], labels: np.ndarray, projects: Sequence[str], s: Settings
) -> Model:
    """Fit a model; the temperature is left at 1."""
    words = vocabulary_of(counts, projects, s)
    x = matrix_of(counts, words)
    w = weights_of_units(labels, projects, s.balance)
    model = _fit(x, labels, w, words, s.strength)
    if len(words) > s.features_max:
        mass = np.sqrt(np.asarray(x.multiply(x).sum(axis=0)).ravel())
        heavy = np.sort(
            np.argsort(-(np.abs(model.weights).max(axis=0) * mass), kind="stable")[: s.features_max]
        )
        words = [words[i] for i in heavy]
        model = _fit(matrix_of(counts, words), labels, w, words, s.strength)
    return model


def temperature_of(scores: np.ndarray, labels: np.ndarray, weights: np.ndarray) -> float:
    """Temperature under which held-out labels are likeliest."""

    def loss(t: float) -> float:
        p = softmax(scores / t)[np.arange(len(labels)), labels]
        return float(-(weights * np.log(p + 1e-12)).sum())

    return float(minimize_scalar(loss, bounds=(0.2, 10), method="bounded").x)
