"""Delta tables: files that `tables_files` writes, and one commit for each table and run.

deltalake keeps the log and settles conflicts. Its own writer of rows is not used: it held
1.2 GB of 10 million calls (1.6.6). A commit carries the run as an application transaction, which
the log keeps: looking there costs no scan, also when the run's rows were deleted, and of two
writers of one run the protocol lets only the first commit, which no check before writing could.
"""

from __future__ import annotations

import json
import random
import re
import time
from typing import TYPE_CHECKING, Any

from barograph import Error
from barograph.table_columns import COLUMNS, COMMENTS
from barograph.tables_files import locked, write_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import ModuleType

    from barograph.tables_run import Run

# Times that a commit is tried while other processes commit to the same table.
COMMIT_TRIES = 100
UNTIL_THE_NEXT_TRY_S = 0.02

PARTITION = "ingestion_date"
# Of the commits to `source`, each of which must know the ones before it.
SOURCE_TRANSACTION = "barograph.source"
# Properties of a table or column that ask something of its writers which adding files is not.
_RULES = ("delta.constraints.", "delta.columnMapping.", "delta.invariants")
_MADE_BY_OTHERS = ("delta.generationExpression", "delta.identity.")


def _fields(delta: ModuleType, table: str) -> dict[str, Any]:
    return {
        name: delta.Field(name, kind, nullable=True, metadata={"comment": COMMENTS[name]})
        for name, kind in COLUMNS[table].items()
    }


def _create(delta: ModuleType, table: str, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    # Of two that make a table at once the second would commit its definition as a new version.
    with locked(folder):
        delta.DeltaTable.create(
            str(folder),
            schema=delta.Schema([*_fields(delta, table).values()]),
            mode="ignore",
            partition_by=[PARTITION],
            name=table,
            description=f"{table} of runs recorded by barograph",
        )


def _open(delta: ModuleType, table: str, folder: Path) -> Any:
    if not delta.DeltaTable.is_deltatable(str(folder)):
        _create(delta, table, folder)
    return delta.DeltaTable(str(folder))


def _check(existing: Any, table: str, folder: Path) -> list[str]:
    """Refuse a table that our files do not fit, and give the columns that it lacks."""
    metadata = existing.metadata()
    if metadata.partition_columns != [PARTITION]:
        raise Error(f"{folder}: the table is not partitioned by {PARTITION}")
    have = {field.name: field for field in existing.schema().fields}
    for name, kind in COLUMNS[table].items():
        if name in have and getattr(have[name].type, "type", None) != kind:
            raise Error(f"{folder}: column {name} is {have[name].type}, not {kind}")
    for name, field in have.items():
        if not field.nullable:
            raise Error(f"{folder}: column {name} may not be null")
        if any(key.startswith((*_RULES, *_MADE_BY_OTHERS)) for key in field.metadata):
            raise Error(f"{folder}: column {name} has rules of its own")
    for key, value in metadata.configuration.items():
        if key.startswith(_RULES) and value != "none":
            raise Error(f"{folder}: the table has rules of its own: {key}")
    return [name for name in COLUMNS[table] if name not in have]


def _known_hashes(delta: ModuleType, existing: Any) -> set[str]:
    query = delta.QueryBuilder().register("source", existing)
    hashes: set[str] = set()
    for batch in query.execute("SELECT source_code_md5_hash FROM source"):
        hashes.update(batch["source_code_md5_hash"].to_pylist())
    return hashes


def _one_line(text: str) -> str:
    """Without what deltalake adds: colours, causes as a drawn tree, the frames of a backtrace."""
    lines = (re.sub(r"\x1b\[\d*m", "", line).strip(" ↳") for line in text.splitlines())
    return ": ".join(line for line in lines if line and not re.match(r"\d+: ", line))


def _try_again(attempt: Callable[[], int], delta: ModuleType, folder: Path) -> int:
    for tried in range(COMMIT_TRIES):
        try:
            return attempt()
        except delta.exceptions.CommitFailedError as error:
            why = error
        except (delta.exceptions.DeltaError, OSError) as error:
            # Two processes that make the table, or one's file listing while the other commits.
            if "ersion" not in str(error) and "xist" not in str(error):
                if isinstance(error, OSError) and error.filename:
                    raise
                raise Error(f"{folder}: {_one_line(str(error))}") from error
            why = error
        # At random, so that those who met do not meet again.
        time.sleep(random.random() * UNTIL_THE_NEXT_TRY_S * min(tried + 1, 20))
    raise Error(f"{folder}: others committed {COMMIT_TRIES} times meanwhile ({why})")


class _File:
    """The run's file in a table: written once, however often its commit is tried."""

    def __init__(self, writer: ModuleType, run: Run, table: str, folder: Path) -> None:
        self._writer = writer
        self._run = run
        self._table = table
        partition = folder / f"{PARTITION}={run.day}"
        partition.mkdir(parents=True, exist_ok=True)
        self._path = partition / f"{run.run_id}-{random.getrandbits(64):016x}.parquet"
        self.count: int | None = None

    def write(self, rows: object) -> None:
        self.remove()
        self.count = write_file(self._writer, rows, self._table, self._path, (PARTITION,))

    def remove(self) -> None:
        """Forget what no commit named."""
        self._path.unlink(missing_ok=True)
        self.count = None

    def action(self, delta: ModuleType) -> Any:
        run_id = {"run_id": self._run.run_id}
        stats = {"minValues": run_id, "maxValues": run_id, "nullCount": {"run_id": 0}}
        status = self._path.stat()
        return delta.transaction.AddAction(
            path=f"{PARTITION}={self._run.day}/{self._path.name}",
            size=status.st_size,
            partition_values={PARTITION: str(self._run.day)},
            modification_time=status.st_mtime_ns // 1_000_000,
            data_change=True,
            stats=json.dumps({"numRecords": self.count, **stats}),
        )


def add_commit(delta: ModuleType, writer: ModuleType, run: Run, table: str, folder: Path) -> int:
    """Add the run to a table, and give its number of rows: 0 where it is there."""
    files: list[_File] = []

    def attempt() -> int:
        existing = _open(delta, table, folder)
        missing = _check(existing, table, folder)
        if existing.transaction_version(run.run_id) is not None:
            return 0
        transactions = [delta.Transaction(run.run_id, 1)]
        if not files:
            files.append(_File(writer, run, table, folder))
        [file] = files
        if table == "source":
            if run.sources is None:
                return 0
            before = existing.transaction_version(SOURCE_TRANSACTION) or 0
            transactions.append(delta.Transaction(SOURCE_TRANSACTION, before + 1))
            file.write(run.table(table, _known_hashes(delta, existing)))
        elif file.count is None:
            file.write(run.table(table))
        if not file.count:
            return 0
        if missing:
            fields = _fields(delta, table)
            existing.alter.add_columns([fields[name] for name in missing])
        existing.create_write_transaction(
            [file.action(delta)],
            mode="append",
            schema=existing.schema(),
            partition_by=[PARTITION],
            commit_properties=delta.CommitProperties(
                custom_metadata={"run_id": run.run_id}, app_transactions=transactions
            ),
        )
        files.clear()  # it is the table's
        return file.count

    try:
        return _try_again(attempt, delta, folder)
    finally:
        for file in files:
            file.remove()
