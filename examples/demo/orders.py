"""The order file: CSV, one line an order, the items of its basket as JSON in the last field."""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

ADJECTIVES = ("Quiet", "Northern", "Paper", "Glass", "Seventh", "Hollow", "Distant", "Last")
NOUNS = ("Harbour", "Orchard", "Atlas", "Winter", "Engine", "Letters", "Tide", "Cartographer")
TITLES = tuple(f"{adjective} {noun}" for adjective in ADJECTIVES for noun in NOUNS)
FIRST_ORDER = datetime(2026, 3, 1, 18, 0, 0)
BATCH_ORDERS = 100


@dataclass(frozen=True)
class Order:
    """One order as the shop books it."""

    number: int
    placed: datetime
    customer: str
    basket: dict[str, int]
    total_cents: int


def price_cents(title: str) -> int:
    """Catalogue price of a title, 7.99 to 23.99."""
    return 799 + 100 * (sum(title.encode()) % 17)


def write_orders(path: Path, count: int) -> None:
    """Write `count` orders, the same ones every time."""
    chance = random.Random(1847)
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["number", "placed", "customer", "total", "basket"])
        for number in range(1, count + 1):
            # Popular titles come first: the square of a uniform number leans towards 0.
            picks = {
                TITLES[int(chance.random() ** 2 * len(TITLES))] for _ in range(chance.randint(1, 4))
            }
            basket = {title: chance.choice((1, 1, 1, 2)) for title in sorted(picks)}
            total = sum(price_cents(title) * copies for title, copies in basket.items())
            rows.writerow(
                [
                    number,
                    (FIRST_ORDER + timedelta(seconds=number * 0.7)).isoformat(timespec="seconds"),
                    f"c{chance.randrange(count // 4 + 1):06d}",
                    f"{total / 100:.2f}",
                    json.dumps(basket),
                ]
            )


def parse_order(row: dict[str, str]) -> Order:
    """Check one line of the file and turn it into an order.

    Raises
    ------
    ValueError
        If the total is not what the basket costs.
    """
    basket: dict[str, int] = json.loads(row["basket"])
    total_cents = int(Decimal(row["total"]) * 100)
    if total_cents != sum(price_cents(title) * copies for title, copies in basket.items()):
        raise ValueError(f"order {row['number']}: the total {row['total']} is wrong")
    placed = datetime.strptime(row["placed"], "%Y-%m-%dT%H:%M:%S")
    return Order(int(row["number"]), placed, row["customer"], basket, total_cents)


def read_orders(path: Path) -> Iterator[list[Order]]:
    """Read the file in batches of at most BATCH_ORDERS orders."""
    batch: list[Order] = []
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            batch.append(parse_order(row))
            if len(batch) == BATCH_ORDERS:
                yield batch
                batch = []
    if batch:
        yield batch
