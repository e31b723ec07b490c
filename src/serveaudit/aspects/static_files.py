"""Static files, uploads and protected downloads of an application: whether anybody serves them, and from where."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import Any

from serveaudit import served
from serveaudit.applications import App
from serveaudit.deployment import Process, Proxy
from serveaudit.programs.nginx import Location
from serveaudit.source import SourceFile
from serveaudit.values import Items, Place, Unknown, Value
from serveaudit.words import word

_MANIFEST = re.compile(r"(django\.contrib\.staticfiles|whitenoise|servestatic)\.storage\.\w*Manifest\w*")
_COLLECTING = re.compile(
    r"(^|/)(Dockerfile[^/]*|[^/.]+|[^/]+\.(sh|bash|ya?ml|toml|json|cfg|ini|md|rst|txt|service|j2|tf)|fabfile\.py|tasks\.py)$"
)
_FILE_FIELD = re.compile(r"\bmodels\.(File|Image)Field\(")
_ACCEL = re.compile(r"[\"']X-Accel-Redirect[\"']\]?\s*[=:,]\s*f?[\"'](/[\w./-]+)")
_SENDS_ITSELF = re.compile(r"\b(StreamingHttpResponse|FileResponse|StreamingResponse|send_file|send_from_directory)\(")


class AppFiles:
    """Of an application."""

    facts: App

    @word("asked for at {it}")
    def static_url(self) -> Value[str]:
        """The path of STATIC_URL where Django's static files are in use; None where they are not, or lie on another host."""
        return self._url("STATIC_URL") if self._installed("django.contrib.staticfiles") else Value(None)

    @word("asked for at {it}")
    def media_url(self) -> Value[str]:
        """The path of MEDIA_URL; None where it is not set, or names another host."""
        return self._url("MEDIA_URL")

    def _url(self, name: str) -> Value[Any]:
        return served.url_path(self.facts.settings.value(name)) if self.facts.settings else Value(None)

    def _installed(self, name: str) -> bool:
        apps = self.facts.settings.value("INSTALLED_APPS").x if self.facts.settings else None
        return isinstance(apps, Items) and any(getattr(one, "x", one) == name for one in apps)

    @word()
    def needs_static(self) -> Value[bool]:
        """Whether pages of its own need static files: Django's admin, or a directory of them in the repository."""
        prefix = f"{self.facts.root}/" if self.facts.root else ""
        own = any(path.startswith(prefix) and "/static/" in path for path in self.facts.files.repository.paths)
        return Value(own or self._installed("django.contrib.admin") or self._installed("rest_framework"))

    @word("passed on to the application, like everything else")
    def static_left_to_app(self) -> Value[bool]:
        """Whether nginx leaves static files to the application."""
        url = self.static_url.x
        return served.left_to(self.facts, url) if isinstance(url, str) else Value(False)

    @word("passed on to the application, like everything else")
    def media_left_to_app(self) -> Value[bool]:
        """Whether nginx leaves uploaded files to the application."""
        url = self.media_url.x
        return served.left_to(self.facts, url) if isinstance(url, str) else Value(False)

    @word("served here")
    def serves_static(self) -> Value[bool]:
        """Whether the application or its server serves static files itself: WhiteNoise, uWSGI's static-map, a view."""
        url = self.static_url.x
        if isinstance(url, str) and served.has_view(self.facts, url):
            return Value(True)
        return served.serves_itself(self.facts)

    @word("a view serves them")
    def serves_media(self) -> Value[bool]:
        """Whether a view or the server serves uploaded files."""
        url = self.media_url.x
        if isinstance(url, str) and (served.has_view(self.facts, url) or any(self._texts(_ACCEL, ".py"))):
            return Value(True)
        names = ("static-map", "static-map2", "check-static")
        return Value(any(process.server.value(name).x for process in self.facts.servers for name in names))

    @word("stored elsewhere")
    def stores_static_here(self) -> Value[bool]:
        """Whether static files lie on the machine's own disk."""
        return served.is_local(served.storage(self.facts, "staticfiles", "STATICFILES_STORAGE"))

    @word("stored elsewhere")
    def stores_media_here(self) -> Value[bool]:
        """Whether uploaded files lie on the machine's own disk."""
        return served.is_local(served.storage(self.facts, "default", "DEFAULT_FILE_STORAGE"))

    @word("takes uploads")
    def file_field(self) -> Value[str]:
        """The first FileField or ImageField of a model; None: there is none."""
        for found, place in self._texts(_FILE_FIELD, ".py"):
            if "/migrations/" not in place.span.path:
                return Value(f"{found[1]}Field", (place,))
        return Value(None)

    # directories

    @word("nginx looks for static files in {it}")
    def static_directory(self) -> Value[str]:
        """The directory in which nginx looks for static files; None where it serves none."""
        for _, found in self._directories():
            if found.x is not None:
                return found
        return Value(None)

    @word("collectstatic puts them into {it}")
    def static_root(self) -> Value[str]:
        """STATIC_ROOT, as the application's machine names it; None where it is not set."""
        said, process = self.facts.settings.value("STATIC_ROOT") if self.facts.settings else Value(None), self._process
        return said.map(lambda path: served.on_machine(process, path)) if process else Value(None)

    @word()
    def static_found(self) -> Value[bool]:
        """Whether that directory is STATIC_ROOT."""
        root, process = self.static_root, self._process
        for proxy, found in self._directories():
            if isinstance(found.x, str) and isinstance(root.x, str) and process is not None:
                one, other = served.lying(proxy.running.machine, found.x), served.lying(process.running.machine, root.x)
                if isinstance(one, Unknown) or isinstance(other, Unknown):
                    return Value(one if isinstance(one, Unknown) else other)
                return Value(served.same(one, other, proxy))
        return Value(self._doubled() if isinstance(root.x, Unknown) else True)

    @property
    def _process(self) -> Process | None:
        """The first server that calls this very object."""
        return next((one for one in self.facts.servers if one.app is self.facts), None)

    def _doubled(self) -> bool | Unknown:
        """Where the repository lies is not known; still `root …/static` below `/static/` looks in …/static/static."""
        found, said = self.static_directory.x, self.facts.settings.value("STATIC_ROOT").x if self.facts.settings else None
        if isinstance(found, str) and isinstance(said, str):
            last = posixpath.basename(found)
            if found.endswith(f"/{last}/{last}") and posixpath.basename(said) == last and not said.endswith(f"/{last}/{last}"):
                return False
        return Unknown("where the repository lies on its machine is not known")

    def _directories(self) -> Iterator[tuple[Proxy, Value[Any]]]:
        url = self.static_url.x
        for proxy, location in served.answering(self.facts, url + served.PROBE) if isinstance(url, str) else ():
            if isinstance(location, Location) and isinstance(url, str):
                yield proxy, served.directory_for(location, url)

    # collectstatic

    @word("looks every file up in a manifest")
    def manifest_storage(self) -> Value[str]:
        """The storage that needs what collectstatic writes; None for another one."""
        if self.facts.settings is None:
            return Value(None)
        found = served.storage(self.facts, "staticfiles", "STATICFILES_STORAGE")
        return found.map(lambda name: name if _MANIFEST.fullmatch(str(name)) else None)

    @word()
    def collects(self) -> Value[bool]:
        """Whether any file beside the application's code speaks of collectstatic, or a manifest lies in the repository."""
        if any(posixpath.basename(path) == "staticfiles.json" for path in self.facts.files.repository.paths):
            return Value(True)
        return Value(any(True for _ in self._texts(re.compile("collectstatic"), "")))

    @word("built from this file")
    def built_from(self) -> Value[str]:
        """The Dockerfile of the image that it runs in; None where it runs elsewhere, or in an image that is built elsewhere."""
        for process in self.facts.servers:
            machine = process.running.machine
            if machine.dockerfile is not None:
                source = self.facts.files.text(machine.dockerfile)
                return Value(machine.dockerfile, (Place(source.line_span(1)),) if isinstance(source, SourceFile) else ())
        return Value(None)

    @word("handed over to nginx at {it}")
    def accel_path(self) -> Value[str]:
        """The path at which the application has nginx send a protected file (X-Accel-Redirect); None: nowhere."""
        for found, place in self._texts(_ACCEL, ".py"):
            return Value(found[1], (place,))
        return self.facts.settings.value("SENDFILE_URL") if self.facts.settings else Value(None)

    @word("nginx's answer for such files")
    def accel_mistake(self) -> Value[str]:
        """What is wrong with the location for these files: it is open to everybody, or there is none; None: nothing."""
        path = self.accel_path.x
        for _, location in served.answering(self.facts, f"{path.rstrip('/')}/x") if isinstance(path, str) else ():
            if isinstance(location, Unknown):
                return Value(location)
            if location.passes is not None and location.files is None:
                return self._without_location(location)
            if not location.internal and location.restricted.x is False:
                return Value("is open to everybody: the location is not internal", (location.place,))
        return Value(None)

    def _without_location(self, location: Location) -> Value[str]:
        """Code that can send files by itself, too, may do so where nginx has no location for them."""
        if any(_SENDS_ITSELF.search(place.span.source.text) for place in self.accel_path.places):
            why = Unknown("the application's code decides whether it hands files over to nginx, or sends them by itself")
            return Value(why, (location.place,))
        return Value("has no location of its own: it goes back to the application", (location.place,))

    def _texts(self, pattern: re.Pattern[str], suffix: str) -> Iterator[tuple[re.Match[str], Place]]:
        """Where files of the project (by their ending), or beside it, match."""
        repository, prefix = self.facts.files.repository, f"{self.facts.root}/" if suffix and self.facts.root else ""
        names = (path for path in repository.paths if path.startswith(prefix) and _wanted(path, suffix))
        return served.matches(pattern, repository, names)


def _wanted(path: str, suffix: str) -> bool:
    folders = f"/{path}".split("/")[:-1]
    if {"site-packages", "node_modules", "venv", ".venv", ".git"} & set(folders):
        return False
    if suffix:
        return path.endswith(suffix) and "test" not in path
    return _COLLECTING.search(path) is not None
