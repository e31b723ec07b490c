"""uWSGI: from the environment, the command line and its files to what it will run with."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from serveaudit.command import Command, Environment, Files
from serveaudit.invocation import arguments_for
from serveaudit.programs.uwsgi import files
from serveaudit.programs.uwsgi.exported import Reading, daemons
from serveaudit.programs.uwsgi.files import looks_like
from serveaudit.programs.uwsgi.listening import listeners
from serveaudit.programs.uwsgi.settings import settings, strange, under_strict
from serveaudit.serving import Server
from serveaudit.source import SourceFile
from serveaudit.units import Seconds
from serveaudit.values import Items, Partial, Place, Unknown, Value

__all__ = ["EXECUTABLES", "configured", "looks_like", "start"]

EXECUTABLES = ("uwsgi", "uwsgi-core", "pyuwsgi", "uwsgi_python", "uwsgi_python3", "uwsgi_python27")
"""Debian's uwsgi_python3 and its kin load the plugin of their name by themselves (core/plugins.c,
uwsgi_autoload_plugins_by_name)."""
_NO_SERVER = {
    "stop",
    "reload",
    "pause",
    "suspend",
    "resume",
    "connect-and-read",
    "extract",
    "build-plugin",
    "dot-h",
    "config-py",
}
_NO_SERVER |= {"cflags", "dump-options", "plugins-list", "python-version", "version", "help", "get", "no-server", "cache-list"}
"""Options with which the command does something else than to serve."""


def start(command: Command) -> Server | None:
    """The server that the command starts; None where it starts something else, only asks, or stops another one."""
    words = arguments_for(command, EXECUTABLES)
    if words is None:
        return None
    reading = Reading(command.env, command.files, command.directory)
    reading.environment()
    arguments = reading.command_line(words, command.place)
    if arguments.exits or any(given.row.name in _NO_SERVER for given in arguments.given):
        return None
    server = _server(reading, command.place)
    server.command = command
    return server


def configured(source: SourceFile, env: Environment, given: Files | None = None) -> Server | None:
    """The server that a configuration file would make; None where it is none of uWSGI's."""
    if not looks_like(source):
        return None
    reading = Reading(env, given, "")
    reading.environment()
    reading.take(source, files.of_content(source), source.path, "")
    return _server(reading, Place(reading.heads[0] if reading.heads else source.line_span(1)))


def _server(reading: Reading, place: Place) -> Server:
    reading.finish()
    head = Place(reading.heads[0]) if reading.heads else place
    options, holes = reading.options, reading.holes
    found = settings(options, holes, reading.env, head)
    found["strict"] = under_strict(found["strict"], options, reading.declared)
    server = Server("uwsgi", place, settings=found)
    server.strange = strange(options, reading.mentioned, reading.table)
    server.bad_flags = reading.bad
    server.problems = reading.problems
    server.config, server.config_syntax = reading.sources[0] if reading.sources else (None, "")
    server.starts = tuple(daemons(options))
    server.listeners = listeners(options, holes, server.value("protocol"), _directory(reading, server), head)
    server.processes = server.value("processes")
    server.threads = server.value("threads")
    server.request_limit = server.value("harakiri").map(lambda seconds: seconds or None)
    server.idle_keepalive = _keepalive(server)
    server.graceful_timeout = _graceful(server)
    server.app = _app(server)
    server.reload = server.value("py-auto-reload").map(lambda seconds: seconds > 0)
    server.daemon = _daemon(server)
    return server


def _directory(reading: Reading, server: Server) -> str:
    """Where relative paths of sockets lie: uWSGI changes its directory before it opens them."""
    chdir = server.value("chdir").x
    return chdir if isinstance(chdir, str) else reading.cwd if chdir is None else ""


def _keepalive(server: Server) -> Value[Any]:
    """Only the router keeps connections: 1 for as long as its timeout, else for that many seconds (plugins/http/http.c)."""
    timeout = server.value("http-timeout")
    kept = server.value("http-keepalive").map(
        lambda seconds: Seconds(seconds) if seconds > 1 else timeout.x if seconds else None
    )
    return kept.also(replace(timeout, x=None)) if kept.x == timeout.x else kept


def _graceful(server: Server) -> Value[Any]:
    """Every signal that stops it drops what is running; only a hook makes SIGTERM wait, as long as workers get for a reload."""
    hooks = server.value("hook-master-start")
    for hook in hooks.x.members if isinstance(hooks.x, Items) else ():
        if isinstance(hook.x, str) and hook.x.split() == ["unix_signal:15", "gracefully_kill_them_all"]:
            return server.value("worker-reload-mercy").also(hook)
    if isinstance(hooks.x, Items) and hooks.x.complete is True:
        return Value(Seconds(0), server.value("die-on-term").places)
    return Value(Unknown("whether SIGTERM is hooked is not known"), hooks.places)


def _app(server: Server) -> Value[str]:
    """`module:callable`, or `file.py:callable`; None with an emperor, or where only mounts tell the application."""
    module, file, attribute = (server.value(name) for name in ("module", "wsgi-file", "callable"))
    target = module if module.x is not None else file
    if not isinstance(target.x, str) or attribute.x is None or (module.x is not None and ":" in target.x):
        return target
    if isinstance(attribute.x, Unknown | Partial):
        return target.also(replace(attribute, x=None)).map(lambda name: Partial((f"{name}:", Unknown(attribute.why))))
    return target.map(lambda name: f"{name}:{attribute.x}").also(replace(attribute, x=None))


def _daemon(server: Server) -> Value[bool]:
    given = [value for name in ("daemonize", "daemonize2") if (value := server.value(name)).x is not None]
    return given[0].map(lambda log: True) if given else Value(False, server.value("daemonize").places)
