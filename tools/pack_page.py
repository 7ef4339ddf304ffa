#!/usr/bin/env python3
"""Packs the program of the viewer's page, which is most of it.

pack_page.py VIEWER.html UNPACK.js OUT.html

The page's only script becomes deflated base64, and UNPACK.js (viewer/src/packed) the script. Done
when barograph is built and not before: what deflate gives depends on who made it, and the built
viewer that is committed must not.
"""

from __future__ import annotations

import base64
import sys
import zlib
from pathlib import Path

BEGIN, END = "<script>\n", "\n</script>"
BEST, RAW, MEMORY = 9, -15, 9


def packed(page: str, unpack: str) -> str:
    """The page with its script packed."""
    if page.count(BEGIN) != 1:
        raise SystemExit("pack_page: the page must have one script")
    before, rest = page.split(BEGIN)
    script, after = rest.split(END, 1)
    plain = script.encode()
    deflate = zlib.compressobj(BEST, zlib.DEFLATED, RAW, MEMORY)
    letters = base64.b64encode(deflate.compress(plain) + deflate.flush()).decode()
    head = f'<script type="text/plain" id="program" data-bytes="{len(plain)}">'
    return f"{before}{head}{letters}</script>\n{BEGIN}{unpack}{END}{after}"


def main(arguments: list[str]) -> int:
    page, unpack, target = map(Path, arguments)
    text = packed(page.read_text(encoding="utf-8"), unpack.read_text(encoding="utf-8").rstrip("\n"))
    target.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
