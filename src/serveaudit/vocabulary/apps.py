"""`app`: the application that a server calls, as far as its code tells."""

from __future__ import annotations

from serveaudit.applications import App as Facts
from serveaudit.aspects.lifecycle import AppLifecycle
from serveaudit.aspects.sharing import AppSharing
from serveaudit.aspects.static_files import AppFiles
from serveaudit.aspects.tls import AppTls
from serveaudit.aspects.websockets import AppWebsockets
from serveaudit.subjects import See
from serveaudit.values import Items, Value
from serveaudit.words import Subject, word


class App(AppSharing, AppWebsockets, AppLifecycle, AppTls, AppFiles, Subject):
    """One application object: `proj.wsgi:application`."""

    def __init__(self, app: Facts, see: See) -> None:
        self.facts = app
        self.see = see
        self.place = app.place
        self.symbol = f"app[{app.spec}]"

    @word("is an {it} application")
    def interface(self) -> Value[str]:
        """wsgi or asgi."""
        return self.facts.interface

    @word()
    def framework(self) -> Value[str]:
        """django, fastapi, starlette, flask, …; empty where it is not known."""
        return Value(self.facts.framework)

    @word("a websocket route", gives="list[str]")
    def websocket_paths(self) -> Value[Items]:
        """The websocket paths that the object serves."""
        return _placed(self.facts.websocket_paths)

    @word("a websocket route", gives="list[str]")
    def project_websocket_paths(self) -> Value[Items]:
        """The websocket paths that the project defines anywhere."""
        return _placed(self.facts.project_websocket_paths)

    @word(gives="list[server]")
    def project_servers(self) -> Value[Items]:
        """Every server of the deployment that serves an application of the same project."""
        return Value(Items(tuple(map(self.see, self.facts.servers))))


def _placed(paths: Value[Items]) -> Value[Items]:
    """A list of routes, spoken for by its first ones."""
    members = paths.x.members if isinstance(paths.x, Items) else ()
    return paths if paths.places else paths.at(*(place for path in members[:2] for place in path.places[:1]))
