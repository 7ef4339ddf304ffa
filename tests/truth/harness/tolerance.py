"""How far a sampled share may be from the true one: chance, and a stated bias on top.

A share p estimated from n independent samples has the binomial standard error sqrt(p (1 - p) / n).
A sampler that gives each sample the length of its own, exponentially distributed interval as its
weight has a larger one, because a weighted mean of n values is worth n / (1 + cv²) unweighted ones,
and cv = 1 for those lengths: `WEIGHTED` = 2.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

Z = 4.0
"""Standard errors allowed: 6 of 100,000 right results fail; a run has about 1,000."""

WEIGHTED = 2.0
"""Variance of a share of interval-weighted Poisson samples over that of equally weighted ones."""


def standard_error(share: float, samples: float, inflation: float = WEIGHTED) -> float:
    """Standard error of a share.

    Parameters
    ----------
    share : float
        The true share, 0 to 1.
    samples : float
        Number of samples it is estimated from.
    inflation : float
        Variance over that of equally weighted samples.
    """
    if samples <= 0:
        return 1.0
    # One sample's worth is kept at both ends, where the formula would allow no deviation at all.
    inside = min(max(share, 1.0 / samples), 1.0 - 1.0 / samples) if samples > 2 else 0.5
    return math.sqrt(inflation * inside * (1.0 - inside) / samples)


@dataclass(frozen=True)
class Comparison:
    """One measured share against its truth. `str()` of it is what a failure prints."""

    what: str
    true: float
    seen: float
    samples: float
    bias: float
    inflation: float = WEIGHTED

    @property
    def chance(self) -> float:
        """z standard errors."""
        return Z * standard_error(self.true, self.samples, self.inflation)

    @property
    def allowed(self) -> float:
        """Largest deviation that passes."""
        return self.chance + self.bias

    @property
    def holds(self) -> bool:
        """Whether the deviation is within what is allowed."""
        return abs(self.seen - self.true) <= self.allowed

    def __str__(self) -> str:
        mark = "ok  " if self.holds else "FAIL"
        return (
            f"{mark} {self.what}: true {100 * self.true:.2f} %, seen {100 * self.seen:.2f} %, "
            f"off {100 * (self.seen - self.true):+.2f} points; allowed {100 * self.allowed:.2f} = "
            f"{100 * self.chance:.2f} chance (z {Z:g}, {self.samples:.0f} samples) "
            f"+ {100 * self.bias:.2f} bias"
        )


def assert_all(comparisons: list[Comparison], context: object = "") -> None:
    """Fail with every comparison printed if one does not hold; an empty list is a failure too."""
    assert comparisons, f"nothing was compared ({context})"
    if all(comparison.holds for comparison in comparisons):
        return
    raise AssertionError("\n".join([str(context), *map(str, comparisons)]))
