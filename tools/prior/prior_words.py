"""Words of a text as the model counts them; `src/explain/prior_words.c` does the same.

A text is bytes of ASCII; all others are between words. A word is a run of letters and digits, cut
where camel case begins a new one; it begins with a letter, has 2 to 24 characters, and is counted
in lower case. Two words that stand in one name, or side by side in a sentence, are a pair. A
whole name that `api.tsv` knows counts as itself, too. Words of the unit's own name count a second
time, with ``^``.
"""

from __future__ import annotations

import csv
import math
import re
from collections import Counter
from pathlib import Path

WORD_MIN = 2
WORD_MAX = 24
NAME_MAX = 48
GAP_MAX = 3
TEXT_MAX = 65_536  # bytes of a text that are read

_CASE = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_RUN = re.compile(r"[A-Za-z0-9]+")
_NAME = re.compile(r"[A-Za-z0-9_]+")
_GAP = frozenset(" _.\n-:#")


def read_api() -> dict[str, str]:
    """Read `api.tsv`: known name -> resource."""
    with (Path(__file__).parent / "api.tsv").open(encoding="utf-8", newline="") as file:
        return {row["name"]: row["resource"] for row in csv.DictReader(file, delimiter="\t")}


def count_words(text: str, names: frozenset[str], ret: Counter[str], mark: str = "") -> None:
    """Add a text's words, pairs and known names to the counts.

    Parameters
    ----------
    text : str
        Code, documentation or a name.
    names : frozenset of str
        Names that count as themselves: lower case, no underscores.
    ret : Counter
        What is added to; pairs are ``first second``, known names ``=name``.
    mark : str
        Stands before each word; of marked words no pairs and names are counted.
    """
    # One character a byte of UTF-8; a separator never becomes part of a gap by accident.
    raw = text.encode("utf-8", errors="replace")[:TEXT_MAX].decode("latin-1").replace("\0", ";")
    marked = _CASE.sub("\0", raw)
    previous, end = "", 0
    for match in _RUN.finditer(marked):
        word = match[0].lower()
        if not (WORD_MIN <= len(word) <= WORD_MAX) or word[0].isdigit():
            continue
        ret[mark + word] += 1
        if previous and not mark:
            gap = marked[end : match.start()].replace("\0", "")
            if len(gap) <= GAP_MAX and _GAP.issuperset(gap):
                ret[f"{previous} {word}"] += 1
        previous, end = word, match.end()
    if not mark:
        for match in _NAME.finditer(raw):
            name = match[0].replace("_", "").lower()
            if len(match[0]) <= NAME_MAX and name in names:
                ret["=" + name] += 1


def count_unit(name: str, text: str, names: frozenset[str]) -> Counter[str]:
    """Return the counts of a unit: its text, and its own name's words once more."""
    counts: Counter[str] = Counter()
    count_words(text, names, counts)
    count_words(name, names, counts, mark="^")
    return counts


def value_of(count: int) -> float:
    """What a count weighs before the whole is brought to length one."""
    return 1.0 + math.log(count)
