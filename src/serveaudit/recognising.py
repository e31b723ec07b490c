"""Which servers a command, a script or a configuration file stands for: every program's own module is asked."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

from serveaudit import programs
from serveaudit.command import Command, Environment, Files
from serveaudit.formats import python
from serveaudit.invocation import Script, script_of
from serveaudit.mapping import Finder
from serveaudit.serving import Server
from serveaudit.source import SourceFile
from serveaudit.values import Place, Unknown


@cache
def _asked(function: str) -> tuple[Callable[..., object], ...]:
    """The function of that name of each program's module that has one: the folder is the registry."""
    modules: list[ModuleType] = [
        import_module(f"{programs.__name__}.{found.name}") for found in iter_modules(programs.__path__)
    ]
    return tuple(getattr(module, function) for module in modules if hasattr(module, function))


@dataclass(frozen=True, slots=True)
class Reading:
    """A server as the newest release of its program reads it, and a way to read it again."""

    server: Server
    again: Callable[[Mapping[str, str]], Sequence[Server]] = field(repr=False)
    index: int = 0

    def by(self, releases: Mapping[str, str]) -> Server:
        """The server as these releases read it: program -> release."""
        found = self.again(releases)
        return found[self.index] if self.index < len(found) else self.server


def started_by(command: Command) -> list[Reading]:
    """The servers that a command starts: its program itself, or the Python file that it runs."""
    return _readings(lambda releases: _started(replace(command, env=replace(command.env, releases=releases))))


def _readings(ask: Callable[[Mapping[str, str]], Sequence[Server]]) -> list[Reading]:
    return [Reading(server, ask, index) for index, server in enumerate(ask({}))]


def _started(command: Command) -> list[Server]:
    for start in _asked("start"):
        server = start(command)
        if isinstance(server, Server):
            return [server]
    source = _source(command, script_of(command))
    return _scripted(source, command.env, command.files, command) if isinstance(source, SourceFile) else []


def _source(command: Command, script: Script | None) -> SourceFile | Unknown | None:
    """The Python file that a command runs; of a package it is `__main__.py`."""
    files, cwd = command.files, command.directory
    if files is None or script is None:
        return None
    if script.path:
        return files.read(script.path, cwd)
    main = files.module(f"{script.module}.__main__", cwd)
    return main if isinstance(main, SourceFile) else files.module(script.module, cwd)


def python_file(command: Command) -> tuple[python.Module, Script] | None:
    """The Python file that a command runs, where it may start other programs; None for every other command."""
    script = script_of(command)
    source = _source(command, script)
    if script is None or not isinstance(source, SourceFile) or not _SPAWNING.search(source.text):
        return None
    return _module(source, command.env, command.files, command), script


def scripted(source: SourceFile, env: Environment, files: Files | None) -> list[Reading]:
    """The servers that a Python file makes by itself: `uvicorn.run(…)`, `WSGIServer(…).serve_forever()`, `app.run()`.

    Those behind `if __name__ == "__main__"` of a module that also defines an application do not count: that is how it is tried
    out by hand.
    """
    return _readings(lambda releases: _scripted(source, replace(env, releases=releases), files))


def _scripted(source: SourceFile, env: Environment, files: Files | None, command: Command | None = None) -> list[Server]:
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


def configured(source: SourceFile, kind: str, env: Environment, files: Files | None) -> list[Reading]:
    """The server that a configuration file describes which no command names. `kind` is the program, as discovery told it."""
    module = import_module(f"{programs.__name__}.{kind}")
    return _readings(lambda releases: _servers([module.configured(source, replace(env, releases=releases), files)]))


_MODULES = 40
"""Modules that are followed from a script: its addresses may come from a settings file, not from deep inside."""
_MAKES_SERVERS = frozenset(
    """uvicorn.run uvicorn.Server uvicorn.Config waitress.serve hypercorn.asyncio.serve hypercorn.trio.serve flask.Flask.run
    gevent.pywsgi.WSGIServer granian.Granian""".split()
)
_SERVING = ("uvicorn", "waitress", "gunicorn", "hypercorn", "gevent", "granian", ".run(", "run_simple", "UvicornWorker")
"""A file without any of these words makes no server: it need not be read."""
_SPAWNING = re.compile(
    r"\bsubprocess\b|\bos\.(?:exec|spawn|posix_spawn|system|popen)|\bfrom os import\b|\bpty\b|\bcreate_subprocess_|"
    r"\bcall_command\b|\bexecute_from_command_line\b"
)
"""A file without any of these starts no program: it need not be read with all that it imports."""
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
    script = script_of(command)
    find = Finder((partial(files.module, cwd=command.directory),), _MODULES)
    return python.read(source, env, find, argv=script.words if script else None)


def _servers(found: object) -> list[Server]:
    return [server for server in found if isinstance(server, Server)] if isinstance(found, list) else []
