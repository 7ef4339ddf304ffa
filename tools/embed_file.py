#!/usr/bin/env python3
"""Writes a file's bytes as a C array.

embed_file.py FILE NAME OUT.c

NAME, baro_THING, is that of the array, and NAME_bytes its length; show/THING.h declares them.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROW = 16


def main(arguments: list[str]) -> int:
    source, name, target = arguments
    data = Path(source).read_bytes()
    header = name.removeprefix("baro_")
    rows = ["".join(f"{byte}," for byte in data[at : at + ROW]) for at in range(0, len(data), ROW)]
    lines = [
        f'#include "show/{header}.h"',
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
