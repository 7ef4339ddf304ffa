"""Fetches archives with sources from Debian, Maven and PyPI, by their own clients.

Nothing is installed, and nothing of what comes is run: Debian's packages come by ``apt-get
download``, Maven's ``-sources`` jars by ``mvn dependency:copy``, Python's by ``pip download`` as
wheels, which carry their sources. The clients go where the machine's own configuration sends them.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy"
# The smallest wheel of a release, whose Python is the same for every platform: others are as large
# as 800 MB.
PLATFORMS = {"torch": "macosx_11_0_arm64", "tensorflow-cpu": "manylinux_2_17_x86_64"}
ARCHIVES = {".jar", ".whl", ".deb"}
TRIES = 3


class FetchError(Exception):
    """An archive could not be had; the message names it and says what was missing."""


def command_of(registry: str, name: str, version: str, folder: Path) -> list[str]:
    """Return the command that fetches it, run in the folder that it is to lie in.

    Raises
    ------
    FetchError
        If there is no such registry.
    """
    if registry == "maven":
        artefact = f"-Dartifact={name}:{version}:jar:sources"
        return ["mvn", "-q", "-B", COPY, artefact, f"-DoutputDirectory={folder}"]
    if registry == "pypi":
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
        wheel = ["--no-deps", "--only-binary", ":all:", "--dest", str(folder)]
        if name in PLATFORMS:
            wheel += ["--platform", PLATFORMS[name], "--python-version", "3.11"]
        return [*pip, *wheel, f"{name}=={version}"]
    if registry == "debian":
        return ["apt-get", "-q", "download", name]
    raise FetchError(f"{registry}: not debian, maven or pypi")


def download(registry: str, name: str, version: str, folder: Path) -> Path:
    """Fetch one archive.

    Parameters
    ----------
    registry : str
        ``debian``, ``maven`` or ``pypi``.
    name, version : str
        As the registry has them; Maven's name is ``GROUP:ARTEFACT``, Debian's version is the one
        that the distribution has now, whatever is asked for.
    folder : pathlib.Path
        Is made anew: what is in it goes.

    Returns
    -------
    pathlib.Path
        The archive in the folder.

    Raises
    ------
    FetchError
        If it cannot be fetched.
    """
    what = f"{registry}:{name}:{version}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    command = command_of(registry, name, version, folder.absolute())
    if shutil.which(command[0]) is None:
        raise FetchError(f"{what}: needs {command[0]}, which is not installed")
    for attempt in range(1, TRIES + 1):
        answer = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        if answer.returncode == 0:
            break
        if attempt == TRIES:
            said = (answer.stderr + answer.stdout).strip().splitlines() or ["failed"]
            raise FetchError(f"{what}: {Path(command[0]).name}: {said[0]}")
    archives = [path for path in folder.iterdir() if path.suffix in ARCHIVES]
    if len(archives) != 1:
        raise FetchError(f"{what}: {len(archives)} archives came instead of one")
    return archives[0]
