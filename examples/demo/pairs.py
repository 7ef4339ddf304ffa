"""Which titles are bought together: counted pair by pair, in Python."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import combinations


def bought_together(baskets: Iterable[Sequence[str]]) -> list[tuple[tuple[str, str], int]]:
    """Count the pairs of titles that share a basket.

    Parameters
    ----------
    baskets : iterable of sequence of str
        The titles of each order.

    Returns
    -------
    list of ((str, str), int)
        Pairs in alphabetical order with their number of orders, most frequent first.
    """
    counts: Counter[tuple[str, str]] = Counter()
    for titles in baskets:
        for pair in combinations(sorted(titles), 2):
            counts[pair] += 1
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))
