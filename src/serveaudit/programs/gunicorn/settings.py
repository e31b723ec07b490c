"""gunicorn's effective settings: command line over $GUNICORN_CMD_ARGS over one file over defaults, of which some are computed
from variables (gunicorn/app/base.py, load_config)."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import Any

from serveaudit import variables
from serveaudit.arguments import ARGPARSE, Arguments, read
from serveaudit.command import Environment
from serveaudit.conversion import Refused
from serveaudit.precedence import Layer, effective, from_table
from serveaudit.programs.gunicorn.casting import from_file
from serveaudit.releases import order
from serveaudit.serving import Row, Setting
from serveaudit.source import Span
from serveaudit.tables import facts
from serveaudit.values import How, Items, Partial, Place, Unknown, Value

STYLE = replace(ARGPARSE, asks=("-h", "--help", "-v", "--version"))
READS_VARIABLE = "19.7"
"""The first release that reads $GUNICORN_CMD_ARGS (gunicorn/app/base.py)."""


def arguments(words: tuple[Value[Any], ...], env: Environment, place: Place) -> Arguments:
    """The words behind `gunicorn`, or those of $GUNICORN_CMD_ARGS."""
    return read(words, facts("gunicorn", env.releases), STYLE, place, positional=None)


def from_variable(env: Environment, head: Place) -> Arguments:
    """$GUNICORN_CMD_ARGS, cut into words as a shell does. Its positional words are not read."""
    read = order(facts("gunicorn", env.releases).version) >= order(READS_VARIABLE)
    text = env.get("GUNICORN_CMD_ARGS") if read and "GUNICORN_CMD_ARGS" in env.variables else Value(None)
    place = text.places[0] if text.places else head
    if isinstance(text.x, str):
        return arguments(tuple(_words(text.x, text)), env, place)
    if text.x is None:
        return Arguments()
    return Arguments(unread=Unknown("$GUNICORN_CMD_ARGS may set it", "$GUNICORN_CMD_ARGS"), unread_at=0)


def _words(line: str, text: Value[Any]) -> list[Value[Any]]:
    """Each word at its own place, where the variable's text stands there word for word."""
    try:
        parts = shlex.split(line)
    except ValueError:  # a quote is not closed: gunicorn ends with a traceback
        return []
    span = text.places[0].span if text.places else None
    words: list[Value[Any]] = []
    at = 0
    for part in parts:
        found = span.text.find(part, at) if span else -1
        here = Span(span.source, span.start + found, span.start + found + len(part)) if span and found >= 0 else span
        at = found + len(part) if found >= 0 else at
        words.append(Value(part, (Place(here),) if here else (), text.assumes, text.depends))
    return words


def from_environment(layer: Layer) -> Layer:
    """The layer of $GUNICORN_CMD_ARGS: its settings come from the environment."""
    return replace(layer, settings={name: _moved(each) for name, each in layer.settings.items()})


def _moved(setting: Setting) -> Setting:
    first, *others = setting.value.places
    place = replace(first, how=How.ENVIRONMENT)
    return replace(setting, origin="environment", place=place, value=setting.value.at(place, *others))


def settle(layers: list[Layer], env: Environment, head: Place, *names: str) -> dict[str, Setting]:
    """Every setting, or those of these names; the strongest layer first."""
    rows = facts("gunicorn", env.releases).rows
    computed = {row.name: row.env for row in rows.values() if row.env}
    default = variables.defaulting("gunicorn", from_table("gunicorn", head), env, head, computed, _computed)

    def with_port(row: Row) -> Setting:
        port = env.variables.get("PORT", Value(None))
        setting = default(row)
        if row.name != "bind" or not isinstance(port.x, Unknown | Partial):
            return setting
        gaps = port.x.parts if isinstance(port.x, Partial) else (port.x,)
        return replace(setting, value=replace(setting.value, x=Items((Value(Partial(("0.0.0.0:", *gaps)), port.places),))))

    return effective([rows[name] for name in names or rows], layers, with_port)


def _computed(row: Row, text: Any) -> Any:
    """What gunicorn computes from $PORT and the like. An empty $PORT leaves no port; no other text but a number is one."""
    if row.name == "bind":
        return from_file(row, f"0.0.0.0:{text}")
    if row.name == "workers" and not str(text).strip().isdecimal():
        raise Refused("a whole number is wanted")
    return from_file(row, text)
