"""The application as a server is told to find it.

Sources: gunicorn/util.py (import_app), uvicorn/importer.py and main.py, daphne/cli.py, waitress/runner.py.
"""

from __future__ import annotations

import re
from typing import Any

from serveaudit.applications import DIRECTORIES
from serveaudit.deployment import Process
from serveaudit.formats.python import ClassRef, External, FunctionRef, Made
from serveaudit.values import Place, Unknown, Value

_WANT_ATTRIBUTE = ("uvicorn", "daphne")
_WANT_MODULES = ("gunicorn", "uvicorn", "daphne")
_DEFINED = re.compile(r"(\w+)\s*(?:=|$)")
_CALLS_NONE = ("gunicorn", "waitress")


def given_as_object(process: Process) -> Value[str]:
    """The first argument of `uvicorn.run()`, where it is an object."""
    setting = process.server.settings.get("app")
    if process.server.program != "uvicorn" or setting is None or setting.origin != "written":
        return Value(None)
    if not isinstance(setting.value.x, Made | External | FunctionRef | ClassRef):
        return Value(None)
    asks = [each for name in ("workers", "reload") if (each := process.server.settings[name]).origin == "written"]
    name = _DEFINED.match(setting.literal.text) if setting.literal is not None else None
    return Value(name[1] if name else "app", tuple(each.place for each in asks) or (setting.place,))


def mistake(process: Process) -> Value[str]:
    """A path instead of a module's name, or no attribute for a server that wants one."""
    server, spec = process.server, process.server.app
    if server.command is None or not isinstance(spec.x, str) or not spec.x or server.bad_flags:
        return Value(None)
    module, colon, attribute = spec.x.partition(":")
    if server.program in _WANT_MODULES and ("/" in module or module.endswith(".py")):
        dotted = module.removesuffix(".py").strip("./").replace("/", ".")
        return Value(f"{spec.x} is a path, a module is wanted: {dotted}:{attribute or 'app'}", spec.places)
    if server.program in _WANT_ATTRIBUTE and not colon and re.fullmatch(r"[\w.]+", module):
        return Value(f"{spec.x} names no attribute, MODULE:ATTRIBUTE is wanted", spec.places)
    return Value(None)


def uncalled_factory(process: Process) -> Value[str]:
    app, server = process.app, process.server
    if app is None or not app.found.factory or server.program not in _CALLS_NONE or app.spec.endswith(")"):
        return Value(None)
    if server.value("call").x is True:
        return Value(None)
    places = (*server.app.places[:1], *((app.place,) if app.place else ()))
    return Value(app.spec, places)


def missing(process: Process) -> Value[str]:
    app = process.app
    if app is None or app.found.kind.x is not None or process.server.program == "uwsgi":
        return Value(None)
    unknown = next((each for each in _directories(process) if not each.known), None)
    if unknown is not None:
        return Value(Unknown(f"where it looks for modules is not known: {unknown.why}"), unknown.places)
    head = Place(app.module.source.line_span(1), note=f"{app.module.source.path} binds no such name")
    return Value(app.spec, (*process.server.app.places[:1], head))


def _directories(process: Process) -> list[Value[Any]]:
    """What decides in which directory a server looks for the application's module."""
    command = process.server.command
    started = [command.cwd] if command is not None else []
    return [*started, *(process.server.value(name) for name in DIRECTORIES)]
