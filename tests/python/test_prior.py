"""The resource prior: the program computes what its Python twin does; its files are in form."""

from __future__ import annotations

import os
import random
import subprocess
from pathlib import Path

import pytest

from prior_evaluate import MODELS, WEIGHTS, Prior

ROOT = Path(__file__).resolve().parents[2]
OPERATORS = WEIGHTS.with_name("prior_operators.txt")
ALIASES = ROOT / "tools" / "prior" / "aliases.tsv"
RESOURCES = 3


@pytest.fixture(scope="module")
def judge() -> Path:
    """The tool tests/tools/judge_texts.c of the build that is tested."""
    program = os.environ.get("BAROGRAPH", "")
    folders = [Path(program).resolve().parent, ROOT / "build" / "gcc"]
    for place in (folder / "tests" / "tools" / "judge_texts" for folder in folders):
        if place.is_file():
            return place
    pytest.fail("judge_texts is not built: ninja -C build/gcc")


def texts(folder: Path) -> list[Path]:
    """Files to judge: our own sources and documents, and hostile ones."""
    chance = random.Random(6)
    kinds = ("src/**/*.c", "src/**/*.h", "docs/**/*.md", "python/**/*.py", "tests/cli/*.py")
    files = sorted(path for kind in kinds for path in ROOT.glob(kind))
    words = [line.split("\t")[0] for line in WEIGHTS.read_text().split("\n\n")[1].splitlines()]
    hostile = {
        "empty": b"",
        "FileScan": b"",
        "nul": b"file\0socket\0\0matrix",
        "latin": "Datei öffnen ÄÖÜ FileÄ Socket\u00df".encode(),
        "bytes": bytes(chance.randrange(256) for _ in range(20_000)),
        "letters": bytes(chance.choice(b"aAbB1_. :-#\n;") for _ in range(100_000)),
        "long": b"FileChannelSocket" * 8_000,
        "names": b"_".join(b"Open" for _ in range(3_000)),
    }
    for n in range(100):
        some = [word.strip("=^") for word in chance.choices(words, k=chance.randrange(1, 60))]
        hostile[f"SomeFileOperator{n}"] = chance.choice((" ", ".", "_", ";")).join(some).encode()
    for name, data in hostile.items():
        (folder / name).write_bytes(data)
    return files + [folder / name for name in hostile]


def test_the_program_computes_what_python_does(judge: Path, tmp_path: Path) -> None:
    prior = Prior()
    files = texts(tmp_path)
    assert len(files) > 400
    answer = subprocess.run([judge, *files], capture_output=True, text=True, check=True)
    lines = answer.stdout.splitlines()
    assert len(lines) == len(files)
    unlike_the_bias = 0
    for file, line in zip(files, lines):
        *of_models, of_both = (list(map(float, part.split())) for part in line.split("|"))
        text = file.read_bytes().decode("utf-8", errors="surrogateescape")
        judged = [prior.judge(model, file.name, text) for model in MODELS]
        for model, one, told in zip(MODELS, judged, of_models):
            head = prior.heads[model]
            scores = one.scores if one else [b / head.temperature for b in head.bias]
            assert told[0] == (len(one.gives) if one else 0), file
            assert told[1:] == pytest.approx(scores, abs=1e-6), file
        both = prior.combine(*judged)
        if both:
            unlike_the_bias += 1
            assert of_both == pytest.approx(both, abs=1e-6), file
    assert unlike_the_bias > 400


def test_weights_are_small_sorted_and_whole() -> None:
    head, _, body = WEIGHTS.read_text(encoding="ascii").partition("\n\n")
    assert WEIGHTS.stat().st_size <= 300_000
    keys = [line.split("\t")[0] for line in head.splitlines() if not line.startswith("#")]
    assert keys == ["sharpness", "code", "docs"]
    words = [line.split("\t")[0] for line in body.splitlines()]
    assert words == sorted(set(words))
    for line in body.splitlines():
        _, *columns = line.split("\t")
        assert len(columns) == len(MODELS), line
        assert any(columns), line
        for column in filter(None, columns):
            weights = list(map(int, column.split(" ")))
            assert len(weights) == RESOURCES, line
            assert any(weights), line
            assert max(map(abs, weights)) <= 99, line


def test_each_alias_is_an_operator_of_the_program() -> None:
    lines = OPERATORS.read_text(encoding="ascii").splitlines()
    known = {tuple(line.split("\t")[:2]) for line in lines}
    aliases = ALIASES.read_text(encoding="ascii").splitlines()[1:]
    assert aliases
    assert [row for row in aliases if tuple(row.split("\t")[:2]) not in known] == []


def test_operators_stand_in_order() -> None:
    keys = [line.split("\t")[:2] for line in OPERATORS.read_text(encoding="ascii").splitlines()]
    joined = ["\t".join(key).encode() for key in keys]
    assert joined == sorted(set(joined))
    assert {framework for framework, _ in keys} == {"spark", "flink", "tf", "torch"}
