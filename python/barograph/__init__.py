"""Records where a Python program's time and waiting go, and says why.

Importing this package runs nothing; the program is ``barograph`` or ``python -m barograph``.
`load` reads a recording into tables that pyarrow, polars, pandas and DuckDB take; `record` records
the calls of a part of the running program; `trace` marks functions and classes whose calls a
recording shall hold. `write_parquet` and `write_delta` add a recording to tables on disk.
"""

from __future__ import annotations

# typing's own constant would cost the import of typing.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from barograph.profile import Profile, Schema, Table, load
    from barograph.recording import Recording, record
    from barograph.tables import write_delta, write_parquet
    from barograph.traced_values import Secret
    from barograph.tracing import trace

__all__ = [
    "Error",
    "Profile",
    "Recording",
    "Schema",
    "Secret",
    "Table",
    "__version__",
    "load",
    "record",
    "trace",
    "write_delta",
    "write_parquet",
]


class Error(Exception):
    """What barograph could not do, in one line: the one that the command line prints.

    What Python has an exception for is raised as that: `FileNotFoundError`, `PermissionError`,
    `OSError` where reading failed, `MemoryError`.
    """


def __getattr__(name: str) -> object:
    # Looked up when asked for: the import of this package is paid by every program that uses it.
    if name == "__version__":
        from importlib.metadata import version  # noqa: PLC0415

        return version("barograph")
    if name == "trace":
        from barograph.tracing import trace  # noqa: PLC0415

        return trace
    if name == "Secret":
        from barograph.traced_values import Secret  # noqa: PLC0415

        return Secret
    if name in ("tables", "write_delta", "write_parquet"):
        from importlib import import_module  # noqa: PLC0415

        # Not `from barograph import tables`, which would ask here again.
        tables = import_module("barograph.tables")
        return tables if name == "tables" else getattr(tables, name)
    if name in ("Recording", "record"):
        from barograph import recording  # noqa: PLC0415

        return getattr(recording, name)
    if name in __all__:
        from barograph import profile  # noqa: PLC0415

        return getattr(profile, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
