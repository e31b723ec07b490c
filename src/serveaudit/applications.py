"""The application behind a server: the object that it is given, and what the project around it needs."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any

from serveaudit.application.asgi import Application, application_kind
from serveaudit.application.django import Settings, read_settings, settings_module
from serveaudit.application.reading import WORDS, Reads, header_reads
from serveaudit.application.requirements import Packages, installed, is_requirements
from serveaudit.application.routes import Found, project_websockets, routes_of, socketio_servers, url_routes
from serveaudit.command import Environment
from serveaudit.formats import python
from serveaudit.formats.python import External, Made, Module
from serveaudit.mapping import Finder, MappedFiles, below
from serveaudit.serving import Server
from serveaudit.source import SourceFile
from serveaudit.values import Items, Place, Unknown, Value

_DEFAULT_NAMES = {"gunicorn": "application", "uwsgi": "application", "waitress": "application"}
"""The attribute that a server looks for where only a module is given."""
DIRECTORIES = ("app_dir", "chdir", "working_dir", "pythonpath")
"""Settings of servers that say where an application's module is looked up."""
_MODULES = 60
_SOCKETS = ("websocket_urlpatterns", "URLRouter", ".websocket(", "WebSocketRoute", "websocket_route", "flask_sock", "socketio")
"""Words of files that may define a route for websockets."""
_SEARCHED = 400
"""Python files of a project that are read for websocket routes: more are not looked at."""


@dataclass(eq=False)
class App:
    """An application object, and its project.

    spec      `module:attribute`
    program   the project's modules, each read once
    module    the module that holds it
    found     what the object is
    settings  Django's, where it is Django's and they were found; `settings_name` says which module, and who says so
    servers   the processes that serve it or another object of the same project
    """

    spec: str
    program: python.Program
    module: Module
    found: Application
    files: MappedFiles
    env: Environment
    settings: Settings | None = None
    settings_name: Value[str] = field(default_factory=lambda: Value(None))
    servers: list[Any] = field(default_factory=list)

    @property
    def place(self) -> Place | None:
        return self.found.place

    @property
    def interface(self) -> Value[str]:
        """wsgi or asgi; None where the module surely has no such name."""
        return self.found.kind if self.found.kind.places or self.place is None else self.found.kind.at(self.place)

    @property
    def framework(self) -> str:
        return self.found.framework

    @property
    def root(self) -> str:
        """The directory of the repository in which the project's packages lie."""
        return root_of(self.module.source.path, self.module.name)

    @cached_property
    def own_routes(self) -> Found:
        """The routes of the object itself: all but those of Django's URLconf."""
        routed, module = self.routed
        return routes_of(routed.object, module, self.open)

    @property
    def routed(self) -> tuple[Application, Module]:
        """The object that has the routes, and its module: of Channels' `get_default_application()` ASGI_APPLICATION's."""
        made = self.found.object.x
        named = self.settings.value("ASGI_APPLICATION").x if self.settings is not None else None
        if (
            isinstance(made, python.Made)
            and made.dotted == "channels.routing.get_default_application"
            and isinstance(named, str)
        ):
            dotted, _, attribute = named.rpartition(".")
            module = self.open(dotted)
            if isinstance(module, Module):
                return application_kind(module, attribute), module
        return self.found, self.module

    @cached_property
    def routes(self) -> Found:
        """Every route, those of Django's URLconf included."""
        found = Found(list(self.own_routes.routes), self.own_routes.complete)
        if self.settings is not None:
            name = self.settings.value("ROOT_URLCONF").x
            urlconf = self.open(name) if isinstance(name, str) else None
            found.add(url_routes(urlconf, self.open) if isinstance(urlconf, Module) else Found())
        return found

    @property
    def websocket_paths(self) -> Value[Items]:
        """The websocket paths that the object serves."""
        return self.own_routes.of_kind("websocket")

    @cached_property
    def project_websocket_paths(self) -> Value[Items]:
        """The websocket paths that the project defines anywhere."""
        return project_websockets(list(self.modules(*_SOCKETS)), self.open).of_kind("websocket")

    @property
    def polls_first(self) -> bool:
        """Whether its websockets are Socket.IO's, which start with polling."""
        return bool(socketio_servers(self.module))

    @property
    def allowed_hosts(self) -> Value[Any] | None:
        """Django's ALLOWED_HOSTS; None for another framework."""
        return self.settings.value("ALLOWED_HOSTS") if self.settings else None

    @cached_property
    def packages(self) -> Packages:
        """What the project's requirements ask for."""
        return packages_near(self.root, self.files)

    def open(self, dotted: str) -> Module | Unknown | None:
        """A module of the project by its name."""
        return self.program.open(dotted)

    @cached_property
    def reads(self) -> list[Reads]:
        """What the project's files read of requests' headers."""
        return [header_reads(source) for source in self.sources(*WORDS)]

    def mentions(self, word: str) -> bool:
        """Whether a word stands anywhere in the project's files."""
        return any(True for _ in self.sources(word))

    def setting(self, name: str) -> Value[Any]:
        """A Django setting; None for another framework, unknown where the settings were not found."""
        if self.settings is None and self.framework in ("django", "channels"):
            return Value(Unknown("Django's settings were not found", "settings"))
        return self.settings.value(name) if self.settings else Value(None)

    def modules(self, *words: str) -> Iterator[Module]:
        """The project's modules whose text has one of the words."""
        prefix = f"{self.root}/" if self.root else ""
        for source in self.sources(*words):
            yield self.program.read(source, python.dotted_name(source.path.removeprefix(prefix)))

    def sources(self, *words: str) -> Iterator[SourceFile]:
        """The project's files whose text has one of the words, without tests."""
        prefix = f"{self.root}/" if self.root else ""
        paths = [path for path in self.files.repository.paths if path.startswith(prefix) and path.endswith(".py")]
        for path in paths[:_SEARCHED]:
            source = self.files.text(path)
            if isinstance(source, SourceFile) and "test" not in path and any(word in source.text for word in words):
                yield source


@dataclass(slots=True)
class Applications:
    """Finds the applications behind servers. Servers that start the same code in the same environment share its modules."""

    _programs: dict[tuple[object, ...], python.Program] = field(default_factory=dict)

    def of(self, server: Server, files: MappedFiles) -> App | None:
        """The application that a server calls; None where its code is not in the repository."""
        given = server.app.x
        if isinstance(given, Made):
            return self._given(given, server, files)
        text = ":".join(given.dotted.rpartition(".")[::2]) if isinstance(given, External) else given
        if not isinstance(text, str) or not text:
            return None
        dotted, _, attribute = text.partition(":")
        attribute = attribute or _DEFAULT_NAMES.get(server.program, "app")
        for cwd in _directories(server):
            source = files.read(dotted, cwd) if dotted.endswith(".py") else files.module(dotted, cwd)
            if isinstance(source, SourceFile):
                return self._app(_as_module(text), attribute, source, server, files, cwd)
        return None

    def _given(self, made: Made, server: Server, files: MappedFiles) -> App | None:
        """The application that a script hands over as an object: by the name that its module binds it to."""
        parts = python.dotted_name(made.key[0]).split(".")
        for cwd in _directories(server):
            for dotted in (".".join(parts[depth:]) for depth in range(len(parts))):
                source = files.module(dotted, cwd)
                if isinstance(source, SourceFile) and source.path == made.key[0]:
                    found = self._app(dotted, "", source, server, files, cwd)
                    named = (name for name, each in found.module.bindings.items() if _is(each.value.x, made))
                    name = next(named, None)
                    return self._app(f"{dotted}:{name}", name, source, server, files, cwd) if name else None
        return None

    def _app(self, spec: str, attribute: str, source: SourceFile, server: Server, files: MappedFiles, cwd: str) -> App:
        dotted = spec.partition(":")[0]
        env = server.command.env if server.command else Environment()
        program = self._program(env, files, cwd, root_of(source.path, dotted))
        module = program.read(source, dotted)
        app = App(spec, program, module, application_kind(module, attribute), files, env)
        _add_settings(app)
        return app

    def _program(self, env: Environment, files: MappedFiles, cwd: str, root: str) -> python.Program:
        said = sorted((name, str(value.x)) for name, value in env.variables.items())
        key = (root, cwd, env.complete, *said)
        if key not in self._programs:
            finder = Finder((partial(files.module, cwd=cwd), below(files, root)), _MODULES)
            self._programs[key] = python.Program(env, finder)
        return self._programs[key]


def _as_module(spec: str) -> str:
    """What uWSGI's `wsgi-file` names as `module:attribute`, as all others name their applications."""
    name, separator, attribute = spec.partition(":")
    if not name.endswith(".py"):
        return spec
    inside = posixpath.basename(name) if name.startswith("/") else posixpath.normpath(name)
    return inside.removesuffix(".py").replace("/", ".") + separator + attribute


def _is(x: object, made: Made) -> bool:
    return isinstance(x, Made) and x.key == made.key


def root_of(path: str, dotted: str) -> str:
    """The directory that a module's full name starts from."""
    root = posixpath.dirname(path)
    for _ in range(dotted.count(".") + path.endswith("/__init__.py")):
        root = posixpath.dirname(root)
    return root


def _add_settings(app: App) -> None:
    if app.framework not in ("django", "channels"):
        return
    app.settings_name = settings_module(app.module, app.env)
    names = {name.x for _, name in app.settings_name.worlds() if isinstance(name.x, str)}
    module = app.open(names.pop()) if len(names) == 1 else None
    sure = isinstance(app.settings_name.x, str)
    if isinstance(module, Module) and (sure or posixpath.basename(module.source.path) == "settings.py"):
        assumed = () if sure else ("$DJANGO_SETTINGS_MODULE is not set",)
        app.settings = replace(read_settings(module), assumes=assumed)


def _directories(server: Server) -> Iterable[str]:
    """Where a server looks its application up, the first one first."""
    cwd = server.command.directory if server.command else ""
    named = [server.value(name).x for name in DIRECTORIES]
    found = [posixpath.join(cwd, name) for name in named if isinstance(name, str) and name not in ("", ".")]
    return [*found, cwd]


def packages_near(folder: str, files: MappedFiles) -> Packages:
    """What the requirements in a directory, or the next one further out where any ask for something, ask for."""
    while True:
        prefix = f"{folder}/" if folder else ""
        paths = [path for path in files.repository.paths if posixpath.dirname(path) in (folder, f"{prefix}requirements")]
        sources = [files.text(path) for path in paths if is_requirements(path)]
        found = [source for source in sources if isinstance(source, SourceFile)]
        asked = installed(found, lambda path: _source(files.text(path)) if files.repository.exists(path) else None)
        if asked.by_name or not folder:
            return asked
        folder = posixpath.dirname(folder)


def _source(found: SourceFile | Unknown | None) -> SourceFile | None:
    return found if isinstance(found, SourceFile) else None
