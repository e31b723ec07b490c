"""The paths that an application answers: over HTTP and websockets, streams among them.

Its modules, each above the ones before: terms, reach, streams; django, decorated, sockets; finding.
"""

from serveaudit.application.routes.decorated import decorated_routes, defined_websockets
from serveaudit.application.routes.django import channels_routes, listed_routes, url_routes
from serveaudit.application.routes.finding import project_websockets, routes_of
from serveaudit.application.routes.sockets import SocketIO, socketio_routes, socketio_servers
from serveaudit.application.routes.streams import streaming
from serveaudit.application.routes.terms import Found, Prefix, Route

__all__ = [
    "Found",
    "Prefix",
    "Route",
    "SocketIO",
    "channels_routes",
    "decorated_routes",
    "defined_websockets",
    "listed_routes",
    "project_websockets",
    "routes_of",
    "socketio_routes",
    "socketio_servers",
    "streaming",
    "url_routes",
]
