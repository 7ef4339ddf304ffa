"""Where a class or function of Java, Scala or Python starts and ends, and what documents it.

No compiler: in Java and Scala one regular expression tells code from comments and strings, and a
definition ends where its brackets close; Python is parsed by `ast`. Lines are counted from 1 and
both ends belong to the span. A definition without a body, `class A(b: Int)`, ends with its header.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from typing import NamedTuple


class Definition(NamedTuple):
    """One top-level class or function; `kind` is the words before its name, or `def`."""

    name: str
    kind: str
    first: int
    last: int


# Comments and literals as they hide each other. An unfinished one ends with the text.
LITERALS = re.compile(
    r"(?P<doc>/\*\*(?!/)[\s\S]*?(?:\*/|\Z))|(?P<comment>/\*[\s\S]*?(?:\*/|\Z)|//[^\n]*)"
    r'|"""[\s\S]*?(?:"""|\Z)|"(?:\\.|[^"\\\n])*"?|\'(?:\\[^\n]{1,6}|[^\'\\\n])\''
)
HEADER = re.compile(
    r"^(?P<indent>[ ]*)(?P<kind>"
    r"(?:(?:public|private|protected|static|final|abstract|sealed|implicit|case|strictfp)"
    r"(?:\[\w+\])?\s+)*(?:class|object|interface|trait|enum|@interface))\s+(?P<name>\w+)",
    re.MULTILINE,
)
MARK = re.compile(r"[^\n]")


def blank_literals(text: str) -> str:
    """Replace comments and string literals of Java or Scala by spaces; lines and columns stay."""
    return LITERALS.sub(lambda found: MARK.sub(" ", found.group()), text)


def _end(blank: str, start: int) -> int:
    """Offset after the definition whose name ends at `start`: after its body, or its header."""
    depth = 0
    for offset in range(start, len(blank)):
        sign = blank[offset]
        if sign in "([{":
            depth += 1
        elif sign in ")]}":
            depth -= 1
            if depth == 0 and sign == "}":
                return offset + 1
        elif sign == "\n" and depth == 0 and re.match(r"\n[ \t]*(?:\n|\Z)", blank[offset:]):
            return offset
    return len(blank)


def jvm_definitions(text: str) -> list[Definition]:
    """Top-level types of a Java or Scala file, in order."""
    blank = blank_literals(text)
    found = []
    end = 0
    for header in HEADER.finditer(blank):
        if header.start() < end or header["indent"]:
            continue
        end = _end(blank, header.end())
        first = blank.count("\n", 0, header.start()) + 1
        found.append(
            Definition(
                header["name"],
                " ".join(header["kind"].split()),
                first,
                blank.count("\n", 0, end) + 1,
            )
        )
    return found


def python_definitions(text: str) -> list[Definition]:
    """Top-level functions and classes of a Python file, in order; decorators belong to them."""
    found = []
    for node in ast.parse(text).body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            first = min([node.lineno, *(item.lineno for item in node.decorator_list)])
            kind = "class" if isinstance(node, ast.ClassDef) else "def"
            found.append(Definition(node.name, kind, first, node.end_lineno or first))
    return found


def definitions(path: str, text: str) -> list[Definition]:
    """Top-level definitions of a file, by its name's ending."""
    return python_definitions(text) if path.endswith(".py") else jvm_definitions(text)


def _comment_words(comment: str) -> str:
    lines = comment.removeprefix("/**").removesuffix("*/").split("\n")
    return "\n".join(line.strip().removeprefix("*").strip() for line in lines).strip()


def _jvm_split(text: str, first: int, last: int) -> tuple[str, str]:
    lines = text.split("\n")
    start = sum(len(line) + 1 for line in lines[: first - 1])
    end = start + sum(len(line) + 1 for line in lines[first - 1 : last])
    docs = []
    code = list(text)
    for found in LITERALS.finditer(text):
        if found["doc"] is None and found["comment"] is None:
            continue
        inside = start <= found.start() < end
        # Annotations may stand between a doc comment and what it describes.
        gap = text[found.end() : start] if found.end() <= start else ""
        before = found.end() <= start and re.fullmatch(r"\s*(?:@\w[^\n]*\s*)*", gap) is not None
        if found["doc"] is not None and (inside or before):
            docs.append(_comment_words(found["doc"]))
        if inside:
            code[found.start() : found.end()] = MARK.sub(" ", found.group())
    return "".join(code[start:end]), "\n\n".join(docs)


def _docstrings(tree: ast.AST) -> Iterator[ast.Expr]:
    for node in ast.walk(tree):
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            continue
        first = node.body[0]
        if isinstance(first, ast.Expr) and ast.get_docstring(node, clean=False) is not None:
            yield first


def _python_split(text: str, first: int, last: int) -> tuple[str, str]:
    source = "\n".join(text.split("\n")[first - 1 : last]) + "\n"
    lines = source.split("\n")
    docs = []
    for docstring in sorted(_docstrings(ast.parse(source)), key=lambda node: node.lineno):
        assert isinstance(docstring.value, ast.Constant)
        docs.append(str(docstring.value.value).strip())
        for line in range(docstring.lineno - 1, docstring.end_lineno or docstring.lineno):
            lines[line] = ""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT and lines[token.start[0] - 1]:
            number, column = token.start
            lines[number - 1] = lines[number - 1][:column].rstrip()
    return "\n".join(lines), "\n\n".join(docs)


def split(path: str, text: str, first: int, last: int) -> tuple[str, str]:
    """Code without comments, and documentation, of the definition on lines `first` to `last`.

    Documentation is the doc comment before the definition and those inside it, or the docstrings.
    Other comments belong to neither.
    """
    parts = _python_split if path.endswith(".py") else _jvm_split
    code, docs = parts(text, first, last)
    return "\n".join(line.rstrip() for line in code.split("\n") if line.strip()), docs
