"""The classes of the corpus that were labelled by the rubric, which models are chosen by."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

import checked
import corpus
import corpus_fetch
from corpus_fetch import SourceFile
from gold import citations

PRIOR = Path(corpus_fetch.__file__).parent
BODY = "\n".join(f"    value.add(item{n});" for n in range(30))


def rows() -> list[dict[str, str]]:
    with checked.TABLE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def test_each_class_is_of_an_engine_and_has_a_label() -> None:
    archives = {(a.project, f"{a.name}:{a.version}") for a in checked_archives()}
    for row in rows():
        assert row["project"] in corpus.ENGINES, row
        assert (row["project"], row["artefact"]) in archives, row
        assert row["label"] in {*corpus.LABELS, "-"}, row
        assert Path(row["file"]).stem == row["name"], row
        assert row["file"].isascii(), row


def checked_archives() -> list[corpus_fetch.Archive]:
    return corpus_fetch.read_archives(PRIOR / "corpus.tsv")


def test_no_class_is_there_twice_and_none_is_an_operator_of_the_gold_set() -> None:
    table = rows()
    assert len(checked.read_checked()) == len(table) > 400
    gold_files = {citation.file for citation in citations()}
    assert not gold_files & {row["file"] for row in table}


def test_each_label_is_often_enough() -> None:
    labels = list(checked.read_checked().values())
    for label in corpus.LABELS:
        assert labels.count(label) >= 50, label


def test_the_readme_counts_what_was_checked() -> None:
    text = (PRIOR / "README.md").read_text(encoding="utf-8")
    labels = checked.read_checked()
    assert f"| {len(labels)} classes drawn" in text
    rules = corpus.read_rules(PRIOR / "labels.tsv")
    weak = {key: corpus.label_of(rules[key[0]], key[1]) for key in labels}
    both = [
        (corpus.LABELS[of], labels[key])
        for key, of in weak.items()
        if of is not None and labels[key] != "-"
    ]
    right = sum(module == label for module, label in both)
    assert f"of {len(both)} classes of engines" in text
    assert f"for {right}, {right / len(both):.0%}".replace("%", " %") in text
    in_memory = sum(label == "cpu" != module for module, label in both)
    assert f"In {in_memory} of the other {len(both) - right}" in text


def test_the_table_of_what_was_left_out_has_the_checked_classes() -> None:
    lines = (PRIOR / "left_out.tsv").read_text(encoding="ascii").splitlines()
    found = {tuple(line.split("\t")[:2]): line.split("\t")[2:] for line in lines[1:]}
    labelled = sum(label != "-" for label in checked.read_checked().values())
    assert found["code", "checked"][0] == str(labelled)
    text = (PRIOR / "README.md").read_text(encoding="utf-8")
    for model in ("code", "docs"):
        units, accuracy, f1, brier = found[model, "checked"][:4]
        figures = f"{float(accuracy) * 100:.1f}, {float(f1):.3f}, {float(brier):.3f}"
        assert figures.replace("0.", ".") in text, (model, units)


@pytest.mark.parametrize(
    ("path", "stratum"),
    [
        ("org/apache/x/net/Pool.java", "network"),
        ("org/apache/x/network/Pool.java", "other"),
        ("org/apache/x/shuffle/FileMerge.java", "network"),
        ("org/apache/x/parquet/Pages.java", "disk"),
        ("org/apache/storm/tuple/Fields.java", "other"),
    ],
)
def test_strata_are_told_by_paths(path: str, stratum: str) -> None:
    assert checked._stratum(path) == stratum


@pytest.mark.parametrize(
    ("head", "is_drawable"),
    [
        ("class Adder", True),
        ("interface Adder", False),
        ("abstract class Adder", False),
        ("class AdderFactory", False),
    ],
)
def test_what_no_data_passes_through_is_not_drawn(head: str, is_drawable: bool) -> None:
    name = head.rsplit(maxsplit=1)[-1]
    text = f"public {head} {{\n  void run() {{\n{BODY}\n  }}\n}}\n"
    file = SourceFile("tez", f"org/apache/tez/{name}.java", "java", text)
    unit = checked._class_of(file)
    assert unit is not None
    assert checked._is_drawable(unit) is is_drawable
    assert checked._class_of(SourceFile("tez", "org/Other.java", "java", text)) is None
