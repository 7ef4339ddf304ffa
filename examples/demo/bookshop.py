#!/usr/bin/env python3
"""A day at a mail-order bookshop: the program that `make demo` records.

Reads a night's web log and order files, loads them into a database, finds what sells together,
archives the raw files and has a child process typeset the morning report. Ordinary code that works
and that nobody has tuned: the recording shows where its time and its waiting go.

    python examples/demo/bookshop.py [--folder DIR] [--orders N]
"""

from __future__ import annotations

import argparse
import queue
import subprocess
import sys
import threading
from pathlib import Path

from archive import archive_files
from logs import Visit, parse_visits, write_visits
from orders import Order, read_orders, write_orders
from pairs import bought_together
from store import Store

# Batches that may wait between the reader and the database: smooths a slow disk, does not hide it.
QUEUE_LENGTH = 4


def load(store_path: Path, order_file: Path) -> int:
    """Read the orders in this thread and store them in another.

    Parameters
    ----------
    store_path : Path
        The database; created if missing.
    order_file : Path
        CSV file of orders.

    Returns
    -------
    int
        Orders stored.
    """
    batches: queue.Queue[list[Order] | None] = queue.Queue(QUEUE_LENGTH)
    stored = 0

    def write_batches() -> None:
        nonlocal stored
        with Store(store_path) as store:
            while (batch := batches.get()) is not None:
                store.save_orders(batch)
                stored += len(batch)

    writer = threading.Thread(target=write_batches, name="writer")
    writer.start()
    for batch in read_orders(order_file):
        batches.put(batch)
    batches.put(None)
    writer.join()
    return stored


def typeset(store_path: Path, page: Path) -> None:
    """Have another interpreter render the report, as a print shop would."""
    renderer = Path(__file__).with_name("render.py")
    subprocess.run([sys.executable, str(renderer), str(store_path), str(page)], check=True)


def main() -> int:
    """Run the whole night and print the morning's figures."""
    parser = argparse.ArgumentParser(description="A day at a mail-order bookshop.")
    parser.add_argument("--folder", type=Path, default=Path("bookshop.data"))
    parser.add_argument("--orders", type=int, default=50_000)
    options = parser.parse_args()

    folder: Path = options.folder
    folder.mkdir(parents=True, exist_ok=True)
    store_path = folder / "bookshop.sqlite3"
    store_path.unlink(missing_ok=True)
    order_file, visit_file = folder / "orders.csv", folder / "visits.log"
    write_orders(order_file, options.orders)
    write_visits(visit_file, options.orders * 2)

    stored = load(store_path, order_file)
    visits: list[Visit] = list(parse_visits(visit_file))
    with Store(store_path) as store:
        store.save_visits(visits)
        pairs = bought_together(store.baskets())
        store.save_pairs(pairs)
        revenue = store.revenue_cents()
    checksums = archive_files([order_file, visit_file], folder / "archive")
    typeset(store_path, folder / "report.html")

    (first, second), times = pairs[0]
    print(f"{stored:,} orders and {len(visits):,} visits, {revenue / 100:,.2f} earned")
    print(f"bought together most often: {first} and {second} ({times} times)")
    print(f"archive: {len(checksums)} pieces, {checksums[0][:12]} … {checksums[-1][:12]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
