"""uvicorn: its command line and variables, and `uvicorn.run(…)`. It reads no configuration file."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from serveaudit import variables
from serveaudit.arguments import CLICK, Arguments, started
from serveaudit.command import Command, Environment
from serveaudit.conversion import as_given, none_as_absent
from serveaudit.fastapi_cli import as_uvicorn
from serveaudit.formats import dotenv
from serveaudit.formats.python import Call, Module
from serveaudit.invocation import head
from serveaudit.keywords import from_call, with_word
from serveaudit.listening import given, tcp
from serveaudit.precedence import Layer, effective, from_table
from serveaudit.serving import Listener, Server, Setting
from serveaudit.source import SourceFile
from serveaudit.tables import Facts, facts
from serveaudit.units import Address
from serveaudit.values import Items, Place, Unknown, Value

EXECUTABLES = ("uvicorn",)
COMPUTED = {"workers": "WEB_CONCURRENCY", "forwarded_allow_ips": "FORWARDED_ALLOW_IPS"}
"""Read where neither the command line nor a UVICORN_ variable sets them (uvicorn/config.py)."""
CALLS = {
    "uvicorn.run": ("app",),
    "uvicorn.main.run": ("app",),
    "uvicorn.Config": ("app", "host", "port", "uds", "fd"),
    "uvicorn.config.Config": ("app", "host", "port", "uds", "fd"),
}
"""With the names of their positional parameters."""


def start(command: Command) -> Server | None:
    """The server that the command starts; None where it starts something else."""
    command = as_uvicorn(command)
    begun = started(command, "uvicorn", CLICK, EXECUTABLES, EXECUTABLES)
    if begun is None:
        return None
    server, table, line = begun
    layers = [_line(line, table), variables.layer(table, command.env, head(command))]
    server.settings = _settle(table, layers, command.env, command, head(command))
    return _derived(server)


def scripted(module: Module, command: Command | None = None, place: Place | None = None) -> list[Server]:
    """The servers that a Python file makes by `uvicorn.run(…)` or `uvicorn.Config(…)`; UVICORN_ variables are not read there.
    `place` is that of what starts the file, where something does."""
    env = command.env if command else module.env
    servers, table = [], facts("uvicorn", env.releases)
    for call in module.calls:
        if call.name in CALLS and call.reachable:
            layer, strange = from_call(table, call, CALLS[call.name], as_given)
            server = Server("uvicorn", place or call.place, command, strange=_refused(call, strange))
            server.settings = _settle(table, [_unset(layer)], env, command, call.place)
            servers.append(_alone(_derived(server), call))
    return servers


def _unset(layer: Layer) -> Layer:
    """`workers=None` is as if it were not given: the variable holds."""
    settings = {
        name: replace(each, value=each.value.case_by_case(none_as_absent))
        for name, each in layer.settings.items()
        if name in COMPUTED
    }
    return replace(layer, settings={**layer.settings, **settings})


def _alone(server: Server, call: Call) -> Server:
    """A Config that is served by hand: one process that does not reload, whatever it says (uvicorn/main.py, run)."""
    if not call.name.endswith(".run"):
        server.processes, server.reload = Value(1, (call.place,)), Value(False, (call.place,))
    return server


def _line(line: Arguments, table: Facts) -> Layer:
    word = line.words[0] if line.words else None
    return with_word(line.layer("uvicorn"), table.row("app"), word)


def _refused(call: Call, strange: list[Setting]) -> list[Setting]:
    return [replace(each, refused=f"{call.name} takes no argument of this name and ends with a TypeError") for each in strange]


def _settle(table: Facts, layers: list[Layer], env: Environment, command: Command | None, top: Place) -> dict[str, Setting]:
    """Every setting. A file of `--env-file` is read after the UVICORN_ variables, so that it matters for $WEB_CONCURRENCY and
    $FORWARDED_ALLOW_IPS only."""
    rows = table.rows.values()
    plain = from_table("uvicorn", top)
    named = effective([row for row in rows if row.name == "env_file"], layers, plain)["env_file"].value
    default = variables.defaulting("uvicorn", plain, _with_file(env, named, command), top, COMPUTED)
    return effective(rows, layers, default)


def _with_file(env: Environment, named: Value[Any], command: Command | None) -> Environment:
    """The environment with an env file beneath it: what is set already stays (load_dotenv)."""
    if named.x is None:
        return env
    cwd = command.cwd.x if command and isinstance(command.cwd.x, str) else ""
    found = command.files.read(named.x, cwd) if command and command.files and isinstance(named.x, str) else None
    if not isinstance(found, SourceFile):
        return Environment(env.variables, Unknown(f"{named.x if named.known else 'the env file'} was not read"))
    texts: dict[str, Value[Any]] = {
        each.name: Value(each.text.text, (Place(each.text.whole()),)) for each in dotenv.parse(found)
    }
    return Environment({**texts, **env.variables}, env.complete)


def _derived(server: Server) -> Server:
    """Fills in the common terms."""
    server.app = server.value("app")
    server.listeners = _listeners(server)
    server.interface = server.value("interface").map(lambda word: "wsgi" if word == "wsgi" else "asgi")
    server.reload = server.value("reload")
    server.processes = _processes(server)
    server.idle_keepalive = server.value("timeout_keep_alive")
    server.graceful_timeout = server.value("timeout_graceful_shutdown")
    return server


def _processes(server: Server) -> Value[Any]:
    """`--reload` turns workers off; fewer than one is one."""
    workers = server.value("workers").map(lambda count: max(count, 1) if isinstance(count, int) else count)
    if server.reload.x is True:
        return Value(1).also(server.reload)
    return Value(1).also(workers) if workers.x is None else workers


def _listeners(server: Server) -> Value[Items]:
    """A socket file before a descriptor before host and port."""
    tls = given(server.value("ssl_certfile"), server.value("ssl_keyfile"), every=False)
    for name, make in (("uds", _unix), ("fd", _descriptor)):
        value = server.value(name)
        if value.x is not None:
            return Value(Items((Listener(make(value), "http", tls, name),)), value.places)
    port = server.value("port").map(
        lambda number: number % 65536 if isinstance(number, int) else number
    )  # 70000 listens on 4464
    address = tcp(server.value("host"), port)
    return Value(Items((Listener(address, "http", tls, "host"),)), address.places)


def _unix(path: Value[Any]) -> Value[Address]:
    return path.map(lambda text: Address("unix", path=str(text)))


def _descriptor(number: Value[Any]) -> Value[Address]:
    return number.map(lambda text: Address("fd", path=str(text)))
