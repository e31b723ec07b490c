"""The routes of one application object, and the websocket routes of a whole project."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from serveaudit.application.routes.decorated import decorated_routes, defined_websockets
from serveaudit.application.routes.django import channels_routes, listed_routes
from serveaudit.application.routes.sockets import socketio_routes
from serveaudit.application.routes.terms import Found, Open, Prefix, Route
from serveaudit.formats.python import Made, Module
from serveaudit.values import Items, Table, Unknown, Value


def routes_of(app: Value[Any], module: Module, open_module: Open) -> Found:
    """The routes of an application's own object, as `application_kind` gives it, in the module that a server names. Of
    Django's own objects there are none: its URLconf has them (`url_routes`)."""
    made = app.x
    if not isinstance(made, Made):
        return Found(complete=Unknown(app.why or "the application is not known"))
    if made.dotted == "channels.routing.ProtocolTypeRouter":
        return _of_protocols(made, open_module)
    if made.dotted == "channels.routing.URLRouter":
        return channels_routes(app, open_module)
    if made.dotted.startswith("django."):
        return Found()
    if made.dotted in ("socketio.ASGIApp", "socketio.WSGIApp"):
        found = socketio_routes(module)
        beside = made.call.argument(1, "other_asgi_app") or made.call.argument(1, "wsgi_app") if made.call else None
        found.add(routes_of(beside, module, open_module) if beside is not None and beside.x is not None else Found())
        return found
    found = decorated_routes(app, module)
    found.add(socketio_routes(module, "flask_socketio") if made.dotted.startswith("flask.") else Found())
    return found


def _of_protocols(made: Made, open_module: Open) -> Found:
    given = made.call.args[0].x if made.call is not None and made.call.args else None
    if not isinstance(given, Table):
        return Found(complete=Unknown("the protocols are not known"))
    socket = given.get("websocket")
    if socket.x is None:
        return Found()
    return channels_routes(socket, open_module)


def project_websockets(modules: Sequence[Module], open_module: Open) -> Found:
    """The websocket routes that any of these modules defines: lists named websocket_urlpatterns, URLRouters, decorators."""
    found = defined_websockets(modules)
    for module in modules:
        for name, binding in module.bindings.items():
            if name.startswith("websocket") and isinstance(binding.value.x, Items) and binding.by == "assign":
                found.add(listed_routes(binding.value, "websocket", Prefix(), open_module))
        if any(name.startswith("channels.routing") for name in module.imports.values()):
            found.add(_routed(module, open_module))
        sockets = socketio_routes(module)
        found.add(Found([route for route in sockets.routes if route.kind == "websocket"], sockets.complete))
    found.routes = [route for route in found.routes if not _part_of_another(route, found.routes)]
    return found


def _part_of_another(route: Route, routes: list[Route]) -> bool:
    """Whether it is the inner part of a route that is told with what stands before it."""
    own = str(route.prefix.x)
    return any(
        other.place == route.place and len(str(other.prefix.x)) > len(own) and str(other.prefix.x).endswith(own)
        for other in routes
    )


def _routed(module: Module, open_module: Open) -> Found:
    found = Found()
    for call in module.calls:
        patterns = call.argument(0, "routes") if call.name == "channels.routing.URLRouter" else None
        if patterns is not None:
            found.add(listed_routes(patterns, "websocket", Prefix(), open_module))
    return found
