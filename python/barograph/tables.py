"""Tables that last: recordings as Parquet files or Delta tables that many runs are added to.

`write_parquet` and `write_delta` write the tables ``runs``, ``functions``, ``calls`` and ``edges``
below one folder, with the same columns. Rows come from C in batches while they are written; what
deltalake holds back of them is its own business, and not little.

A run is added once. Its `run_id` is made of what tells one run from all others, and stands in every
row. In Parquet it is the file's name. In Delta each table's commit carries it as an application
transaction, which the log keeps: looking there costs no scan of the rows, also when other runs'
rows were deleted, and the protocol lets of two writers of one run only the first commit, which no
check before writing could. The table ``runs`` is written last: a run that is there is complete.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import json
import os
import random
import sys
import time
from datetime import date, datetime, timedelta, timezone
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from barograph import Error
from barograph.profile import Profile, _extension, load
from barograph.table_columns import COLUMNS, COMMENTS, VIEW_DUCKDB, VIEW_SPARK

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

__all__ = ["COLUMNS", "COMMENTS", "VIEW_DUCKDB", "VIEW_SPARK", "Written"]

# Of rows in memory at once, about 30 MB of calls.
BATCH_ROWS = 65_536
# Of a file's row group, which writers hold encoded in memory, about 12 bytes a call.
GROUP_ROWS = 524_288
# Times that a commit is tried while other processes commit to the same table.
COMMIT_TRIES = 100
UNTIL_THE_NEXT_TRY_S = 0.02


class Written(NamedTuple):
    """What one call added."""

    run_id: str
    rows: dict[str, int]
    """Rows added to each table; 0 where the run was there before."""


class _Rows:
    """One table's stream, for whatever takes Arrow's PyCapsule interface; may be taken again."""

    def __init__(self, profile: Profile, table: str, run_id: str, day: date) -> None:
        self._profile = profile
        self._table = table
        self._run_id = run_id
        self._days = (day - date(1970, 1, 1)).days

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return _extension().rows(
            self._profile._handle, self._table, self._run_id, self._days, BATCH_ROWS
        )


class _Run(NamedTuple):
    """A profile as it is written: everything here is a function of the recording."""

    profile: Profile
    run_id: str
    day: date
    head: dict[str, Any]

    def table(self, name: str) -> tuple[object, int]:
        """Give something with an Arrow stream, and its number of rows."""
        if name == "runs":
            return _runs_table(self), 1
        counts = {"calls": self.head["calls"] or 0, "functions": len(self.profile.functions)}
        # A profile without calls has no edges; how many they are otherwise, nobody asks.
        rows = _Rows(self.profile, name, self.run_id, self.day)
        return rows, counts[name] if name in counts else _count(rows)


def _count(rows: _Rows) -> int:
    reader = import_module("arro3.core").RecordBatchReader.from_arrow(rows)
    return sum(batch.num_rows for batch in reader)


def _optional(module: str, extra: str) -> ModuleType:
    try:
        return import_module(module)
    except ImportError as error:
        raise Error(
            f"this needs the package {module.replace('.', '-')} ({error}): "
            f"pip install 'barograph[{extra}]'"
        ) from error


def _run_of(source: Profile | str | os.PathLike[str]) -> _Run:
    profile = source if isinstance(source, Profile) else load(source)
    head = profile.head
    table = import_module("arro3.core").Table.from_arrow(profile.processes)
    columns = ("process_id", "start_ns", "start_utc")
    processes = [[str(value) for value in table[name].to_pylist()] for name in columns]
    # One machine has one process of a number and a start. Not the file's bytes: a recording that
    # was cut off is still of the same run.
    facts = [head[key] for key in ("host", "kernel", "command", "start_utc")]
    text = json.dumps([*facts, *[values[:1] for values in processes]])
    run_id = hashlib.sha256(text.encode()).hexdigest()[:32]
    # The day of the run, not of the writing: another try after midnight writes the same rows.
    start = _time(head["start_utc"])
    day = start.date() if start is not None else datetime.now(timezone.utc).date()
    return _Run(profile, run_id, day, head)


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text.replace("Z", "+00:00"))


def _cell(kind: str, value: Any) -> Any:
    """Turn a value of the head into one that arro3 takes for a column of that kind."""
    if value is None:
        return None
    if kind == "string" and not isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if kind == "date":
        return (value - date(1970, 1, 1)).days
    if kind == "timestamp":
        return (value - datetime(1970, 1, 1, tzinfo=timezone.utc)) // timedelta(microseconds=1)
    return float(value) if kind == "double" else value


def _runs_table(run: _Run) -> object:
    core = import_module("arro3.core")
    kinds = core.DataType
    # The type of what is given, and of the column where that is another one.
    types = {
        "string": (kinds.utf8(), None),
        "long": (kinds.int64(), None),
        "integer": (kinds.int32(), None),
        "double": (kinds.float64(), None),
        "boolean": (kinds.bool(), None),
        "date": (kinds.int32(), kinds.date32()),
        "timestamp": (kinds.int64(), kinds.timestamp("us", tz="UTC")),
    }
    known = {
        **run.head,
        "run_id": run.run_id,
        "ingestion_date": run.day,
        "start_time": _time(run.head["start_utc"]),
    }
    columns = {}
    for name, kind in COLUMNS["runs"].items():
        given, stored = types[kind]
        array = core.Array([_cell(kind, known[name])], type=given)
        columns[name] = array if stored is None else array.cast(stored)
    return core.Table.from_pydict(columns)


# --- Parquet ---


def write_parquet(
    profile_or_path: Profile | str | os.PathLike[str], folder: str | os.PathLike[str]
) -> Written:
    """Add a run to tables of Parquet files.

    Files are ``TABLE/ingestion_date=YYYY-MM-DD/RUN_ID.parquet``. Each appears complete or not at
    all, with mode 0600; a run that is there is left as it is. Any number of processes may write
    at once.

    Parameters
    ----------
    profile_or_path
        What `load` gave, or a recording.
    folder
        Made if it is not there.

    Returns
    -------
    Written
        The run's id, and how many rows were added.

    Raises
    ------
    Error
        If the extra ``parquet`` is not installed, or the recording cannot be read.
    OSError
        If a file cannot be written.
    """
    writer = _optional("arro3.io", "parquet")
    run = _run_of(profile_or_path)
    return Written(
        run.run_id,
        {table: _add_file(writer, run, table, Path(folder) / table) for table in COLUMNS},
    )


def _add_file(writer: ModuleType, run: _Run, table: str, folder: Path) -> int:
    if any(folder.glob(f"*/{run.run_id}.parquet")):
        return 0
    rows, count = run.table(table)
    partition = folder / f"ingestion_date={run.day}"
    partition.mkdir(parents=True, exist_ok=True)
    path = partition / f"{run.run_id}.parquet"
    # Readers skip names that begin with a dot.
    draft = partition / f".{run.run_id}.{os.getpid()}.{random.getrandbits(32):08x}"
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            writer.write_parquet(rows, file, compression="zstd(1)", max_row_group_size=GROUP_ROWS)
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError:
        return 0  # another process was first, with the same rows
    finally:
        draft.unlink(missing_ok=True)
    return count


# --- Delta ---


def write_delta(
    profile_or_path: Profile | str | os.PathLike[str], folder: str | os.PathLike[str]
) -> Written:
    """Add a run to Delta tables: one commit to each of them.

    Tables are made where they are missing: partitioned by ``ingestion_date``, with comments on
    all columns, for readers of protocol 1 and writers of protocol 2. Columns that a table of an
    older version lacks are added; columns that it has beyond ours are null. Any number of
    processes may write at once. One that is killed leaves the table as it was, and files that
    ``DeltaTable.vacuum`` removes.

    Parameters
    ----------
    profile_or_path
        What `load` gave, or a recording.
    folder
        Made if it is not there; each table is a folder of its own in it.

    Returns
    -------
    Written
        The run's id, and how many rows were added.

    Raises
    ------
    Error
        If the extra ``delta`` is not installed, the recording cannot be read, a table there has
        columns of other types or another partitioning, or others commit all the time.
    """
    delta = _optional("deltalake", "delta")
    run = _run_of(profile_or_path)
    return Written(
        run.run_id,
        {table: _add_commit(delta, run, table, Path(folder) / table) for table in COLUMNS},
    )


def _delta_schema(delta: ModuleType, table: str) -> Any:
    return delta.Schema(
        [
            delta.Field(name, kind, nullable=True, metadata={"comment": COMMENTS[name]})
            for name, kind in COLUMNS[table].items()
        ]
    )


def _create(delta: ModuleType, table: str, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    # Of two that make a table at once the second would commit its definition as a new version.
    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        delta.DeltaTable.create(
            str(folder),
            schema=_delta_schema(delta, table),
            mode="ignore",
            partition_by=["ingestion_date"],
            name=table,
            description=f"{table} of runs recorded by barograph",
        )
    finally:
        os.close(lock)


def _open(delta: ModuleType, table: str, folder: Path) -> Any:
    if not delta.DeltaTable.is_deltatable(str(folder)):
        _create(delta, table, folder)
    return delta.DeltaTable(str(folder))


def _differs(existing: Any, table: str, folder: Path) -> bool:
    """Tell whether the table has other columns than ours; those of both must have one type."""
    if existing.metadata().partition_columns != ["ingestion_date"]:
        raise Error(f"{folder}: the table is not partitioned by ingestion_date")
    have = {field.name: field.type for field in existing.schema().fields}
    for name, kind in COLUMNS[table].items():
        if name in have and getattr(have[name], "type", None) != kind:
            raise Error(f"{folder}: column {name} is {have[name]}, not {kind}")
    return [*have] != [*COLUMNS[table]]


def _try_again(attempt: Callable[[], int], delta: ModuleType, folder: Path) -> int:
    for tried in range(COMMIT_TRIES):
        try:
            return attempt()
        except delta.exceptions.CommitFailedError as error:
            why = error
        except (delta.exceptions.DeltaError, OSError) as error:
            # Two processes that make the table, or one's file listing while the other commits.
            if "ersion" not in str(error) and "xist" not in str(error):
                raise Error(f"{folder}: {error}") from error
            why = error
        # At random, so that those who met do not meet again.
        time.sleep(random.random() * UNTIL_THE_NEXT_TRY_S * min(tried + 1, 20))
    raise Error(f"{folder}: others committed {COMMIT_TRIES} times meanwhile ({why})")


def _add_commit(delta: ModuleType, run: _Run, table: str, folder: Path) -> int:
    def attempt() -> int:
        existing = _open(delta, table, folder)
        merge = "merge" if _differs(existing, table, folder) else None
        rows, count = run.table(table)
        if existing.transaction_version(run.run_id) is not None or count == 0:
            return 0
        delta.write_deltalake(
            existing,
            rows,
            mode="append",
            schema_mode=merge,
            writer_properties=delta.WriterProperties(
                compression="ZSTD", compression_level=1, max_row_group_size=GROUP_ROWS
            ),
            commit_properties=delta.CommitProperties(
                custom_metadata={"run_id": run.run_id},
                app_transactions=[delta.Transaction(run.run_id, 1)],
            ),
        )
        return count

    return _try_again(attempt, delta, folder)


def main(arguments: list[str] | None = None) -> int:
    """``python -m barograph.tables parquet|delta FOLDER FILE``: what ``barograph export`` runs."""
    parser = argparse.ArgumentParser(prog="python -m barograph.tables")
    parser.add_argument("format", choices=["parquet", "delta"])
    parser.add_argument("folder")
    parser.add_argument("recording")
    given = parser.parse_args(arguments)
    write = write_parquet if given.format == "parquet" else write_delta
    try:
        written = write(given.recording, given.folder)
    except (Error, OSError, MemoryError) as error:
        print(f"barograph: export: {error}", file=sys.stderr)
        return 2
    added = ", ".join(f"{count:,} {name}" for name, count in written.rows.items() if count)
    print(
        f"barograph: run {written.run_id}: {added or 'was there before'} -> {given.folder}",
        file=sys.stderr,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
