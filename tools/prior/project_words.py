"""A project as counts of words: all that training needs of it, kept beside its archives."""

from __future__ import annotations

import hashlib
import pickle
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import sparse

from corpus import ENGINES, TEXTS, Example, examples_of, projects_of
from corpus_fetch import HERE
from prior_model import Settings, Table, is_frequent, is_stopped
from prior_words import count_unit, read_api

# What decides how a project is read: another text of one of these, and it is read anew.
MADE_BY = (
    "corpus.tsv",
    "labels.tsv",
    "api.tsv",
    "corpus_fetch.py",
    "source_units.py",
    "corpus.py",
    "prior_words.py",
    "project_words.py",
)


@dataclass(frozen=True)
class ProjectWords:
    """Examples of a project.

    Attributes
    ----------
    project : str
    labels, is_class : numpy.ndarray
        Of each example.
    words : list of str
        That two units of the project have at least.
    counts : dict of str to scipy.sparse.csr_matrix
        By model: how often each word stands in each example; a row without words has no such text.
    """

    project: str
    labels: np.ndarray
    is_class: np.ndarray
    words: list[str]
    counts: dict[str, sparse.csr_matrix]


def _matrix(rows: list[Counter[str]], index: dict[str, int]) -> sparse.csr_matrix:
    starts, columns, counts = [0], [], []
    for row in rows:
        known = [(index[word], n) for word, n in row.items() if word in index]
        columns += [column for column, _ in known]
        counts += [n for _, n in known]
        starts.append(len(columns))
    made = (np.array(counts, np.float32), np.array(columns, np.int32), np.array(starts, np.int64))
    return sparse.csr_matrix(made, shape=(len(rows), len(index)))


def counted(project: str, examples: list[Example]) -> ProjectWords:
    """Count the words of a project."""
    api = frozenset(read_api())
    units = [example.unit for example in examples]
    rows = {
        model: [count_unit(u.name, text_of(u), api) if text_of(u) else Counter() for u in units]
        for model, text_of in TEXTS.items()
    }
    seen: Counter[str] = Counter(word for some in rows.values() for row in some for word in row)
    words = sorted(word for word, n in seen.items() if n > 1)
    index = {word: i for i, word in enumerate(words)}
    return ProjectWords(
        project,
        np.array([example.label for example in examples]),
        np.array([unit.kind == "class" for unit in units]),
        words,
        {model: _matrix(some, index) for model, some in rows.items()},
    )


def read_words(cache: Path) -> list[ProjectWords]:
    """Read all projects of the corpus; what was read once lies beside the archives."""
    text = "".join((HERE / name).read_text(encoding="utf-8") for name in MADE_BY)
    stamp = hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
    found = []
    for project, archives in projects_of(HERE / "corpus.tsv").items():
        kept = cache / f"{project}.{stamp}.pickle"
        if not kept.is_file():
            made = counted(project, examples_of(archives, cache))
            kept.write_bytes(pickle.dumps(made))
        found.append(pickle.loads(kept.read_bytes()))
    return found


@dataclass(frozen=True)
class Corpus:
    """All projects, as one model reads them.

    Attributes
    ----------
    table : Table
        All examples; a row without words has no such text.
    is_class : numpy.ndarray
    """

    table: Table
    is_class: np.ndarray

    def with_text(self) -> np.ndarray:
        """Rows of the examples that have a text."""
        return np.flatnonzero(self.table.counts.getnnz(axis=1))


def _frequent_words(projects: list[ProjectWords], model: str, s: Settings) -> list[str]:
    units: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    for project in projects:
        counts = project.counts[model].getnnz(axis=0)
        for i in np.flatnonzero(counts):
            units[project.words[i]] += int(counts[i])
            seen[project.words[i]] += 1
    kept = is_frequent(np.array(list(units.values())), np.array([seen[w] for w in units]), s)
    return sorted(w for w, is_kept in zip(units, kept) if is_kept and not is_stopped(w))


def _moved(project: ProjectWords, model: str, words: list[str]) -> sparse.csr_matrix:
    """Counts of a project by the words of the corpus."""
    index = {word: i for i, word in enumerate(words)}
    known = [(i, index[word]) for i, word in enumerate(project.words) if word in index]
    where = ([i for i, _ in known], [k for _, k in known])
    shape = (len(project.words), len(words))
    moves = sparse.csr_matrix((np.ones(len(known), np.float32), where), shape=shape)
    return project.counts[model] @ moves


def corpus_of(projects: list[ProjectWords], model: str, s: Settings) -> Corpus:
    """Return what a model is fitted on: the words that the whole corpus has often enough."""
    words = _frequent_words(projects, model, s)
    sizes = [len(p.labels) for p in projects]
    table = Table(
        words,
        sparse.vstack([_moved(p, model, words) for p in projects], format="csr"),
        np.concatenate([p.labels for p in projects]),
        np.repeat(np.arange(len(projects)), sizes),
        np.repeat([p.project in ENGINES for p in projects], sizes),
    )
    return Corpus(table, np.concatenate([p.is_class for p in projects]))
