"""Source of functions, for the table ``source``: read when a run is written, and only if asked for.

A recording holds no source. A file on this disk is what ran as far as these say so:

- the recording was made on a machine of this name,
- the file's inode has not changed since the first process of the run was started: ``st_ctime``,
  which no program can set, unlike ``st_mtime``; a file that was saved, replaced, restored or
  renamed since is refused,
- the recorded line begins a definition of the recorded name.

What does not hold is null, and counted. What none of this can see: a file that a program changed
and took back before it ran, clocks that were set, and another disk on a machine of the same name.
"""

from __future__ import annotations

import hashlib
import inspect
import os
import platform
import re
import stat
import tokenize
import zlib
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from barograph.profile import Profile

FILE_BYTES_MAX = 16 << 20
HASH_LENGTH = 32  # BARO_SOURCE_HASH_BYTES of src/pyext/column.h


class Sources(NamedTuple):
    """Source of a profile's functions."""

    hashes: bytes
    """MD5 in hexadecimal for each function, blanks where its source is not known."""
    rows: list[dict[str, Any]]
    """Of table ``source``: one for each hash, without columns of the run."""
    missing: dict[str, int]
    """Functions without source, by reason."""


def _lines_of(path: str, before_ns: int) -> list[str] | str:
    """Lines of a file that did not change since, or the reason why not."""
    if not path.startswith("/"):
        return "their code is in no file"
    try:
        # A pipe of that name would wait for a writer.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return "their file cannot be read"
    with open(descriptor, "rb") as file:
        before = os.fstat(descriptor)
        if not stat.S_ISREG(before.st_mode) or before.st_size > FILE_BYTES_MAX:
            return "their file cannot be read"
        if before.st_ctime_ns >= before_ns:
            return "their file changed after the run began"
        try:
            encoding, _ = tokenize.detect_encoding(file.readline)
            file.seek(0)
            text = file.read().decode(encoding)
        except (SyntaxError, UnicodeDecodeError, LookupError):
            return "their file is no Python"
        if os.fstat(descriptor).st_ctime_ns != before.st_ctime_ns:
            return "their file changed after the run began"
    # Lines as Python counts them: no others than these end one.
    return re.split(r"(?<=\n)", text.replace("\r\n", "\n").replace("\r", "\n"))


def _definition(name: str) -> re.Pattern[str]:
    if name == "<lambda>":
        return re.compile(r"\blambda\b")
    return re.compile(rf"^\s*(async\s+)?(def|class)\s+{re.escape(name)}\b")


def _block(lines: list[str], name: str, first_line: int) -> str | None:
    """Text that `inspect.getsource` would give; None: no definition of the name begins there."""
    if name == "<module>":
        return "".join(lines)
    if name.startswith("<") and name != "<lambda>":
        return None  # a comprehension's is that of the function around it
    if not 1 <= first_line <= len(lines):
        return None
    try:
        block = inspect.getblock(lines[first_line - 1 :])
    except (SyntaxError, tokenize.TokenError):
        return None
    # Decorators may stand before; they have no definitions of the name.
    pattern = _definition(name)
    return "".join(block) if any(pattern.search(line) for line in block) else None


def _first_start_ns(profile: Profile) -> int | None:
    """UTC time when the run's first process was started; None where one's is not known."""
    core = import_module("arro3.core")
    column = core.Table.from_arrow(profile.processes)["start_utc"]
    starts = column.cast(core.DataType.int64()).to_pylist()
    return None if not starts or None in starts else int(min(starts)) * 1000


def find_sources(profile: Profile, host: str | None) -> Sources:
    """Read what can be known of the functions' source.

    Parameters
    ----------
    profile
        Whose functions are meant.
    host
        Machine of the run, None where the recording does not say.
    """
    table = import_module("arro3.core").Table.from_arrow(profile.functions)
    columns = ("short_name", "name", "module", "file", "line")
    functions = list(zip(*[table[name].to_pylist() for name in columns]))
    start_ns = _first_start_ns(profile)
    files: dict[str, list[str] | str] = {}
    hashes = []
    rows: dict[str, dict[str, Any]] = {}
    missing: dict[str, int] = {}
    for name, qualified_name, module, file, line in functions:
        lines: list[str] | str = "the run is not of this machine"
        if start_ns is not None and host == platform.node():
            path = file or ""
            if path not in files:
                files[path] = _lines_of(path, start_ns)
            lines = files[path]
        text = None if isinstance(lines, str) else _block(lines, name, line or 0)
        if text is None:
            hashes.append(" " * HASH_LENGTH)
            why = lines if isinstance(lines, str) else "no definition of their name is there"
            missing[why] = missing.get(why, 0) + 1
            continue
        encoded = text.encode(errors="surrogatepass")
        # Names content, and guards nothing.
        digest = hashlib.md5(encoded, usedforsecurity=False).hexdigest()
        hashes.append(digest)
        rows.setdefault(
            digest,
            {
                "source_code_md5_hash": digest,
                "source_code_compressed": zlib.compress(encoded),
                "source_code": text,
                "module": module,
                "qualified_name": qualified_name,
                "file": file,
                "line": line,
            },
        )
    return Sources("".join(hashes).encode(), list(rows.values()), missing)
