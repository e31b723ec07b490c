"""Settings that come from variables of a program's own, as click reads them: `UVICORN_PORT`, `GRANIAN_WORKERS`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from serveaudit.command import Environment
from serveaudit.conversion import Cast, convert, from_text
from serveaudit.precedence import Layer
from serveaudit.serving import Row, Setting
from serveaudit.tables import Facts
from serveaudit.values import How, Items, Place, Unknown, Value


def layer(facts: Facts, env: Environment, head: Place, cast: Cast = from_text) -> Layer:
    """The settings that the environment makes. Where it is not known whole, the variables that are not seen are taken as not
    set, and what rests on that says so: they are rare, and a missing `.env` file is not."""
    settings = {}
    for row in facts.rows.values():
        if row.env in env.variables and (value := env.get(row.env)).x not in (None, ""):
            text = value.map(_split) if row.type == "list" else value
            settings[row.name] = setting(facts.program, row, row.env, text, head, cast)
    silent = [row for row in facts.rows.values() if row.env and row.name not in settings]
    assumes = {row.name: (f"${row.env} is not set",) for row in silent} if isinstance(env.complete, Unknown) else {}
    return Layer(settings, assumes=assumes)


def setting(program: str, row: Row, variable: str, text: Value[Any], head: Place, cast: Cast = from_text) -> Setting:
    """A setting made by a variable. `head` is the command's, for a variable whose place is not known."""
    place = replace(text.places[0], how=How.ENVIRONMENT) if text.places else replace(head, how=How.ENVIRONMENT)
    told = text.at(place, *text.places[1:])
    value, refused = convert(program, row, told, cast)
    return Setting(row.name, value, "environment", place, variable, row=row, refused=refused, literal=place.span)


def _split(text: Any) -> Any:
    """click cuts the variable of a list at white space."""
    return Items(tuple(map(Value, text.split()))) if isinstance(text, str) else text


Default = Callable[[Row], Setting]


def defaulting(
    program: str, default: Default, env: Environment, head: Place, variables: dict[str, str], cast: Cast = from_text
) -> Default:
    """Defaults of which some are computed from variables: setting name -> variable. A variable that may be set, for all that is
    known, makes the setting unknown; one that is not set is what the default rests on."""

    def computed(row: Row) -> Setting:
        fallback = default(row)
        if row.name not in variables:
            return fallback
        text = env.get(variables[row.name])
        if text.x is None:
            return replace(fallback, value=fallback.value.also(Value(None, assumes=text.assumes, depends=text.depends)))
        return replace(setting(program, row, variables[row.name], text, head, cast), overrides=())

    return computed
