"""Values in words and as data, without secrets."""

from __future__ import annotations

from math import isfinite
from typing import Any

from serveaudit.formats.python import ClassRef, FunctionRef
from serveaudit.report.excerpt import MASK, hidden, visible, without_secrets
from serveaudit.serving import Setting
from serveaudit.source import Span
from serveaudit.values import Branch, Items, Range, Table, Unknown, Value


def cases(name: str, value: Value[Any]) -> list[str]:
    """What a value is, a text for each alternative: `3 if $DEBUG is set`. `name` tells whether it is a secret."""
    return [visible(" if ".join(filter(None, (_case(name, case.x), " and ".join(on))))) for on, case in value.worlds()]


def data(name: str, value: Value[Any]) -> dict[str, Any]:
    """The value as JSON has it, of a function its name; an unknown one has `known: false`, its `why`, and what is known in
    part: its `alternatives`, each `if` some choices are made, or `between` which numbers it is."""
    x = value.x
    if isinstance(x, FunctionRef | ClassRef):
        return {"value": x.about, "known": True}
    if value.known:
        return {"value": _jsonable(_plain(name, x)), "known": True}
    told: dict[str, Any] = {"value": None, "known": False, "why": value.why or " or ".join(cases(name, value))}
    if isinstance(x, Branch):
        told["alternatives"] = [{"if": list(choices), **data(name, case)} for choices, case in value.worlds()]
    if isinstance(x, Range):
        told["between"] = [_jsonable(end) if isfinite(end) else None for end in (x.low, x.high)]
    return told


def place(span: Span) -> dict[str, Any]:
    return {"path": span.path, "line": span.line}


def given(setting: Setting) -> list[str]:
    """The variables that a setting's value was computed from, by name."""
    return list(dict.fromkeys(name.removeprefix("env:") for name in setting.value.depends if name.startswith("env:")))


def _case(name: str, x: Any) -> str:
    if isinstance(x, FunctionRef | ClassRef):
        return x.why
    if isinstance(x, Unknown):
        return f"unknown: {x.why}"
    return _words(_plain(name, x)) + (" and maybe more" if isinstance(x, Items) and isinstance(x.complete, Unknown) else "")


def _words(x: Any, inside: bool = False) -> str:
    if isinstance(x, dict):
        return "{" + ", ".join(f"{key}: {_words(member, True)}" for key, member in x.items()) + "}"
    if isinstance(x, list):
        listed = ", ".join(_words(member, True) for member in x)
        return f"[{listed}]" if inside else listed or "none"
    if x is None:
        return "not set"
    return str(x).lower() if isinstance(x, bool) else str(x)


def _plain(name: str, x: Any) -> Any:
    """Texts, numbers, lists and dictionaries, with texts masked that look like a secret by themselves or by their name."""
    if isinstance(x, Value):
        return _plain(name, x.x)
    if isinstance(x, Table):
        return {str(key): _plain(str(key), member) for key, member in x.entries}
    if isinstance(x, Items | list | tuple):
        return [_plain(name, member) for member in x]
    if x is None or isinstance(x, bool | int | float):
        return x
    if isinstance(x, Branch):
        return " or ".join(cases(name, Value(x)))
    if isinstance(x, Unknown):
        return f"<{x.about or 'unknown'}>"
    return MASK if hidden(f"{name}=x") else without_secrets(str(x))


def _jsonable(x: Any) -> Any:
    """The same with numbers as JSON has them: whole seconds without a fraction, and no infinite ones."""
    if isinstance(x, dict):
        return {key: _jsonable(member) for key, member in x.items()}
    if isinstance(x, list):
        return [_jsonable(member) for member in x]
    if isinstance(x, float):
        return str(x) if not isfinite(x) else int(x) if x.is_integer() else float(x)
    return x
