"""What each server will really run with, as one JSON object, of which the shape is documented and has a version."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from serveaudit.report.excerpt import without_secrets
from serveaudit.report.wording import data, place
from serveaudit.result import Launched
from serveaudit.serving import Server, Setting
from serveaudit.values import unless

VERSION = 1


def render(launched: Iterable[Launched]) -> str:
    """The object, with all settings; an unknown value has `known: false` and its `why`."""
    return json.dumps({"version": VERSION, "servers": [_server(each) for each in launched]}, indent=2) + "\n"


def _server(launched: Launched) -> dict[str, Any]:
    server = launched.server
    return {
        "program": server.program,
        "program_version": server.version.x if isinstance(server.version.x, str) else None,
        "version_asked": server.asked or None,
        "version_origin": place(server.version.places[0].span) if server.version.places else None,
        "context": launched.context,
        "launch": _launch(launched),
        "reads": [place(each.span) for each in launched.reads],
        "environment": {
            name: {**data(name, value), "places": [place(each.span) for each in value.places]}
            for name, value in launched.variables.items()
        },
        "settings": {name: _setting(setting) for name, setting in sorted(server.settings.items())},
        "ignored": list(_ignored(server)),
    }


def _launch(launched: Launched) -> dict[str, Any] | None:
    """The command, and how it is come to: `through` begins with the description that names it."""
    command = launched.server.command
    if command is None:
        return None
    stages = [{"text": without_secrets(stage.text), **place(stage.place.span)} for stage in launched.stages]
    return {
        **place(command.place.span),
        "command": stages[-1]["text"] if stages else "",
        "through": stages,
        "conditions": list(launched.conditions),
    }


def _setting(setting: Setting) -> dict[str, Any]:
    return {
        **data(setting.name, setting.value),
        "depends_on": list(dict.fromkeys(setting.value.depends)),
        "conditions": [unless(assumption) for assumption in dict.fromkeys(setting.value.assumes)],
        "origin": _origin(setting),
        "overrides": [{**data(other.name, other.value), "origin": _origin(other)} for other in setting.overrides],
    }


def _origin(setting: Setting) -> dict[str, Any]:
    return {"kind": setting.origin, **place(setting.place.span)}


def _ignored(server: Server) -> Iterable[dict[str, Any]]:
    """Names and words that the program does not know, or refuses."""
    for setting in server.strange:
        yield {"name": setting.spelled or setting.name, "refused": bool(setting.refused), **place(setting.place.span)}
    for bad in server.bad_flags:
        yield {"name": bad.word, "refused": bad.refused, **place(bad.place.span)}
