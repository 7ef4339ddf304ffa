#!/usr/bin/env python3
"""The C tests of a build: tools/run_c_tests.py BUILD [ARGUMENT OF meson test]...

These tests watch real processes, threads and clocks on machines that others use too: what fails
once is run once more, alone, and both outcomes are printed. A sanitizer's finding is not excused;
that a test which an assertion ended did not free its memory is none.
The last lines name what failed and why.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

FINDING = re.compile(r"(ERROR|WARNING): \w*Sanitizer|runtime error:")
LEAK = re.compile(r"ERROR: LeakSanitizer")
FAILED_ASSERTION = re.compile(r"^\[  (ERROR|FAILED) .*|^\[   LINE .*", re.MULTILINE)
REASON_LINES = 30


def run(build: Path, arguments: list[str]) -> dict[str, str]:
    """What the tests that failed wrote, by the test's name; empty where all passed."""
    command = ["meson", "test", "-C", str(build), "--print-errorlogs", *arguments]
    status = subprocess.run(command, check=False).returncode
    failed = {}
    if status != 0:
        log = (build / "meson-logs" / "testlog.json").read_text(encoding="utf-8")
        for test in map(json.loads, log.splitlines()):
            if test["is_fail"]:
                name = test["name"].rpartition(":")[2]
                failed[name] = test.get("stdout", "") + test.get("stderr", "")
        if not failed:  # not a test: the build, an unknown suite
            sys.exit(status)
    return failed


def is_finding(output: str) -> bool:
    leaks = len(LEAK.findall(output))
    return len(FINDING.findall(output)) > (leaks if FAILED_ASSERTION.search(output) else 0)


def reason(output: str) -> list[str]:
    """Assertions that failed, which a sanitizer's report may push far up, and the end."""
    lines = output.splitlines()
    above = [line for line in lines[:-REASON_LINES] if FAILED_ASSERTION.match(line)]
    return above + lines[-REASON_LINES:]


def fail(failed: dict[str, str], why: str) -> None:
    for name, output in failed.items():
        print(f"\n== {name}, {why}:", *reason(output), sep="\n")
    sys.exit(1)


def main() -> None:
    build = Path(sys.argv[1])
    failed = run(build, sys.argv[2:])
    found = {name: output for name, output in failed.items() if is_finding(output)}
    if found:
        fail(found, "a finding of a sanitizer")
    if failed:
        print("\nonce more, alone: what fails twice is wrong, what fails once was disturbed")
        first = failed
        failed = run(build, ["--no-rebuild", "--num-processes", "1", *sorted(first)])
        if failed:
            fail(failed, "failed twice")
        for name, output in first.items():
            print(f"\n== {name}, failed once:", *reason(output), sep="\n")


if __name__ == "__main__":
    main()
