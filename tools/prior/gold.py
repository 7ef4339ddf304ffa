#!/usr/bin/env python3
"""The labelled operators that the resource prior is judged by: citations in, source and labels out.

`gold.tsv` cites operators of Spark, Flink, TensorFlow and PyTorch by artefact, file and lines, with
the labels of two annotators (RUBRIC.md) and no source text. Run as a program, this fetches what is
cited, checks that it is still what was labelled, and prints counts and agreement. A program that
measures a classifier takes `operators`:

    from gold import operators

The labels are frozen: nothing may be trained, chosen or tuned on them.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import spans
from artefacts import CACHE, folder_of
from corpus_fetch import SUFFIXES
from registries import FetchError
from source_units import clean_docs, imports_used

TABLE = Path(__file__).resolve().parent / "gold.tsv"
LABELS = ("cpu", "disk", "network")
RESOURCES = ("cpu", "disk", "network", "memory", "gpu")
# Published figures are per framework, the deep learning ones as one.
GROUPS = {
    "Spark": ("spark",),
    "Flink": ("flink",),
    "TensorFlow, PyTorch": ("tensorflow", "pytorch"),
}
FROZEN = (
    "id",
    "gold",
    "label",
    *RESOURCES,
    "ambiguous",
    "label_2",
    *(f"{name}_2" for name in RESOURCES),
)


class Opinion(NamedTuple):
    """What one annotator said of an operator; `shares` as RESOURCES, their sum is 1."""

    label: str
    shares: tuple[float, ...]
    ambiguous: bool
    reason: str


class Citation(NamedTuple):
    """One row of gold.tsv; lines `first` to `last`, from 1, are cited, `gold` is in force."""

    id: str
    framework: str
    artefact: str
    file: str
    name: str
    first: int
    last: int
    digest: str
    gold: str
    adjudication: str
    opinions: tuple[Opinion, Opinion]

    @property
    def shares(self) -> dict[str, float]:
        """Mean of both annotators' shares, by resource."""
        pairs = zip(*(opinion.shares for opinion in self.opinions))
        return {name: sum(pair) / 2 for name, pair in zip(RESOURCES, pairs)}


class Operator(NamedTuple):
    """A labelled operator: source without comments, documentation ("" where it has none).

    `imports` is what of the file's imports the source uses, a line each: the models read it in
    front of the source, in training and in the program.
    """

    framework: str
    name: str
    code: str
    docs: str
    label: str
    shares: dict[str, float]
    imports: str


class CitationError(Exception):
    """A cited source is not what was labelled; the message names file and line."""


def _opinion(row: dict[str, str], suffix: str) -> Opinion:
    return Opinion(
        row[f"label{suffix}"],
        tuple(float(row[f"{name}{suffix}"]) for name in RESOURCES),
        row[f"ambiguous{suffix}"] == "1",
        row[f"reason{suffix}"],
    )


def citations(table: Path = TABLE) -> list[Citation]:
    """All rows of the table, in order."""
    with table.open(encoding="utf-8", newline="") as file:
        return [
            Citation(
                id=row["id"],
                framework=row["framework"],
                artefact=row["artefact"],
                file=row["file"],
                name=row["name"],
                first=int(row["first"]),
                last=int(row["last"]),
                digest=row["digest"],
                gold=row["gold"],
                adjudication=row["adjudication"],
                opinions=(_opinion(row, ""), _opinion(row, "_2")),
            )
            for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        ]


def frozen_digest(table: Path = TABLE) -> str:
    """SHA-256 over all labels and shares as the table has them; RUBRIC.md says what it must be."""
    with table.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        lines = ["\t".join(row[name] for name in FROZEN) + "\n" for row in rows]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def digest_of(text: str, first: int, last: int) -> str:
    """First 12 hexadecimal digits of the SHA-256 of lines `first` to `last`."""
    lines = "\n".join(text.split("\n")[first - 1 : last])
    return hashlib.sha256(lines.encode()).hexdigest()[:12]


def cited_text(citation: Citation, cache: Path = CACHE) -> str:
    """Text of the cited file, checked.

    Raises
    ------
    FetchError
        If its artefact cannot be fetched.
    CitationError
        If the cited lines are not those that were labelled.
    """
    path = folder_of(citation.artefact, cache) / citation.file
    place = f"{citation.artefact}: {citation.file}:{citation.first}"
    if not path.is_file():
        raise CitationError(f"{place}: no such file")
    text = path.read_text(encoding="utf-8", errors="replace")
    # Annotations and modifiers may stand on lines of their own before the name.
    head = text.split("\n")[citation.first - 1 : citation.last]
    named = any(citation.name in line for line in head[:12])
    if not named or digest_of(text, citation.first, citation.last) != citation.digest:
        raise CitationError(f"{place}: not the text of {citation.name} that was labelled")
    return text


def operators(cache: Path = CACHE) -> Iterator[Operator]:
    """Every labelled operator with its text; fetches what is not there.

    Raises
    ------
    FetchError, CitationError
        As `cited_text`.
    """
    for citation in citations():
        text = cited_text(citation, cache)
        code, docs = spans.split(citation.file, text, citation.first, citation.last)
        yield Operator(
            citation.framework,
            citation.name,
            code,
            clean_docs(docs),
            citation.gold,
            citation.shares,
            imports_used(text, SUFFIXES[Path(citation.file).suffix], code),
        )


def agreement(rows: Sequence[Citation]) -> tuple[float, float]:
    """Share of rows on whose label both annotators agree, and Cohen's kappa.

    Kappa is the agreement beyond that of two annotators who draw labels at random, each as often as
    they used them, as a share of what would be possible (Cohen 1960); nan if that leaves nothing.
    """
    pairs = [(row.opinions[0].label, row.opinions[1].label) for row in rows]
    seen = sum(left == right for left, right in pairs) / len(pairs)
    counts = [Counter(pair[side] for pair in pairs) for side in (0, 1)]
    chance = sum(counts[0][label] * counts[1][label] for label in LABELS) / len(pairs) ** 2
    return seen, (seen - chance) / (1 - chance) if chance < 1 else float("nan")


def summary(rows: Sequence[Citation]) -> str:
    """Table of counts and agreement: a line for each group, then one for all."""
    lines = [
        f"{'':<20}{'n':>5}{'cpu':>6}{'disk':>6}{'net':>6}{'majority':>10}{'agree':>8}{'kappa':>7}{'unsure':>8}"
    ]
    for name, frameworks in [*GROUPS.items(), ("all", sum(GROUPS.values(), ()))]:
        group = [row for row in rows if row.framework in frameworks]
        counts = Counter(row.gold for row in group)
        seen, kappa = agreement(group)
        unsure = sum(any(opinion.ambiguous for opinion in row.opinions) for row in group)
        numbers = "".join(f"{counts[label]:>6}" for label in LABELS)
        majority = max(counts.values()) / len(group)
        lines.append(
            f"{name:<20}{len(group):>5}{numbers}{majority:>10.1%}{seen:>8.1%}{kappa:>7.3f}{unsure:>8}"
        )
    return "\n".join(lines)


def main() -> int:
    """Print the table, and check every citation unless told not to."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cache", type=Path, default=CACHE, help="where fetched sources are kept")
    parser.add_argument("--no-fetch", action="store_true", help="only what gold.tsv says of itself")
    options = parser.parse_args()

    rows = citations()
    print(summary(rows))
    print(f"labels: sha256 {frozen_digest()}")
    if options.no_fetch:
        return 0
    wrong = 0
    for row in rows:
        try:
            cited_text(row, options.cache)
        except (FetchError, CitationError) as error:
            wrong += 1
            print(f"gold: {error}", file=sys.stderr)
    print(f"citations: {len(rows) - wrong} of {len(rows)} are what was labelled")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
