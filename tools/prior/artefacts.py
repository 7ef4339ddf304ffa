"""Fetches pinned source archives of Maven and wheels of PyPI, and unpacks the sources in them.

An artefact is named `maven:GROUP:NAME:VERSION` (its sources archive) or `pypi:NAME:VERSION` (its
wheel; the Python in it is the same for every platform, so that of one is taken everywhere). mvn and
pip go where the machine's own configuration sends them. What is there is not fetched again.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

CACHE = Path(__file__).resolve().parents[2] / "build" / "prior" / "artefacts"
COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy"
# The smallest wheel of a release; others are as large as 800 MB.
PLATFORMS = {"torch": ("macosx_11_0_arm64",), "tensorflow-cpu": ("manylinux_2_17_x86_64",)}
SOURCES = (".java", ".scala", ".py")


class FetchError(Exception):
    """An artefact could not be had; the message names it and says what was missing."""


def _command(artefact: str, into: Path) -> list[str]:
    kind, *parts = artefact.split(":")
    if kind == "maven" and len(parts) == 3:
        program = shutil.which("mvn")
        if program is None:
            raise FetchError(f"{artefact}: needs mvn, which is not installed")
        name = ":".join((*parts, "jar", "sources"))
        return [program, "-q", "-B", COPY, f"-Dartifact={name}", f"-DoutputDirectory={into}"]
    if kind == "pypi" and len(parts) == 2:
        name, version = parts
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
        wheel = ["--no-deps", "--only-binary", ":all:", "--dest", str(into)]
        for platform in PLATFORMS.get(name, ()):
            wheel += ["--platform", platform, "--python-version", "3.11"]
        return [*pip, *wheel, f"{name}=={version}"]
    raise FetchError(f"{artefact}: not maven:GROUP:NAME:VERSION or pypi:NAME:VERSION")


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
        If it cannot be fetched or is no archive.
    """
    folder = cache / artefact.replace(":", "_")
    if folder.is_dir():
        return folder
    part = folder.with_name(folder.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    command = _command(artefact, part)
    for attempt in range(3):
        answer = subprocess.run(command, capture_output=True, text=True, check=False)
        if answer.returncode == 0:
            break
        if attempt == 2:
            lines = (answer.stderr + answer.stdout).strip().splitlines()
            raise FetchError(
                f"{artefact}: {Path(command[0]).name}: {lines[0] if lines else 'failed'}"
            )
    archives = [path for path in part.iterdir() if path.suffix in (".jar", ".whl")]
    if len(archives) != 1:
        raise FetchError(f"{artefact}: {len(archives)} archives came instead of one")
    try:
        _unpack(archives[0], part)
    except zipfile.BadZipFile as error:
        raise FetchError(f"{artefact}: {archives[0].name}: {error}") from error
    archives[0].unlink()
    part.rename(folder)
    return folder
