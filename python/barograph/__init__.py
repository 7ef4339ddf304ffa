"""Records where a Python program's time and waiting go, and says why.

Importing this package runs nothing; the program is ``barograph`` or ``python -m barograph``.
"""

from __future__ import annotations


def __getattr__(name: str) -> str:
    # Looked up when asked for: reading the metadata takes longer than the import may.
    if name == "__version__":
        from importlib.metadata import version  # noqa: PLC0415

        return version("barograph")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
