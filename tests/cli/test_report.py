"""The report: its numbers, its layout at every width, and its manners on terminals."""

from __future__ import annotations

import json
import os
import re
import subprocess
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from calling import Recording, Run
from terminals import open_terminal, read_shown, resize

ESCAPE = "\033"


def columns_of(line: str) -> int:
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in line
    )


def table_rows(report: str, title: str) -> list[list[str]]:
    """Rows of a table, cut at two blanks and more; the first is the heading."""
    lines = report[report.index(f"\n{title}") + 1 :].split("\n\n", maxsplit=1)[0].splitlines()[1:]
    while not re.match(r" +(self %|total %|thread|process) ", lines[0]):
        lines.pop(0)
    return [re.split(r" {2,}", line.strip()) for line in lines]


def test_known_shares(run: Run, recording: Recording) -> None:
    report = run("report", recording("small")).stdout
    rows = table_rows(report, "Functions")
    assert rows[0][:4] == ["self %", "±", "self", "total %"]
    by_name = {row[-2]: row for row in rows[1:]}
    assert list(by_name) == ["parse", "load_rows", "main"]
    assert by_name["parse"][0] == "60.0"
    assert by_name["load_rows"][0] == "30.0"
    assert by_name["main"][0] == "10.0"
    assert by_name["main"][3] == "100.0"
    assert set(by_name["load_rows"][4]) == {"d"}
    assert set(by_name["parse"][4]) == {"█"}
    assert by_name["parse"][-1] == "parse.py:12"


def test_head(run: Run, recording: Recording) -> None:
    report = run("report", recording("night")).stdout
    head = report.split("\n\n")[0]
    for label in ("command", "Python", "run", "CPU", "samples", "notes"):
        assert re.search(rf"^  {label} +\S", head, re.M), label
    assert "3.12.1; 3 processes, 6 threads" in head
    assert "at 999 Hz (1,000 asked); rejected 3 (<0.1 %)" in " ".join(head.split())
    assert "exit status 0" in head


def test_summary_stands_before_the_table(run: Run, recording: Recording) -> None:
    path = recording("small")
    summary = json.loads(run("report", "--json", path).stdout)["summary"]
    sentence = " ".join(run("report", path).stdout.split("\n\n")[1].split())
    assert sentence == summary
    assert "waiting for disk" in sentence


def test_legend_names_the_states_that_occur_and_no_others(run: Run, recording: Recording) -> None:
    small = run("report", recording("small")).stdout.rstrip().split("\n\n")[-1]
    assert re.split(r" {2,}", small.strip()) == ["█ running", "d waiting for disk"]
    night = run("report", recording("night")).stdout.rstrip().split("\n\n")[-1]
    assert "g waiting for the GIL" in night
    assert "unknown" not in re.sub(r"\? unknown", "", night)


@pytest.mark.parametrize("order", ["self", "total", "wait"])
def test_sort(run: Run, recording: Recording, order: str) -> None:
    path = recording("night")
    rows = table_rows(run("report", "--sort", order, path).stdout, "Functions")
    title = {"self": "self %", "total": "total %", "wait": "wait %"}[order]
    column = rows[0].index(title)
    shares = [
        float(row[column].replace("<", "")) for row in rows[1:] if not row[0].startswith("and ")
    ]
    assert len(shares) > 5
    assert shares == sorted(shares, reverse=True)


def test_top(run: Run, recording: Recording) -> None:
    path = recording("night")
    two = run("report", "--top", "2", path).stdout
    assert len(table_rows(two, "Functions")) == 4
    assert re.search(r"and \d+ more, self [\d.]+ % together; --top 0 shows all", two)
    assert "--top 0 shows all" not in run("report", "--top", "0", path).stdout


def test_lines(run: Run, recording: Recording) -> None:
    rows = table_rows(run("report", "--lines", recording("small")).stdout, "Lines")
    assert rows[0][-1] == "line"
    assert rows[1][-2:] == ["parse", "parse.py:20"]


def test_every_thread_with_all_its_states(run: Run, recording: Recording) -> None:
    path = recording("deep")
    assert "and 32 more; --threads shows all" in run("report", path).stdout
    threads = run("report", "--threads", path).stdout
    assert len(table_rows(threads, "Threads")) == 41
    rows = table_rows(
        run("report", "--threads", recording("night"), env={"COLUMNS": "200"}).stdout, "Threads"
    )
    disk = rows[0].index("disk")
    assert float(rows[1][disk]) == pytest.approx(38, abs=2)


def test_a_long_path_has_a_gap(run: Run, recording: Recording) -> None:
    report = run("report", recording("deep")).stdout
    assert "(188 functions between)" in report
    assert report.count("level_") < 30


@pytest.mark.parametrize("columns", [40, 49, 50, 59, 60, 80])
def test_lines_of_the_hottest_path_are_whole(run: Run, recording: Recording, columns: int) -> None:
    path = recording("small")
    steps = json.loads(run("report", "--json", path).stdout)["hottest_path"]
    report = run("report", path, env={"COLUMNS": str(columns)}).stdout
    shown = report[report.index("\nHottest call path") :].split("\n\n")[0]
    for step in steps:
        place = f"{Path(step['file']).name}:{step['line']}"
        assert re.search(rf"[ /]{re.escape(place)}$", shown, re.M), place


def test_recursion_is_one_step(run: Run, recording: Recording) -> None:
    report = run("report", "--json", recording("night")).stdout
    assert json.loads(report)["functions"]


def test_basis(run: Run, recording: Recording) -> None:
    path = recording("night")
    run_basis = json.loads(run("report", "--json", path).stdout)
    threads = json.loads(run("report", "--json", "--basis", "threads", path).stdout)
    assert run_basis["head"]["basis_ns"] < threads["head"]["basis_ns"]
    assert run_basis["summary"] != threads["summary"]
    assert "of all threads' time" in run("report", "--basis", "threads", path).stdout


@pytest.mark.parametrize("scenario", ["small", "night", "hostile", "deep", "idle"])
@pytest.mark.parametrize("columns", [40, 60, 80, 100, 120, 200, 500])
def test_fits_the_width(run: Run, recording: Recording, scenario: str, columns: int) -> None:
    path = recording(scenario)
    for options in ([], ["--top", "1"], ["--sort", "wait"], ["--lines"], ["--threads"]):
        report = run("report", *options, path, env={"COLUMNS": str(columns)}).stdout
        for line in report.splitlines():
            # A word that is longer than the terminal stays whole; all states need 80 columns.
            if len(line.split()) > 1 and (columns >= 80 or options in ([], ["--top", "1"])):
                assert columns_of(line) <= columns, (options, line)


@pytest.mark.parametrize("columns", [40, 80, 100, 120])
def test_what_threads_mostly_did_is_never_cut(run: Run, recording: Recording, columns: int) -> None:
    item = r"[A-Za-z ]+( \d+ %)?"
    for scenario in ("night", "deep"):
        report = run("report", recording(scenario), env={"COLUMNS": str(columns)}).stdout
        rows = table_rows(report, "Threads")
        assert rows[0][-1] == "mostly"
        for row in rows[1:]:
            if not row[0].startswith("and "):
                assert re.fullmatch(rf"{item}(, {item})*", row[-1]), row


def test_wide_characters_keep_columns_straight(run: Run, recording: Recording) -> None:
    report = run("report", recording("hostile")).stdout
    start = report.index("\nFunctions")
    lines = report[start:].split("\n\n")[0].splitlines()
    heading = next(line for line in lines if line.startswith("  self %"))
    wide = next(line for line in lines if "日本語" in line)
    assert columns_of(wide[: wide.index("日本語")]) == heading.index("function")


def test_hostile_names_do_not_reach_the_terminal(run: Run, recording: Recording) -> None:
    path = recording("hostile")
    for options in ([], ["--lines"], ["--threads"], ["--json"]):
        output = run("report", *options, path).stdout
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f]", output)
        assert options == ["--json"] or not re.search("[\u202a-\u202e\u2066-\u2069]", output)
    json.loads(run("report", "--json", path).stdout)


def test_piped_has_no_color_and_100_columns(run: Run, recording: Recording) -> None:
    report = run("report", recording("night")).stdout
    assert ESCAPE not in report
    assert 80 < max(map(columns_of, report.splitlines())) <= 100


def test_color_choices(run: Run, recording: Recording) -> None:
    path = recording("small")
    plain = run("report", path).stdout
    colored = run("report", "--color", "always", path, env={"NO_COLOR": "1"}).stdout
    assert ESCAPE in colored
    assert ESCAPE not in run("report", "--color=never", path).stdout
    # The same text under the colours but for the bars.
    stripped = re.sub(r"\033\[[0-9;]*m", "", colored)
    assert [len(a) for a in stripped.splitlines()] == [len(a) for a in plain.splitlines()]
    assert [a.count("█") for a in stripped.splitlines()] == [
        a.count("█") for a in plain.splitlines()
    ]


def on_terminal(program: Path, arguments: list[str], env: dict[str, str], columns: int) -> str:
    main, side = open_terminal(40, columns)
    environment = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "TERM": "xterm-256color", **env}
    with subprocess.Popen([program, *arguments], stdout=side, env=environment) as process:
        os.close(side)
        shown = read_shown(main)
        assert process.wait() == 0
    return shown.decode()


def test_terminal(barograph: Path, recording: Recording) -> None:
    path = str(recording("night"))
    colored = on_terminal(barograph, ["report", path], {}, 120)
    assert "\033[97;44md" in colored
    assert "\033[32m█" in colored
    plain_widths = [
        columns_of(re.sub(r"\033\[[0-9;]*m", "", line)) for line in colored.splitlines()
    ]
    assert 100 < max(plain_widths) <= 120
    assert ESCAPE not in on_terminal(barograph, ["report", path], {"NO_COLOR": "1"}, 120)
    assert ESCAPE not in on_terminal(barograph, ["report", path], {"TERM": "dumb"}, 120)


def test_other_charsets_get_ascii(run: Run, recording: Recording) -> None:
    for scenario in ("night", "hostile"):
        report = run("report", recording(scenario), env={"LANG": "de_DE.ISO-8859-1"}).stdout
        assert report.isascii()


def test_places_are_relative_to_the_current_folder(
    barograph: Path, recording: Recording, tmp_path: Path
) -> None:
    """The recording's files are below /srv/app, which need not exist."""
    report = subprocess.run(
        [barograph, "report", recording("small")],
        cwd="/",
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "places are below /srv/app/" in " ".join(report.split())
    assert " parse.py:12" in report


class TestJson:
    @pytest.fixture
    def report(self, run: Run, recording: Recording) -> dict[str, Any]:
        answer = run("report", "--json", recording("small"))
        assert answer.returncode == 0
        loaded: dict[str, Any] = json.loads(answer.stdout)
        return loaded

    def test_schema(self, report: dict[str, Any]) -> None:
        assert report["schema"] == "barograph.report/1"

    def test_functions(self, report: dict[str, Any]) -> None:
        by_name = {function["name"]: function for function in report["functions"]}
        parse = by_name["parse"]
        assert parse["file"] == "/srv/app/parse.py"
        assert parse["line"] == 12
        assert parse["self_ratio"] == pytest.approx(0.6)
        assert parse["self_ratio_error"] == pytest.approx((0.6 * 0.4 / 2000) ** 0.5, rel=0.05)
        assert by_name["main"]["total_ratio"] == pytest.approx(1.0)

    def test_threads(self, report: dict[str, Any]) -> None:
        (thread,) = report["threads"]
        assert thread["process_id"] == 4312
        assert thread["thread_id"] == 4312
        assert set(thread["states"]) == set(
            "cpu runnable gil lock disk network pipe child sleep idle collector gpu copy "
            "unknown".split()
        )
        assert thread["states"]["disk"] == pytest.approx(0.3)
        assert sum(thread["states"].values()) == pytest.approx(1)


@pytest.mark.parametrize("variable", ["LANG", "LC_CTYPE", "LC_ALL"])
@pytest.mark.parametrize("locale", ["C", "POSIX", "de_DE.ISO-8859-1"])
@pytest.mark.parametrize("options", [[], ["--threads"], ["--lines"], ["--color", "always"]])
def test_ascii_where_the_locale_is_not_utf8(
    run: Run, recording: Recording, variable: str, locale: str, options: list[str]
) -> None:
    """Also piped: a log or a mail is read with the same charset."""
    env = {"LANG": "C.UTF-8", variable: locale}
    text = run("report", *options, recording("night"), env=env).stdout
    assert text.isascii()
    if "--color" not in options:
        assert "####" in text
    # The environment's locale decides on charset only: a German one does not change numbers.
    assert run("report", "--json", recording("night"), env=env).stdout.isascii()


def test_unicode_where_nobody_chose_a_locale(run: Run, recording: Recording) -> None:
    env = {"LANG": "", "LC_ALL": "", "LC_CTYPE": ""}
    assert "█" in run("report", recording("night"), env=env).stdout
    assert "█" in run("report", recording("night"), env={"LANG": "xx_XX.UTF-8"}).stdout


def test_a_pager_has_the_width_of_its_terminal(barograph: Path, recording: Recording) -> None:
    # 100 columns, whatever the terminal: in one of 80 each second line was broken.
    main, side = open_terminal(50, 70)
    environment = {name: text for name, text in os.environ.items() if name != "COLUMNS"}
    longest = {}
    for columns in (70, 140):
        resize(side, 50, columns)
        piped = subprocess.run(
            [barograph, "report", recording("night")],
            stdout=subprocess.PIPE,
            stderr=side,
            env=environment,
            text=True,
            encoding="utf-8",
            check=True,
        )
        longest[columns] = max(columns_of(line) for line in piped.stdout.splitlines())
    os.close(main)
    os.close(side)
    assert longest[70] <= 70
    assert 100 < longest[140] <= 140
