"""The web log: lines in the combined format of web servers, read with a regular expression."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import quote_plus, unquote_plus

from orders import TITLES

LINE = re.compile(
    r"(?P<address>[\d.]+) - (?P<customer>\S+) \[(?P<time>[^\]]+)\] "
    r'"GET (?P<path>/book/(?P<title>[^ ?]+)[^ ]*) HTTP/[\d.]+" (?P<status>\d{3}) (?P<bytes>\d+) '
    r'"(?P<agent>[^"]*)"'
)
FIRST_VISIT = datetime(2026, 3, 1, 18, 0, 0)
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
            clock = FIRST_VISIT + timedelta(seconds=number // 2)
            address = f"10.{chance.randrange(256)}.{chance.randrange(256)}.7"
            title = quote_plus(chance.choice(TITLES))
            status = chance.choice((200, 200, 200, 304, 404))
            file.write(
                f"{address} - c{number % 9973:06d} [{clock:%d/%b/%Y:%H:%M:%S}] "
                f'"GET /book/{title}?from=home HTTP/1.1" {status} {chance.randint(900, 60_000)} '
                f'"{chance.choice(AGENTS)}"\n'
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
