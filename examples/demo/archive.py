"""The archive of raw files: compressed and check-summed piece by piece in a few threads."""

from __future__ import annotations

import hashlib
import os
import zlib
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

PIECE_BYTES = 1 << 20
WORKERS = 3


def _pieces(files: Iterable[Path]) -> Iterator[tuple[str, bytes]]:
    for path in files:
        with path.open("rb") as file:
            for index, piece in enumerate(iter(lambda: file.read(PIECE_BYTES), b"")):
                yield f"{path.name}.{index:04d}", piece


def _store_piece(folder: Path, name: str, piece: bytes) -> str:
    """Write one compressed piece; it is on the disk when this returns."""
    packed = zlib.compress(piece, 6)
    with (folder / f"{name}.z").open("wb") as file:
        file.write(packed)
        file.flush()
        os.fsync(file.fileno())
    return hashlib.sha256(piece).hexdigest()


def archive_files(files: Iterable[Path], folder: Path) -> list[str]:
    """Archive files.

    Parameters
    ----------
    files : iterable of Path
        What to archive.
    folder : Path
        Where to; created if missing.

    Returns
    -------
    list of str
        SHA-256 of each piece, in order.
    """
    folder.mkdir(exist_ok=True)
    with ThreadPoolExecutor(WORKERS, thread_name_prefix="archive") as pool:
        tasks = [pool.submit(_store_piece, folder, name, piece) for name, piece in _pieces(files)]
        return [task.result() for task in tasks]
