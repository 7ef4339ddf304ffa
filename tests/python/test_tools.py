"""The tools that guard the project: each must find what it is there to find."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pairs import limits

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / "tools"


def run(*command: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A project of two stages in which nothing is wrong."""
    (tmp_path / "tools").mkdir()
    for name in ("check_includes.py", "find_pythons.py", "get_pythons.sh"):
        shutil.copy(TOOLS / name, tmp_path / "tools" / name)
    for place, text in {
        "src/base/status.h": "#include <stddef.h>\nsize_t one(void);\n",
        "src/recording/chunk.h": '#include "base/status.h"\nsize_t two(void);\n',
        "src/recording/chunk.c": '#include "recording/chunk.h"\n',
    }.items():
        path = tmp_path / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


def check_includes(tree: Path) -> subprocess.CompletedProcess[str]:
    return run(sys.executable, tree / "tools" / "check_includes.py")


def test_sound_tree_passes(tree: Path) -> None:
    answer = check_includes(tree)
    assert answer.stdout == "check_includes: 3 files, 2 headers, 0 breaches\n"
    assert answer.returncode == 0


@pytest.mark.parametrize(
    ("place", "text", "complaint"),
    [
        (
            "src/base/x.c",
            '#include "recording/chunk.h"\n',
            "src/base/x.c:1: base may not use recording",
        ),
        ("src/base/x.c", '\n#include "status.h"\n', "src/base/x.c:2: .* not named from the root"),
        ("src/base/x.h", "size_t size;\n", "src/base/x.h:1: does not compile alone: .*size_t"),
        ("src/base/chunk.c", "", "src/recording/chunk.c:1: the name is taken by src/base/chunk.c"),
    ],
    ids=["later stage", "not from the root", "not self-contained", "name taken"],
)
def test_breach_is_named(tree: Path, place: str, text: str, complaint: str) -> None:
    (tree / place).write_text(text, encoding="utf-8")
    answer = check_includes(tree)
    assert answer.returncode == 1
    assert re.search(complaint, answer.stdout), answer.stdout


def test_missing_interpreters_are_named(tree: Path, tmp_path: Path) -> None:
    (tree / "tools" / "pythons.txt").write_text("# list\n3.9 debian a\n3.15 debian b\n")
    answer = run(sys.executable, tree / "tools" / "find_pythons.py", PATH=str(tmp_path))
    assert answer.returncode == 1
    assert answer.stderr.startswith("find_pythons: missing: 3.9, 3.15;")
    assert answer.stdout == ""


def test_what_one_builds_oneself_may_be_missing(tree: Path, tmp_path: Path) -> None:
    (tree / "tools" / "pythons.txt").write_text("3.14t own\n", encoding="utf-8")
    answer = run(sys.executable, tree / "tools" / "find_pythons.py", PATH=str(tmp_path))
    assert (answer.returncode, answer.stdout) == (0, "")
    assert (
        answer.stderr == "find_pythons: not here, so not tested: 3.14t; docs/adding-a-python.md\n"
    )
    answer = run(tree / "tools" / "get_pythons.sh", "3.14t")
    assert answer.returncode == 1
    assert "3.14t is to be built by hand" in answer.stderr


def test_impostor_is_no_interpreter(tree: Path, tmp_path: Path) -> None:
    # A program of the right name that is another Python must not stand in for it.
    impostor = tmp_path / "python3.9"
    impostor.write_text("#!/bin/sh\necho 3.8\necho /usr/bin/python3.8\n", encoding="utf-8")
    impostor.chmod(0o755)
    tool = tree / "tools" / "find_pythons.py"
    answer = run(sys.executable, tool, "--missing", "3.9", PATH=str(tmp_path))
    assert (answer.returncode, answer.stdout) == (0, "3.9\n")


def test_unknown_interpreter_is_refused_in_one_line(tree: Path) -> None:
    (tree / "tools" / "pythons.txt").write_text("3.9 debian bullseye\n", encoding="utf-8")
    answer = run(tree / "tools" / "get_pythons.sh", "2.7")
    assert answer.returncode == 1
    assert answer.stderr == "get_pythons: python 2.7 is not in tools/pythons.txt\n"


@pytest.mark.parametrize("folder", ["tools", "tools/prior", "bench"])
def test_the_readme_of_a_folder_names_its_programs(folder: str) -> None:
    text = (ROOT / folder / "README.md").read_text(encoding="utf-8")
    files = [path.name for kind in ("*.py", "*.sh") for path in (ROOT / folder).glob(kind)]
    assert files
    assert [name for name in files if name not in text] == []


def test_threaded_tests_are_told_by_what_they_call(tmp_path: Path) -> None:
    # One left out would not be seen by the thread sanitizer any more.
    tests = []
    bodies = {
        "starts": "pthread_t t; return pthread_create(&t, 0, 0, 0);",
        "locks": "static pthread_mutex_t m; return pthread_mutex_lock(&m);",
        "handles": "return signal(SIGINT, SIG_IGN) == SIG_ERR;",
        "alone": 'return puts("pthread_create");',
        "disturbed": "pthread_t t; return pthread_create(&t, 0, 0, 0);",
    }
    head = "#include <pthread.h>\n#include <signal.h>\n#include <stdio.h>\n"
    for name, body in bodies.items():
        source = tmp_path / f"{name}.c"
        source.write_text(f"{head}int main(void) {{ {body} }}\n", encoding="utf-8")
        program = tmp_path / f"test_{name}"
        built = run("gcc", "-pthread", "-o", program, source)
        assert built.returncode == 0, built.stderr
        suite = "barograph:without-threads" if name == "disturbed" else "barograph:unit"
        tests.append({"name": name, "suite": [suite], "cmd": [str(program)]})
    (tmp_path / "meson-info").mkdir()
    facts = tmp_path / "meson-info" / "intro-tests.json"
    facts.write_text(json.dumps(tests), encoding="utf-8")
    answer = run(TOOLS / "threaded_tests.py", tmp_path)
    assert answer.stdout.split() == ["starts", "locks", "handles"]


def test_threaded_tests_of_nothing_are_a_failure(tmp_path: Path) -> None:
    for arguments, words in (([tmp_path], "build it first"), ([], "which build?")):
        answer = run(TOOLS / "threaded_tests.py", *arguments)
        assert answer.returncode == 1
        assert words in answer.stderr
        assert answer.stderr.count("\n") == 1


def test_a_group_of_limits_has_each_folder_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Where cpu and cpuacct are one folder, removing the second one would end the run in an error.
    (tmp_path / "cpu,cpuacct").mkdir()
    (tmp_path / "blkio").mkdir()
    for name in ("cpu", "cpuacct"):
        (tmp_path / name).symlink_to("cpu,cpuacct")
    monkeypatch.setattr(limits, "CGROUPS", tmp_path)
    group = limits.Group("pairs", limits.Limits(), tmp_path)
    assert group.folders == (tmp_path / "cpu,cpuacct" / "pairs", tmp_path / "blkio" / "pairs")
    assert group.cpu == group.usage


def test_fuzzers_without_any_are_a_failure(tmp_path: Path) -> None:
    answer = run(TOOLS / "run_fuzzers.sh", tmp_path, "1")
    assert answer.returncode == 1
    assert "no fuzzer in" in answer.stderr


@pytest.mark.parametrize(
    ("missing", "package"),
    # zlib is not among them: meson finds it by its header, whatever pkg-config says.
    [("libzstd", "libzstd-dev")],
)
def test_build_names_the_package_of_a_missing_library(
    tmp_path: Path, missing: str, package: str
) -> None:
    # A pkg-config that knows all libraries but one stands for a machine that lacks it.
    real = shutil.which("pkg-config")
    assert real is not None
    fake = tmp_path / "pkg-config"
    fake.write_text(
        f'#!/bin/sh\nfor word; do [ "$word" = {missing} ] && exit 1; done\nexec {real} "$@"\n',
        encoding="utf-8",
    )
    fake.chmod(0o755)
    meson = Path(sys.executable).with_name("meson")
    answer = run(
        *(meson, "setup", tmp_path / "build", ROOT),
        PKG_CONFIG=str(fake),
        # meson would go on to ask CMake.
        CMAKE=str(tmp_path / "no-cmake"),
    )
    assert answer.returncode == 1
    assert f"apt-get install {package}" in answer.stdout
