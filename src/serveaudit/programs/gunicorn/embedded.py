"""Applications that bring gunicorn along: subclasses of `BaseApplication` that a Python file runs (gunicorn/app/base.py; its
manual, "Custom Application")."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from serveaudit.formats.python import Call, Made, Module
from serveaudit.keywords import from_mapping
from serveaudit.precedence import Layer
from serveaudit.programs.gunicorn.casting import from_file
from serveaudit.tables import facts
from serveaudit.values import Table, Unknown, Value

_BASES = ("gunicorn.app.base.BaseApplication", "gunicorn.app.base.Application", "gunicorn.app.wsgiapp.WSGIApplication")


def embedded(module: Module) -> Iterator[tuple[Call, Layer]]:
    """Each call that runs such an application, with the settings that it is given. They take the place of every command line
    and configuration file: one whose class does not load settings by itself is left out, as it reads both."""
    for call in module.calls:
        made = call.receiver.x if call.receiver is not None else None
        if call.reachable and call.name.endswith(".run") and isinstance(made, Made) and made.cls is not None:
            loads = any("load_config" in each.methods for each in made.cls.ancestors())
            if made.cls.inherits(*_BASES) and loads:
                yield call, _settings(module, made)


def _settings(module: Module, made: Made) -> Layer:
    """What `load_config` sets by name, and the dictionary of options that the class is made with; of these it skips what is
    None, and names that gunicorn does not know."""
    given = [*made.call.args, *made.call.named.values()] if made.call else []
    tables = [value.x for value in given if isinstance(value.x, Table)]
    owners = {f"{each.name}.load_config" for each in made.cls.ancestors()} if made.cls else set()
    sets = [call for call in module.calls if call.function in owners and call.name.endswith("cfg.set") and len(call.args) == 2]
    named = tuple((call.args[0].x, _placed(call)) for call in sets if isinstance(call.args[0].x, str))
    layer, _ = from_mapping(facts("gunicorn", module.env.releases), Table((*_entries(tables), *named)), from_file)
    if len(named) < len(sets) and not tables:
        return replace(layer, unread=Unknown("what its options hold is not known"))
    unread = next((table.complete for table in tables if isinstance(table.complete, Unknown)), None)
    return replace(layer, unread=unread)


def _entries(tables: list[Table]) -> Iterator[tuple[str, Value[object]]]:
    for table in tables:
        for name, value in table.entries:
            if isinstance(name, str) and value.x is not None:
                yield name.lower(), value


def _placed(call: Call) -> Value[object]:
    return call.args[1] if call.args[1].places else call.args[1].at(call.place)
