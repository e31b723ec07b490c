"""granian: its command line and variables, and `Granian(…).serve()`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from serveaudit import variables
from serveaudit.arguments import CLICK, started
from serveaudit.command import Command
from serveaudit.conversion import any_case, as_given, from_text
from serveaudit.formats.python import External, Made, Module
from serveaudit.invocation import head
from serveaudit.keywords import from_call, with_word
from serveaudit.listening import given, tcp
from serveaudit.precedence import Layer, effective, from_table
from serveaudit.serving import Listener, Row, Server
from serveaudit.tables import facts
from serveaudit.units import Address
from serveaudit.values import Items, Place, Unknown, Value

EXECUTABLES = ("granian",)
CALLS = ("granian.Granian", "granian.server.Granian", "granian.server.Server")
POSITIONS = ("target", "address", "port", "uds", "uds_permissions", "interface", "workers")


def start(command: Command) -> Server | None:
    """The server that the command starts; None where it starts something else."""
    begun = started(command, "granian", CLICK, EXECUTABLES, EXECUTABLES)
    if begun is None:
        return None
    server, table, line = begun
    layer = with_word(line.layer("granian", _from_word), table.row("app"), line.words[0] if line.words else None)
    layers = [layer, variables.layer(table, command.env, head(command), _from_word)]
    server.settings = effective(table.rows.values(), layers, from_table("granian", head(command)))
    return _derived(server)


def scripted(module: Module, command: Command | None = None, place: Place | None = None) -> list[Server]:
    """The servers that a Python file makes by `Granian(…)`. GRANIAN_ variables are not read there."""
    servers, table = [], facts("granian", module.env.releases)
    for call in module.calls:
        if call.name in CALLS and call.reachable:
            layer, strange = from_call(table, call, POSITIONS, as_given)
            server = Server("granian", place or call.place, command)
            server.strange = [replace(each, refused=f"{call.name} ends with a TypeError") for each in strange]
            server.settings = effective(table.rows.values(), [_named(layer)], from_table("granian", call.place))
            servers.append(_derived(server))
    return servers


def _named(layer: Layer) -> Layer:
    """Members of granian's enumerations (`Interfaces.ASGI`, `Interfaces("asgi")`) by their values."""
    settings = {
        name: replace(each, value=each.value.case_by_case(_member))
        for name, each in layer.settings.items()
        if each.row and each.row.type == "choice"
    }
    return replace(layer, settings={**layer.settings, **settings})


def _member(value: Value[Any]) -> Value[Any]:
    if isinstance(value.x, Made) and value.x.call and value.x.dotted.startswith("granian."):
        return value.x.call.argument(0, "value") or value
    return replace(value, x=value.x.dotted.rpartition(".")[2].lower()) if isinstance(value.x, External) else value


def _from_word(row: Row, text: Any) -> Any:
    """Choices in upper or lower case."""
    return any_case(row, text) if row.type == "choice" and isinstance(text, str) else from_text(row, text)


def _derived(server: Server) -> Server:
    """Fills in the common terms."""
    server.app = server.value("app")
    server.listeners = _listeners(server)
    server.interface = _interface(server.value("interface"))
    server.processes = server.value("workers")
    server.threads = _threads(server)
    server.graceful_timeout = server.value("workers_kill_timeout")
    server.reload = server.value("reload")
    return server


def _interface(written: Value[Any]) -> Value[str]:
    """wsgi, asgi or rsgi."""
    return written.map(lambda word: "asgi" if word == "asginl" else word)


def _threads(server: Server) -> Value[Any]:
    """Threads of a worker that call a WSGI application. Unless they are given there are half as many as the connections that a
    worker takes, which is a share of the backlog; any other application has one (granian/server/common.py)."""
    interface, given_threads = server.interface, server.value("blocking_threads")
    if interface.known and interface.x != "wsgi":
        return Value(1).also(interface)
    if not interface.known or given_threads.x is not None:
        return given_threads if interface.known else replace(interface, x=Unknown("the interface is not known"))
    workers, backlog, pressure = (server.value(name) for name in ("workers", "backlog", "backpressure"))
    if not all(isinstance(value.x, int | None) for value in (workers, backlog, pressure)):
        return Value(Unknown("it depends on workers and backlog")).also(workers, backlog, pressure)
    connections = pressure.x or backlog.x // max(workers.x or 1, 1)
    return Value(max(1, connections // 2)).also(given_threads, workers, backlog, pressure)


def _listeners(server: Server) -> Value[Items]:
    """A socket file, else host and port."""
    tls = given(server.value("ssl_certificate"), server.value("ssl_keyfile"))
    uds = server.value("uds")
    if uds.x is not None:
        address = uds.map(lambda path: Address("unix", path=str(path)))
        return Value(Items((Listener(address, "http", tls, "uds"),)), uds.places)
    address = tcp(server.value("host"), server.value("port"))
    return Value(Items((Listener(address, "http", tls, "host"),)), address.places)
