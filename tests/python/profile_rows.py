"""Tables of barograph.load as another library reads them, which checks them: nanoarrow."""

from __future__ import annotations

from typing import Any

import nanoarrow
from test_recording_reader import GOLDEN

TABLES = "functions frames nodes threads processes samples calls".split()
READABLE = [path for path in GOLDEN if path.stem != "newer_major"]

Rows = list[dict[str, Any]]


def rows_of(table: object) -> Rows:
    """All rows, as another library reads them; its own check of the layout included."""
    arrays = nanoarrow.ArrayStream(table).read_all()
    rows: Rows = arrays.to_pylist()
    return rows
