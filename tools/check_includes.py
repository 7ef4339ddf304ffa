#!/usr/bin/env python3
"""Checks who includes whom in src/, and that every header compiles alone.

The folders of src/ are the stages of the flow, and each may use only what lies before it:
`RULES` below is ARCHITECTURE.md's include rule as data. Prints one line for each breach, as
compilers do (file:line: what), and exits 1 if there is any.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

SOURCE = Path(__file__).resolve().parent.parent / "src"

# Folder -> what it may include besides itself. Longer paths win over their parents.
RULES: dict[str, tuple[str, ...]] = {
    "base": (),
    "recording": ("base",),
    # The rings' layout is the agent's; nothing else of it is used outside the target.
    "capture": ("base", "recording", "capture/agent"),
    "capture/cpython": ("base", "recording"),
    "capture/sampler": ("base", "recording", "capture", "capture/cpython"),
    # The agent runs inside the target, where nothing else of ours may be.
    "capture/agent": ("base",),
    "import": ("base", "recording"),
    "profile": ("base", "recording"),
    "explain": ("base", "recording", "profile"),
    "predict": ("base", "recording", "profile", "explain"),
    "show": ("base", "recording", "profile", "explain", "predict"),
    "pyext": ("base", "recording", "profile", "explain", "predict", "show"),
    "cli": (
        *("base", "recording", "capture", "capture/cpython", "capture/sampler", "import"),
        *("profile", "explain", "predict", "show"),
    ),
}

INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"')


def stage_of(path: Path) -> str:
    """Name of the stage a file below src/ belongs to.

    Raises
    ------
    KeyError
        If RULES does not know the folder.
    """
    folder = path.relative_to(SOURCE).parent.as_posix()
    while folder not in RULES:
        if "/" not in folder:
            raise KeyError(f"no rule for the folder src/{folder}")
        folder = folder.rpartition("/")[0]
    return folder


def breaches_of(path: Path) -> list[str]:
    """One line for each include of the file that its stage may not use."""
    found = []
    stage = stage_of(path)
    allowed = (stage, *RULES[stage])
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        match = INCLUDE.match(line)
        if match is None:
            continue
        place = f"{path.relative_to(SOURCE.parent)}:{number}"
        target = SOURCE / match[1]
        if not target.is_file():
            found.append(f'{place}: "{match[1]}" is not named from the root of src/')
        elif stage_of(target) not in allowed:
            found.append(f"{place}: {stage} may not use {stage_of(target)} ({match[1]})")
    return found


def duplicates_of(files: list[Path]) -> list[str]:
    """One line for each file name that occurs twice: file = module = prefix."""
    first: dict[str, Path] = {}
    found = []
    for path in files:
        other = first.setdefault(path.name, path)
        if other != path and path.name != "README.md":
            places = [each.relative_to(SOURCE.parent) for each in (path, other)]
            found.append(f"{places[0]}:1: the name is taken by {places[1]}")
    return found


def compile_alone(header: Path) -> list[str]:
    """The compiler's first complaint about a header that is all a file includes."""
    answer = subprocess.run(
        [
            os.environ.get("CC", "cc"),
            *("-std=c17", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-fsyntax-only"),
            # What runs inside the target is written against the interpreter's own headers.
            *("-isystem", sysconfig.get_path("include"), "-I", str(SOURCE), "-x", "c", "-"),
        ],
        input=f'#include "{header.relative_to(SOURCE)}"\n',
        capture_output=True,
        text=True,
        check=False,
    )
    if answer.returncode == 0:
        return []
    lines = [line for line in answer.stderr.splitlines() if "error" in line]
    reason = lines[0] if lines else answer.stderr.strip()
    return [f"{header.relative_to(SOURCE.parent)}:1: does not compile alone: {reason}"]


def main() -> int:
    """Check all files of src/."""
    files = sorted(path for path in SOURCE.rglob("*") if path.suffix in {".c", ".h", ".def"})
    headers = [path for path in files if path.suffix == ".h"]
    found = [line for path in files for line in breaches_of(path)]
    found += duplicates_of(files)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for lines in pool.map(compile_alone, headers):
            found += lines
    print(*found, sep="\n", end="\n" if found else "")
    print(f"check_includes: {len(files)} files, {len(headers)} headers, {len(found)} breaches")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
