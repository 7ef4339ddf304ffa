#!/usr/bin/env python3
"""Writes the tables of src/capture/cpython/: where the CPython versions keep what we read.

    tools/gen_layout.py PYTHON_OR_LIBPYTHON > src/capture/cpython/layout_3_12.c
    tools/gen_layout.py --check PYTHON_OR_LIBPYTHON...
    tools/gen_layout.py --debug-offsets 15 HEADER > src/capture/cpython/debug_offsets_3_15.c

3.9 to 3.12: from the DWARF of a release build with the GIL, read with gdb and never run. x86-64 and
aarch64 have the same layout: nothing of the size of a pthread type comes before a field we use.
``--check`` compares with the tables in the tree and exits 1 when a number differs: run it on
another patch release to see whether the minor's table holds.

3.13 and later describe themselves: only the order of the fields of ``struct _Py_DebugOffsets`` is
taken, from the header that declares it (pycore_runtime.h in 3.13, then pycore_debug_offsets.h).
docs/adding-a-python.md says what else to look at.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ME = "tools/gen_layout.py"
FOLDER = ROOT / "src" / "capture" / "cpython"
MINORS = (9, 10, 11, 12)
COLUMNS = 100

RUNTIME = "_PyRuntimeState"
INTERP = "PyInterpreterState"
THREAD = "PyThreadState"
CODE = "PyCodeObject"

# Members of a code object that never change while it lives. What is not here may: reference counts
# and weak ones, caches of attributes, counters of the specialiser, monitoring.
IDENTITY = (
    "co_code co_consts co_names co_varnames co_freevars co_cellvars co_cell2arg co_exceptiontable "
    "co_flags co_argcount co_posonlyargcount co_kwonlyargcount co_stacksize co_firstlineno "
    "co_nlocalsplus co_framesize co_nlocals co_nplaincellvars co_ncellvars co_nfreevars co_version "
    "co_localsplusnames co_localspluskinds co_filename co_name co_qualname co_linetable co_lnotab"
).split()


@dataclass(frozen=True)
class Place:
    """A field: where it starts and how many bytes it has."""

    offset: int
    size: int

    @property
    def end(self) -> int:
        """Offset of the first byte behind it."""
        return self.offset + self.size


class Dwarf:
    """Answers about the types of one file, asked of gdb in one run."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.cache: dict[str, int | None] = {}

    def ask(self, expressions: list[str]) -> None:
        """Evaluate what is not known yet; an expression gdb refuses becomes None."""
        wanted = [e for e in dict.fromkeys(expressions) if e not in self.cache]
        command = ["gdb", "-nx", "-batch", "-iex", "set auto-load off", str(self.path)]
        for expression in wanted:
            command += ["-ex", f'printf "<%ld>\\n", (long)({expression})', "-ex", 'printf "|\\n"']
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        answers = run.stdout.split("|\n")[:-1]
        if len(answers) != len(wanted):
            sys.exit(f"gen_layout: gdb on {self.path}: {run.stderr.strip() or 'no answer'}")
        for expression, answer in zip(wanted, answers):
            match = re.search(r"<(-?\d+)>", answer)
            self.cache[expression] = int(match.group(1)) if match else None

    def number(self, expression: str) -> int:
        """Value of an expression that must have one."""
        self.ask([expression])
        value = self.cache[expression]
        if value is None:
            sys.exit(f"gen_layout: {self.path} has no debug information for {expression}")
        return value

    def place(self, type_name: str, member: str) -> Place:
        """Where a member is that must be there."""
        member_of = f"(({type_name}*)0)->{member}"
        self.ask([f"&{member_of}", f"sizeof({member_of})"])
        return Place(self.number(f"&{member_of}"), self.number(f"sizeof({member_of})"))

    def maybe(self, type_name: str, member: str) -> Place | None:
        """Where a member is; None where the type has none of that name."""
        self.ask([f"&(({type_name}*)0)->{member}"])
        if self.cache[f"&(({type_name}*)0)->{member}"] is None:
            return None
        return self.place(type_name, member)


def version_of(dwarf: Dwarf) -> tuple[int, int]:
    """Minor and micro, told by the file's own name for 3.9 and 3.10, by Py_Version later."""
    dwarf.ask(["*(unsigned long*)&Py_Version"])
    version = dwarf.cache["*(unsigned long*)&Py_Version"]
    if version:
        return (version >> 16) & 0xFF, (version >> 8) & 0xFF
    text = subprocess.run(
        ["gdb", "-nx", "-batch", "-ex", "info macro PY_VERSION", str(dwarf.path)],
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    match = re.search(r'PY_VERSION\s+"3\.(\d+)\.(\d+)', text)
    if match is None:
        match = re.search(r"3\.(\d+)(?:\.(\d+))?", dwarf.path.name)
    if match is None:
        sys.exit(f"gen_layout: cannot tell the version of {dwarf.path}")
    return int(match.group(1)), int(match.group(2) or 255)


def bits(dwarf: Dwarf, field: str) -> int:
    """Shift of a bit field of the state of a str: bit 0 of the value that sets only it."""
    text = subprocess.run(
        ["gdb", "-nx", "-batch", "-ex", "ptype /o PyASCIIObject", str(dwarf.path)],
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    match = re.search(rf"/\*\s*(\d+):\s*(\d+)\s*\|\s*\d+ \*/\s*unsigned int {field} :", text)
    if match is None:
        sys.exit(f"gen_layout: {dwarf.path}: no bit field {field} in PyASCIIObject")
    state = dwarf.place("PyASCIIObject", "state").offset
    return (int(match.group(1)) - state) * 8 + int(match.group(2))


def up(value: int) -> int:
    """Round to whole words, so that reads stay aligned."""
    return (value + 7) // 8 * 8


Fields = dict[str, "int | str"]


def runtime_and_interp(dwarf: Dwarf, minor: int) -> dict[str, Fields]:
    threads = "tstate_head" if minor <= 10 else "threads.head"
    places = {
        "next": dwarf.place(INTERP, "next"),
        "id": dwarf.place(INTERP, "id"),
        "threads_head": dwarf.place(INTERP, threads),
        "gc_collecting": dwarf.place(INTERP, "gc.collecting"),
    }
    if minor <= 11:
        gil = dwarf.place(RUNTIME, "ceval.gil")
        gil_place = "BARO_GIL_IN_RUNTIME"
    else:
        gil = Place(
            dwarf.place(INTERP, "ceval.gil").offset,
            dwarf.number("sizeof(struct _gil_runtime_state)"),
        )
        gil_place = "BARO_GIL_INTERP_POINTER"
    end = up(max(place.end for place in places.values()))
    interp: Fields = {"read_offset": 0, "read_bytes": end}
    interp |= {name: place.offset for name, place in places.items()}
    interp |= {"code_generation": "BARO_ABSENT", "code_generation_bytes": 0}
    interp["tlbc_generation"] = "BARO_ABSENT"
    counter = dwarf.maybe(INTERP, "func_state.next_version") if minor == 12 else None
    interp["code_counter"] = "BARO_ABSENT" if counter is None else counter.offset
    return {
        "runtime": {
            "size_bytes": dwarf.number(f"sizeof({RUNTIME})"),
            "interpreters_head": dwarf.place(RUNTIME, "interpreters.head").offset,
            "finalizing": dwarf.place(RUNTIME, "_finalizing").offset,
        },
        "interp": interp,
        "gil": {
            "place": gil_place,
            "offset": gil.offset,
            "size_bytes": gil.size,
            "last_holder": dwarf.place("struct _gil_runtime_state", "last_holder").offset,
            "locked": dwarf.place("struct _gil_runtime_state", "locked").offset,
            "enabled": "BARO_ABSENT",
        },
    }


def thread(dwarf: Dwarf, minor: int) -> Fields:
    names = {"prev": "prev", "next": "next", "interp": "interp", "thread_id": "thread_id"}
    names["frame"] = "frame" if minor <= 10 else "cframe"
    if minor >= 11:
        for name in ("native_thread_id", "datastack_chunk", "datastack_top"):
            names[name] = name
    places = {name: dwarf.place(THREAD, member) for name, member in names.items()}
    fields: Fields = {"read_bytes": up(max(place.end for place in places.values()))}
    for name in (
        "prev next interp frame cframe_current_frame base_frame thread_id native_thread_id "
        "datastack_chunk datastack_top holds_gil"
    ).split():
        fields[name] = places[name].offset if name in places else "BARO_ABSENT"
    if minor >= 11:
        fields["cframe_current_frame"] = dwarf.place("_PyCFrame", "current_frame").offset
    absent = {"gil_requested": "BARO_ABSENT", "attachment": "BARO_ABSENT"}
    return fields | {"holds_gil_mask": 0} | absent


def frame(dwarf: Dwarf, minor: int) -> dict[str, Fields]:
    if minor <= 10:
        kind, names = "struct _frame", {"previous": "f_back", "code": "f_code", "ip": "f_lasti"}
        locals_name = "f_localsplus"
    else:
        kind, names = "struct _PyInterpreterFrame", {"previous": "previous", "code": "f_code"}
        names |= {"ip": "prev_instr", "owner": "owner"}
        locals_name = "localsplus"
    if minor in (11, 12):
        names["is_entry"] = "is_entry"
    places = {name: dwarf.place(kind, member) for name, member in names.items()}
    fields: Fields = {
        "read_bytes": up(max(place.end for place in places.values())),
        "size_bytes": dwarf.place(kind, locals_name).offset,
    }
    for name in "previous code code_tag_mask ip owner is_entry localsplus".split():
        fields[name] = places[name].offset if name in places else "BARO_ABSENT"
    fields["code_tag_mask"] = 0
    fields |= {"stackpointer": "BARO_ABSENT", "tlbc_index": "BARO_ABSENT"}
    fields["owner_entry"] = dwarf.number("FRAME_OWNED_BY_CSTACK") if minor == 12 else "BARO_ABSENT"
    chunk: Fields = dict.fromkeys(("previous", "size_bytes", "top", "data"), "BARO_ABSENT")
    if minor >= 11:
        fields["localsplus"] = dwarf.place(kind, locals_name).offset
        for name, member in zip(chunk, ("previous", "size", "top", "data")):
            chunk[name] = dwarf.place("struct _stack_chunk", member).offset
    return {"frame": fields, "chunk": chunk}


def identity(dwarf: Dwarf, minor: int) -> list[Place]:
    """Stable bytes of a code object's head, neighbours joined."""
    places = [dwarf.place("PyObject", "ob_type")]
    if minor >= 11:
        places.append(dwarf.place("PyVarObject", "ob_size"))
    dwarf.ask([f"&(({CODE}*)0)->{name}" for name in IDENTITY])
    places += [place for name in IDENTITY if (place := dwarf.maybe(CODE, name)) is not None]
    joined: list[Place] = []
    for place in sorted(places, key=lambda place: place.offset):
        if joined and place.offset == joined[-1].end:
            joined[-1] = Place(joined[-1].offset, place.end - joined[-1].offset)
        else:
            joined.append(place)
    return joined


def code(dwarf: Dwarf, minor: int) -> Fields:
    names = {"filename": "co_filename", "name": "co_name", "first_line": "co_firstlineno"}
    names["line_table"] = "co_lnotab" if minor == 9 else "co_linetable"
    names["instructions"] = "co_code" if minor <= 10 else "co_code_adaptive"
    if minor >= 11:
        names["qualname"] = "co_qualname"
    if minor >= 12:
        names["version"] = "co_version"
    if minor == 11:
        names |= {"local_words": "co_nlocalsplus", "stack_words": "co_stacksize"}
    places = {name: dwarf.place(CODE, member) for name, member in names.items()}
    ranges = identity(dwarf, minor)
    read = max(place.end for name, place in places.items() if name != "instructions" or minor <= 10)
    fields: Fields = {"read_bytes": up(max(read, *(place.end for place in ranges)))}
    for name in (
        "filename name qualname line_table first_line unit_count instructions version tlbc "
        "local_words stack_words"
    ).split():
        fields[name] = places[name].offset if name in places else "BARO_ABSENT"
    if minor >= 11:
        fields["unit_count"] = dwarf.place("PyVarObject", "ob_size").offset
    fields["identity"] = "{" + ", ".join(f"{{{r.offset}, {r.size}}}" for r in ranges) + "}"
    return fields


def objects(dwarf: Dwarf) -> dict[str, Fields]:
    return {
        "object": {
            "type": dwarf.place("PyObject", "ob_type").offset,
            "head_bytes": dwarf.number("sizeof(PyObject)"),
        },
        "str": {
            "length": dwarf.place("PyASCIIObject", "length").offset,
            "state": dwarf.place("PyASCIIObject", "state").offset,
            "kind_shift": bits(dwarf, "kind"),
            "compact_shift": bits(dwarf, "compact"),
            "ascii_shift": bits(dwarf, "ascii"),
            "ascii_data": dwarf.number("sizeof(PyASCIIObject)"),
            "compact_data": dwarf.number("sizeof(PyCompactUnicodeObject)"),
        },
        "bytes": {
            "length": dwarf.place("PyVarObject", "ob_size").offset,
            "data": dwarf.place("PyBytesObject", "ob_sval").offset,
        },
    }


def enums(minor: int) -> Fields:
    return {
        "major": 3,
        "minor": minor,
        "micro": 255,
        "free_threaded": "false",
        "version_hex": 0,
        "frame_kind": "BARO_FRAME_HEAP_OBJECT" if minor <= 10 else "BARO_FRAME_DATA_STACK",
        "frame_root": "BARO_FRAME_ROOT_DIRECT" if minor <= 10 else "BARO_FRAME_ROOT_CFRAME",
        "ip_kind": {9: "BARO_IP_LASTI_BYTES", 10: "BARO_IP_LASTI_UNITS"}.get(
            minor, "BARO_IP_PREV_INSTRUCTION"
        ),
        "line_table_kind": {9: "BARO_LINES_LNOTAB", 10: "BARO_LINES_PEP626"}.get(
            minor, "BARO_LINES_LOCATIONS"
        ),
    }


def table(dwarf: Dwarf) -> tuple[int, str]:
    """Minor version and the text of its C file."""
    minor, micro = version_of(dwarf)
    if minor not in MINORS:
        sys.exit(
            f"gen_layout: {dwarf.path} is 3.{minor}: tables are for 3.{MINORS[0]} to 3.{MINORS[-1]}"
        )
    groups: dict[str, Fields] = {}
    groups |= runtime_and_interp(dwarf, minor)
    groups["thread"] = thread(dwarf, minor)
    groups |= frame(dwarf, minor)
    groups["code"] = code(dwarf, minor)
    groups |= objects(dwarf)

    patch = f"3.{minor}.{micro}" if micro != 255 else f"3.{minor}"
    lines = [
        f"/* Generated by {ME} from the debug information of CPython {patch}, x86-64, GIL. */",
        '#include "capture/cpython/layout_tables.h"',
        "",
        f"const baro_layout baro_layout_3_{minor} = {{",
    ]
    lines += [f"    .{name} = {value}," for name, value in enums(minor).items()]
    for group, fields in groups.items():
        lines.append(f"    .{group} =")
        lines.append("        {")
        lines += [f"            .{name} = {value}," for name, value in fields.items()]
        lines.append("        },")
    lines += ["};", ""]
    return minor, formatted("\n".join(lines))


@dataclass(frozen=True)
class Facts:
    """What the debug offsets of a minor version do not say; see docs/adding-a-python.md."""

    code_tag_mask: int  # Py_TAG_BITS where f_executable is a _PyStackRef (pycore_stackref.h)
    owner_entry: int  # first value of enum _frameowner that is no Python frame
    # 1: _PyUnicodeObject_state.interned is a char in free-threaded builds
    free_threaded_states: int
    attachment_behind: int  # bytes from `_status` to `state` in struct _ts


FACTS = {13: Facts(0, 3, 0, 8), 14: Facts(3, 3, 1, 12), 15: Facts(3, 3, 1, 16)}


def debug_words(header: Path) -> list[str]:
    """Members of struct _Py_DebugOffsets by 64-bit word, as ``structure.member``."""
    text = header.read_text(encoding="utf-8")
    match = re.search(r"typedef struct _Py_DebugOffsets \{(.*?)\n\} _Py_DebugOffsets;", text, re.S)
    if match is None:
        sys.exit(f"gen_layout: no struct _Py_DebugOffsets in {header}")
    words: list[str] = []
    inside: list[str] = []
    for line in (whole.split("//")[0].strip() for whole in match.group(1).splitlines()):
        if line.startswith("struct"):
            inside = []
        elif line.startswith("}"):
            name = line.strip("} ;")
            words += [f"{name}.{member}" for member in inside]
            inside = []
        elif line.startswith("char cookie[8]"):
            words.append("cookie")
        elif member := re.fullmatch(r"uint64_t (\w+);", line):
            # Top-level members come before the first structure.
            (inside if len(words) >= 3 else words).append(member.group(1))
        elif line:
            sys.exit(f"gen_layout: {header}: do not understand '{line}'")
    return words


def debug_table(minor: int, header: Path) -> str:
    """Text of the C file that says where a minor's debug offsets are."""
    if minor not in FACTS:
        sys.exit(f"gen_layout: add 3.{minor} to FACTS first")
    words = debug_words(header)
    rows = re.findall(
        r"X\((\w+), ([\w.]+), \w+, \d+, (\w+)\)",
        (FOLDER / "debug_offsets.h").read_text(encoding="utf-8"),
    )
    missing = [member for _, member, need in rows if need == "REQUIRED" and member not in words]
    if missing:
        sys.exit(f"gen_layout: {header} lacks {', '.join(missing)}")
    facts = FACTS[minor]
    lines = [
        f"/* Generated by {ME} from the headers of CPython 3.{minor}. */",
        '#include "capture/cpython/debug_offsets.h"',
        "",
        f"const baro_debug_table baro_debug_table_3_{minor} = {{",
        f".minor = {minor}, .code_tag_mask = {facts.code_tag_mask},",
        f".owner_entry = {facts.owner_entry},",
        f".free_threaded_states = {facts.free_threaded_states},",
        f".attachment_behind = {facts.attachment_behind}, .word_count = {len(words)},",
        ".words = {",
    ]
    lines += [
        f"[BARO_DEBUG_{row}] = {words.index(member)}," for row, member, _ in rows if member in words
    ]
    return formatted("\n".join([*lines, "},", "};", ""]))


def formatted(text: str) -> str:
    if shutil.which("clang-format") is None:
        return text
    command = ["clang-format", "--assume-filename", str(FOLDER / "layout_tables.c")]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout


def difference(minor: int, text: str) -> list[str]:
    """Lines of a fresh table that the one in the tree has otherwise; comments do not count."""
    path = FOLDER / f"layout_3_{minor}.c"
    old = path.read_text(encoding="utf-8").splitlines()
    return [line for line in text.splitlines() if line not in old and not line.startswith("/*")]


def main() -> int:
    """Print a table, or compare tables with those in the tree."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--check", action="store_true", help="compare with the tree, print differences"
    )
    parser.add_argument(
        "--debug-offsets",
        type=int,
        metavar="MINOR",
        help="write the table of a version from 3.13 on",
    )
    parser.add_argument(
        "file", nargs="+", type=Path, help="executable or libpython with DWARF; header"
    )
    options = parser.parse_args()
    if options.debug_offsets is not None:
        print(debug_table(options.debug_offsets, options.file[0]), end="")
        return 0
    if shutil.which("gdb") is None:
        sys.exit("gen_layout: needs gdb")
    if not options.check and len(options.file) > 1:
        parser.error("one file at a time, unless --check")
    bad = 0
    for path in options.file:
        if not path.is_file():
            sys.exit(f"gen_layout: no file {path}")
        minor, text = table(Dwarf(path))
        if not options.check:
            print(text, end="")
            continue
        lines = difference(minor, text)
        bad += bool(lines)
        print(f"{path}: 3.{minor}: {'differs' if lines else 'as in the tree'}")
        print("\n".join(lines), end="\n" if lines else "")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
