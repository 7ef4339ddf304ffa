"""The web log: lines in the combined format of web servers, read with a regular expression."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator
from urllib.parse import quote_plus, unquote_plus

from orders import TITLES

LINE = re.compile(
    r'(?P<address>[\d.]+) - (?P<customer>\S+) \[(?P<time>[^\]]+)\] '
    r'"GET (?P<path>/book/(?P<title>[^ ?]+)[^ ]*) HTTP/[\d.]+" (?P<status>\d{3}) (?P<bytes>\d+) '
    r'"(?P<agent>[^"]*)"'
)
AGENTS = ("Mozilla/5.0 (X11; Linux x86_64)", "Mozilla/5.0 (Macintosh)", "curl/8.5.0", "bookbot/1.2")


@dataclass(frozen=True)
class Visit:
    """One page of a book that a person looked at."""

    customer: str
    title: str
    bytes_sent: int


def write_visits(path: Path, count: int) -> None:
    """Write `count` lines, the same ones every time."""
    chance = random.Random(1848)
    with path.open("w", encoding="utf-8") as file:
        for number in range(count):
            seconds = number // 2
            time = f"01/Mar/2026:{18 + seconds // 3600 % 6:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
            title = quote_plus(chance.choice(TITLES))
            file.write(
                f"10.{chance.randrange(256)}.{chance.randrange(256)}.7 - c{number % 9973:06d} [{time}] "
                f'"GET /book/{title}?from=home HTTP/1.1" {chance.choice((200, 200, 200, 304, 404))} '
                f'{chance.randint(900, 60_000)} "{chance.choice(AGENTS)}"\n'
            )


def parse_visits(path: Path) -> Iterator[Visit]:
    """Read the pages that people saw; robots and failed requests are left out.

    Raises
    ------
    ValueError
        If a line is not in the format of the log.
    """
    with path.open(encoding="utf-8") as file:
        for line in file:
            match = LINE.match(line)
            if match is None:
                raise ValueError(f"not a line of the web log: {line!r}")
            if match["status"] < "400" and "bot" not in match["agent"]:
                yield Visit(match["customer"], unquote_plus(match["title"]), int(match["bytes"]))
