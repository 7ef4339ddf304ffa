"""What the resource prior is trained on: archives are fetched whole or not at all; units are cut.

No network: clients are programs that the tests write.
"""

from __future__ import annotations

import csv
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import artefacts
import corpus
import corpus_fetch
import registries
from corpus_fetch import Archive
from source_units import Unit, imports_used, units_of

PRIOR = Path(corpus_fetch.__file__).parent
ARCHIVE = Archive("hadoop", "maven", "org.apache:hadoop", "3.3.6", "Apache-2.0")


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An mvn that writes a jar of the version asked for, and fails where `fails` is beside it."""
    program = tmp_path / "bin" / "mvn"
    program.parent.mkdir()
    program.write_text(
        "#!/bin/sh\n"
        'version=$(echo "$4" | cut -d: -f3)\n'
        'echo text >"hadoop-$version-sources.jar"\n'
        f'if [ -e "{program.parent}/fails" ]; then echo "no route" >&2; exit 1; fi\n',
        encoding="utf-8",
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    return program.parent


def jars(cache: Path) -> list[str]:
    return sorted(path.name for path in cache.rglob("*.jar"))


def test_another_version_is_fetched_anew(client: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    assert corpus_fetch.fetch(ARCHIVE, cache)
    assert jars(cache) == ["hadoop-3.3.6-sources.jar"]
    assert corpus_fetch.is_there(ARCHIVE, cache)
    newer = Archive("hadoop", "maven", ARCHIVE.name, "3.3.60", "Apache-2.0")
    assert not corpus_fetch.is_there(newer, cache)
    assert corpus_fetch.fetch(newer, cache)
    assert jars(cache) == ["hadoop-3.3.60-sources.jar"]
    assert not corpus_fetch.is_there(ARCHIVE, cache)


def test_what_came_half_is_not_taken_for_whole(
    client: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (client / "fails").touch()
    assert not corpus_fetch.fetch(ARCHIVE, tmp_path / "cache")
    assert not corpus_fetch.is_there(ARCHIVE, tmp_path / "cache")
    assert capsys.readouterr().out == (
        "not fetched: maven:org.apache:hadoop:3.3.6: mvn: no route\n"
    )
    (client / "fails").unlink()
    assert corpus_fetch.fetch(ARCHIVE, tmp_path / "cache")


def test_a_client_that_is_not_installed_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not corpus_fetch.fetch(ARCHIVE, tmp_path / "cache")
    assert "needs mvn, which is not installed" in capsys.readouterr().out
    with pytest.raises(registries.FetchError, match="needs mvn, which is not installed"):
        artefacts.folder_of("maven:org.apache:hadoop:3.3.6", tmp_path)


def test_drawing_without_a_client_ends_with_a_line(tmp_path: Path) -> None:
    shutil.copytree(PRIOR, tmp_path / "tools" / "prior")
    answer = subprocess.run(
        [sys.executable, tmp_path / "tools" / "prior" / "draw_gold.py"],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 1
    assert answer.stderr.startswith("draw_gold: maven:")
    assert answer.stderr.endswith(": needs mvn, which is not installed\n")
    assert answer.stderr.count("\n") == 1


@pytest.mark.parametrize("name", ["pypi:torch", "maven:group:1", "npm:a:1", "pypi::1", ""])
def test_an_artefact_that_is_none_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(registries.FetchError, match="not maven:GROUP:NAME:VERSION or pypi"):
        artefacts.folder_of(name, tmp_path)


JAVA = """package a;
import java.net.Socket;
import java.util.List;

/** Sends {@code lines}. */
public class Sender {
    /** Opens it. */
    @Override
    public void open(String host) { // a brace: {
        this.socket = new Socket(host, '{');
        if (host == null) { return; }
    }
}
"""

SCALA = """import java.io.File

/** Reads. */
class Reader(path: String) {
  /** All of it. */
  def all(): Seq[String] = { new File(path).list() }
}
"""

GO = """package a

// Dial connects.
func (c *Client) Dial(host string) error {
    return nil // late
}
"""

PYTHON = '''import socket

class Sender:
    """Sends."""

    def open(self, host):
        """Opens it."""
        return socket.create_connection(host)  # late
'''


@pytest.mark.parametrize(
    ("language", "text", "wanted"),
    [
        ("java", JAVA, [("function", "Sender.open", "Opens it."), ("class", "Sender", "Sends")]),
        ("scala", SCALA, [("function", "Reader.all", "All of it."), ("class", "Reader", "Reads.")]),
        ("go", GO, [("function", "Client.Dial", "Dial connects.")]),
        ("python", PYTHON, [("class", "Sender", "Sends."), ("function", "Sender.open", "Opens")]),
    ],
)
def test_units_have_their_code_and_their_documentation(
    language: str, text: str, wanted: list[tuple[str, str, str]]
) -> None:
    found: list[Unit] = list(units_of(text, language))
    assert [(unit.kind, unit.name) for unit in found] == [row[:2] for row in wanted]
    for unit, (_, _, docs) in zip(found, wanted):
        assert unit.docs.startswith(docs)
        assert docs not in unit.code
    used = {"java": "java.net.Socket", "scala": "java.io.File", "python": "socket"}.get(language)
    if used:
        (function,) = [unit for unit in found if unit.kind == "function"]
        assert used in function.code.splitlines()
        assert "java.util.List" not in function.code


def test_a_class_has_the_documentation_of_its_members_too() -> None:
    for language, text in (("java", JAVA), ("python", PYTHON)):
        by_kind = {unit.kind: unit for unit in units_of(text, language)}
        assert by_kind["class"].member_docs == "Opens it."
        assert by_kind["class"].all_docs.endswith("\n\nOpens it.")
        assert by_kind["function"].member_docs == ""


def test_of_imports_those_that_are_used_count() -> None:
    code = "new Socket(host)"
    assert imports_used(JAVA, "java", code) == "java.net.Socket"
    assert imports_used(SCALA, "scala", "new File(path)") == "java.io.File"
    assert imports_used(PYTHON, "python", "socket.socket()") == "socket"
    assert imports_used(PYTHON, "python", "pass") == ""


def test_engines_are_projects_of_the_corpus() -> None:
    projects = {archive.project for archive in corpus_fetch.read_archives(PRIOR / "corpus.tsv")}
    assert projects >= corpus.ENGINES
    assert set(corpus.read_rules(PRIOR / "labels.tsv")) >= projects


def test_the_readme_counts_what_is_there() -> None:
    text = (PRIOR / "README.md").read_text(encoding="utf-8")
    with (PRIOR / "corpus.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    projects = len({row["project"] for row in rows})
    assert f"{len(rows)} archives of {projects} projects" in text
    names = len((PRIOR / "api.tsv").read_text(encoding="utf-8").splitlines()) - 1
    assert f"{names} names of APIs" in text
    explain = (PRIOR.parents[1] / "docs" / "commands" / "explain.md").read_text(encoding="utf-8")
    assert re.search(rf"sources of {projects} projects", explain)
