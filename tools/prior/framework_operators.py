"""Operators of frameworks: the class behind each name that a log has, judged by the models.

A framework's own rules say how a class is named in its log: Spark's ``HashAggregateExec`` is
``HashAggregate``; what they do not say stands in `aliases.tsv`. The frameworks' sources are read
for this table only, never for training.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from corpus import TEXTS
from corpus_fetch import HERE, Archive, SourceFile, source_files
from prior_evaluate import Prior
from source_units import Unit, clean_docs, units_of

WORDS_SHOWN = {"spark": 5, "flink": 5, "tensorflow": 3, "torch": 3}
_TF_OP = re.compile(r'_apply_op_helper\(\s*"(\w+)"')
_TORCH_DOCS = re.compile(
    r'add_docstr(?:_all)?\(\s*(?:torch\.)?"?(\w+)"?,\s*r?"""(.*?)"""', re.DOTALL
)
_PATHS = {
    "spark": re.compile(
        r"org/apache/spark/(rdd|sql/(execution|hive/execution)|internal/io|api/python)"
    ),
    "flink": re.compile(
        r"org/apache/flink/(streaming/(api/operators|runtime/operators)|table/(runtime/operators|planner/plan/nodes/exec)"
        r"|connector/(file|kafka|jdbc)|runtime/operators)"
    ),
    "tensorflow": re.compile(r"tensorflow/python/ops/gen_\w*ops\.py$"),
    "torch": re.compile(
        r"torch/(_torch_docs|_tensor_docs|_refs/\w+|_refs/nn/functional/\w+|_decomp/decompositions)\.py$"
    ),
}


def _names_of_class(framework: str, unit: Unit) -> Iterator[str]:
    """Names that a class has in its framework's log."""
    name = unit.name.rsplit(".", 1)[-1]
    if framework == "spark" and re.search(r"(Exec|RDD|Command)$", name):
        yield name.removesuffix("Exec")
    elif framework == "flink":
        planned = re.fullmatch(r"(?:Batch|Stream|Common)Exec(\w+)", name)
        if planned:
            yield planned[1]
        elif re.search(r"(Operator|Writer|Source|Sink|Driver)$", name) and not name.startswith(
            "Abstract"
        ):
            yield name


def _tensorflow(file: SourceFile) -> Iterator[tuple[str, str, Unit]]:
    for unit in units_of(file.text, "python"):
        op = _TF_OP.search(unit.code)
        if unit.kind == "function" and op and unit.docs:
            yield op[1], f"{file.path}: {unit.name}", unit


def _torch(file: SourceFile) -> Iterator[tuple[str, str, Unit]]:
    if file.path.endswith("_docs.py"):
        for match in _TORCH_DOCS.finditer(file.text):
            docs = clean_docs(match[2])
            yield (
                f"aten::{match[1]}",
                f"{file.path}: {match[1]}",
                Unit("function", match[1], "", docs),
            )
        return
    for unit in units_of(file.text, "python"):
        if "." not in unit.name:
            yield f"aten::{unit.name}", f"{file.path}: {unit.name}", unit


def named_units(archives: list[Archive], cache: Path) -> dict[tuple[str, str], tuple[str, Unit]]:
    """Units by (framework, name in lower case), and where each stands."""
    found: dict[tuple[str, str], tuple[str, Unit]] = {}
    classes: dict[tuple[str, str], tuple[str, Unit]] = {}
    for archive in archives:
        framework = archive.project
        for file in source_files(archive, cache):
            if not _PATHS[framework].search(file.path):
                continue
            if framework in {"tensorflow", "torch"}:
                reader = _tensorflow if framework == "tensorflow" else _torch
                for name, place, unit in reader(file):
                    _add(found, (framework, name.lower()), place, unit)
                continue
            for unit in units_of(file.text, file.language):
                if unit.kind == "class":
                    _add(classes, (framework, unit.name), unit.name, unit)
                    for name in _names_of_class(framework, unit):
                        _add(found, (framework, name.lower()), unit.name, unit)
    with (HERE / "aliases.tsv").open(encoding="utf-8", newline="") as table:
        for row in csv.DictReader(table, delimiter="\t"):
            known = classes.get((row["framework"], row["source"]))
            if known is not None:
                found[row["framework"], row["name"]] = known
    return found


def _add(
    found: dict[tuple[str, str], tuple[str, Unit]], key: tuple[str, str], place: str, unit: Unit
) -> None:
    """Add a unit; what stands in two places, as a class and its companion, is one."""
    before = found.get(key)
    if before is None:
        found[key] = (place, unit)
        return
    old = before[1]
    docs = max(old.docs, unit.docs, key=len)
    members = f"{old.member_docs}\n\n{unit.member_docs}".strip()
    code = f"{old.code}\n{unit.code}".strip()
    found[key] = (before[0], Unit(unit.kind, unit.name, code, docs, members))


def _judged(prior: Prior, model: str, name: str, text: str, shown: int) -> str:
    """What `prior_operators.c` reads: "words|score|word|gives|..."; empty: no word known."""
    judged = prior.judge(model, name, text) if text else None
    if judged is None:
        return ""
    most = judged.scores.index(max(judged.scores))

    def apart(word: str) -> tuple[float, str]:
        gives = judged.gives[word]
        return -abs(gives[most] - (sum(gives) - gives[most]) / (len(gives) - 1)), word

    parts = [str(len(judged.gives)), _numbers(judged.scores)]
    for word in sorted(judged.gives, key=apart)[:shown]:
        parts += [word, _numbers(judged.gives[word])]
    return "|".join(parts)


def _numbers(values: Sequence[float]) -> str:
    return " ".join(f"{v:.2f}".replace("-0.00", "0.00") for v in values)


def write_operators(archives: list[Archive], cache: Path, prior: Prior, target: Path) -> int:
    """Write the table; return how many operators it has."""
    short = {"tensorflow": "tf"}
    lines = []
    for (framework, name), (place, unit) in named_units(archives, cache).items():
        own = unit.name.rsplit(".", 1)[-1]
        shown = WORDS_SHOWN[framework]
        of_docs = _judged(prior, "docs", own, TEXTS["docs"](unit), shown)
        # What Python has of TensorFlow's and PyTorch's operators hands them on, and works for
        # none of them.
        is_own = framework in {"spark", "flink"}
        of_code = _judged(prior, "code", own, TEXTS["code"](unit), shown) if is_own else ""
        if of_code or of_docs:
            source = place.rsplit("/", 1)[-1].replace("\t", " ")
            lines.append(
                "\t".join([short.get(framework, framework), name, source, of_code, of_docs])
            )
    lines = [line for line in lines if line.isascii()]
    lines.sort(key=lambda line: "\t".join(line.split("\t")[:2]).encode())
    target.write_text("\n".join(lines) + "\n", encoding="ascii")
    return len(lines)
