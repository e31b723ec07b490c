"""Where files of an application are, and whether nginx finds them: directories traced through mounts, images and volumes."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from serveaudit.applications import App
from serveaudit.deployment import Process, Proxy
from serveaudit.formats.python import PathText
from serveaudit.launch.images import is_official_nginx
from serveaudit.launching import Machine, Mount
from serveaudit.mapping import Readable
from serveaudit.programs.nginx import Location, Site
from serveaudit.source import Unreadable
from serveaudit.values import Branch, Items, Place, Table, Unknown, Value

PROBE = "serveaudit-probe.css"
_SERVING = ("whitenoise", "servestatic", "dj_static", "Cling", "StaticFilesHandler", "blacknoise")
_OPTIONS = ("static-map", "static-map2", "check-static", "static_path_mount", "static_path_route")
_LOCAL = ("django.", "whitenoise.", "servestatic.")
_HOME = re.compile(r"/home/([\w.-]+)/")
_MOST = 800
"""Files that are looked at for a word."""


@dataclass(frozen=True, slots=True)
class Directory:
    """Where a directory lies. `store` is what holds it: a volume, the repository on the host, the host, a container's own file
    system; `path` is its place there."""

    store: str
    path: str


# URLs


def url_path(value: Value[Any]) -> Value[Any]:
    """A setting like STATIC_URL as a path: `static/` is `/static/`; None where it names another host, or is not set."""
    return value.map(lambda said: None if re.match(r"(https?:)?//", said) or not said else "/" + said.strip("/") + "/")


def sites_of(app: App) -> list[tuple[Proxy, Site]]:
    """The server blocks that are proved to pass requests to an application."""
    found: dict[int, tuple[Proxy, Site]] = {}
    for process in app.servers:
        for pair in process.pairs:
            if process.app is app:
                found.setdefault(id(pair.location.site.scope), (pair.proxy, pair.location.site))
    return list(found.values())


def answering(app: App, path: str) -> list[tuple[Proxy, Location | Unknown]]:
    """Which location answers for a path, in each of those server blocks."""
    chosen = [(proxy, site.choose(path)) for proxy, site in sites_of(app)]
    return [(proxy, found if isinstance(found, Unknown) else found[0]) for proxy, found in chosen]


def left_to(app: App, url: str) -> Value[bool]:
    """Whether every server block leaves the files below a URL to the application; the places are those of the locations."""
    reached = {id(pair.location.scope) for process in app.servers for pair in process.pairs if process.app is app}
    places: list[Place] = []
    for _, location in answering(app, url + PROBE):
        if isinstance(location, Unknown):
            return Value(location)
        if id(location.scope) not in reached or location.scope.own("try_files") or location.scope.own("error_page"):
            return Value(False, (location.place,))
        places.append(location.place)
    return Value(bool(places), tuple(places[:1]))


# who else may serve them


def serves_itself(app: App) -> Value[bool]:
    """Whether the application, a layer around it or its server serves static files itself."""
    for process in app.servers:
        for name in _OPTIONS:
            value = process.server.value(name)
            if value.x not in (None, False):
                return Value(True, value.places)
    if any(name in app.module.source.text for name in _SERVING):
        return Value(True, (app.place,) if app.place else ())
    middleware = app.settings.value("MIDDLEWARE") if app.settings else Value(None)
    if isinstance(middleware.x, Items):
        for member in middleware.x:
            if any(name in str(getattr(member, "x", member)) for name in _SERVING):
                return Value(True, getattr(member, "places", ()))
        return Value(False if middleware.x.complete is True else middleware.x.complete)
    return Value(middleware.x if isinstance(middleware.x, Unknown) else False)


def has_view(app: App, url: str) -> bool:
    """Whether one of its routes answers below a URL."""
    return any(isinstance(route.prefix.x, str) and route.prefix.x.startswith(url) for route in app.routes.routes)


def storage(app: App, kind: str, older: str) -> Value[Any]:
    """The class that stores files: of STORAGES[kind], or of the setting before Django 4.2; None where Django's default does."""
    assert app.settings is not None
    stores = app.settings.value("STORAGES")
    if isinstance(stores.x, Table):
        entry = stores.x.get(kind)
        return entry.x.get("BACKEND") if isinstance(entry.x, Table) else entry
    if isinstance(stores.x, Unknown):
        return stores
    return app.settings.value(older)


def is_local(backend: Value[Any]) -> Value[bool]:
    """Whether files of this storage lie on the machine's own disk, as far as its name tells; None is Django's default."""
    return Value(True) if backend.x is None else backend.map(lambda name: str(name).startswith(_LOCAL))


# directories


def directory_for(location: Location, url: str) -> Value[Any]:
    """The directory in which a location looks for the files below a URL, as nginx's machine names it; None where it serves no
    files; unknown where a variable or a pattern decides."""
    files = location.files
    if files is None or location.passes is not None:
        return Value(None)
    said = files.directory
    uri = location.uri
    if location.regex or not isinstance(uri, str):
        return Value(Unknown("a pattern decides which directory it is"), said.places)
    if not isinstance(said.x, str) or "$" in said.x or not said.x.startswith("/"):
        return Value(said.x if isinstance(said.x, Unknown) else Unknown("the directory is not known"), said.places)
    rest = url.removeprefix(uri) if files.kind == "alias" and location.modifier != "server" else url
    base = said.x if files.kind == "alias" and rest == url[len(uri) :] else f"{said.x}/"
    return Value(posixpath.normpath(f"{base}{rest}" if files.kind == "alias" else f"{said.x}/{url}"), said.places)


def on_machine(process: Process, path: str) -> str | Unknown:
    """A path that the application's settings name, as its machine knows it. One that hangs on `__file__` is relative to the
    repository, and found where the repository is copied, mounted or checked out."""
    if path.startswith("/"):
        return posixpath.normpath(path)
    if not isinstance(path, PathText):
        return Unknown("it is relative to the directory that the server happens to run in")
    app, running = process.app, process.running
    assert app is not None
    module = app.module.source.path
    mounts = [mount for mount in running.machine.mounts if mount.kind in ("bind", "copy") and _inside(mount.source, module)]
    if mounts:
        best = max(mounts, key=lambda mount: (len(posixpath.normpath(mount.source or ".")), mount.kind == "bind"))
        return posixpath.normpath(posixpath.join(best.target, posixpath.relpath("/" + path, "/" + (best.source or ""))))
    command = process.server.command
    cwd = command.cwd.x if command else None
    if running.machine.kind == "host" and isinstance(cwd, str) and cwd.startswith("/"):
        return posixpath.normpath(posixpath.join(cwd, posixpath.relpath("/" + path, "/" + app.root)))
    return Unknown("where the repository lies on its machine is not known")


def _inside(source: str | None, path: str) -> bool:
    folder = posixpath.normpath(source) if source is not None else None
    return folder is not None and (folder == "." or path.startswith(f"{folder}/"))


def lying(machine: Machine, path: str) -> Directory | Unknown:
    """Where a machine's path really lies."""
    over = [mount for mount in machine.mounts if f"{path}/".startswith(f"{mount.target.rstrip('/')}/")]
    mount = max(over, key=lambda one: (len(one.target.rstrip("/")), one.kind != "copy"), default=None)
    if mount is not None and mount.kind in ("bind", "volume"):
        return _through(mount, path)
    if mount is not None and (mount.kind != "copy" or mount.source is None):
        return Unknown("it is copied from somewhere else")
    if machine.kind == "host":
        return Directory("host", path)
    return Directory(f"container {machine.name}", path)


def _through(mount: Mount, path: str) -> Directory | Unknown:
    rest = path[len(mount.target.rstrip("/")) :].strip("/")
    if mount.source is None:
        return Unknown("it is mounted from outside of the repository")
    store = "volume" if mount.kind == "volume" else "host" if mount.source.startswith("/") else "repository"
    return Directory(store, posixpath.normpath(posixpath.join(mount.source, rest)))


def same(served: Directory, meant: Directory, proxy: Proxy) -> bool | Unknown:
    """Whether what nginx serves from is what the application means; unknown where somebody may copy the one to the other."""
    if served == meant:
        return True
    if served.store == "volume" or (served.store == meant.store == "repository"):
        return False
    if served.store.startswith("container "):
        machine = proxy.running.machine
        own = is_official_nginx(machine.image.x) and machine.dockerfile is None
        return False if own else Unknown("what lies in nginx's image is not known")
    if served.store == meant.store == "host":
        inside = served.path.startswith(f"{meant.path}/")
        if inside or posixpath.basename(served.path) != posixpath.basename(meant.path):
            return False
    return Unknown("the files may be copied from the one to the other")


def application_files(process: Process) -> Iterator[str]:
    """The directories on the process's machine that hold the application's own source: its own, and the repository's."""
    command, app, machine = process.server.command, process.app, process.running.machine
    cwd = command.cwd.x if command else None
    if isinstance(cwd, str) and cwd.startswith("/") and cwd != "/":
        yield posixpath.normpath(cwd)
    for mount in machine.mounts:
        if mount.kind in ("bind", "copy") and app is not None and _inside(mount.source, app.module.source.path):
            yield posixpath.normpath(mount.target)


def below_closed_home(proxy: Proxy, path: Value[Any]) -> Value[Any]:
    """A path below a user's home, which others may not enter on Ubuntu: a choice, for the mode is not told. None for another
    path, where nginx is that user or root, or where a script lets others in."""
    home = _HOME.match(path.x) if isinstance(path.x, str) else None
    main = proxy.config.main
    users = [line.texts[0] for line in main.scope.own("user") if line.args] if main else []
    if home is None or users[-1:] in (["root"], [home[1]]) or _opens(proxy, home[1]):
        return Value(None)
    cases: tuple[tuple[str, Value[Any]], ...] = (
        ("the home directory is closed to others (0750), as Ubuntu makes it since 21.04", path),
        ("others may enter it", Value(None)),
    )
    return Value(Branch(f"the mode of /home/{home[1]}", cases))


def _opens(proxy: Proxy, user: str) -> bool:
    """Whether a script changes who may enter the home directory, or puts nginx's user into its group."""
    wanted = re.compile(rf"chmod[^\n]*(/home|~|\$HOME)|(usermod|gpasswd|adduser)[^\n]*\b{re.escape(user)}\b|setfacl")
    repository = proxy.running.files.repository
    names = (path for path in repository.paths if path.endswith((".sh", ".md", ".yml", ".txt")))
    return any(True for _ in matches(wanted, repository, names))


def matches(pattern: re.Pattern[str], repository: Readable, paths: Iterable[str]) -> Iterator[tuple[re.Match[str], Place]]:
    """Where files of the repository match, as far as they can be read."""
    for path in islice(paths, _MOST):
        try:
            source = repository.read(path)
        except Unreadable:
            continue
        for found in pattern.finditer(source.text):
            yield found, Place(source.span(found.start(), found.end()))
