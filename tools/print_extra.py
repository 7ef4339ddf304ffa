#!/usr/bin/env python3
"""Prints what an extra of pyproject.toml asks for, one requirement a line, for ``pip install -r``.

``pip install .[test]`` would build the project first; the tools of the tests must also be there
while it does not build.
"""

from __future__ import annotations

import sys
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    # Comes with meson-python.
    import tomli as tomllib

PROJECT = Path(__file__).resolve().parent.parent / "pyproject.toml"


def main() -> int:
    """Print the extra that the command line names."""
    extras = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    if len(sys.argv) != 2 or sys.argv[1] not in extras:
        print(f"usage: print_extra.py {'|'.join(extras)}", file=sys.stderr)
        return 2
    print(*extras[sys.argv[1]], sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
