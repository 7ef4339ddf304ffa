"""The shop's database: SQLite on disk; a batch is durable before the next one is taken."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType

from logs import Visit
from orders import Order

SCHEMA = """
CREATE TABLE IF NOT EXISTS orders (
    number INTEGER PRIMARY KEY, placed TEXT, customer TEXT, total_cents INTEGER
);
CREATE TABLE IF NOT EXISTS items (number INTEGER, title TEXT, copies INTEGER);
CREATE INDEX IF NOT EXISTS items_by_title ON items (title);
CREATE TABLE IF NOT EXISTS visits (customer TEXT, title TEXT, bytes_sent INTEGER);
CREATE TABLE IF NOT EXISTS pairs (first TEXT, second TEXT, times INTEGER);
"""


class Store:
    """A connection to the database; use it as a context manager, in one thread."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path)
        # A paid order must survive a power cut: every commit waits for the disk.
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.executescript(SCHEMA)

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._connection.close()

    def save_orders(self, orders: Sequence[Order]) -> None:
        """Store one batch in one transaction."""
        with self._connection:
            self._connection.executemany(
                "INSERT INTO orders VALUES (?, ?, ?, ?)",
                [(o.number, o.placed.isoformat(), o.customer, o.total_cents) for o in orders],
            )
            self._connection.executemany(
                "INSERT INTO items VALUES (?, ?, ?)",
                [(o.number, title, copies) for o in orders for title, copies in o.basket.items()],
            )

    def save_visits(self, visits: Iterable[Visit]) -> None:
        """Store all visits in one transaction."""
        with self._connection:
            self._connection.executemany(
                "INSERT INTO visits VALUES (?, ?, ?)",
                ((visit.customer, visit.title, visit.bytes_sent) for visit in visits),
            )

    def save_pairs(self, pairs: Iterable[tuple[tuple[str, str], int]]) -> None:
        """Store what sells together."""
        with self._connection:
            self._connection.executemany(
                "INSERT INTO pairs VALUES (?, ?, ?)",
                [(first, second, times) for (first, second), times in pairs],
            )

    def baskets(self) -> Iterator[list[str]]:
        """Yield the titles of each order."""
        query = "SELECT group_concat(title, '|') FROM items GROUP BY number"
        for (titles,) in self._connection.execute(query):
            yield titles.split("|")

    def revenue_cents(self) -> int:
        """Sum of all orders."""
        row = self._connection.execute("SELECT sum(total_cents) FROM orders").fetchone()
        return int(row[0])
