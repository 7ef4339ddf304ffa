"""The resource prior as the program has it: reads the weights that were written and judges texts.

Of the standard library alone, so that tests and `bench/prior.py` need no more.
`src/explain/prior.c` computes the same; tests/python/test_prior.py compares them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from prior_words import count_unit, value_of

WEIGHTS = Path(__file__).resolve().parents[2] / "src" / "explain" / "prior_weights.txt"
RESOURCES = ("cpu", "disk", "network")
MODELS = ("code", "docs")


@dataclass(frozen=True)
class Head:
    """What a model has beside its words."""

    scale: float
    temperature: float
    bias: tuple[float, ...]


@dataclass(frozen=True)
class Judgement:
    """Scores and probabilities by resource, and what each known word gives to each score."""

    scores: tuple[float, ...]
    probabilities: tuple[float, ...]
    gives: Mapping[str, tuple[float, ...]]


def softmax(scores: Sequence[float]) -> tuple[float, ...]:
    """Probabilities of scores."""
    most = max(scores)
    high = [math.exp(score - most) for score in scores]
    return tuple(h / sum(high) for h in high)


class Prior:
    """The two models of a file of weights."""

    def __init__(self, path: Path = WEIGHTS) -> None:
        head, _, body = path.read_text(encoding="ascii").partition("\n\n")
        self.heads: dict[str, Head] = {}
        self.sharpness = 1.0
        self.words: dict[str, dict[str, tuple[int, ...]]] = {model: {} for model in MODELS}
        for line in head.splitlines():
            key, *numbers = line.split("\t")
            if key == "sharpness":
                self.sharpness = float(numbers[0])
            elif key in MODELS:
                scale, temperature, *bias = map(float, numbers)
                self.heads[key] = Head(scale, temperature, tuple(bias))
        for line in body.splitlines():
            word, *columns = line.split("\t")
            for model, column in zip(MODELS, columns):
                if column:
                    self.words[model][word] = tuple(map(int, column.split(" ")))
        known = {word[1:] for word in body.replace("\t", "\n").split("\n") if word.startswith("=")}
        self.names = frozenset(known)

    def judge(self, model: str, name: str, text: str) -> Judgement | None:
        """Judge a unit; None where it has no word that the model knows."""
        head, words = self.heads[model], self.words[model]
        counts = count_unit(name, text, self.names)
        values = {word: value_of(n) for word, n in counts.items() if word in words}
        if not values:
            return None
        unit = head.scale / head.temperature / math.sqrt(sum(v * v for v in values.values()))
        gives = {word: tuple(v * unit * w for w in words[word]) for word, v in values.items()}
        scores = tuple(
            b / head.temperature + sum(give[r] for give in gives.values())
            for r, b in enumerate(head.bias)
        )
        return Judgement(scores, softmax(scores), gives)

    def combine(self, *judged: Judgement | None) -> tuple[float, ...] | None:
        """Probabilities of both models, or of the one that knows a word; else None."""
        known = [j for j in judged if j is not None]
        if not known:
            return None
        sharpness = self.sharpness if len(known) > 1 else 1.0
        return softmax(
            [
                sharpness * sum(math.log(j.probabilities[r] + 1e-9) for j in known) / len(known)
                for r in range(len(RESOURCES))
            ]
        )
