"""Routes that FastAPI, Starlette, Quart and Flask collect: by decorators, by calls, in routers and blueprints, by mounting."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from serveaudit.application.routes.reach import reachable
from serveaudit.application.routes.streams import streaming
from serveaudit.application.routes.terms import Found, Kind, Prefix, alternatives, template
from serveaudit.formats.python import Call, ClassRef, External, Function, FunctionRef, Made, Module
from serveaudit.values import Branch, Items, Unknown, Value

_FRAMEWORKS = ("fastapi", "starlette", "flask", "quart", "flask_sock", "flask_socketio", "sanic", "litestar", "apiflask")
_HTTP = {"get", "post", "put", "delete", "patch", "head", "options", "route", "api_route", "trace"}
_WEBSOCKET = {"websocket", "websocket_route"}
_ADD = {
    "add_api_route": "http",
    "add_route": "http",
    "add_url_rule": "http",
    "add_api_websocket_route": "websocket",
    "add_websocket_route": "websocket",
}
_INCLUDE = {"include_router": "prefix", "register_blueprint": "url_prefix"}
_APPS = (
    *("fastapi.FastAPI", "fastapi.applications.FastAPI", "starlette.applications.Starlette"),
    *("flask.Flask", "flask.app.Flask", "quart.Quart", "apiflask.APIFlask"),
)
_DEEPEST = 8


def decorated_routes(app: Value[Any], module: Module) -> Found:
    """The routes of a FastAPI, Starlette, Quart or Flask object, as the module that makes it and those it imports tell."""
    collector = _Collector(reachable(module, _FRAMEWORKS))
    found = collector.of(app, Prefix(), 0)
    if isinstance(app.x, Made) and app.x.dotted in _APPS:
        for sock in collector.made.values():
            if sock.dotted.startswith("flask_sock."):
                found.add(collector.of(Value(sock), Prefix(), 1))
    return found


def defined_websockets(modules: Iterable[Module]) -> Found:
    """The websocket routes that these modules define: of every application, then of the routers that none of them includes."""
    collector = _Collector(modules)
    found = Found()
    for made in sorted(collector.made.values(), key=lambda made: made.dotted not in _APPS):
        if made.key not in collector.visited:
            part = collector.of(Value(made), Prefix(), 0)
            found.add(Found([route for route in part.routes if route.kind == "websocket"], part.complete))
    return found


@dataclass(frozen=True, slots=True)
class _Said:
    """A call of an object's method, and the function that it decorates."""

    call: Call
    method: str
    function: Function | None = None


class _Collector:
    """Objects that collect routes, what the modules say to each, and which of them were asked already."""

    def __init__(self, modules: Iterable[Module]) -> None:
        self.said: dict[tuple[str, int], list[_Said]] = {}
        self.made: dict[tuple[str, int], Made] = {}
        self.visited: set[tuple[str, int]] = set()
        for module in modules:
            self._read(module)

    def _read(self, module: Module) -> None:
        decorating: dict[tuple[int, int], Function] = {}
        for function in module.functions.values():
            decorating |= {(call.place.span.start, call.place.span.end): function for call in function.decorators}
        for call in module.calls:
            receiver = call.receiver.x if call.receiver is not None else None
            if isinstance(receiver, Made) and receiver.call is not None and call.reachable:
                decorated = decorating.get((call.place.span.start, call.place.span.end))
                self.said.setdefault(receiver.key, []).append(_Said(call, call.name.rpartition(".")[2], decorated))
                self.made[receiver.key] = receiver

    def of(self, app: Value[Any], prefix: Prefix, deep: int) -> Found:
        """The routes of an application, a router or a blueprint."""
        found, made = Found(), app.x
        if isinstance(made, Branch):
            return alternatives([(label, self.of(case, prefix, deep)) for label, case in made.cases])
        if not isinstance(made, Made) or made.call is None or deep > _DEEPEST:
            return Found(complete=Unknown(app.why or "an application that is not known here"))
        self.visited.add(made.key)
        if made.dotted not in _APPS:
            own = made.call.argument(-1, "prefix") or (made.call.argument(-1, "url_prefix") if not prefix.replaces else None)
            prefix = prefix.then(own, template)
        found.add(self._given(made.call.argument(-1, "routes"), prefix, deep))
        for said in self.said.get(made.key, ()):
            part = self._one(made, said, prefix, deep)
            found.add(Found([route.when(*said.call.conditions) for route in part.routes], part.complete))
        return found

    def _one(self, made: Made, said: _Said, prefix: Prefix, deep: int) -> Found:
        call, method = said.call, said.method
        if method in _INCLUDE and call.args:
            before = call.argument(-1, _INCLUDE[method])
            replaces = method == "register_blueprint" and before is not None
            return self.of(call.args[0], replace(prefix.then(before, template), replaces=replaces), deep + 1)
        if method == "mount" and len(call.args) > 1:
            return self._mounted(call, prefix, deep)
        if method in _ADD:
            return self._route(call, prefix, "websocket" if _ADD[method] == "websocket" else "http", _viewed(call))
        if method in _HTTP | _WEBSOCKET and said.function is not None:
            socket = method in _WEBSOCKET or made.dotted.startswith("flask_sock.")
            return self._route(call, prefix, "websocket" if socket else "http", said.function)
        return Found()

    def _route(self, call: Call, prefix: Prefix, kind: Kind, view: Function | str | None) -> Found:
        path = call.argument(0, "path") or call.argument(0, "rule")
        if path is None:
            return Found(complete=Unknown("a route's path is not known"))
        written = prefix.text + path.x if isinstance(path.x, str) else prefix.text
        place = path.places[0] if path.places else call.place
        name = view if isinstance(view, str) else _full_name(view)
        streams = streaming(view) if isinstance(view, Function) else ""
        return Found([prefix.then(path, template).route(written, place, kind, name, streams)])

    def _mounted(self, call: Call, prefix: Prefix, deep: int) -> Found:
        inner = prefix.then(call.args[0], template)
        found = self.of(call.args[1], inner, deep + 1)
        if not found.routes:
            place = call.args[0].places[0] if call.args[0].places else call.place
            view = call.args[1].x.dotted if isinstance(call.args[1].x, Made | External) else ""
            text = inner.text if inner.text.endswith("/") else inner.text + "/"
            kinds: tuple[Kind, ...] = ("http", "websocket") if view == "socketio.ASGIApp" else ("http",)
            found.routes += [replace(inner, text=text, exact=False).route(text, place, kind, view) for kind in kinds]
            found.complete = True
        return found

    def _given(self, routes: Value[Any] | None, prefix: Prefix, deep: int) -> Found:
        """`routes=[Route(…), WebSocketRoute(…), Mount(…, routes=[…])]`"""
        if routes is None or routes.x is None:
            return Found()
        if not isinstance(routes.x, Items):
            return Found(complete=Unknown(routes.why or "the routes are not known"))
        found = Found(complete=routes.x.complete)
        for each in routes.x.members:
            if not isinstance(each.x, Made) or each.x.call is None:
                found.complete = Unknown("a route is made in a way that is not followed")
                continue
            call, kind = each.x.call, each.x.dotted.rpartition(".")[2]
            if kind == "Mount":
                inner, app = prefix.then(call.argument(0, "path"), template), call.argument(1, "app")
                found.add(self._given(call.argument(-1, "routes"), inner, deep + 1))
                found.add(self.of(app, inner, deep + 1) if app is not None else Found())
            elif kind in ("Route", "APIRoute", "WebSocketRoute", "APIWebSocketRoute"):
                found.add(self._route(call, prefix, "websocket" if "WebSocket" in kind else "http", _viewed(call)))
        return found


def _viewed(call: Call) -> Function | str | None:
    """What answers a route that is added by a call."""
    names = ("endpoint", "view_func", "route", "func")
    given = next((value for name in names if (value := call.argument(-1, name)) is not None), None)
    if given is None or isinstance(given.x, str):
        given = next((arg for arg in call.args[1:] if isinstance(arg.x, FunctionRef | ClassRef | External)), None)
    if given is not None and isinstance(given.x, FunctionRef):
        return given.x.function
    return given.x.cls.full_name if given is not None and isinstance(given.x, ClassRef) else None


def _full_name(function: Function | None) -> str:
    if function is None:
        return ""
    return f"{function.module.name}.{function.qualname}" if function.module is not None else function.qualname
