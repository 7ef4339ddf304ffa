"""What the fixtures of the truth tests are: an interpreter, and runs under the profiler."""

from __future__ import annotations

import os
from pathlib import Path

from . import bias
from .runs import Cores, Run, different_cores, least_crowded, run
from .tools import TOOLS

# Another profiler's name of harness.tools shows that these tests can fail, and where.
UNDER_TEST = os.environ.get("TRUTH_TOOL", "barograph")


class Python(str):
    """An interpreter's path that also knows its version, as "3.12"."""

    version: str

    def at_least(self, version: str) -> bool:
        def numbers(text: str) -> list[int]:
            return [int(part) for part in text.rstrip("t").split(".")]

        return numbers(self.version) >= numbers(version)


class Recorder:
    """Runs targets under barograph and removes what they leave."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.count = 0

    def __call__(
        self,
        python: str,
        target: str,
        *arguments: str,
        tool: str | None = UNDER_TEST,
        rate_hz: int = 1000,
        children: bool = False,
        cores: Cores | None = None,
        read: bool = True,
    ) -> Run:
        """Run a target as `harness.runs.run` does, in a folder of its own, on a core each.

        On a machine whose cores others use meanwhile, again: the least crowded run counts.
        """
        done: list[Run] = []
        while not done or (len(done) < bias.TRIES and bias.crowding(done[-1]) > bias.TRY_AGAIN):
            self.count += 1
            folder = self.folder / str(self.count)
            folder.mkdir()
            done.append(
                run(
                    python,
                    target,
                    *arguments,
                    tool=TOOLS[tool] if tool else None,
                    rate_hz=rate_hz,
                    children=children,
                    cores=different_cores() if cores is None else cores,
                    folder=folder,
                    read=read,
                )
            )
        return least_crowded(done)
