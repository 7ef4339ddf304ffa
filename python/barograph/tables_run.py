"""A run as the rows of tables: its id, and a stream of Arrow batches for each table.

Most rows are made in C (src/pyext/stored_*.c) while they are written; the few of ``runs`` and
``source`` are made here.
"""

from __future__ import annotations

import hashlib
import json
from datetime import date, datetime, timedelta, timezone
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from barograph import Error
from barograph.profile import Profile, _extension, load
from barograph.table_columns import COLUMNS
from barograph.tables_source import Sources, find_sources

if TYPE_CHECKING:
    import os
    from collections.abc import Container
    from types import ModuleType

# Of rows in memory at once, about 20 MB of calls.
BATCH_ROWS = 65_536
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


class Rows:
    """One table's stream, for whatever takes Arrow's PyCapsule interface; may be taken again."""

    def __init__(self, run: Run, table: str) -> None:
        self._run = run
        self._table = table

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Arrow PyCapsule interface: a capsule named ``arrow_array_stream``."""
        run = self._run
        days = (run.day - EPOCH.date()).days
        hashes = run.sources.hashes if run.sources is not None else b""
        return _extension().rows(
            run.profile._handle, self._table, run.run_id, days, BATCH_ROWS, hashes
        )


class Run(NamedTuple):
    """A profile as it is written: everything here is a function of the recording."""

    profile: Profile
    run_id: str
    day: date
    head: dict[str, Any]
    sources: Sources | None
    """None where they were not asked for."""

    def table(self, name: str, known_hashes: Container[str] = ()) -> object:
        """Give something with an Arrow stream; of ``source``, what is not known yet."""
        if name == "runs":
            return _made_here("runs", [self._row()])
        if name == "source":
            sources = self.sources.rows if self.sources is not None else []
            ours = {"run_id": self.run_id, "ingestion_date": self.day}
            wanted = [row for row in sources if row["source_code_md5_hash"] not in known_hashes]
            return _made_here("source", [{**row, **ours} for row in wanted])
        return Rows(self, name)

    def _row(self) -> dict[str, Any]:
        ours = {"run_id": self.run_id, "ingestion_date": self.day}
        return {**self.head, **ours, "start_time": time_of(self.head["start_utc"])}


def optional(module: str, extra: str) -> ModuleType:
    """Import what an extra brings."""
    try:
        return import_module(module)
    except ImportError as error:
        raise Error(
            f"this needs the package {module.replace('.', '-')} ({error}): "
            f"pip install 'barograph[{extra}]'"
        ) from error


def run_of(source: Profile | str | os.PathLike[str], *, with_source: bool = False) -> Run:
    """Load what is to be written, with the source of its functions where that is asked for."""
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
    start = time_of(head["start_utc"])
    day = start.date() if start is not None else datetime.now(timezone.utc).date()
    sources = find_sources(profile, head["host"]) if with_source else None
    return Run(profile, run_id, day, head, sources)


def time_of(text: str | None) -> datetime | None:
    """Read a time of the head."""
    return None if text is None else datetime.fromisoformat(text.replace("Z", "+00:00"))


def _cell(kind: str, value: Any) -> Any:
    """Turn a value into one that arro3 takes for a column of that kind."""
    if value is None:
        return None
    if kind == "string" and not isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if kind == "date":
        return (value - EPOCH.date()).days
    if kind == "timestamp":
        return (value - EPOCH) // timedelta(microseconds=1)
    return float(value) if kind == "double" else value


def _made_here(table: str, rows: list[dict[str, Any]]) -> object:
    core = import_module("arro3.core")
    kinds = core.DataType
    # The type of what is given, and of the column where that is another one.
    types = {
        "string": (kinds.utf8(), None),
        "binary": (kinds.binary(), None),
        "long": (kinds.int64(), None),
        "integer": (kinds.int32(), None),
        "double": (kinds.float64(), None),
        "boolean": (kinds.bool(), None),
        "date": (kinds.int32(), kinds.date32()),
        "timestamp": (kinds.int64(), kinds.timestamp("us", tz="UTC")),
    }
    columns = {}
    for name, kind in COLUMNS[table].items():
        given, stored = types[kind]
        array = core.Array([_cell(kind, row[name]) for row in rows], type=given)
        columns[name] = array if stored is None else array.cast(stored)
    return core.Table.from_pydict(columns)
