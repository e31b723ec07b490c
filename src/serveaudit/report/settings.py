"""What each server will really run with, and where each value comes from."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from math import isfinite
from typing import Any

from serveaudit.report.excerpt import MASK, hidden, measure, visible, without_secrets
from serveaudit.report.frame import Line
from serveaudit.serving import Server, Setting
from serveaudit.values import Branch, Items, Place, Unknown, Value

VERSION = 1
WIDEST = 48
"""Columns of the table's values; a longer one pushes its place to the right."""


def render(servers: Sequence[Server], everything: bool = False) -> list[Line]:
    """A table for each server, of what differs from its defaults or, with `everything`, of all settings."""
    if not servers:
        return [[("No server was found.", "text")]]
    lines: list[Line] = []
    for server in servers:
        lines += [[], *_server(server, everything)]
    return lines[1:]


def render_json(servers: Iterable[Server]) -> str:
    """The documented object; an unknown value has `known: false` and its `why`."""
    return json.dumps({"version": VERSION, "servers": [_server_data(server) for server in servers]}, indent=2) + "\n"


def _server(server: Server, everything: bool) -> Iterator[Line]:
    version = f" {server.version.x}" if isinstance(server.version.x, str) else ""
    yield [(f"{server.program}{version}", "title"), (f"  {visible(str(server.place.span))}", "path")]
    if server.command is not None:
        yield [(f"  {_command(server)}", "text")]
    told = [setting for _, setting in sorted(server.settings.items()) if everything or setting.origin != "default"]
    rows = [(setting.name, _text(setting.name, setting.value), _origin(setting)) for setting in told]
    rows += [
        (setting.name, _text(setting.name, setting.value), f"{setting.place.span}, not known") for setting in server.strange
    ]
    rows += [(bad.word, "", f"{bad.place.span}, {'refused' if bad.refused else 'without effect'}") for bad in server.bad_flags]
    yield from _table(rows)
    left = len(server.settings) - len(told)
    if left:
        yield [(f"  {left} more at the program's defaults (--all lists them)", "gutter")]


def _table(rows: Sequence[tuple[str, str, str]]) -> Iterator[Line]:
    names = max((measure(name) for name, _, _ in rows), default=0)
    values = min(max((measure(value) for _, value, _ in rows), default=0), WIDEST)
    for name, value, origin in rows:
        yield [
            (f"  {visible(name)}{' ' * (names - measure(name))}  ", "note"),
            (f"{value}{' ' * (values - measure(value))}  ", "text"),
            (visible(origin), "path"),
        ]


def _command(server: Server) -> str:
    words = [] if server.command is None else server.command.argv
    return visible(without_secrets(" ".join(_plain(word.x) for word in words)))


def _origin(setting: Setting) -> str:
    """`gunicorn.conf.py:7 instead of 30 (run.sh:3)`."""
    said = "default" if setting.origin == "default" else str(setting.place.span)
    if setting.origin == "environment":
        said += " (environment)"
    for other in setting.overrides:
        where = "default" if other.origin == "default" else other.place.span
        said += f", instead of {_text(other.name, other.value)} ({where})"
    return said


def _text(name: str, value: Value[Any]) -> str:
    """A value on one line, without secrets, with the assumptions that it rests on."""
    text = visible(_plain(_without_secret(name, value.x)))
    return f"{text} (if {' and '.join(value.assumes)})" if value.assumes else text


def _plain(x: Any) -> str:
    if isinstance(x, Unknown):
        return f"unknown: {x.why}"
    if isinstance(x, Branch):
        return " or ".join(f"{_plain(case.x)} if {label}" for label, case in x.cases)
    if isinstance(x, Items | list | tuple):
        listed = ", ".join(_plain(item.x if isinstance(item, Value) else item) for item in x)
        return listed + (" and maybe more" if isinstance(x, Items) and isinstance(x.complete, Unknown) else "")
    if x is None:
        return "not set"
    return str(x).lower() if isinstance(x, bool) else str(x)


def _without_secret(name: str, x: Any) -> Any:
    """The value, with texts masked that look like a secret by themselves or by the setting's name."""
    if isinstance(x, Items | list | tuple):
        return [_without_secret(name, item.x if isinstance(item, Value) else item) for item in x]
    if not isinstance(x, str):
        return x
    return MASK if hidden(f"{name}=x") else without_secrets(x)


def _server_data(server: Server) -> dict[str, Any]:
    launch = None
    if server.command is not None:
        span = server.command.place.span
        launch = {"path": span.path, "line": span.line, "command": _command(server)}
    return {
        "program": server.program,
        "program_version": server.version.x if isinstance(server.version.x, str) else None,
        "launch": launch,
        "settings": {name: _setting_data(setting) for name, setting in sorted(server.settings.items())},
    }


def _setting_data(setting: Setting) -> dict[str, Any]:
    return {
        **_value_data(setting),
        "depends_on": list(setting.value.depends),
        "origin": _origin_data(setting.origin, setting.place),
        "overrides": [{**_value_data(other), "origin": _origin_data(other.origin, other.place)} for other in setting.overrides],
    }


def _value_data(setting: Setting) -> dict[str, Any]:
    x = _without_secret(setting.name, setting.value.x)
    if setting.value.known:
        return {"value": _jsonable(x), "known": True}
    return {"value": None, "known": False, "why": setting.value.why or _plain(x)}


def _jsonable(x: Any) -> Any:
    if isinstance(x, list | tuple | Items):
        return [_jsonable(item) for item in x]
    if isinstance(x, float) and isfinite(x):
        return int(x) if x.is_integer() else x
    return x if x is None or isinstance(x, bool | int | str) else _plain(x)


def _origin_data(kind: str, place: Place) -> dict[str, Any]:
    return {"kind": kind, "path": place.span.path, "line": place.span.line}
