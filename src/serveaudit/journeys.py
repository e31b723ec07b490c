"""How each server comes to run: through which files it is started, what it reads, which variables its settings rest on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from serveaudit.command import Step
from serveaudit.deployment import Deployment, Process, Running
from serveaudit.launching import Unit
from serveaudit.result import Launched, Stage
from serveaudit.serving import Server
from serveaudit.values import Items, Partial, Place, Value

_UNITS = {"compose": "service", "supervisor": "program", "kubernetes": "container", "make": "target"}
"""What a manager calls that which it starts; a unit of systemd, a script and the like need no word before their names."""


def journeys(deployment: Deployment) -> list[Launched]:
    """Every server of every context, in order."""
    return [_journey(process) for context in deployment.contexts for process in context.processes]


def _journey(process: Process) -> Launched:
    server, running = process.server, process.running
    stages: dict[str, Stage] = {}
    for stage in _stages(server, running):
        stages.pop(str(stage.place.span), None)
        stages[str(stage.place.span)] = stage
    conditions = running.followed.conditions if running.followed else ()
    return Launched(server, running.context.name, tuple(stages.values()), conditions, _reads(server), _variables(server))


def _stages(server: Server, running: Running) -> Iterator[Stage]:
    """From the description that names the program to the command itself; of one line the innermost stage counts."""
    if running.unit is not None:
        yield Stage(_named(running.unit), running.unit.place)
        for step in running.unit.steps[-1:]:
            yield from _step(step)
    for link in running.followed.links if running.followed else ():
        yield Stage(link.name, link.place)
    if server.command is not None:
        yield Stage(" ".join(_word(word) for word in server.command.argv), server.command.place)


def _named(unit: Unit) -> str:
    return f"{_UNITS[unit.manager]} {unit.name}" if unit.manager in _UNITS else unit.name


def _step(step: Step) -> Iterator[Stage]:
    """The words of ENTRYPOINT and CMD, say, each at its line."""
    lines: dict[str, list[Value[str]]] = {}
    for word in step.argv:
        lines.setdefault(str(word.places[0].span if word.places else step.place.span), []).append(word)
    for words in lines.values():
        yield Stage(" ".join(map(_word, words)), words[0].places[0] if words[0].places else step.place)
    if step.script is not None:
        yield Stage(step.script.text.strip().partition("\n")[0], step.place)


def _word(word: Value[str]) -> str:
    return word.x if isinstance(word.x, str) else str(word.x) if isinstance(word.x, Partial) else "…"


def _reads(server: Server) -> tuple[Place, ...]:
    """The configuration files, each once: the server's own one, and those that it includes."""
    own = [Place(server.config.whole())] if server.config is not None else []
    written = [setting.place for setting in server.settings.values() if setting.origin == "written"]
    started = server.command.place.span.path if server.command is not None else ""
    found = {place.span.path: Place(place.span.outermost.source.whole()) for place in (*own, *written)}
    return tuple(place for path, place in found.items() if path != started)


def _variables(server: Server) -> dict[str, Value[str]]:
    """The variables of the start that decide what holds, or what something else holds instead of, by name."""
    environment = server.command.env.variables if server.command is not None else {}
    values = (each.value for setting in server.settings.values() for each in (setting, *setting.overrides))
    named = {name.removeprefix("env:") for value in values for name in _rests_on(value)}
    return {name: value for name, value in sorted(environment.items()) if name in named and value.x is not None}


def _rests_on(value: Value[Any]) -> Iterator[str]:
    """What a value depends on, and each member of a list."""
    yield from value.depends
    for member in value.x.members if isinstance(value.x, Items) else ():
        yield from _rests_on(member) if isinstance(member, Value) else ()
