"""Commands, help, and mistakes on the command line."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from calling import Run

DOCUMENTS = Path(__file__).resolve().parents[2] / "docs" / "commands"


def commands_of(run: Run) -> list[str]:
    listing = run("help").stdout.partition("Commands:\n")[2].partition("\n\n")[0]
    return [line.split()[0] for line in listing.splitlines()]


def assert_error(answer: subprocess.CompletedProcess[str], part: str, status: int = 2) -> None:
    """One line on stderr that begins with the program's name; nothing on stdout."""
    assert answer.returncode == status, answer.stderr
    assert answer.stdout == ""
    assert answer.stderr.startswith("barograph: ")
    assert answer.stderr.count("\n") == 1
    assert answer.stderr.endswith("\n")
    assert part in answer.stderr


def test_version(run: Run) -> None:
    for option in ("--version", "-V"):
        answer = run(option)
        assert answer.returncode == 0
        assert re.fullmatch(r"barograph \d+\.\d+\.\d+\n", answer.stdout)


def test_no_command_prints_the_commands_as_an_error(run: Run) -> None:
    answer = run()
    assert answer.returncode == 2
    assert answer.stdout == ""
    assert answer.stderr == run("help").stdout == run("--help").stdout


def test_help_of_a_command_is_the_same_however_asked(run: Run) -> None:
    for command in commands_of(run):
        answer = run("help", command)
        assert answer.returncode == 0
        assert answer.stderr == ""
        assert answer.stdout == run(command, "--help").stdout == run(command, "-h").stdout
        assert answer.stdout.startswith(f"Usage: barograph {command}")
        assert max(map(len, answer.stdout.splitlines())) <= 80


def test_every_command_has_its_page(run: Run) -> None:
    commands = commands_of(run)
    assert {page.stem for page in DOCUMENTS.glob("*.md")} - {"README"} == set(commands)
    for command in commands:
        page = (DOCUMENTS / f"{command}.md").read_text(encoding="utf-8")
        for option in re.findall(r"^ +(?:-\w, )?(--[a-z-]+)", run("help", command).stdout, re.M):
            assert f"`{option}" in page or f", {option}" in page, f"{command}.md: {option}"


def test_every_option_of_a_page_is_one_of_the_command(run: Run) -> None:
    told = 0
    for command in commands_of(run):
        page = (DOCUMENTS / f"{command}.md").read_text(encoding="utf-8")
        known = re.findall(r"--[a-z-]+", run("help", command).stdout)
        for option in re.findall(r"^\| (?:`-\w`, )?`(--[a-z-]+)", page, re.M):
            told += 1
            assert option in known, f"{command}.md: {option}"
    assert told > 40, told


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["reprot"], "unknown command 'reprot'; did you mean 'report'?"),
        (["xyzzy"], "unknown command 'xyzzy'; see: barograph help"),
        (["--nonsense"], "unknown option '--nonsense'"),
        (["help", "expotr"], "did you mean 'export'?"),
        (["report", "--srot", "self"], "report: unknown option '--srot'; did you mean '--sort'?"),
        (["report", "--sort"], "--sort needs a value"),
        (["report", "--sort=fast"], "'fast' is none of: self, total, wait"),
        (["report", "--top", "many"], "'many' is not a whole number"),
        (["report", "--top=-1"], "'-1' is not a whole number"),
        (["report", "--json=yes"], "--json takes no value"),
        (["report", "a", "b"], "unexpected argument 'b'"),
        (["export", "x.baro"], "which format? give --to FORMAT: collapsed"),
        (["export", "--to", "colapsed", "x.baro"], "did you mean 'collapsed'?"),
        (["export", "--to", "xyz", "x.baro"], "unknown format 'xyz'; formats: collapsed"),
        (
            ["export", "--to", "pprof", "--lines", "x.baro"],
            "--lines is for --to collapsed, speedscope only",
        ),
        (
            ["export", "--to", "pprof", "--states", "x.baro"],
            "--states is for --to collapsed, speedscope, chrome only",
        ),
        (["completion"], "an argument is missing"),
        (["completion", "fish"], "'fish' is none of: bash, zsh"),
    ],
)
def test_mistakes_are_told_in_one_line(run: Run, arguments: list[str], part: str) -> None:
    assert_error(run(*arguments), part)


def test_hostile_arguments_do_not_reach_the_terminal(run: Run) -> None:
    answer = run("\033[31mred\nline")
    assert_error(answer, "unknown command '?[31mred?line'")
    assert_error(run("report", "\033]0;title\007.baro"), "?]0;title?.baro")


def test_an_endless_argument_is_cut(run: Run) -> None:
    answer = run("report", "--" + "x" * 100_000)
    assert_error(answer, "unknown option '--xxx")
    assert len(answer.stderr) < 1_000
