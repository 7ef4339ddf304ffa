"""How good probabilities are: accuracy, F1 over classes, Brier score, calibration."""

from __future__ import annotations

import numpy as np


def accuracy(p: np.ndarray, labels: np.ndarray) -> float:
    """Part of units whose likeliest resource is theirs."""
    return float((p.argmax(axis=1) == labels).mean())


def macro_f1(p: np.ndarray, labels: np.ndarray) -> float:
    """Mean F1 over the classes that occur."""
    told, f1 = p.argmax(axis=1), []
    for label in np.unique(labels):
        hit = ((told == label) & (labels == label)).sum()
        f1.append(2 * hit / ((told == label).sum() + (labels == label).sum()))
    return float(np.mean(f1))


def brier(p: np.ndarray, labels: np.ndarray) -> float:
    """Mean squared distance to the label's corner, summed over classes: 0 best, 2 worst."""
    return float(((p - np.eye(p.shape[1])[labels]) ** 2).sum(axis=1).mean())


def calibration_error(p: np.ndarray, labels: np.ndarray, bins: int = 10) -> float:
    """Mean distance of confidence and accuracy over bins of confidence, weighted by units."""
    sure, right = p.max(axis=1), p.argmax(axis=1) == labels
    at = np.minimum((sure * bins).astype(int), bins - 1)
    return float(
        sum(
            abs(sure[at == b].mean() - right[at == b].mean()) * (at == b).mean()
            for b in np.unique(at)
        )
    )


def recalls(p: np.ndarray, labels: np.ndarray) -> list[float]:
    """Recall of each class; nan where none is of it."""
    told = p.argmax(axis=1)
    return [
        float((told[labels == k] == k).mean()) if (labels == k).any() else float("nan")
        for k in range(p.shape[1])
    ]
