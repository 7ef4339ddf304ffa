#!/usr/bin/env python3
"""C tests that the thread sanitizer can say anything about: tools/threaded_tests.py BUILD.

Prints the names of those whose program can start a thread, lock, or handle a signal, told by what
it takes from the C library: the others have one flow of instructions, and nothing in it that this
sanitizer looks at. Tests of the suite without-threads, which it would disturb, are left out. BUILD
must be without sanitizers, whose runtimes take all of these themselves.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

# As `nm` shows them: behind a name stands the version of the C library's symbol.
WATCHED = re.compile(
    r"^ *[Uw] (pthread_(create|mutex|rwlock|spin|cond|barrier|once)\w*|thrd_create|mtx_\w+|sem_\w+"
    r"|clone3?|sigaction|signal|__sysv_signal|timer_create|setitimer)\b",
    re.MULTILINE,
)


def is_threaded(program: Path) -> bool:
    command = ["nm", "--dynamic", "--undefined-only", str(program)]
    symbols = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    if not symbols:
        sys.exit(f"threaded_tests: {program} takes nothing from a shared C library: link it so")
    return WATCHED.search(symbols) is not None


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit("threaded_tests: which build? tools/threaded_tests.py BUILD")
    facts = Path(sys.argv[1]) / "meson-info" / "intro-tests.json"
    if not facts.exists():
        sys.exit(f"threaded_tests: no {facts}: set it up and build it first: make test-gcc")
    for test in json.loads(facts.read_text(encoding="utf-8")):
        without = any(suite.endswith("without-threads") for suite in test["suite"])
        if not without and is_threaded(Path(test["cmd"][0])):
            print(test["name"])


if __name__ == "__main__":
    main()
