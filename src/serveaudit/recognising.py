"""Which servers a command, a script or a configuration file stands for: every program's own module is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, partial
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

from serveaudit import programs
from serveaudit.command import Command, Environment, Files
from serveaudit.formats import python
from serveaudit.invocation import script_of
from serveaudit.mapping import Finder
from serveaudit.serving import Server
from serveaudit.source import SourceFile
from serveaudit.values import Place


@cache
def _asked(function: str) -> tuple[Callable[..., object], ...]:
    """The function of that name of each program's module that has one: the folder is the registry."""
    modules: list[ModuleType] = [
        import_module(f"{programs.__name__}.{found.name}") for found in iter_modules(programs.__path__)
    ]
    return tuple(getattr(module, function) for module in modules if hasattr(module, function))


def started_by(command: Command) -> list[Server]:
    """The servers that a command starts: its program itself, or the Python file that it runs."""
    for start in _asked("start"):
        server = start(command)
        if isinstance(server, Server):
            return [server]
    script = script_of(command)
    source = command.files.read(script, _text(command.cwd.x)) if script and command.files else None
    return scripted(source, command.env, command.files, command) if isinstance(source, SourceFile) else []


def scripted(source: SourceFile, env: Environment, files: Files | None, command: Command | None = None) -> list[Server]:
    """The servers that a Python file makes by itself: `uvicorn.run(…)`, `WSGIServer(…).serve_forever()`, `app.run()`.

    Without a command, those behind `if __name__ == "__main__"` of a module that also defines an application do not count: that
    is how it is tried out by hand.
    """
    if not any(word in source.text for word in _SERVING):
        return []
    module = _module(source, env, files, command)
    place: Place | None = command.place if command else None
    found = [server for ask in _asked("scripted") for server in _servers(ask(module, command, place))]
    if command is not None:
        return found
    if any(call.under_main for call in module.calls if call.name in _MAKES_SERVERS) and _defines_application(module):
        return []
    idle = {call.place for call in module.calls} - {call.place for call in _reached(module)}
    return [server for server in found if server.place not in idle]


def configured(source: SourceFile, kind: str, env: Environment, files: Files | None) -> Server | None:
    """The server that a configuration file describes which no command names. `kind` is the program, as discovery told it."""
    module = import_module(f"{programs.__name__}.{kind}")
    server = module.configured(source, env, files)
    return server if isinstance(server, Server) else None


_MODULES = 40
"""Modules that are followed from a script: its addresses may come from a settings file, not from deep inside."""
_MAKES_SERVERS = frozenset(
    """uvicorn.run uvicorn.Server uvicorn.Config waitress.serve hypercorn.asyncio.serve hypercorn.trio.serve flask.Flask.run
    gevent.pywsgi.WSGIServer granian.Granian""".split()
)
_SERVING = ("uvicorn", "waitress", "hypercorn", "gevent", "granian", ".run(", "run_simple", "UvicornWorker")
"""A file without any of these words makes no server: it need not be read."""
_APPLICATIONS = frozenset("fastapi.FastAPI flask.Flask starlette.applications.Starlette quart.Quart sanic.Sanic".split())


def _reached(module: python.Module) -> Iterator[python.Call]:
    """The calls that are made when the file runs by itself: at its own level, and in functions that are called there."""
    called = {call.name.rpartition(".")[2] for call in module.calls if not call.function}
    return (call for call in module.calls if not call.function or call.function in called)


def _defines_application(module: python.Module) -> bool:
    return any(call.name in _APPLICATIONS for call in module.calls)


def _module(source: SourceFile, env: Environment, files: Files | None, command: Command | None) -> python.Module:
    """The file as it runs; what it imports is followed only where something starts it."""
    if command is None or files is None:
        return python.read(source, env)
    return python.read(source, env, Finder((partial(files.module, cwd=_text(command.cwd.x)),), _MODULES))


def _servers(found: object) -> list[Server]:
    return [server for server in found if isinstance(server, Server)] if isinstance(found, list) else []


def _text(x: object) -> str:
    return x if isinstance(x, str) else ""
