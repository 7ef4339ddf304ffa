"""Weights as they stand in the program: small whole numbers, one line a word.

    # comment
    sharpness <TAB> 1.2
    code <TAB> scale <TAB> temperature <TAB> bias of cpu <TAB> of disk <TAB> of network
    docs <TAB> ...

    word <TAB> 12 -3 -9 <TAB> 4 0 -4

The first three numbers of a word are of the code's model, the others of the documentation's;
empty: not known to it.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from prior_model import Model

LEVELS = 99  # two digits each: the file is text
OUTLIERS = 0.9995  # what is above this quantile is cut to it


def whole_weights(model: Model) -> tuple[float, np.ndarray]:
    """Return the scale, and weights as whole numbers (resources by words)."""
    top = float(np.quantile(np.abs(model.weights), OUTLIERS))
    scale = top / LEVELS
    whole = np.clip(np.rint(model.weights / scale), -LEVELS, LEVELS).astype(int)
    return scale, whole


def quantised(model: Model) -> Model:
    """The model that the program will have."""
    scale, whole = whole_weights(model)
    kept = np.flatnonzero(np.abs(whole).max(axis=0) > 0)
    words = [model.words[i] for i in kept]
    return Model(words, whole[:, kept] * scale, model.bias, model.temperature)


def write_weights(code: Model, docs: Model, sharpness: float, target: Path) -> None:
    """Write both models as one file."""
    columns: dict[str, list[str]] = {}
    lines = [
        "# Made by tools/train_prior.py; read by src/explain/prior.c. Not to be edited.",
        f"sharpness\t{sharpness:.6g}",
    ]
    for place, (name, model) in enumerate((("code", code), ("docs", docs))):
        scale, whole = whole_weights(model)
        bias = "\t".join(f"{b:.6g}" for b in model.bias)
        lines.append(f"{name}\t{scale:.6g}\t{model.temperature:.6g}\t{bias}")
        for i, word in enumerate(model.words):
            if whole[:, i].any():
                row = columns.setdefault(word, ["", ""])
                row[place] = " ".join(str(w) for w in whole[:, i])
    lines.append("")
    lines += ["\t".join([word, *row]) for word, row in sorted(columns.items())]
    target.write_text("\n".join(lines) + "\n", encoding="ascii")


def read_weights(source: Path) -> tuple[dict[str, Model], float]:
    """Read what `write_weights` wrote: models by name, and the sharpness."""
    head, _, body = source.read_text(encoding="ascii").partition("\n\n")
    heads = {row[0]: row[1:] for row in (line.split("\t") for line in head.splitlines())}
    rows = [line.split("\t") for line in body.splitlines()]
    models = {}
    for place, name in enumerate(("code", "docs"), start=1):
        scale, temperature, *bias = map(float, heads[name])
        own = [row for row in rows if row[place]]
        whole = np.array([[int(w) for w in row[place].split(" ")] for row in own])
        words = [row[0] for row in own]
        models[name] = Model(words, whole.T * scale, np.array(bias), temperature)
    return models, float(heads["sharpness"][0])
