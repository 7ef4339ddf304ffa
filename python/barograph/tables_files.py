"""Parquet files of tables: written whole or not at all, each row group on its way while it is made.

arro3 encodes what it is given without holding more than a row group, about 12 bytes a call. Numbers
are packed as differences (DELTA_BINARY_PACKED), which readers know since Spark 3.3: next to
dictionaries that took 40 % of the time and made files two thirds larger (measured 2026-11-22 with
10 million calls).
"""

from __future__ import annotations

import fcntl
import os
import random
from contextlib import contextmanager, suppress
from importlib import import_module
from io import UnsupportedOperation
from typing import TYPE_CHECKING, Any

from barograph.table_columns import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import ModuleType

    from barograph.tables_run import Run

# Of a file's row group, which is held encoded in memory.
GROUP_ROWS = 524_288

_unfinished: set[Path] = set()

_WHOLE_NUMBERS = ("long", "integer", "timestamp", "date")


class _Output:
    """A file for arro3, which panics where one cannot be written: a line of its own, no exception.

    So it is told that all is well, gets no more rows, and the error is raised when it has done.
    """

    def __init__(self, path: Path) -> None:
        self._table = str(path.parent.parent)
        self.file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
        self.error: OSError | None = None

    def write(self, data: bytes) -> int:
        if self.error is None:
            try:
                self.file.write(data)
            except OSError as error:
                self.error = OSError(error.errno, error.strerror, self._table)
        return len(data)

    def seek(self, *_: int) -> int:
        """Asked for, and not called."""
        raise UnsupportedOperation

    def flush(self) -> None:
        """Nothing: `settle` does."""

    def settle(self) -> None:
        """Have it all on disk, or raise what was in the way."""
        if self.error is None:
            try:
                self.file.flush()
                os.fsync(self.file.fileno())
            except OSError as error:
                self.error = OSError(error.errno, error.strerror, self._table)
        if self.error is not None:
            raise self.error

    def close(self) -> None:
        # What a full disk did not take is in the buffer still, and nobody wants it any more.
        with suppress(OSError):
            self.file.close()


class _Counted:
    """Batches on their way: counts rows, and leaves columns out. Ends where the output failed."""

    def __init__(self, rows: object, without: tuple[str, ...], output: _Output) -> None:
        self.count = 0
        self._output = output
        self._core = import_module("arro3.core")
        self._reader = self._core.RecordBatchReader.from_arrow(rows)
        schema = self._reader.schema
        self._names = [name for name in schema.names if name not in without]
        self._schema = self._core.Schema([schema.field(name) for name in self._names])

    def _batches(self) -> Iterator[Any]:
        for batch in self._reader:
            if self._output.error is not None:
                return
            self.count += batch.num_rows
            yield batch.select(self._names)

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        # Takes a batch when one is asked for.
        reader = self._core.RecordBatchReader.from_batches(self._schema, self._batches())
        return reader.__arrow_c_stream__(requested_schema)


def write_file(
    writer: ModuleType, rows: object, table: str, path: Path, without: tuple[str, ...] = ()
) -> int:
    """Make a file of rows, on disk when this returns, and give their number.

    What is half-written when something fails is removed.
    """
    kinds = {name: kind for name, kind in COLUMNS[table].items() if name not in without}
    whole = [name for name, kind in kinds.items() if kind in _WHOLE_NUMBERS]
    plain = [name for name, kind in kinds.items() if kind in ("double", "binary")]
    _unfinished.add(path)
    output = _Output(path)
    try:
        counted = _Counted(rows, without, output)
        writer.write_parquet(
            counted,
            output,
            compression="zstd(1)",
            max_row_group_size=GROUP_ROWS,
            column_dictionary_enabled=dict.fromkeys([*whole, *plain], False),
            column_encoding=dict.fromkeys(whole, "delta_binary_packed"),
            # Readers would take names that come in a dictionary for another type than text.
            skip_arrow_metadata=True,
        )
        output.settle()
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    finally:
        output.close()
        _unfinished.discard(path)
    return counted.count


def remove_unfinished() -> None:
    """Remove what is half-written, for who ends without an exception."""
    for path in _unfinished:
        path.unlink(missing_ok=True)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep other processes that ask for it out of a folder, on this machine."""
    lock = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _hashes_in(writer: ModuleType, folder: Path) -> set[str]:
    name = "source_code_md5_hash"
    found: set[str] = set()
    for path in folder.glob("*/*.parquet"):
        for batch in writer.read_parquet(path):
            found.update(batch[name].to_pylist())
    return found


def add_file(writer: ModuleType, run: Run, table: str, folder: Path) -> int:
    """Add the run's file to a table, and give its number of rows: 0 where it is there."""
    partition = folder / f"ingestion_date={run.day}"
    partition.mkdir(parents=True, exist_ok=True)
    # Source is in a table once: who adds some must know what others add.
    if table == "source":
        with locked(folder):
            return _add_file(writer, run, table, partition)
    return _add_file(writer, run, table, partition)


def _add_file(writer: ModuleType, run: Run, table: str, partition: Path) -> int:
    folder = partition.parent
    if any(folder.glob(f"*/{run.run_id}.parquet")):
        return 0
    known = _hashes_in(writer, folder) if table == "source" and run.sources is not None else ()
    # Readers skip names that begin with a dot.
    draft = partition / f".{run.run_id}.{os.getpid()}.{random.getrandbits(32):08x}"
    count = write_file(writer, run.table(table, known), table, draft)
    try:
        os.link(draft, partition / f"{run.run_id}.parquet")
    except FileExistsError:
        return 0  # another process was first, with the same rows
    finally:
        draft.unlink(missing_ok=True)
    return count
