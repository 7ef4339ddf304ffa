"""The programs that people open exports with, called by tests.

They are fetched by tools/get_consumers.sh. A test of one that is not there is skipped by name; in
CI it fails.
"""

from __future__ import annotations

import base64
import contextlib
import html
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from calling import REPOSITORY, Run

CONSUMERS = REPOSITORY / "build" / "consumers"
SPEEDSCOPE = CONSUMERS / "node_modules" / "speedscope" / "dist" / "release"
FIREFOX = CONSUMERS / "firefox"
PERFETTO = CONSUMERS / "perfetto"
PSTATS = CONSUMERS / "pstats"
IN_CI = os.environ.get("CI", "") not in ("", "false", "0")


def unavailable(what: str) -> None:
    reason = f"{what} is missing; tools/get_consumers.sh fetches it"
    if IN_CI:
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def consumer(name: str) -> Path:
    path = CONSUMERS / "bin" / name
    if not path.exists():
        unavailable(name)
    return path


def chromium() -> Path:
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None or not SPEEDSCOPE.is_dir():
        unavailable("speedscope in chromium")
    return Path(str(found))


def export(run: Run, recording: Path, format_name: str, *options: str) -> Path:
    out = recording.with_suffix(f".{format_name}")
    done = run("export", recording, "--to", format_name, "-f", "-o", out, *options)
    assert done.returncode == 0, done.stderr
    assert out.stat().st_mode & 0o777 == 0o600
    return out


def report(run: Run, recording: Path) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(run("report", "--json", recording).stdout)
    return parsed


def call(program: Path, *arguments: object, env: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        [program, *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=120,
        env=None if env is None else {**os.environ, **env},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


# --- speedscope, in Chromium ---


def dump_page(url: str, folder: Path) -> str:
    """What a page has become when it has nothing to do any more."""
    return call(
        chromium(),
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--enable-unsafe-swiftshader",
        f"--user-data-dir={folder / 'chromium'}",
        "--virtual-time-budget=20000",
        "--dump-dom",
        url,
    )


# Own and total weight of each frame of each profile, as its views show them.
_READ_ALL = """
(async () => {
  const answers = {};
  for (const [name, content] of Object.entries(files)) {
    try {
      const group = await speedscope.importFromBase64(name, content);
      answers[name] = group.profiles.map((profile) => {
        const frames = [];
        profile.forEachFrame((frame) => frames.push(
            [frame.name, frame.file, frame.line, frame.getSelfWeight(), frame.getTotalWeight()]));
        return {name: profile.getName(), unit: profile.getWeightUnit(), frames,
                total: profile.getTotalNonIdleWeight(), all: profile.getTotalWeight()};
      });
    } catch (error) {
      answers[name] = String(error);
    }
  }
  const text = document.createElement('pre');
  text.id = 'answers';
  text.textContent = JSON.stringify(answers);
  document.body.append(text);
})();
"""


def read_with_speedscope(files: list[Path], folder: Path) -> dict[str, Any]:
    """What speedscope's importer makes of files, by name: a list of profiles, or the error as text.

    Its page gives no numbers: one replacement in its bundle hands its importer to our script.
    """
    chromium()
    page = folder / "speedscope"
    if not page.exists():
        shutil.copytree(SPEEDSCOPE, page)
        (bundle,) = page.glob("speedscope-*.js")
        pattern = (
            r"\{(loadFileFromBase64:\((\w+),(\w+)\)=>"
            r"\{this\.loadProfile\(\(\)=>(\w+)\(\2,\3\)\)\})\}"
        )
        text, count = re.subn(
            pattern, r"{\1,importFromBase64:\4}", bundle.read_text("utf-8"), count=1
        )
        assert count == 1, "the bundle of this version of speedscope has another shape"
        bundle.write_text(text, "utf-8")
    contents = {file.name: base64.b64encode(file.read_bytes()).decode() for file in files}
    script = folder / "read_all.js"
    script.write_text(f"const files = {json.dumps(contents)};{_READ_ALL}", "utf-8")
    dumped = dump_page((page / "index.html").as_uri() + f"#localProfilePath={script}", folder)
    found = re.search(r'<pre id="answers">(.*?)</pre>', dumped, re.DOTALL)
    assert found is not None, dumped[-2000:]
    answers: dict[str, Any] = json.loads(html.unescape(found[1]))
    return answers


# --- the Firefox Profiler ---


class FirefoxProfiler:
    """Its loader and its views, of one file."""

    def __init__(self, session: str, folder: Path) -> None:
        self._session = session
        self._folder = folder

    def ask(self, *arguments: str) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(
            call(
                FIREFOX / "node",
                FIREFOX / "node_modules/@firefox-devtools/profiler-cli/dist/profiler-cli.js",
                *arguments,
                "--json",
                "--session",
                self._session,
                env={"PROFILER_CLI_SESSION_DIR": str(self._folder)},
            )
        )
        return answer

    def threads(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.ask("thread", "list")["threads"]
        return found

    def samples(self, thread: str) -> dict[str, Any]:
        return self.ask("thread", "samples", "--thread", thread, "--include-idle")


@contextlib.contextmanager
def firefox_profiler(file: Path, session: str, folder: Path) -> Iterator[FirefoxProfiler]:
    """Its command line asks a server of its own, which it gives 0.5 s to start: here it is ours.

    Asked before its server has written where it listens, the command line takes the session for a
    dead one and removes its socket, for good: nothing is asked before that file is there.
    """
    if not FIREFOX.is_dir():
        unavailable("the Firefox Profiler")
    folder.mkdir(exist_ok=True)
    program = FIREFOX / "node_modules/@firefox-devtools/profiler-cli/dist/profiler-cli.js"
    server = subprocess.Popen(
        [FIREFOX / "node", program, "--daemon", file, "--session", session],
        env={**os.environ, "PROFILER_CLI_SESSION_DIR": str(folder)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    listens = folder / f"{session}.json"
    log = folder / f"{session}.log"

    def said() -> str:
        return log.read_text("utf-8") if log.exists() else "nothing"

    try:
        profiler = FirefoxProfiler(session, folder)
        until = time.monotonic() + 60
        while not (listens.exists() and listens.read_text("utf-8").rstrip().endswith("}")):
            assert server.poll() is None, said()
            assert time.monotonic() < until, f"it does not listen after 60 s, and said: {said()}"
            time.sleep(0.02)
        while True:
            try:
                profiler.threads()
                break
            except AssertionError as error:
                if "still loading" not in str(error) or time.monotonic() > until:
                    raise AssertionError(f"{error}; its server said: {said()}") from error
                time.sleep(0.1)
        yield profiler
    finally:
        server.terminate()
        server.wait(timeout=60)


# --- Perfetto ---


def ask_perfetto(query: str, *traces: Path) -> list[list[list[Any]]]:
    """Rows that the query gives of each trace, by Perfetto's trace processor."""
    node = FIREFOX / "node"
    if not PERFETTO.is_dir() or not node.exists():
        unavailable("Perfetto's trace processor")
    script = Path(__file__).with_name("trace_processor.js")
    answers = json.loads(call(node, script, PERFETTO, query, *traces))
    assert all("error" not in answer for answer in answers), answers
    return [answer["rows"] for answer in answers]
