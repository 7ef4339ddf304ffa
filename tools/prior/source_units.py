"""Functions and classes of source files, each with its code and its documentation.

Java and Scala are read by their braces, Go too, Python by its own parser. What cannot be read is
left out: this is a corpus, and no compiler. Comments are no code; a documentation comment is the
documentation.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

CODE_CHARACTERS_MAX = 24_000
DOCS_CHARACTERS_MAX = 4_000


@dataclass(frozen=True)
class Unit:
    """One function or class.

    Attributes
    ----------
    kind : str
        ``function`` or ``class``.
    name : str
        Of the class, and of the function behind a dot.
    code : str
        Its heading, its class's, the imports whose names it uses, its body without comments.
    docs : str
        Its documentation as plain text; empty where there is none.
    member_docs : str
        Of a class, the documentation of what is in it.
    """

    kind: str
    name: str
    code: str
    docs: str
    member_docs: str = ""

    @property
    def all_docs(self) -> str:
        """Its documentation, and that of what is in it."""
        return f"{self.docs}\n\n{self.member_docs}".strip()


# A comment, or a literal in which one could seem to begin.
_PIECE = re.compile(
    r"(?P<doc>/\*\*.*?\*/)|(?P<comment>/\*.*?\*/|//[^\n]*)"
    r'|"""(?:.*?)"""|"(?:\\.|[^"\\\n])*"|`[^`]*`|' + r"'(?:\\.|[^'\\\n])'",
    re.DOTALL,
)
_CLASS = re.compile(r"\b(?:class|interface|enum|object|trait|record)\s+([A-Za-z_]\w*)")
_NOT_A_METHOD = re.compile(
    r"(?:if|for|while|switch|catch|synchronized|try|else|do|return|new|match|case)\b"
)
_ANNOTATION = re.compile(r"@\w+(?:\([^()]*\))?")
_METHOD = re.compile(r"([A-Za-z_]\w*)\s*(?:\[[^\]]*\]\s*)?\(")
_SCALA_METHOD = re.compile(r"\bdef\s+([A-Za-z_]\w*)")
_GO_FUNCTION = re.compile(r"\bfunc\s+(?:\(\s*\w*\s*\*?\s*(\w+)[^)]*\)\s*)?([A-Za-z_]\w*)\s*[\[(]")
_IMPORT = re.compile(r"^\s*import\s+(?:static\s+)?([\w.]+(?:\.\{[^}]*\})?)", re.MULTILINE)
_WORD = re.compile(r"[A-Za-z_]\w*")


def clean_docs(text: str) -> str:
    """Plain text of a documentation comment: no stars, tags of HTML, links or examples of code."""
    text = re.sub(r"^\s*/?\*+/?|\*+/\s*$", " ", text, flags=re.MULTILINE)
    text = re.sub(r"<pre>.*?</pre>|https?://\S+|<[^>]{1,80}>", " ", text, flags=re.DOTALL)
    text = re.sub(r"\{@\w+\s*([^}]*)\}", r"\1", text)
    text = re.sub(r"@(?:author|since|version|see)\b[^\n]*", " ", text)
    return re.sub(r"[ \t]*\n\s*", "\n", text).strip()[:DOCS_CHARACTERS_MAX]


def _without_comments(text: str) -> tuple[str, list[tuple[int, str]]]:
    """Return the text with comments and what is in quotes blanked, and documentation by its place.

    Places stay as they were. Literals are blanked in the first result, so that braces count.
    """
    docs: list[tuple[int, str]] = []

    def blank(match: re.Match[str]) -> str:
        if match["doc"]:
            docs.append((match.start(), match["doc"]))
        return re.sub(r"[^\n]", " ", match[0])

    return _PIECE.sub(blank, text), docs


def _body(text: str) -> str:
    """Text without comments, literals kept."""
    return _PIECE.sub(lambda m: " " if m["doc"] or m["comment"] else m[0], text)


@dataclass
class _Scope:
    kind: str  # class, function, other
    name: str
    header: str
    start: int
    docs: str


def _scope_of(header: str, language: str, outer: _Scope | None) -> tuple[str, str]:
    """Kind and name of what a brace opens."""
    if language == "go":
        go = _GO_FUNCTION.search(header)
        if outer is None and go:
            return "function", f"{go[1]}.{go[2]}" if go[1] else go[2]
        return "other", ""
    declared = list(_CLASS.finditer(header))
    if declared and language == "scala":  # nothing ends what has no body: the last one has this
        return "class", declared[-1][1]
    if declared and "(" not in header[: declared[0].start()]:
        return "class", declared[0][1]
    if outer is not None and outer.kind == "class":
        if language == "scala":
            method = _SCALA_METHOD.search(header)
            if method:
                return "function", f"{outer.name}.{method[1]}"
        elif not _NOT_A_METHOD.match(header) and "=" not in header.split("(", maxsplit=1)[0]:
            method = _METHOD.search(header)
            if method:
                return "function", f"{outer.name}.{method[1]}"
    return "other", ""


def _imports_used(imports: dict[str, str], text: str) -> str:
    used = sorted({imports[word] for word in set(_WORD.findall(text)) if word in imports})
    return "\n".join(used)


def _imports_of(text: str) -> dict[str, str]:
    """Name that an import gives -> what is imported."""
    found: dict[str, str] = {}
    for match in _IMPORT.finditer(text):
        whole = match[1]
        prefix, _, group = whole.partition(".{")
        names = [n.split("=>")[0].strip() for n in group.rstrip("}").split(",")] if group else []
        for full in [f"{prefix}.{name}" for name in names] or [whole]:
            found[full.rsplit(".", 1)[-1]] = full
    return found


def imports_of(text: str, language: str) -> dict[str, str]:
    """Name that an import of a file gives -> what is imported; Go's are of whole packages."""
    if language != "python":
        return _imports_of(text)
    try:
        return _python_imports(ast.parse(text))
    except (SyntaxError, ValueError, RecursionError):
        return {}


def imports_used(text: str, language: str, code: str) -> str:
    """What of a file's imports a piece of its code uses, a line each: as in `Unit.code`."""
    return _imports_used(imports_of(text, language), code)


def _brace_units(text: str, language: str) -> Iterator[Unit]:
    bare, comments = _without_comments(text)
    imports = _imports_of(bare)
    scopes: list[_Scope] = []
    begin = 0  # of what will be the next heading
    for match in re.finditer(r"[{};]", bare):
        at, sign = match.start(), match[0]
        if sign == "{":
            header = _ANNOTATION.sub("", " ".join(bare[begin:at].split())).strip()
            kind, name = _scope_of(header, language, scopes[-1] if scopes else None)
            doc = [d for place, d in comments if begin <= place < at] if kind != "other" else []
            if language == "go":  # what stands before it is of the file
                header = header[header.find("func ") :]
            scopes.append(_Scope(kind, name, header, at, clean_docs(doc[-1]) if doc else ""))
        elif sign == "}" and scopes:
            scope = scopes.pop()
            if scope.kind != "other":
                inner = [d for place, d in comments if scope.start < place < at]
                yield _unit_of(scope, scopes, _body(text[scope.start : at + 1]), imports, inner)
        begin = at + 1


def _joined(docs: Iterable[str]) -> str:
    return "\n\n".join(filter(None, map(clean_docs, docs)))[:DOCS_CHARACTERS_MAX]


def _unit_of(
    scope: _Scope, outer: list[_Scope], body: str, imports: dict[str, str], inner: list[str]
) -> Unit:
    around = next((s.header for s in reversed(outer) if s.kind == "class"), "")
    own = scope.header
    heading = f"{around}\n{own}" if scope.kind == "function" else own
    code = f"{heading}\n{_imports_used(imports, heading + body)}\n{body}"
    members = _joined(inner) if scope.kind == "class" else ""
    return Unit(scope.kind, scope.name, code[:CODE_CHARACTERS_MAX], scope.docs, members)


def _go_docs(text: str) -> str:
    """Turn comments before a function of Go into documentation comments."""
    return re.sub(
        r"((?:^//[^\n]*\n)+)(?=func )",
        lambda m: "/**" + re.sub(r"(?m)^//", "", m[1]).replace("*/", "") + "*/\n",
        text,
        flags=re.MULTILINE,
    )


def _python_imports(tree: ast.Module) -> dict[str, str]:
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {(a.asname or a.name).split(".")[0]: a.name for a in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {a.asname or a.name: f"{node.module or ''}.{a.name}" for a in node.names}
    return found


def _python_units(text: str) -> Iterator[Unit]:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        yield from _cython_units(text)
        return
    imports = _python_imports(tree)
    lines = text.split("\n")
    stack: list[tuple[ast.AST, str, str]] = [(tree, "", "")]
    while stack:
        node, outer, heading = stack.pop()
        for child in ast.iter_child_nodes(node):
            if not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                continue
            is_class = isinstance(child, ast.ClassDef)
            name = f"{outer}.{child.name}" if outer else child.name
            body = _python_body(child, lines)
            own = body.strip().split("\n")[0]
            code = f"{heading}\n{_imports_used(imports, body)}\n{body}"[:CODE_CHARACTERS_MAX]
            docs = clean_docs(ast.get_docstring(child) or "")
            members = _joined(_member_docs(child)) if isinstance(child, ast.ClassDef) else ""
            yield Unit("class" if is_class else "function", name, code, docs, members)
            if is_class:
                stack.append((child, name, own))


def _member_docs(node: ast.ClassDef) -> Iterator[str]:
    for inner in ast.walk(node):
        is_own = inner is node
        if isinstance(inner, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and not is_own:
            yield ast.get_docstring(inner) or ""


def _python_body(
    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, lines: list[str]
) -> str:
    """Source without documentation strings and comments."""
    assert node.end_lineno is not None
    kept = lines[node.lineno - 1 : node.end_lineno]
    for inner in ast.walk(node):
        if isinstance(inner, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and inner.body:
            first = inner.body[0]
            value = first.value if isinstance(first, ast.Expr) else None
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                assert first.end_lineno is not None
                for line in range(first.lineno - node.lineno, first.end_lineno - node.lineno + 1):
                    kept[line] = ""
    return re.sub(r"(?m)^\s*#[^\n]*$", "", "\n".join(kept))


def _cython_units(text: str) -> Iterator[Unit]:
    """Units of a file that only Cython reads: by indentation."""
    pattern = re.compile(
        r"^(?:cp?)?(def|class)[ \t]+(?:class[ \t]+)?(?:[\w\[\]]+[ \t]+)*(\w+)", re.MULTILINE
    )
    starts = [(m.start(), m[1], m[2]) for m in pattern.finditer(text)]
    for (start, word, name), end in zip(starts, [s for s, _, _ in starts[1:]] + [len(text)]):
        body = text[start:end]
        docs = re.search(r'"""(.*?)"""', body, re.DOTALL)
        code = re.sub(r'"""(.*?)"""|#[^\n]*', " ", body, flags=re.DOTALL)
        kind = "class" if word == "class" else "function"
        yield Unit(kind, name, code[:CODE_CHARACTERS_MAX], clean_docs(docs[1]) if docs else "")


def units_of(text: str, language: str) -> Iterator[Unit]:
    """Yield the functions and classes of a file."""
    if language == "python":
        yield from _python_units(text)
    else:
        yield from _brace_units(_go_docs(text) if language == "go" else text, language)
