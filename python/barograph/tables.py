"""Tables that last: recordings as Parquet files or Delta tables that many runs are added to.

`write_parquet` and `write_delta` write the tables ``runs``, ``functions``, ``calls``, ``edges``,
``samples``, ``nodes`` and ``source`` below one folder, with the same columns.

A run is added once. Its `run_id` is made of what tells one run from all others, and stands in every
row. In Parquet it is the file's name; in Delta each table's log keeps it. The table ``runs`` is
written last: a run that is there is complete.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from barograph import Error
from barograph.profile import load
from barograph.table_columns import COLUMNS, COMMENTS, VIEW_DUCKDB, VIEW_SPARK
from barograph.tables_delta import add_commit
from barograph.tables_files import add_file, remove_unfinished
from barograph.tables_run import optional, run_of

if TYPE_CHECKING:
    from barograph.profile import Profile
    from barograph.tables_run import Run

__all__ = ["COLUMNS", "COMMENTS", "VIEW_DUCKDB", "VIEW_SPARK", "Written"]


class Written(NamedTuple):
    """What one call added."""

    run_id: str
    rows: dict[str, int]
    """Rows added to each table; 0 where the run was there before."""
    without_source: dict[str, int]
    """Functions whose source is not known, by reason; empty where it was not asked for."""


def _written(run: Run, rows: dict[str, int]) -> Written:
    return Written(run.run_id, rows, {} if run.sources is None else run.sources.missing)


def _refuse_the_other_kind(folder: str | os.PathLike[str], *, is_delta: bool) -> None:
    """Readers of one kind would find the rows of both: each run twice."""
    for table in COLUMNS:
        path = Path(folder) / table
        # In this order: a Delta table that another process makes has its log before its files.
        has_files = is_delta and any(path.glob("*/*.parquet"))
        has_log = (path / "_delta_log").is_dir()
        if has_files and not has_log:
            raise Error(f"{path} has Parquet files; a Delta table goes to another folder")
        if has_log and not is_delta:
            raise Error(f"{path} is a Delta table; Parquet files go to another folder")


def write_parquet(
    profile_or_path: Profile | str | os.PathLike[str],
    folder: str | os.PathLike[str],
    *,
    source: bool = False,
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
    source
        Whether the functions' source is stored, too: it is read from their files where these are
        what ran as far as `barograph.tables_source` can tell.

    Returns
    -------
    Written
        The run's id, and how many rows were added.

    Raises
    ------
    Error
        If the extra ``parquet`` is not installed, the recording cannot be read, or there are
        Delta tables.
    OSError
        If a file cannot be written.
    """
    writer = optional("arro3.io", "parquet")
    _refuse_the_other_kind(folder, is_delta=False)
    run = run_of(profile_or_path, with_source=source)
    return _written(
        run, {table: add_file(writer, run, table, Path(folder) / table) for table in COLUMNS}
    )


def write_delta(
    profile_or_path: Profile | str | os.PathLike[str],
    folder: str | os.PathLike[str],
    *,
    source: bool = False,
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
    source
        Whether the functions' source is stored, too: it is read from their files where these are
        what ran as far as `barograph.tables_source` can tell.

    Returns
    -------
    Written
        The run's id, and how many rows were added.

    Raises
    ------
    Error
        If the extra ``delta`` is not installed, the recording cannot be read, there are Parquet
        files of no Delta table, a table there has
        columns of other types, another partitioning or rules that ask more than adding rows, or
        others commit all the time.
    """
    delta, writer = optional("deltalake", "delta"), optional("arro3.io", "delta")
    _refuse_the_other_kind(folder, is_delta=True)
    run = run_of(profile_or_path, with_source=source)
    return _written(
        run,
        {table: add_commit(delta, writer, run, table, Path(folder) / table) for table in COLUMNS},
    )


def _end_by(number: int, _frame: object) -> None:
    """Die by a signal. Its exception would come out of arro3 as a panic or a text."""
    remove_unfinished()
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


def _fail(text: str) -> int:
    print(f"barograph: export: {text}", file=sys.stderr)
    return 2


def main(arguments: list[str] | None = None) -> int:
    """``python -m barograph.tables parquet|delta FOLDER FILE``: what ``barograph export`` runs."""
    parser = argparse.ArgumentParser(prog="python -m barograph.tables")
    parser.add_argument("--source", action="store_true")
    parser.add_argument("--no-source", action="store_false", dest="source")
    parser.add_argument("format", choices=["parquet", "delta"])
    parser.add_argument("folder")
    parser.add_argument("recording")
    given = parser.parse_args(arguments)
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _end_by)
    write = write_parquet if given.format == "parquet" else write_delta
    try:
        profile = load(given.recording)
        written = write(profile, given.folder, source=given.source)
    except OSError as error:
        known = error.filename and error.strerror
        return _fail(f"{error.filename}: {error.strerror}" if known else str(error))
    except (Error, MemoryError) as error:
        return _fail(str(error))
    head = profile.head
    if head["damage"] or not head["complete"]:
        why = head["damage"] or "its end is missing: the recorder was killed, or still runs"
        print(
            f"barograph: export: {given.recording} is damaged: {why}; "
            "the tables have what could be read, and do not take the run again",
            file=sys.stderr,
        )
    added = ", ".join(
        f"{count:,} {name if count > 1 else name.rstrip('s')}"
        for name, count in written.rows.items()
        if count
    )
    print(
        f"barograph: run {written.run_id}: {added or 'was there before'} -> {given.folder}",
        file=sys.stderr,
    )
    for why, count in sorted(written.without_source.items()):
        print(f"barograph: {count:,} functions without source: {why}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
