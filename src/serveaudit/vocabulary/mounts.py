"""`mount` and `nginx_path`: files of nginx's that land in a container, and the paths that nginx wants to find there."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import Any

from serveaudit.deployment import Context, Proxy
from serveaudit.formats import nginx as syntax
from serveaudit.formats.nginx import Directive
from serveaudit.launch.images import is_official_nginx
from serveaudit.launching import Machine
from serveaudit.launching import Mount as Facts
from serveaudit.mapping import MappedFiles
from serveaudit.programs.nginx import kind_of, looks_like
from serveaudit.programs.nginx.scopes import written
from serveaudit.source import SourceFile
from serveaudit.values import Place, Unknown, Value
from serveaudit.words import Subject, relation, word

_MAIN = "/etc/nginx/nginx.conf"
_DROP_IN = re.compile(r"/etc/nginx/(conf\.d|http\.d|sites-enabled)/[^/]+")
_UNPRIVILEGED = re.compile(r"(docker\.io/)?nginxinc/nginx-unprivileged(:[\w.-]+)?")
_BASE = re.compile(r"[a-z0-9_-]+/nginx(:[\w.-]+)?")
"""Public images that are an nginx of somebody's. One that is taken as it is may hold an application's files, hardly one that an
application's image is built on."""
_BROUGHT_ALONG = ("/usr/share/nginx/html", "/etc/nginx/html", "/var/www/html", "/dev/", "/etc/ssl/certs")


class Mount(Subject):
    """A file of nginx's that is mounted or copied into a container."""

    def __init__(self, target: str, source: SourceFile, place: Place) -> None:
        self.source = source
        self.place = place
        self.symbol = f"mount[{target}]"
        self._target = target

    @word("lands at {it}")
    def target(self) -> Value[str]:
        """Where it lands in the container."""
        return Value(self._target, (self.place,) if self.place else ())

    @word("nginx refuses this there")
    def misplaced(self) -> Value[str]:
        """What is wrong with the file at this place, in words; None where it fits, or is a template."""
        tree = syntax.parse(self.source)
        if tree.template or looks_like(self.source) is None:
            return Value(None)
        names = {directive.name: directive for directive in reversed(tree.directives)}
        kind = kind_of(tree)
        if self._target == _MAIN and kind == "fragment" and "server" in names:
            return Value("a server block stands outside of http {}", (Place(names["server"].head),))
        if self._target == _MAIN and "http" in names and "events" not in names and "include" not in names:
            return Value("there is no events {} in it", (Place(names["http"].head),))
        if _DROP_IN.fullmatch(self._target) and kind == "whole":
            found = names.get("http") or names.get("events")
            if found is not None:
                return Value(f"{found.name} {{}} stands inside of http {{}}", (Place(found.head),))
        return Value(None)


class NginxPath(Subject):
    """A path that nginx reads in a container: a certificate, a directory of files."""

    kind = "nginx_path"

    def __init__(self, proxy: Proxy, name: str, path: str, place: Place) -> None:
        self.proxy = proxy
        self.place = place
        self.symbol = f"{name}[{path}]"
        self._name = name
        self._path = path

    @word("nginx reads this")
    def text(self) -> Value[str]:
        """The path."""
        return Value(self._path, (self.place,) if self.place else ())

    @word()
    def certificate(self) -> Value[bool]:
        """Whether it is a certificate or its key, without which nginx does not start."""
        return Value(self._name.startswith("ssl_"))

    @word("nothing is mounted there")
    def lacking(self) -> Value[bool]:
        """Whether nothing puts anything at the path in a container of nginx's own image; unknown where a build may."""
        machine = self.proxy.running.machine
        if self._path.startswith(_BROUGHT_ALONG) or any(_covers(mount, self._path) for mount in machine.mounts):
            return Value(False)
        if _may_make(machine, self._path):
            return Value(Unknown("the image's build may put it there", machine.dockerfile or ""))
        foreign = () if _is_official(machine.image.x) else (f"the image {machine.image.x} does not bring it along",)
        return Value(True, (machine.place,), foreign)


def _covers(mount: Facts, path: str) -> bool:
    """Whether a mount puts something at a path, around it, or below it."""
    target = mount.target.rstrip("/")
    return path == target or path.startswith(target + "/") or target.startswith(path.rstrip("/") + "/")


def _may_make(machine: Machine, path: str) -> bool:
    """Whether a command of the image's build may put something at a path: it names the path's uppermost directory, or more
    than its own text decides what it does."""
    top = "/" + path.strip("/").partition("/")[0]
    making = re.compile(rf"{re.escape(top)}\b|\.sh\b|\b(tar|unzip|git|curl|wget|npm|make)\b")
    return any(making.search(run.text) for run in machine.runs)


@relation("mount")
def mounts(deployment: Any) -> Iterator[Any]:
    """Every file of nginx's that a container gets at a place where nginx reads it."""
    context: Context = deployment.context
    for machine in context.group.machines:
        files = next((launch.files for launch in context.launches if launch.machine is machine), None)
        if files is not None:
            yield from (found for mount in machine.mounts for found in _read(mount, files))


def _read(mount: Facts, files: MappedFiles) -> Iterator[Mount]:
    for target, path in _files(mount, files):
        source = files.text(path)
        if isinstance(source, SourceFile):
            yield Mount(target, source, mount.place)


def _files(mount: Facts, files: MappedFiles) -> Iterator[tuple[str, str]]:
    """The files that a mount puts at nginx's places, with their paths in the repository."""
    if mount.source is None or mount.kind not in ("bind", "copy"):
        return
    target = mount.target.rstrip("/")
    if files.repository.exists(mount.source):
        if target == _MAIN or (_DROP_IN.fullmatch(target) and target.endswith(".conf")):
            yield target, mount.source
        return
    if re.fullmatch(r"/etc/nginx/(conf\.d|http\.d)", target):
        for path in files.repository.glob(f"{mount.source}/*.conf"):
            if posixpath.dirname(path) == posixpath.normpath(mount.source):
                yield f"{target}/{posixpath.basename(path)}", path


@relation("nginx_path")
def nginx_paths(deployment: Any) -> Iterator[Any]:
    """Every certificate and directory that an nginx of the official image, or of one that is built on such, is told to read.
    What is mounted where a Dockerfile's container is started by hand is not known."""
    by_hand = deployment.context.group.manager == "docker"
    for proxy in () if by_hand else deployment.context.proxies:
        if _is_known(proxy.running.machine):
            yield from _paths_of(proxy) if _surely_there(proxy) else ()


def _surely_there(proxy: Proxy) -> bool:
    """Whether its file is mounted or copied into the container, and not only like one that nginx would read."""
    path = proxy.config.root.path
    sources = [mount.source for mount in proxy.running.machine.mounts if mount.source and mount.kind in ("bind", "copy")]
    return any(path == source or path.startswith(f"{posixpath.normpath(source)}/") for source in sources)


def _is_known(machine: Machine) -> bool:
    """Whether what a container holds is known: its image is nginx's, or built on an nginx, and nothing else is put into it."""
    entry = any(mount.target.startswith("/docker-entrypoint") for mount in machine.mounts) or "volumes_from" in machine.keys
    image = machine.image.x if isinstance(machine.image.x, str) else ""
    known = _is_official(image) or (machine.dockerfile is not None and _BASE.fullmatch(image))
    return machine.kind == "container" and bool(known) and not entry


def _is_official(image: object) -> bool:
    return is_official_nginx(image) or (isinstance(image, str) and _UNPRIVILEGED.fullmatch(image) is not None)


def _paths_of(proxy: Proxy) -> Iterator[NginxPath]:
    """Its certificates, and the directories that a location serves files from."""
    seen: set[str] = set()
    for name, directive in _reads(proxy):
        path = directive.texts[0] if directive.args else ""
        if path.startswith("/") and not set(path) & set("${<*") and path not in seen:
            seen.add(path)
            yield NginxPath(proxy, name, path, written(directive))


def _reads(proxy: Proxy) -> Iterator[tuple[str, Directive]]:
    for site in proxy.config.sites:
        for name in ("ssl_certificate", "ssl_certificate_key"):
            yield from ((name, line) for line in site.effective(name))
        for location in site.walk():
            if location.handler == "static" and location.files is not None and location.fallback is None:
                yield location.files.kind, location.files.directive
