"""gunicorn: what a command line, a configuration file and the environment make of it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from serveaudit.arguments import firm_words
from serveaudit.command import Command, Environment, Files
from serveaudit.formats.python import Call, Module
from serveaudit.invocation import arguments_for, head
from serveaudit.precedence import Layer
from serveaudit.programs.gunicorn import config_file
from serveaudit.programs.gunicorn.casting import from_word
from serveaudit.programs.gunicorn.config_file import ConfigFile
from serveaudit.programs.gunicorn.embedded import embedded
from serveaudit.programs.gunicorn.settings import arguments, from_environment, from_variable, settle
from serveaudit.programs.gunicorn.terms import derive
from serveaudit.programs.gunicorn.worker import UVICORN, library_class, resolve, uvicorn_settings
from serveaudit.serving import BadFlag, Server
from serveaudit.source import Problem, SourceFile
from serveaudit.tables import facts
from serveaudit.values import Place, Unknown, Value

EXECUTABLES = ("gunicorn", "gunicorn3")
MODULES = ("gunicorn", "gunicorn.app.wsgiapp")


def start(command: Command) -> Server | None:
    """The server that the command starts; None where it starts something else, or only asks gunicorn for something."""
    words = arguments_for(command, EXECUTABLES, MODULES)
    if words is None:
        return None
    line, variable = arguments(words, command.env, command.place), from_variable(command.env, head(command))
    layers = [line.layer("gunicorn", from_word), from_environment(variable.layer("gunicorn", from_word))]
    asks = any(name in layer.settings for layer in layers for name in ("check_config", "print_config"))
    if line.exits or variable.exits or asks:
        return None
    server = Server("gunicorn", command.place, command)
    server.bad_flags = [*line.bad, *variable.bad, *_too_many(line.words)]
    file = _config(server, layers, command)
    server.settings = settle([*layers, file.layer], command.env, head(command))
    server.app = _application(line.words, line.unread, server)
    _finish(server, head(command), file.module)
    return server


def configured(source: SourceFile, env: Environment, files: Files | None) -> Server | None:
    """The server that a configuration file describes which no command names; None where it sets nothing of gunicorn's."""
    file = config_file.read(source, env, files)
    if not file.layer.settings and not file.problems:
        return None
    top = Place(source.line_span(1))
    server = Server(
        "gunicorn", top, config=source, config_syntax="python", strange=list(file.strange), problems=list(file.problems)
    )
    server.settings = settle([file.layer], env, top)
    server.app = server.value("wsgi_app")
    _finish(server, top, file.module, Command((), top, env=env, files=files))
    return server


def scripted(module: Module, command: Command | None = None, place: Place | None = None) -> list[Server]:
    """The servers that subclasses of gunicorn's application run; without a command also the one that a worker class of the
    repository is written for, of which nothing but its class is known."""
    servers = [_embedded(module, call, layer, command, place) for call, layer in embedded(module)]
    found = [cls for cls in module.classes.values() if cls.inherits(*(f"uvicorn.workers.{name}" for name in UVICORN))]
    if command is not None or not found:
        return servers
    base = library_class(found[0], module)
    worker = Server("gunicorn", found[0].place, worker_class=Value("uvicorn"), worker_base=base, interface=Value("asgi"))
    return [*servers, worker]


def _embedded(module: Module, call: Call, layer: Layer, command: Command | None, place: Place | None) -> Server:
    server = Server("gunicorn", place or call.place, command)
    server.settings = settle([layer], module.env, call.place)
    server.app = Value(Unknown("the file hands the application over itself"), (call.place,))
    _finish(server, call.place, module, Command((), call.place, env=module.env))
    return server


def _finish(server: Server, top: Place, module: Module | None, command: Command | None = None) -> None:
    """The worker's own settings, and the common terms."""
    command = server.command or command
    worker = resolve(server.value("worker_class"), server.value("threads"), command, module)
    if worker.kind.x == "uvicorn":
        table = facts("uvicorn", command.env.releases if command else {})
        settings, strange = uvicorn_settings(worker, server.settings, table, top)
        server.settings |= settings
        server.strange += strange
    derive(server, worker)


def _config(server: Server, layers: list[Layer], command: Command) -> ConfigFile:
    """The file that is read: `-c` of the command line, else that of $GUNICORN_CMD_ARGS, else ./gunicorn.conf.py."""
    config = settle(layers, command.env, head(command), "config")["config"]
    named = replace(config.value, x=None) if config.origin == "default" and config.value.known else config.value
    source, unread = config_file.find(named, command)
    if isinstance(named.x, str) and source is None and unread is not None:
        server.problems.append(Problem(config.place.span, unread.why))
    if source is None:
        return ConfigFile(Layer(unread=unread))
    file = config_file.read(source, command.env, command.files, command.directory)
    server.config, server.config_syntax, server.strange = source, "python", list(file.strange)
    server.problems += file.problems
    return file


def _application(words: list[Value[Any]], unread: Unknown | None, server: Server) -> Value[Any]:
    """The first positional word, else the setting wsgi_app."""
    if words:
        return words[0]
    return Value(unread) if unread is not None else server.value("wsgi_app")


def _too_many(words: list[Value[Any]]) -> list[BadFlag]:
    why = "gunicorn takes one application and ignores what follows it"
    return [BadFlag(str(word.x), word.places[0], refused=False, why=why) for word in firm_words(words)[1:] if word.places]


_NAMED = re.compile(r"(^|/)[^/]*gunicorn[^/]*\.py$|(^|/)gunicorn\.conf$", re.IGNORECASE)
_BOUND = re.compile(r"^(?:def )?([a-z_]+)(?: *=(?!=)| *\()", re.MULTILINE)
_OTHERS = re.compile(r"BaseApplication|WSGIApplication|^(?:from|import) (?:hypercorn|celery)\b", re.MULTILINE)
_SHARED = {"bind", "workers", "threads", "timeout", "user", "group", "config", "reload", "daemon", "umask", "loglevel"}
_SHARED |= {
    "protocol",
    "root_path",
    "chdir",
    "spew",
    "paste",
    "backlog",
    "certfile",
    "keyfile",
    "ciphers",
    "ca_certs",
    "syslog",
}
"""Settings whose names mean something in any Python file."""


def looks_like(source: SourceFile) -> bool:
    """Whether a Python file is a configuration of gunicorn: by its name and one setting, else by several settings of which one
    is gunicorn's alone and one says how much or where it serves."""
    if _OTHERS.search(source.text) or "hypercorn" in source.path.lower():
        return False
    bound = {name for name in _BOUND.findall(source.text) if name in facts("gunicorn").rows}
    if _NAMED.search(source.path):
        return bool(bound)
    own = bound - _SHARED - set(facts("hypercorn").rows)
    return source.path.endswith(".py") and bool(own) and len(bound) >= 3 and bool(bound & {"bind", "workers", "worker_class"})
