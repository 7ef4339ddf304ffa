"""``python -m barograph`` is the program ``barograph`` that this package was installed with."""

from __future__ import annotations

import os
import sys
import sysconfig
from pathlib import Path


def program_path() -> Path:
    """Find the program that was installed together with this package.

    Returns
    -------
    Path
        The executable in the scripts folder of the environment this package lives in.

    Raises
    ------
    FileNotFoundError
        If no such program is there: the package was copied without it.
    """
    package = Path(__file__).resolve().parent
    tried: list[Path] = []
    # The default scheme first (None: only 3.10 and later tell its name); the others cover
    # `pip install --user` and Debian's local scheme.
    for scheme in (None, *sysconfig.get_scheme_names()):
        paths = sysconfig.get_paths(scheme) if scheme else sysconfig.get_paths()
        libraries = {Path(paths["platlib"]).resolve(), Path(paths["purelib"]).resolve()}
        if package.parent not in libraries:
            continue
        candidate = Path(paths["scripts"]) / "barograph"
        if os.access(candidate, os.X_OK):
            return candidate
        tried.append(candidate)
    places = ", ".join(str(path) for path in tried) or f"beside the package in {package}"
    raise FileNotFoundError(f"the program barograph is not there: {places}; reinstall the package")


def main() -> None:
    """Become the program; does not return where it was found."""
    try:
        program = program_path()
    except FileNotFoundError as error:
        sys.exit(f"barograph: {error}")
    os.execv(program, [str(program), *sys.argv[1:]])


if __name__ == "__main__":
    main()
