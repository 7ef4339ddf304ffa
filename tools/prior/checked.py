#!/usr/bin/env python3
"""Classes of the corpus' engines that were read and labelled by the rubric: a ruler for training.

The corpus' own labels are those of modules. `checked.tsv` says of classes drawn from the engines
on the JVM what RUBRIC.md makes of them; ``-``: only holds or wires something, or cannot be said.
They are never trained on: a model is judged by those of projects that it has not seen. Run as a
program, this draws anew and says whether the table is what the rule draws.

    tools/prior/checked.py [--cache build/prior]
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from corpus import ENGINES, LABELS, label_of, projects_of, read_rules
from corpus_fetch import HERE, SourceFile, fetch_all, source_files
from draw_gold import NO_OPERATOR
from source_units import Unit, units_of

TABLE = HERE / "checked.tsv"
DRAWN = 8  # of an engine and a stratum
LINES = range(25, 321)  # of code, without empty ones
CALLS_MIN = 6  # lines that call something
# Strata by what a path sounds like, so that there is network and disk: the mix is no estimate.
STRATA = {
    "network": re.compile(
        r"(?i)net(?!work/)|rpc|http|client|server|shuffle|fetch|exchange|remote|transport|comm/"
        r"|communicat|send|receiv|broadcast|socket|jdbc|zookeeper|jms|proxy|replica"
    ),
    "disk": re.compile(
        r"(?i)file|/io/|stor(e|age)|/fs/|disk|spill|checkpoint|(input|output)(format|stream)"
        r"|segment|/wal|hdfs|parquet|orc\b|record(reader|writer)|journal|/log/|blob|dir"
    ),
}
_NOT_DRAWN = re.compile(
    r"(?i)/(shaded|thirdparty|generated|benchmark|example|cli|webapp|gen)/"
    r"|spark|flink|Test|package-info"
)
_NO_CLASS = re.compile(r"\b(interface|trait|enum|abstract|@interface)\b")

Key = tuple[str, str]  # project, file


def read_checked() -> dict[Key, str]:
    """Labels of the table, with those that are ``-``."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return {(row["project"], row["file"]): row["label"] for row in rows}


def _rank(path: str) -> bytes:
    return hashlib.blake2b(f"dev:{path}".encode(), digest_size=8).digest()


def _class_of(file: SourceFile) -> Unit | None:
    """Return the class that a file is named after."""
    name = Path(file.path).stem
    of_name = (
        u for u in units_of(file.text, file.language) if u.kind == "class" and u.name == name
    )
    return next(of_name, None)


def _is_drawable(unit: Unit) -> bool:
    lines = [line for line in unit.code.split("\n") if line.strip()]
    return (
        len(lines) in LINES
        and not NO_OPERATOR.fullmatch(unit.name)
        and not _NO_CLASS.search(unit.code.split("\n")[0])
        and sum("(" in line and "." in line for line in lines) >= CALLS_MIN
    )


def _stratum(path: str) -> str:
    own = path.rsplit("apache/", maxsplit=1)[-1]
    return next((name for name, rule in STRATA.items() if rule.search(own)), "other")


def drawn(cache: Path) -> Iterator[Key]:
    """Draw: of each engine and stratum the first classes in the order of a hash."""
    for project, archives in projects_of(HERE / "corpus.tsv").items():
        if project not in ENGINES:
            continue
        files = [
            file
            for archive in archives
            for file in source_files(archive, cache)
            if file.language in {"java", "scala"} and not _NOT_DRAWN.search(file.path)
        ]
        taken: Counter[str] = Counter()
        for file in sorted(files, key=lambda file: _rank(file.path)):
            stratum = _stratum(file.path)
            if taken[stratum] < DRAWN:
                unit = _class_of(file)
                if unit is not None and _is_drawable(unit):
                    taken[stratum] += 1
                    yield project, file.path


def checked_units(cache: Path) -> Iterator[tuple[str, Unit, int]]:
    """Labelled classes: project, class, index of the label; each once."""
    labels = {key: label for key, label in read_checked().items() if label != "-"}
    for project, archives in projects_of(HERE / "corpus.tsv").items():
        if not any(key[0] == project for key in labels):
            continue
        for archive in archives:
            for file in source_files(archive, cache):
                label = labels.pop((project, file.path), None)
                unit = _class_of(file) if label is not None else None
                if label is not None and unit is not None:
                    yield project, unit, LABELS.index(label)


def main() -> int:
    parser = argparse.ArgumentParser(description="Whether checked.tsv is what is drawn.")
    parser.add_argument("--cache", type=Path, default=HERE.parents[1] / "build" / "prior")
    options = parser.parse_args()
    fetch_all([HERE / "corpus.tsv"], options.cache)
    table = read_checked()
    missing = set(drawn(options.cache)) ^ set(table)
    for project, file in sorted(missing):
        print(f"{project} {file}: in the table or drawn, and not both")
    counts = Counter(table.values())
    print(
        f"{len(table)} drawn; " + ", ".join(f"{n} {label}" for label, n in sorted(counts.items()))
    )
    rules = read_rules(HERE / "labels.tsv")
    known = [(label_of(rules[key[0]], key[1]), label) for key, label in table.items()]
    both = [(LABELS[weak], label) for weak, label in known if weak is not None and label != "-"]
    right = sum(weak == label for weak, label in both)
    print(f"labels of modules are right for {right} of {len(both)}")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
