"""Socket.IO: where it answers, and what it answers first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from serveaudit.application.routes.reach import reachable
from serveaudit.application.routes.terms import Found, Prefix, template
from serveaudit.formats.python import Call, Made, Module
from serveaudit.values import Items, Place, Value

_SERVERS = ("socketio.AsyncServer", "socketio.Server", "flask_socketio.SocketIO")
_APPS = ("socketio.ASGIApp", "socketio.WSGIApp")
_PATH = "/socket.io/"


@dataclass(frozen=True, slots=True)
class SocketIO:
    """A Socket.IO server.

    path         where it answers, by default /socket.io/ (python-socketio's and Flask-SocketIO's default)
    polls_first  whether clients may start with long polling, so that all their requests must reach one process; not when only
                 the websocket transport is allowed
    library      socketio, or flask_socketio, which serves beside the routes of the Flask object that it is given
    manager      the queue that connects several processes (`message_queue`, `client_manager`); None: there is none
    """

    place: Place
    library: str
    path: Value[str]
    polls_first: Value[bool]
    manager: Value[Any]


def socketio_servers(module: Module) -> list[SocketIO]:
    """The Socket.IO servers that a module, or a module that it imports, makes."""
    calls = [call for each in reachable(module, ("socketio", "flask_socketio")) for call in each.calls if call.reachable]
    return [_server(call, list(_options(calls, call))) for call in calls if call.name in _SERVERS]


def socketio_routes(module: Module, library: str = "") -> Found:
    """Their paths, for polling and for websockets; of one library's servers only, if it is named."""
    found = Found()
    for server in socketio_servers(module):
        if library not in ("", server.library):
            continue
        behind = replace(Prefix().then(server.path, template), exact=False)
        for kind in ("http", "websocket"):
            route = behind.route(str(server.path.x), server.path.places[0], "websocket" if kind == "websocket" else "http")
            found.routes.append(route)
    return found


def _options(calls: list[Call], server: Call) -> Iterator[Call]:
    """The calls that say more of one server: `SocketIO.init_app(app, …)`, `socketio.ASGIApp(server, …)`."""
    yield server
    for call in calls:
        receiver = call.receiver.x if call.receiver is not None else None
        if (
            call.name.endswith(".init_app")
            and isinstance(receiver, Made)
            and receiver.call is not None
            and receiver.call.place == server.place
        ):
            yield call
        first = call.args[0].x if call.args else None
        if call.name in _APPS and isinstance(first, Made) and first.call is not None and first.call.place == server.place:
            yield call


def _server(call: Call, options: list[Call]) -> SocketIO:
    path = _option(options, "path", "socketio_path", "resource")
    if path is None:
        path = Value(_PATH, (call.place,))
    transports = _option(options, "transports")
    manager = _option(options, "message_queue", "client_manager")
    manager = manager if manager is not None else Value(None, (call.place,))
    return SocketIO(call.place, call.name.partition(".")[0], path.map(_slashed), _polls(transports, call), manager)


def _option(options: list[Call], *names: str) -> Value[Any] | None:
    return next((call.keywords[name][0] for name in names for call in options if name in call.keywords), None)


def _slashed(path: str) -> str:
    return f"/{path.strip('/')}/"


def _polls(transports: Value[Any] | None, call: Call) -> Value[bool]:
    if transports is None:
        return Value(True, (call.place,))

    def polls(x: Any) -> Any:
        listed = [each.x for each in x.members] if isinstance(x, Items) else [x]
        return "polling" in listed

    return transports.map(polls)
