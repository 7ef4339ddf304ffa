#!/usr/bin/env python3
"""Finds the CPython interpreters that tools/pythons.txt asks for.

Prints one line each, version and executable; exits 1 and names those missing. ``--missing`` prints
only the versions not found and exits 0. The tests import `find` and `tested`.

Looks below build/pythons/ first (what tools/get_pythons.sh fetched was asked for), then on PATH,
then among pyenv's versions. A found program is started once: shims, links and virtual environments
are resolved to the executable that the process then runs, and what is no CPython of that version
does not count. A version with a t, "3.14t", is the free-threaded build, and only that.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIST = ROOT / "tools" / "pythons.txt"

# Runs in the candidate, so it keeps to what every Python 3 understands.
PROBE = """
import os, sys, sysconfig
if sys.implementation.name == "cpython":
    build = "t" if sysconfig.get_config_var("Py_GIL_DISABLED") else ""
    print("%d.%d" % sys.version_info[:2] + build)
    print(os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable))
"""


def _rows() -> list[list[str]]:
    lines = LIST.read_text(encoding="utf-8").splitlines()
    return [line.split() for line in lines if line.strip() and not line.startswith("#")]


def required() -> list[str]:
    """Versions that must be there, as tools/pythons.txt lists them, oldest first."""
    return [row[0] for row in _rows() if row[1] != "own"]


def optional() -> list[str]:
    """Versions that are tested where somebody built them, as tools/pythons.txt lists them."""
    return [row[0] for row in _rows() if row[1] == "own"]


def tested() -> list[str]:
    """Versions that the tests run on here: all required ones, and the optional ones found."""
    must = required()
    return [row[0] for row in _rows() if row[0] in must or find(row[0]) is not None]


def _candidates(version: str) -> Iterator[Path]:
    name = f"python{version}"
    fetched = ROOT / "build" / "pythons"
    yield from (*fetched.glob(f"*/bin/{name}"), *fetched.glob(f"*/usr/bin/{name}"))
    for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
        yield Path(folder) / name
    pyenv = shutil.which("pyenv")
    if pyenv is not None:
        root = subprocess.run([pyenv, "root"], capture_output=True, text=True, check=False)
        patches = version.rstrip("t") + ".*"
        yield from sorted(Path(root.stdout.strip(), "versions").glob(f"{patches}/bin/{name}"))


def _resolve(program: Path, version: str) -> Path | None:
    try:
        answer = subprocess.run(
            # -I: the answer must not depend on PYTHON* variables or the current folder.
            [str(program), "-I", "-c", PROBE],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    lines = answer.stdout.splitlines()
    if answer.returncode != 0 or len(lines) != 2 or lines[0] != version:
        return None
    return Path(lines[1])


def find(version: str) -> Path | None:
    """Find one interpreter.

    Parameters
    ----------
    version : str
        Major and minor version, as ``"3.12"``; ``"3.14t"`` is free-threaded.

    Returns
    -------
    Path or None
        The real executable; None where there is none on this machine.
    """
    for program in _candidates(version):
        if os.access(program, os.X_OK):
            executable = _resolve(program, version)
            if executable is not None:
                return executable
    return None


def free_threaded_with_headers() -> list[Path]:
    """Free-threaded interpreters that an extension module can be built for, of those tested."""
    code = "import sysconfig; print(sysconfig.get_path('platinclude'))"
    found = []
    for version in tested():
        program = find(version) if version.endswith("t") else None
        if program is not None:
            answer = subprocess.run(
                [str(program), "-I", "-c", code], capture_output=True, text=True, check=True
            )
            if Path(answer.stdout.strip(), "Python.h").exists():
                found.append(program)
    return found


def main() -> int:
    """Print what was found; the exit status says whether anything is missing."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--missing", action="store_true", help="print the versions not found")
    parser.add_argument(
        "--free-threaded", action="store_true", help="print those with headers, for meson"
    )
    parser.add_argument("version", nargs="*", help="default: all of tools/pythons.txt")
    options = parser.parse_args()

    if options.free_threaded:
        print(",".join(str(program) for program in free_threaded_with_headers()))
        return 0

    may_be_missing = [] if options.version else optional()
    wanted = options.version or [row[0] for row in _rows()]
    found = {version: find(version) for version in wanted}
    absent = [version for version, path in found.items() if path is None]
    missing = [version for version in absent if version not in may_be_missing]
    if options.missing:
        print(*missing, sep="\n", end="\n" if missing else "")
        return 0
    for version, path in found.items():
        if path is not None:
            print(f"{version}\t{path}")
    if len(absent) > len(missing):
        names = ", ".join(version for version in absent if version not in missing)
        print(
            f"find_pythons: not here, so not tested: {names}; docs/adding-a-python.md",
            file=sys.stderr,
        )
    if missing:
        names = ", ".join(missing)
        print(f"find_pythons: missing: {names}; tools/get_pythons.sh fetches them", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
