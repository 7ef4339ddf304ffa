"""The archives that the resource prior is trained on, and the source files in them.

Each row of `corpus.tsv` is one archive, fetched by `registries.py`. What is there already is left
alone, unless the row asks for another version.
"""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from registries import ARCHIVES, FetchError, download

HERE = Path(__file__).resolve().parent
SUFFIXES = {".java": "java", ".scala": "scala", ".py": "python", ".pyx": "python", ".go": "go"}
FILE_BYTES_MAX = 1_000_000


@dataclass(frozen=True)
class Archive:
    """A row of a table of archives.

    Attributes
    ----------
    project : str
        What is left out together: several archives may be one project.
    registry : str
        ``debian``, ``maven`` or ``pypi``.
    name, version, licence : str
        As the registry has them. ``-``: the version that the distribution has now.
    """

    project: str
    registry: str
    name: str
    version: str
    licence: str


@dataclass(frozen=True)
class SourceFile:
    """One file of source: the project, its path in the archive, its language, its text."""

    project: str
    path: str
    language: str
    text: str


def read_archives(table: Path) -> list[Archive]:
    """Read the rows of a table such as `corpus.tsv`."""
    with table.open(encoding="utf-8", newline="") as file:
        return [
            Archive(row["project"], row["registry"], row["name"], row["version"], row["licence"])
            for row in csv.DictReader(file, delimiter="\t")
        ]


def folder_of(archive: Archive, cache: Path) -> Path:
    """Where an archive lies, or will lie."""
    return cache / archive.registry / archive.name.replace(":", "_").lower()


def is_there(archive: Archive, cache: Path) -> bool:
    """Whether it was fetched, in the version that is asked for, which is in the file's name."""
    folder = folder_of(archive, cache)
    names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
    if archive.version == "-":
        return bool(names)
    return any(f"-{archive.version}{end}" in name for name in names for end in "-.")


def fetch(archive: Archive, cache: Path) -> bool:
    """Fetch one archive; return whether it is there."""
    if is_there(archive, cache):
        return True
    folder = folder_of(archive, cache)
    part = folder.with_name(folder.name + ".part")
    try:
        download(archive.registry, archive.name, archive.version, part)
    except FetchError as error:
        print(f"not fetched: {error}")
        return False
    shutil.rmtree(folder, ignore_errors=True)
    part.rename(folder)
    return True


def _members(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the files of a zip or of a Debian package, with the archives in it."""
    if path.suffix == ".deb":
        with subprocess.Popen(
            ["dpkg-deb", "--fsys-tarfile", str(path)], stdout=subprocess.PIPE
        ) as p:
            assert p.stdout is not None
            with tarfile.open(fileobj=p.stdout, mode="r|") as tar:
                for member in tar:
                    file = tar.extractfile(member) if member.isfile() else None
                    if file is not None and _is_wanted(member.name):
                        yield member.name, file.read()
        return
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            if Path(info.filename).suffix in SUFFIXES and info.file_size <= FILE_BYTES_MAX:
                yield info.filename, archive.read(info)


def _inner(name: str, data: bytes, scratch: Path) -> Iterator[tuple[str, bytes]]:
    """Yield a file, or what is in it where it is an archive of sources."""
    if not name.endswith(".zip"):
        yield name, data
        return
    scratch.write_bytes(data)
    yield from _members(scratch)
    scratch.unlink()


def source_files(archive: Archive, cache: Path) -> Iterator[SourceFile]:
    """Yield the source files of a fetched archive, tests left out."""
    folder = folder_of(archive, cache)
    for path in sorted(folder.iterdir()):
        if path.suffix not in ARCHIVES:
            continue
        for outer, packed in _members(path):
            for name, data in _inner(outer, packed, folder / "inner.tmp"):
                language = SUFFIXES.get(Path(name).suffix)
                if language is None or len(data) > FILE_BYTES_MAX or _is_test(name):
                    continue
                text = data.decode("utf-8", errors="replace")
                yield SourceFile(archive.project, name, language, text)


def _is_wanted(path: str) -> bool:
    return Path(path).suffix in SUFFIXES or path.endswith("/src.zip")


def _is_test(path: str) -> bool:
    low = "/" + path.lower()
    return "/test" in low or "_test." in low or "/conftest" in low


def fetch_all(tables: list[Path], cache: Path) -> list[Archive]:
    """Fetch all archives of the tables; ends the program where one cannot be had."""
    archives = [archive for table in tables for archive in read_archives(table)]
    missing = [archive.name for archive in archives if not fetch(archive, cache)]
    if missing:
        sys.exit(f"not fetched: {', '.join(missing)}; run it once more, or give another version")
    return archives


if __name__ == "__main__":
    fetch_all([Path(table) for table in sys.argv[2:]], Path(sys.argv[1]))
