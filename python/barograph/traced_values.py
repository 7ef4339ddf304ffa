"""Which values of a traced function are secrets, as far as its annotations say so.

Names are the agent's part, which knows which words mean secrets. Loaded only where arguments or
results are asked for.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import CodeType, FunctionType
    from typing import Any

# What the agent does with a parameter's value: captured_values.h.
SHOWN, REDACTED, TYPE_ONLY = range(3)

# Likewise, what it is to tell.
ARGUMENTS, RETURNS, REPR, SECRET_RETURNS = 1, 2, 4, 8

# Annotations are no deeper, or nobody knows what they mean.
_DEPTH = 12


class Secret:
    """Marks a parameter or a result whose value is never recorded.

    ``def connect(key: Annotated[str, barograph.Secret]) -> None`` keeps ``key`` out of what
    ``barograph.trace(arguments=True)`` records. It may stand anywhere in the annotation.
    """


def _judge_text(text: str) -> int:
    """Of an annotation that cannot be evaluated: nobody knows whether an alias hides a secret."""
    return REDACTED if "secret" in text.lower() else TYPE_ONLY


def _tuple(annotation: Any, name: str) -> tuple[Any, ...]:
    value = getattr(annotation, name, ())
    return value if isinstance(value, tuple) else ()


def _judge(annotation: Any, namespace: dict[str, Any], depth: int = 0) -> int:
    if depth > _DEPTH:
        return TYPE_ONLY
    if annotation is Secret or isinstance(annotation, Secret):
        return REDACTED
    if isinstance(annotation, str):
        try:
            value = eval(annotation, namespace)
        except Exception:
            return _judge_text(annotation)
        return _judge(value, namespace, depth + 1) if not isinstance(value, str) else TYPE_ONLY
    forward = getattr(annotation, "__forward_arg__", None)
    if isinstance(forward, str):
        return _judge(forward, namespace, depth + 1)
    if issubclass(type(annotation), type):
        return SHOWN  # not isinstance: list[int] says that it is a type, too
    if any(
        part is Secret or isinstance(part, Secret) for part in _tuple(annotation, "__metadata__")
    ):
        return REDACTED
    # Of generic types, of aliases (type X = ...), and of NewType. Strings in Literal are no types.
    inner = [part for part in _tuple(annotation, "__args__") if not isinstance(part, str)]
    inner += [getattr(annotation, name, None) for name in ("__value__", "__supertype__")]
    inner += [getattr(annotation, "__origin__", None)]
    return max(
        (_judge(part, namespace, depth + 1) for part in inner if part is not None),
        default=SHOWN,
        key=(SHOWN, TYPE_ONLY, REDACTED).index,
    )


def _annotations_of(function: FunctionType) -> dict[str, Any] | None:
    """None: they cannot be had."""
    try:
        if sys.version_info >= (3, 14):
            from annotationlib import Format, get_annotations  # noqa: PLC0415

            return dict(get_annotations(function, format=Format.FORWARDREF))
        return dict(function.__annotations__)
    except Exception:
        return None


def judge(function: FunctionType | None, code: CodeType) -> tuple[bytes, bool]:
    """What is shown of each parameter, by ``co_varnames``, and whether the result is a secret.

    `function`: None where it is no more, so that nobody knows.
    """
    count = code.co_argcount + code.co_kwonlyargcount
    count += bool(code.co_flags & 0x4) + bool(code.co_flags & 0x8)
    annotations = None if function is None else _annotations_of(function)
    if function is None or annotations is None:
        return bytes([TYPE_ONLY] * count), True
    namespace = dict(function.__globals__)
    ways = {}
    for name, annotation in annotations.items():
        try:
            ways[name] = _judge(annotation, namespace)
        except Exception:
            ways[name] = TYPE_ONLY
    shown = bytes(ways.get(name, SHOWN) for name in code.co_varnames[:count])
    return shown, ways.get("return", SHOWN) == REDACTED
