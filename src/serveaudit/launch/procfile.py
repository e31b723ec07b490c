"""The processes of a Procfile. Sources: Heroku's "The Procfile"; honcho's and foreman's manuals."""

from __future__ import annotations

import re
from typing import Any

from serveaudit.command import Environment, Step
from serveaudit.launching import Unit
from serveaudit.source import SourceFile
from serveaudit.values import Place, Unknown, Value

_LINE = re.compile(r"^(?P<name>[A-Za-z0-9_-]+):[ \t]*(?P<command>\S.*?)[ \t]*$", re.MULTILINE)


def read_processes(source: SourceFile, env: Environment | None = None, cwd: Value[Any] | None = None) -> list[Unit]:
    """A unit for each line, in written order; `release` is one too, which the platform runs before the others.

    The platform gives each process a port of its own as $PORT, so that it is not known unless `env` has it. Two lines of one
    name (a template's alternatives) are two units.
    """
    env = env or Environment()
    if "PORT" not in env.variables:
        env = env.over({"PORT": Value(Unknown("the platform chooses the port", "$PORT"))})
    return [_unit(source, line, env, cwd or Value("")) for line in _LINE.finditer(source.text)]


def _unit(source: SourceFile, line: re.Match[str], env: Environment, cwd: Value[Any]) -> Unit:
    place = Place(source.span(*line.span("command")))
    step = Step(place, script=source.slice(*line.span("command")), cwd=cwd, env=env)
    return Unit("procfile", line["name"], Place(source.span(line.start("name"), line.end("command"))), (step,))
