"""What a recording holds, as tables.

`load` reads a recording and builds its profile, in C; the tables of a `Profile` are given to
other libraries through Arrow's PyCapsule interface (``__arrow_c_stream__``), so that nothing here
depends on any of them. docs/python-api.md lists the columns.
"""

from __future__ import annotations

import json
import os
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from barograph import Error

if TYPE_CHECKING:
    from types import ModuleType

    from barograph._profile import Handle


def _extension() -> ModuleType:
    try:
        # Free-threaded interpreters look for modules of the stable ABI, but cannot run them: the
        # layout of their objects is another one.
        if "t" in sys.abiflags and Path(__file__).with_name("_profile.abi3.so").exists():
            raise ImportError("it was built for interpreters with a GIL")
        return import_module("barograph._profile")
    except ImportError as error:
        raise Error(
            "this Python cannot read recordings: the extension module barograph._profile is "
            f"missing ({error}); `barograph report --json` works without it"
        ) from error


class Schema:
    """Names and types of a table's columns.

    Other libraries take it through ``__arrow_c_schema__``: ``pyarrow.schema(table.schema)``.
    """

    __slots__ = ("_columns", "_table")

    def __init__(self, table: str) -> None:
        self._table = table
        self._columns: dict[str, str] = dict(_extension().columns(table))

    @property
    def names(self) -> list[str]:
        """Names of the columns, in order."""
        return list(self._columns)

    @property
    def types(self) -> list[str]:
        """Types of the columns, as Arrow's libraries write them."""
        return list(self._columns.values())

    def __arrow_c_schema__(self) -> object:
        """Arrow PyCapsule interface: a capsule named ``arrow_schema``."""
        return _extension().schema(self._table)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Schema) and self._columns == other._columns

    def __hash__(self) -> int:
        return hash(tuple(self._columns.items()))

    def __repr__(self) -> str:
        lines = [f"{name}: {kind}" for name, kind in self._columns.items()]
        return "\n".join(lines)


class Table:
    """A table of a profile: rows stay in C until a library takes them.

    Pass it to what reads Arrow streams: ``pyarrow.table(table)``, ``polars.DataFrame(table)``,
    ``duckdb.from_arrow(table)``, ``pandas.DataFrame.from_arrow(table)``. Each taking is a stream of
    its own, and what was taken stays valid when the profile is gone.
    """

    __slots__ = ("_handle", "_name")

    def __init__(self, handle: Handle, name: str) -> None:
        self._handle = handle
        self._name = name

    @property
    def schema(self) -> Schema:
        """Names and types of the columns."""
        return Schema(self._name)

    @property
    def column_names(self) -> list[str]:
        """Names of the columns, in order."""
        return self.schema.names

    def __len__(self) -> int:
        count: int = _extension().row_count(self._handle, self._name)
        return count

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Arrow PyCapsule interface: a capsule named ``arrow_array_stream``.

        Parameters
        ----------
        requested_schema
            Not used: the stream has the table's own schema, which the interface allows.

        Returns
        -------
        object
            A stream of one batch with all rows. Numbers that the profile has are not copied.

        Raises
        ------
        MemoryError
            If there is not enough memory for the columns that have to be made.
        Error
            If a column of names would have more than 1 GiB.
        """
        return _extension().stream(self._handle, self._name)

    def __repr__(self) -> str:
        return f"<barograph.Table {self._name}: {len(self)} rows, {len(self.column_names)} columns>"


class Profile:
    """What one recording says; immutable, may be used from any thread. Made by `load`."""

    __slots__ = ("_handle",)

    def __init__(self, handle: Handle) -> None:
        self._handle = handle

    @property
    def head(self) -> dict[str, Any]:
        """The head of ``barograph report --json``: the same names, units (in the names) and values.

        What was lost, rejected or unknown stands here; ``None`` is what is not known.
        """
        head: dict[str, Any] = json.loads(_extension().head(self._handle))["head"]
        return head

    @property
    def functions(self) -> Table:
        """One row a function, as ``functions`` of the JSON report."""
        return Table(self._handle, "functions")

    @property
    def frames(self) -> Table:
        """One row a line of a function, as ``lines`` of the JSON report."""
        return Table(self._handle, "frames")

    @property
    def nodes(self) -> Table:
        """The call tree in depth-first preorder; row 0 is the root, which has no frame."""
        return Table(self._handle, "nodes")

    @property
    def threads(self) -> Table:
        """One row a thread, as ``threads`` of the JSON report."""
        return Table(self._handle, "threads")

    @property
    def processes(self) -> Table:
        """One row a process, as ``processes`` of the JSON report."""
        return Table(self._handle, "processes")

    @property
    def samples(self) -> Table:
        """One row a sample, by thread and in order of time within each."""
        return Table(self._handle, "samples")

    @property
    def calls(self) -> Table:
        """One row a recorded call, by thread and in order of entry within each."""
        return Table(self._handle, "calls")

    def __repr__(self) -> str:
        head = self.head
        return (
            f"<barograph.Profile {head['path']}: {head['samples']} samples, "
            f"{len(self.functions)} functions, {len(self.threads)} threads>"
        )


def load(path: str | bytes | os.PathLike[str] | os.PathLike[bytes]) -> Profile:
    """Read a recording and build its profile.

    A recording that was cut off or damaged is read up to there; ``profile.head["damage"]`` then
    says what is wrong. Other threads run meanwhile.

    Parameters
    ----------
    path
        The recording, as ``barograph record -o`` wrote it.

    Returns
    -------
    Profile
        With the tables `functions`, `frames`, `nodes`, `threads`, `processes`, `samples`.

    Raises
    ------
    FileNotFoundError, PermissionError, OSError
        If the file cannot be opened or read.
    Error
        If it is not a recording, or one of a newer format, or more than a profile can hold; and on
        a Python for which the extension module was not built.
    MemoryError
        If the profile does not fit.
    """
    return Profile(_extension().load(os.fsencode(path)))
