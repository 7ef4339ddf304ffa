"""Fetches the sources that the resource prior is trained on, from their registries.

Each row of `corpus.tsv` is one archive. Debian's come by ``apt-get download``, Maven's
``-sources`` jars by ``mvn dependency:copy``, Python's by ``pip download`` as wheels, which carry
their sources and run nothing. Nothing is installed and nothing of it is run. What is there
already is left alone.
"""

from __future__ import annotations

import csv
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
SUFFIXES = {".java": "java", ".scala": "scala", ".py": "python", ".pyx": "python", ".go": "go"}
FILE_BYTES_MAX = 1_000_000
PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy"


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


def command_of(archive: Archive, folder: Path) -> list[str]:
    """Return the command that fetches it into the folder."""
    if archive.registry == "maven":
        artifact = f"{archive.name}:{archive.version}:jar:sources"
        return ["mvn", "-q", "-B", PLUGIN, f"-Dartifact={artifact}", f"-DoutputDirectory={folder}"]
    if archive.registry == "pypi":
        wanted = f"{archive.name}=={archive.version}"
        pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", str(folder)]
        # Sources are the same on each system; torch is a tenth as large without its CUDA.
        system = ["--platform", "macosx_11_0_arm64"] if archive.name == "torch" else []
        return [*pip, "--only-binary", ":all:", *system, wanted]
    return ["apt-get", "-q", "download", archive.name]


def fetch(archive: Archive, cache: Path) -> bool:
    """Fetch one archive; return whether it is there."""
    folder = folder_of(archive, cache)
    if folder.is_dir() and any(folder.iterdir()):
        return True
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        command_of(archive, folder), cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode != 0 or not any(folder.iterdir()):
        print(f"{archive.name} {archive.version}: not fetched: {done.stderr.strip()[-200:]}")
        return False
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
        if path.suffix not in {".jar", ".whl", ".deb", ".zip"}:
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
