"""What an application needs, the line that says so, and whether the server that runs it can do that."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from serveaudit import projects
from serveaudit.applications import App
from serveaudit.behaviour import behaves
from serveaudit.deployment import Process
from serveaudit.graph import Need
from serveaudit.values import Items, Place, Unknown, Value
from serveaudit.vocabulary.servers import Server as ServerWords

_PATHS = 3
"""Paths that are named for one need."""


def needs(process: Process) -> Iterator[Need]:
    """What a process's application needs of it: WSGI or ASGI, websockets, event streams, HTTP/2."""
    if process.app is not None:
        yield from _interface(process, process.app)
        yield from _websockets(process, process.app)
        yield from _streams(process, process.app)
        yield from _http_2(process)


def server_name(process: Process) -> str:
    """`gunicorn sync`, `uvicorn`."""
    kind = process.server.worker_class.x
    return f"{process.server.program} {kind if isinstance(kind, str) else ''}".rstrip()


def words_of(process: Process) -> ServerWords:
    """The vocabulary's words of a server."""
    return ServerWords(process, lambda subject: subject)


def lacks_library(process: Process) -> bool:
    """Whether a server surely has no library for websockets."""
    words = words_of(process)
    return isinstance(words.lacks_websocket_library.x, str) and words.packages_listed.x is True


def _interface(process: Process, app: App) -> Iterator[Need]:
    needed, given, name = app.interface, process.server.interface, server_name(process)
    if isinstance(needed.x, str) and needed.places:
        served = given.x in ("any", needed.x) if isinstance(given.x, str) else given.x
        told = f"{name} speaks it" if served is True else f"{name} speaks {str(given.x).upper()} to it"
        yield _need(needed.x.upper(), [needed.map(lambda _: "")], served, told, name)


def _websockets(process: Process, app: App) -> Iterator[Need]:
    own = _known(app.websocket_paths)
    paths = own or ([] if _served_elsewhere(app) else _known(app.project_websocket_paths))
    if not paths or not paths[0].places:
        return
    name, lacking = server_name(process), lacks_library(process)
    served = False if lacking else words_of(process).serves_websockets.x
    told = f"{name} serves them" if served is True else f"{name} can't serve them"
    if lacking:
        told += ", it has no library for them"
    elif served is False and process.server.interface.x != "wsgi":
        told = f"{app.spec} leads to none of them"
    yield _need("websockets", paths, served, told, name)


def _served_elsewhere(app: App) -> bool:
    return any(words_of(server).serves_websockets.x is True for server in app.servers)


def _streams(process: Process, app: App) -> Iterator[Need]:
    paths = projects.streams(app, "events")
    if not paths:
        return
    name, taken = server_name(process), behaves(process.server, "stream_takes").x
    if process.server.program == "uwsgi" and words_of(process).stream_blocks.x is False:
        taken = "nothing"
    told = f"{name} keeps them open" if taken == "nothing" else f"each takes a {taken} of {name}"
    yield _need("event streams", paths, taken if isinstance(taken, Unknown) else taken != "worker", told, name)


def _http_2(process: Process) -> Iterator[Need]:
    """nginx passes requests on over HTTP/2: by grpc_pass, or by `proxy_http_version 2` (1.29.4 and newer)."""
    for pair in process.pairs:
        version = pair.location.text("proxy_http_version")
        if pair.location.passes is not None and (pair.location.protocol == "grpc" or version.x in ("2", "2.0")):
            place = Place(pair.location.passes.head) if pair.location.protocol == "grpc" else version.places[0]
            name, spoken = server_name(process), behaves(process.server, "http_2").x
            served = spoken if isinstance(spoken, Unknown) else spoken is True or "h2" in _listed(spoken)
            told = f"{name} speaks it" if served is True else f"{name} speaks HTTP/1.1 alone"
            yield _need("HTTP/2", [Value("", (place,))], served, told, name)
            return


def _listed(x: object) -> Iterable[object]:
    return [each.x for each in x.members] if isinstance(x, Items) else str(x).split(",")


def _need(what: str, paths: list[Value[str]], served: object, told: str, name: str) -> Need:
    named = list(dict.fromkeys(path.x for path in paths if isinstance(path.x, str) and path.x))
    more = [f"{len(named) - _PATHS} more"] if len(named) > _PATHS else []
    at = f" at {', '.join([*named[:_PATHS], *more])}" if named else ""
    known = served if isinstance(served, bool) else None
    return Need(what + at, paths[0].places[0], known, told if known is not None else f"whether {name} can is not known")


def _known(paths: Value[Items]) -> list[Value[str]]:
    return [path for path in paths.x.members if path.known] if isinstance(paths.x, Items) else []
