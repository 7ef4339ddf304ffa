"""The corpus: units of fetched sources with labels by the module that they stand in.

The rule is `labels.tsv`: the first row of a project whose pattern is found in a file's path says
what the code there waits for when it is slow. ``-`` and no row: nothing clear, left out. Labels
are weak: a getter of a socket's options is labelled network, too. So that no project outweighs
the others, each gives a bounded number of files and units a label, drawn by a hash of their
names: the same in every run.
"""

from __future__ import annotations

import csv
import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from corpus_fetch import HERE, Archive, SourceFile, read_archives, source_files
from source_units import Unit, units_of

LABELS = ("cpu", "disk", "network")
FILES_MAX = 300  # of a project and label
FUNCTIONS_MAX = 300
CLASSES_MAX = 200
DOCUMENTED_MAX = 300  # functions, of those with documentation
ENGINE_TIMES = 3  # as many of an engine
# Projects that run dataflows, or are made of what these run: nearest to what is judged.
ENGINES = frozenset(
    """accelerate apex beam calcite composer crunch dask dgl drill druid faust flax flume
    geometric giraph hadoop hazelcast hf-datasets hive iceberg ignite jax kafka lightning megatron
    modin mosaicml-streaming mxnet nifi orbax paddle petastorm pig pinot ray samza storm tensorpack
    tez trino webdataset""".split()
)
CODE_WORDS_MIN = 12
DOCS_WORDS_MIN = 5


@dataclass(frozen=True)
class Example:
    """A unit and its label."""

    label: int
    unit: Unit


def _rank(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=8).digest()


def read_rules(table: Path) -> dict[str, list[tuple[re.Pattern[str], str]]]:
    """Read the rules of `labels.tsv`: project -> patterns of paths, and their label."""
    rules: dict[str, list[tuple[re.Pattern[str], str]]] = defaultdict(list)
    with table.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            rules[row["project"]].append((re.compile(row["path"]), row["label"]))
    return rules


def label_of(rules: list[tuple[re.Pattern[str], str]], path: str) -> int | None:
    """Return the index of a path's label; None where it has none."""
    for pattern, label in rules:
        if pattern.search(path):
            return None if label == "-" else LABELS.index(label)
    return None


def _chosen_files(
    archives: list[Archive], cache: Path, most: int
) -> Iterator[tuple[SourceFile, int]]:
    rules = read_rules(HERE / "labels.tsv")
    by_label: dict[int, list[SourceFile]] = defaultdict(list)
    for archive in archives:
        for file in source_files(archive, cache):
            label = label_of(rules[archive.project], file.path)
            if label is not None:
                by_label[label].append(file)
    for label, files in sorted(by_label.items()):
        files.sort(key=lambda file: _rank(file.path))
        yield from ((file, label) for file in files[:most])


def _words(text: str) -> int:
    return len(re.findall(r"[A-Za-z]{2,}", text))


def docs_of(unit: Unit) -> str:
    """Documentation of a unit and of what is in it; empty where that is hardly any."""
    return unit.all_docs if _words(unit.all_docs) >= DOCS_WORDS_MIN else ""


# What each model reads of a unit.
TEXTS: dict[str, Callable[[Unit], str]] = {"code": lambda unit: unit.code, "docs": docs_of}


def examples_of(archives: list[Archive], cache: Path) -> list[Example]:
    """Examples of one project's archives."""
    project = archives[0].project
    most = ENGINE_TIMES if project in ENGINES else 1
    found: dict[tuple[int, str], list[Example]] = defaultdict(list)
    for file, label in _chosen_files(archives, cache, most * FILES_MAX):
        for unit in units_of(file.text, file.language):
            if _words(unit.code) >= CODE_WORDS_MIN:
                found[label, unit.kind].append(Example(label, unit))
    kept: list[Example] = []
    for (_, kind), examples in sorted(found.items()):
        examples.sort(key=lambda e: _rank(e.unit.name + e.unit.code))
        first = most * (CLASSES_MAX if kind == "class" else FUNCTIONS_MAX)
        documented = [example for example in examples[first:] if docs_of(example.unit)]
        kept += examples[:first] + documented[: DOCUMENTED_MAX if kind == "function" else 0]
    return kept


def projects_of(table: Path) -> dict[str, list[Archive]]:
    """Archives of each project of a table, in order."""
    by_project: dict[str, list[Archive]] = defaultdict(list)
    for archive in read_archives(table):
        by_project[archive.project].append(archive)
    return dict(sorted(by_project.items()))
