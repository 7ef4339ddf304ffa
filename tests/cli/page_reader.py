"""Reads a page of `barograph view` as docs/view-page.md says, and by nothing else."""

from __future__ import annotations

import base64
import json
import math
import re
import zlib
from collections.abc import Iterator
from typing import Any

Columns = dict[str, list[Any]]

SECTION = re.compile(
    r'<script type="application/octet-stream" data-section="([^"]+)" data-part="(\d+)">'
    r"([A-Za-z0-9+/=]*)</script>"
)
HEAD = re.compile(r'<script type="application/json" id="head">(.*?)</script>', re.DOTALL)


def varints(data: bytes) -> Iterator[int]:
    """LEB128, unsigned."""
    value = shift = 0
    for byte in data:
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            yield value
            value = shift = 0
    assert shift == 0, "a column ends within a number"


def zigzag(value: int) -> int:
    """From its code."""
    return value >> 1 if value % 2 == 0 else -(value >> 1) - 1


def values(encoding: str, data: bytes) -> list[Any]:
    """One column."""
    if encoding == "b":
        return list(data)
    if encoding == "s":
        assert data == b"" or data[-1] == 0
        return [part.decode("utf-8") for part in data.split(b"\0")[:-1]]
    codes = list(varints(data))
    if encoding == "u":
        return codes
    numbers = [zigzag(code) for code in codes]
    if encoding == "d":
        total = 0
        for i, number in enumerate(numbers):
            total += number
            numbers[i] = total
    return numbers


class Page:
    """Head and sections of a page; checks that both say the same."""

    def __init__(self, text: str) -> None:
        self.text = text
        heads = HEAD.findall(text)
        assert len(heads) == 1
        assert "<" not in heads[0]
        self.head: dict[str, Any] = json.loads(heads[0])
        packed: dict[str, bytes] = {}
        parts: dict[str, int] = {}
        for name, part, letters in SECTION.findall(text):
            assert int(part) == parts.get(name, 0), "parts stand in their order"
            assert len(letters) <= 4 << 20
            parts[name] = int(part) + 1
            packed[name] = packed.get(name, b"") + base64.b64decode(letters, validate=True)
        assert set(packed) == set(self.head["sections"])
        self.sections: dict[str, Columns] = {
            name: self._columns(name, zlib.decompress(data, wbits=-15))
            for name, data in packed.items()
        }

    def _columns(self, name: str, data: bytes) -> Columns:
        described = self.head["sections"][name]
        assert len(data) == described["bytes"]
        columns: Columns = {}
        at = 0
        for column in described["columns"]:
            part = data[at : at + column["bytes"]]
            at += column["bytes"]
            columns[column["name"]] = values(column["encoding"], part)
            assert len(columns[column["name"]]) == column["count"], (name, column)
        assert at == len(data)
        return columns

    def tree(self, name: str) -> dict[str, Any]:
        """The head's row of a tree."""
        return next(tree for tree in self.head["trees"] if tree["name"] == name)

    def parents(self, name: str) -> list[int]:
        """Of each node; of the root 0. Checks that the order is preorder."""
        parents = [n - offset for n, offset in enumerate(self.sections[f"tree:{name}"]["parent"])]
        open_nodes = [0]
        for node, parent in enumerate(parents[1:], 1):
            while open_nodes[-1] != parent:
                open_nodes.pop()
                assert open_nodes, "a parent's subtree is over"
            open_nodes.append(node)
        return parents

    def functions(self, name: str) -> list[int]:
        """Function of each node, told by its place among what its caller was seen to call."""
        section = self.sections[f"tree:{name}"]
        parents, fresh = self.parents(name), iter(section["function"])
        root = len(self.names())
        functions, callees = [root], dict[int, list[int]]()
        for parent, place in zip(parents[1:], section["callee"]):
            called = callees.setdefault(functions[parent], [])
            if place == 0:
                called.append(next(fresh))
            functions.append(called[place - 1])
        assert next(fresh, None) is None
        return functions

    def runs(self, name: str) -> list[list[dict[str, int]]]:
        """Of each run of each thread: start and time in ticks, node, state, share and what ran."""
        section, entries = self.sections[f"runs:{name}"], self.entries(name)
        runnable = [state["key"] for state in self.head["states"]].index("runnable")
        threads: list[list[dict[str, int]]] = []
        at = 0
        for thread, count in enumerate(section["count"]):
            own = [row for row in entries if row["thread"] == thread]
            own = [row for row in own if row["state"] != runnable or row["samples"] > 0]
            own.sort(key=lambda row: -row["samples"].bit_length())
            runs, tick = [], 0
            for i in range(at, at + count):
                start = tick + section["gap"][i]
                tick = start + section["time"][i]
                entry = own[section["entry"][i]]
                run = {"start": start, "time": section["time"][i], "share": section["share"][i]}
                run["running"] = section["running"][i] if "running" in section else 255
                runs.append({**run, "node": entry["node"], "state": entry["state"]})
            threads.append(runs)
            at += count
        assert at == len(section["gap"])
        return threads

    def names(self) -> list[tuple[str, str, int]]:
        """Qualified name, file and first line of each function."""
        strings = self.sections["strings"]["text"]
        functions = self.sections["functions"]
        return [
            (strings[name], strings[file], line)
            for name, file, line in zip(functions["name"], functions["file"], functions["line"])
        ]

    def entries(self, name: str) -> list[dict[str, int]]:
        """Node, thread, state, and amounts as they were before they were told against others."""
        section = self.sections[f"entries:{name}"]
        tree = self.tree(name)
        rows = []
        for i, node in enumerate(section["node"]):
            thread, state, time = (section[key][i] for key in ("thread", "state", "time"))
            row = {"node": node, "thread": thread, "state": state, "time": time}
            if "run" in section:
                expected = math.floor(time * tree["run_ratio"][thread][state] + 0.5)
                row["run"] = section["run"][i] + expected
            expected = math.floor(time * tree["samples_ratio"][thread] + 0.5)
            row["samples"] = section["samples"][i] + expected
            rows.append(row)
        keys = [(row["node"], row["thread"], row["state"]) for row in rows]
        assert keys == sorted(set(keys)), "ascending by node, thread, state, each once"
        return rows
