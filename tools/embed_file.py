#!/usr/bin/env python3
"""Writes a file's bytes as a C array.

embed_file.py FILE NAME HEADER OUT.c

NAME is that of the array, and NAME_bytes its length; HEADER declares them.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROW = 16


def main(arguments: list[str]) -> int:
    source, name, header, target = arguments
    data = Path(source).read_bytes()
    rows = ["".join(f"{byte}," for byte in data[at : at + ROW]) for at in range(0, len(data), ROW)]
    lines = [
        f'#include "{header}"',
        "",
        f"const unsigned char {name}[] = {{",
        *rows,
        "0};",
        f"const size_t {name}_bytes = {len(data)};",
        "",
    ]
    Path(target).write_text("\n".join(lines), encoding="ascii")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
