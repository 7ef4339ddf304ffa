"""Inputs of the jobs in jobs.py, derived from a seed: one seed gives the same rows each time."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

WORDS = 60_000
PRODUCTS = 40_000


def _write_table(folder: Path, columns: dict[str, Any], parts: int) -> None:
    """The columns as so many snappy Parquet files."""
    numpy = importlib.import_module("numpy")
    arrow = importlib.import_module("pyarrow")
    parquet = importlib.import_module("pyarrow.parquet")
    folder.mkdir(parents=True, exist_ok=True)
    rows = len(next(iter(columns.values())))
    edges = numpy.linspace(0, rows, parts + 1).astype(int)
    for part in range(parts):
        cut = {name: values[edges[part] : edges[part + 1]] for name, values in columns.items()}
        parquet.write_table(
            arrow.table(cut), folder / f"part-{part:03d}.parquet", row_group_size=200_000
        )


def _write_logs(folder: Path, lines: int, parts: int, random: Any) -> None:
    """Lines of a web server's log: what is read as text and as CSV."""
    numpy = importlib.import_module("numpy")
    folder.mkdir(parents=True, exist_ok=True)
    paths = numpy.array([f"/shop/item/{item}/page" for item in range(5_000)])
    for part in range(parts):
        count = lines // parts
        rows = zip(
            random.integers(0, 86_400, count).tolist(),
            random.integers(0, 90_000, count).tolist(),
            paths[random.integers(0, len(paths), count)].tolist(),
            random.integers(200, 90_000, count).tolist(),
        )
        with (folder / f"part-{part:03d}.csv").open("w") as file:
            file.writelines(
                f"{second},user{user},{path},{size}\n" for second, user, path, size in rows
            )


def write_inputs(folder: Path, seed: int, scale: float) -> None:
    """All inputs at a scale; 1: some 300 MB."""
    numpy = importlib.import_module("numpy")
    random = numpy.random.default_rng(seed)

    def rows(count: int) -> int:
        return int(count * scale)

    sales = rows(8_000_000)
    _write_table(
        folder / "sales",
        {
            "sale": numpy.arange(sales),
            "product": random.integers(0, PRODUCTS, sales),
            "shop": random.integers(0, 300, sales).astype(numpy.int32),
            "amount": random.gamma(2.0, 20.0, sales),
            "note": random.integers(0, 1 << 40, sales),
        },
        8,
    )
    _write_table(
        folder / "products",
        {
            "product": numpy.arange(PRODUCTS),
            "family": random.integers(0, 200, PRODUCTS).astype(numpy.int32),
            "weight": random.random(PRODUCTS),
        },
        2,
    )
    returns = rows(2_000_000)
    _write_table(
        folder / "returns",
        {"sale": random.integers(0, sales, returns), "reason": random.integers(0, 9, returns)},
        4,
    )
    samples = rows(500_000)
    weights = random.normal(0, 1, 12)
    features = random.normal(0, 1, (samples, 12))
    label = (features @ weights + random.normal(0, 1, samples) > 0).astype(numpy.float64)
    _write_table(
        folder / "samples",
        {"label": label, **{f"f{column}": features[:, column] for column in range(12)}},
        4,
    )
    _write_logs(folder / "visits", rows(4_000_000), 8, random)
