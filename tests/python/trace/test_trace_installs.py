"""The start-up hook where programs are installed: virtual environments, archives, scripts."""

from __future__ import annotations

import zipfile
from pathlib import Path

from traced import Trace

SAYS = "import sys; print(__name__, sys.prefix != sys.base_prefix)\n"

APP = """
import os, sys
import part
def f(): pass
f()
print(part.__name__, sys.argv, sys.path[0], os.environ.get("PYTHONPATH"))
print([name for name in sys.modules if name.endswith("customize")])
"""


def virtual_environment(folder: Path, interpreter: Path, library: str) -> Path:
    """Return its Python. It sees the packages of the user, too."""
    (folder / "bin").mkdir(parents=True)
    text = f"home = {interpreter.parent}\ninclude-system-site-packages = true\n"
    (folder / "pyvenv.cfg").write_text(text, encoding="utf-8")
    (folder / "bin" / "python").symlink_to(interpreter)
    packages = folder / "lib" / library / "site-packages"
    packages.mkdir(parents=True)
    (packages / "sitecustomize.py").write_text(SAYS, encoding="utf-8")
    (packages / "first.pth").write_text("import early\n", encoding="utf-8")
    (packages / "early.py").write_text(SAYS, encoding="utf-8")
    (packages / "tool.py").write_text("def main(): return 3\n", encoding="utf-8")
    return folder / "bin" / "python"


def users_packages(folder: Path, library: str) -> None:
    packages = folder / "lib" / library / "site-packages"
    packages.mkdir(parents=True)
    (packages / "usercustomize.py").write_text(SAYS, encoding="utf-8")


def test_an_archive_in_a_virtual_environment(
    trace: Trace, traced_interpreter: Path, library: str, tmp_path: Path
) -> None:
    """All who customize are imported, once and in their order, and see what they always see."""
    python = virtual_environment(tmp_path / "venv", traced_interpreter, library)
    users_packages(tmp_path / "user", library)
    with zipfile.ZipFile(tmp_path / "app.pyz", "w") as archive:
        archive.writestr("__main__.py", APP)
        archive.writestr("part.py", "")
    env = {"PYTHONUSERBASE": str(tmp_path / "user"), "PYTHONPATH": "lib::/no where:"}
    with_agent, without = (
        trace(python, arguments=["app.pyz", "one"], env=env, agent=agent) for agent in (True, False)
    )
    assert with_agent.output == without.output
    names = [line.split()[0] for line in without.output.splitlines()]
    # Debian's Pythons have a sitecustomize of their own, in front of that of the environment.
    assert [name for name in names if name != "sitecustomize"][:2] == ["early", "usercustomize"]
    process = with_agent.process
    assert process.count("return", "f") == 1
    (code,) = [code for code in process.codes if code.name == "f"]
    assert code.module == "__main__"
    assert code.file.endswith("app.pyz/__main__.py")


def test_a_console_script(
    trace: Trace, traced_interpreter: Path, library: str, tmp_path: Path
) -> None:
    """What pip writes: it ends by the status that the function gives."""
    python = virtual_environment(tmp_path / "venv", traced_interpreter, library)
    (tmp_path / "venv" / "bin" / "tool").write_text(
        f"#!{python}\nimport sys\nfrom tool import main\nif __name__ == '__main__':\n"
        "    sys.exit(main())\n",
        encoding="utf-8",
    )
    settings = {"calls": "tool.*,__main__"}
    target = trace(python, arguments=["venv/bin/tool"], settings=settings, check=False)
    assert (target.status, target.errors) == (3, "")
    assert target.process.words() == [
        *("enter <module>", "enter <module>", "return <module>", "enter main", "return main"),
        "raise <module> SystemExit",
    ]
