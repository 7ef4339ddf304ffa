#!/usr/bin/env python3
"""Draws the operators of the gold set by the rule of RUBRIC.md; compares them with gold.tsv.

Reads strata.tsv (what is drawn from) and skipped.tsv (drawn, but no operators) and fetches the
sources. Prints what only one of the two has, and exits 1 if there is any.
"""

from __future__ import annotations

import csv
import hashlib
import re
import sys
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

import spans
from artefacts import SOURCES, folder_of
from gold import citations
from registries import FetchError

HERE = Path(__file__).resolve().parent
# Lines of code without comments: shorter ones do nothing, longer ones do many things.
LEAST = {".py": 10, ".java": 20, ".scala": 20}
MOST = 300
NO_OPERATOR = re.compile(
    ".*(Exception|Error|Factory|Builder|Options|Conf|Config|Configuration|Descriptor|Settings|Params"
    "|Parameters|Metrics|Metric|Utils|Util|Id|ID|Info|Event|Events|Message|Messages|Request|Response"
    "|Result|Status|Type|Types|Spec|Context|Handle|Test|Suite|Listener|Encoder|Exporter|Snapshot"
    "|Record|Key|Protocol)"
)
NO_CLASS = re.compile(r"\b(interface|trait|enum|abstract|sealed|object)\b")
NO_SOURCE = re.compile(
    r"(^|/)(__init__|test_[^/]*|[^/]*_test[^/]*|[^/]*_pb2[^/]*|gen_[^/]*)\.py$|[Tt]esting|/test/"
)

Key = tuple[str, str, str]  # framework, file, name


def table(name: str) -> list[dict[str, str]]:
    """Rows of a tab-separated table beside this program."""
    with (HERE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def path_pattern(glob: str) -> re.Pattern[str]:
    """Regular expression of a path glob: `**` is anything, `*` anything within one folder."""
    parts = re.split(r"(\*\*|\*)", glob)
    meaning = {"**": ".*", "*": "[^/]*"}
    return re.compile("".join(meaning.get(part, re.escape(part)) for part in parts))


def candidates(stratum: dict[str, str]) -> Iterator[Key]:
    """Definitions of one stratum that may be drawn, in no particular order."""
    patterns = [path_pattern(glob) for glob in stratum["paths"].split()]
    kinds = stratum["kinds"].split()
    folder = folder_of(stratum["artefact"])
    for path in folder.rglob("*"):
        file = path.relative_to(folder).as_posix()
        wanted = path.suffix in SOURCES and any(item.fullmatch(file) for item in patterns)
        if not wanted or NO_SOURCE.search(file):
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        for found in spans.definitions(file, text):
            hidden = found.name.startswith("__" if stratum["private"] == "yes" else "_")
            kind = "def" if found.kind == "def" else "class"
            named = fnmatchcase(found.name, stratum["names"]) and not NO_OPERATOR.fullmatch(
                found.name
            )
            if hidden or not named or kind not in kinds or NO_CLASS.search(found.kind):
                continue
            code, _ = spans.split(file, text, found.first, found.last)
            if LEAST[path.suffix] <= len(code.splitlines()) <= MOST:
                yield stratum["framework"], file, found.name


def draw() -> set[Key]:
    """All operators that the rule draws.

    Raises
    ------
    FetchError
        If an artefact cannot be fetched.
    """
    skipped = {(row["framework"], row["file"], row["name"]) for row in table("skipped.tsv")}
    earlier: set[Key] = set()
    drawn: set[Key] = set()
    for stratum in table("strata.tsv"):
        frame = set(candidates(stratum)) - earlier
        earlier |= frame
        order = sorted(
            frame - skipped, key=lambda key: hashlib.sha256(":".join(key).encode()).digest()
        )
        drawn.update(order[: int(stratum["draw"])])
    return drawn


def main() -> int:
    """Compare, print what differs."""
    labelled = {(row.framework, row.file, row.name) for row in citations()}
    try:
        drawn = draw()
    except FetchError as error:
        sys.exit(f"draw_gold: {error}")
    for sign, keys in (("not labelled", drawn - labelled), ("not drawn", labelled - drawn)):
        for framework, file, name in sorted(keys):
            print(f"draw_gold: {sign}: {framework} {file} {name}", file=sys.stderr)
    print(f"draw_gold: {len(drawn)} drawn, {len(drawn & labelled)} of them in gold.tsv")
    return 0 if drawn == labelled else 1


if __name__ == "__main__":
    sys.exit(main())
