"""The print shop: a program of its own, ``render.py DATABASE PAGE``, that typesets the figures."""

from __future__ import annotations

import html
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

CUSTOMERS = """
SELECT customer, count(*), sum(total_cents) FROM orders
GROUP BY customer ORDER BY sum(total_cents) DESC, customer
"""
TITLES = """
SELECT title, sum(copies), (SELECT count(*) FROM visits WHERE visits.title = items.title)
FROM items GROUP BY title ORDER BY sum(copies) DESC, title
"""


def _rows(cursor: Iterator[tuple[object, ...]]) -> Iterator[str]:
    for row in cursor:
        cells = "".join(f"<td>{html.escape(str(cell))}</td>" for cell in row)
        yield f"<tr>{cells}</tr>"


def render(database: Path, page: Path) -> int:
    """Write the page; returns its number of table rows."""
    connection = sqlite3.connect(database)
    rows = [*_rows(connection.execute(TITLES)), *_rows(connection.execute(CUSTOMERS))]
    connection.close()
    page.write_text(
        "<!doctype html><meta charset='utf-8'><title>Bookshop</title><table>\n"
        + "\n".join(rows)
        + "\n</table>\n",
        encoding="utf-8",
    )
    return len(rows)


if __name__ == "__main__":
    print(f"report: {render(Path(sys.argv[1]), Path(sys.argv[2])):,} rows typeset")
