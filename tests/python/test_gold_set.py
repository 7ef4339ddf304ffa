"""The labelled operators of tools/prior/: has the table the form that figures rest on?

No network: whether the citations still match is what `tools/prior/gold.py` itself checks.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

import gold
import spans

RUBRIC = Path(gold.__file__).with_name("RUBRIC.md")
ROWS = gold.citations()


def rubric_figures() -> dict[str, list[str]]:
    """Cells of the table of agreement in RUBRIC.md, by its first column."""
    lines = RUBRIC.read_text(encoding="utf-8").splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {row[0]: row[1:] for row in cells if len(row) == 9}


def test_each_group_has_enough_operators_of_each_label() -> None:
    for name, frameworks in gold.GROUPS.items():
        labels = Counter(row.gold for row in ROWS if row.framework in frameworks)
        assert sum(labels.values()) >= 60, name
        assert min(labels[label] for label in gold.LABELS) >= 12, (name, labels)
    assert {row.framework for row in ROWS} == {
        name for group in gold.GROUPS.values() for name in group
    }


def test_no_operator_is_there_twice() -> None:
    assert len({row.id for row in ROWS}) == len(ROWS)
    assert len({(row.artefact, row.file, row.name) for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_a_row_is_well_formed(row: gold.Citation) -> None:
    assert row.id.startswith(row.framework + "-")
    assert re.fullmatch(r"maven:[\w.-]+:[\w.-]+:[\w.-]+|pypi:[\w.-]+:[\w.-]+", row.artefact)
    assert row.file.endswith((".java", ".scala", ".py"))
    assert not Path(row.file).is_absolute()
    assert 1 <= row.first < row.last
    assert re.fullmatch(r"[0-9a-f]{12}", row.digest)
    for opinion in row.opinions:
        assert opinion.reason
        steps = [share * 20 for share in opinion.shares]
        assert all(share >= 0 for share in opinion.shares)
        assert steps == pytest.approx([round(step) for step in steps])
        assert sum(opinion.shares) == pytest.approx(1)
        cpu, disk, network, memory, gpu = opinion.shares
        by_label = {"cpu": cpu + memory + gpu, "disk": disk, "network": network}
        assert by_label[opinion.label] == pytest.approx(max(by_label.values()))
    assert sum(row.shares.values()) == pytest.approx(1)


def test_the_label_in_force_is_common_or_argued_for() -> None:
    for row in ROWS:
        labels = {opinion.label for opinion in row.opinions}
        assert row.gold in gold.LABELS
        if len(labels) == 1:
            assert row.gold in labels, row.id
            assert not row.adjudication, row.id
        else:
            assert len(row.adjudication.split()) >= 4, row.id


def test_agreement_as_the_rubric_states_it() -> None:
    """Kappa once more, by its definition over a table of counts."""
    stated = rubric_figures()
    for name, frameworks in [*gold.GROUPS.items(), ("all", sum(gold.GROUPS.values(), ()))]:
        pairs = [
            (row.opinions[0].label, row.opinions[1].label)
            for row in ROWS
            if row.framework in frameworks
        ]
        table = Counter(pairs)
        total = len(pairs)
        seen = sum(table[label, label] for label in gold.LABELS) / total
        rows = {one: sum(table[one, two] for two in gold.LABELS) for one in gold.LABELS}
        columns = {two: sum(table[one, two] for one in gold.LABELS) for two in gold.LABELS}
        chance = sum(rows[label] * columns[label] for label in gold.LABELS) / total**2
        kappa = (seen - chance) / (1 - chance)
        given = gold.agreement([row for row in ROWS if row.framework in frameworks])
        assert list(given) == pytest.approx([seen, kappa])
        labels = Counter(row.gold for row in ROWS if row.framework in frameworks)
        counts = [str(labels[label]) for label in gold.LABELS]
        majority = f"{max(labels.values()) / total:.1%}"
        unsure = sum(
            any(opinion.ambiguous for opinion in row.opinions)
            for row in ROWS
            if row.framework in frameworks
        )
        agreed = [f"{seen:.1%}", f"{kappa:.3f}"]
        assert stated[name] == [str(total), *counts, majority, *agreed, str(unsure)]


def test_the_labels_are_those_that_were_frozen() -> None:
    assert gold.frozen_digest() in RUBRIC.read_text(encoding="utf-8")


JAVA = """package a;

/** First. {@code "x"} */
@Public
public class Reader<T> {
    private final String open = "{"; // not a brace: }
    /** Second. */
    char close() { return '}'; }
}

interface Other { int a(); }
"""

SCALA = '''package a

/** Reads. */
private[spark]
class Reader(
    path: String) extends Base {
  val text = """ } """ /* } */
}

case class Empty(name: String)

object Last { }
'''

PYTHON = '''import os

@decorated
def read(path):
    """Reads a file."""
    return open(path)  # closes late

class Writer:
    """Writes."""

    def write(self):
        "By lines."
        return "# no comment"
'''


def test_definitions_end_where_their_brackets_close() -> None:
    found = [(item.name, item.first, item.last) for item in spans.definitions("A.java", JAVA)]
    assert found == [("Reader", 5, 9), ("Other", 11, 11)]
    found = [(item.name, item.first, item.last) for item in spans.definitions("A.scala", SCALA)]
    assert found == [("Reader", 4, 8), ("Empty", 10, 10), ("Last", 12, 12)]
    found = [(item.name, item.first, item.last) for item in spans.definitions("a.py", PYTHON)]
    assert found == [("read", 3, 6), ("Writer", 8, 13)]


def test_documentation_is_told_from_code() -> None:
    code, docs = spans.split("A.java", JAVA, 5, 9)
    assert docs.split() == 'First. {@code "x"} Second.'.split()
    assert "not a brace" not in code
    assert "return '}'" in code
    code, docs = spans.split("A.scala", SCALA, 4, 8)
    assert docs == "Reads."
    assert "/* } */" not in code
    code, docs = spans.split("a.py", PYTHON, 3, 6)
    assert (code, docs) == ("@decorated\ndef read(path):\n    return open(path)", "Reads a file.")
    code, docs = spans.split("a.py", PYTHON, 8, 13)
    assert docs == "Writes.\n\nBy lines."
    assert 'return "# no comment"' in code


def test_a_source_that_changed_is_refused(tmp_path: Path) -> None:
    row = ROWS[0]._replace(artefact="pypi:a:1", file="a.py", name="read", first=3, last=6)
    folder = tmp_path / "pypi_a_1"
    folder.mkdir()
    with pytest.raises(gold.CitationError, match=r"a\.py:3: no such file"):
        gold.cited_text(row, tmp_path)
    (folder / "a.py").write_text(PYTHON, encoding="utf-8")
    row = row._replace(digest=gold.digest_of(PYTHON, 3, 6))
    assert gold.cited_text(row, tmp_path) == PYTHON
    (folder / "a.py").write_text(PYTHON.replace("late", "soon"), encoding="utf-8")
    with pytest.raises(gold.CitationError, match="not the text of read that was labelled"):
        gold.cited_text(row, tmp_path)
