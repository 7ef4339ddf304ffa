"""The cited packages of the labelled operators: fetched, and the sources in them unpacked.

An artefact is named `maven:GROUP:NAME:VERSION` (its sources archive) or `pypi:NAME:VERSION` (its
wheel). What is there is not fetched again.
"""

from __future__ import annotations

import zipfile
from pathlib import Path

from registries import FetchError, download

CACHE = Path(__file__).resolve().parents[2] / "build" / "prior" / "artefacts"
SOURCES = (".java", ".scala", ".py")


def _unpack(archive: Path, into: Path) -> None:
    with zipfile.ZipFile(archive) as files:
        for name in files.namelist():
            if name.endswith(SOURCES):
                files.extract(name, into)


def folder_of(artefact: str, cache: Path = CACHE) -> Path:
    """Folder with an artefact's sources, fetched if need be.

    Raises
    ------
    FetchError
        If it is named wrongly, cannot be fetched or is no archive.
    """
    registry, _, rest = artefact.partition(":")
    name, _, version = rest.rpartition(":")
    if (registry, name.count(":")) not in {("maven", 1), ("pypi", 0)} or not name:
        raise FetchError(f"{artefact}: not maven:GROUP:NAME:VERSION or pypi:NAME:VERSION")
    folder = cache / artefact.replace(":", "_")
    if folder.is_dir():
        return folder
    part = folder.with_name(folder.name + ".part")
    archive = download(registry, name, version, part)
    try:
        _unpack(archive, part)
    except zipfile.BadZipFile as error:
        raise FetchError(f"{artefact}: {archive.name}: {error}") from error
    archive.unlink()
    part.rename(folder)
    return folder
