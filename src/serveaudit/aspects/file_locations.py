"""Which directories nginx serves files from: the application's own source, a closed home directory."""

from __future__ import annotations

import posixpath
from typing import Any

from serveaudit import served
from serveaudit.deployment import Proxy
from serveaudit.programs.nginx import Location
from serveaudit.values import Unknown, Value
from serveaudit.words import word

_SOURCES = tuple("manage.py wsgi.py asgi.py settings.py app.py main.py Dockerfile requirements.txt pyproject.toml".split())
_PROBES = ("/.env", "/manage.py", "/settings.py", "/requirements.txt")


class RouteFiles:
    """Of a location."""

    proxy: Proxy
    location: Location

    @word("files are served from {it}")
    def source_directory(self) -> Value[str]:
        """The directory with the application's source from which it serves files; None where it serves another one, or none."""
        found = self._base
        if not isinstance(found.x, str) or not self._asks_here():
            return Value(None)
        machine = self.proxy.running.machine
        there = served.lying(machine, found.x)
        for peer in self.proxy.running.context.reachable:
            for process in peer.processes:
                for folder in served.application_files(process):
                    meant = served.lying(process.running.machine, folder)
                    if not isinstance(there, Unknown) and not isinstance(meant, Unknown) and _covers(there, meant):
                        return found.also(Value(None, (process.server.place,)))
        return found if self._is_source(machine, found.x) else Value(None)

    @property
    def _base(self) -> Value[Any]:
        """The directory whose files are served with their own names."""
        location = self.location
        if location.passes is not None or location.regex or location.exact or location.named or location.returns is not None:
            return Value(None)
        if location.handler != "static" or location.internal:
            return Value(None)
        return served.directory_for(location, str(location.uri) if location.modifier != "server" else "/")

    def _asks_here(self) -> bool:
        """Whether a request for a file of the application comes to this location, and is let in."""
        uri = str(self.location.uri).rstrip("/") if self.location.modifier != "server" else ""
        chosen = [self.location.site.location_for(uri + probe).x for probe in _PROBES]
        here = [one for one in chosen if isinstance(one, Location) and one.scope is self.location.scope]
        tried = [one for one in chosen if isinstance(one, Location) and one.named]
        return (bool(here) or (bool(tried) and self.location.fallback is not None)) and self.location.restricted.x is False

    def _is_source(self, machine: Any, path: str) -> bool:
        """Whether a mount or a copy puts the repository's own source there."""
        repository = self.proxy.running.files.repository
        for mount in machine.mounts:
            if mount.kind in ("bind", "copy") and mount.source is not None and mount.target.rstrip("/") == path:
                prefix = "" if posixpath.normpath(mount.source) == "." else f"{posixpath.normpath(mount.source)}/"
                return any(repository.exists(prefix + name) for name in _SOURCES)
        return False

    @word("below a home directory")
    def home_directory(self) -> Value[str]:
        """The directory below a user's home from which it serves files on a host; None where it serves none, or nginx is that
        user."""
        location, machine = self.location, self.proxy.running.machine
        own = location.scope.own("root") or location.scope.own("alias")
        if location.files is None or location.passes is not None or machine.kind != "host" or not own:
            return Value(None)
        return served.below_closed_home(self.proxy, location.files.directory)


def _covers(there: served.Directory, meant: served.Directory) -> bool:
    """Whether a directory is the other one, or one that it lies in."""
    return there.store == meant.store and there.path != "/" and f"{meant.path}/".startswith(f"{there.path}/")


class NginxFiles:
    """Of a whole configuration."""

    proxy: Proxy

    @word("files are served from {it}")
    def untyped_files(self) -> Value[str]:
        """The directory of the first location that serves files, where no types of files are known at all; None: there is none.
        Of a fragment it can't be told."""
        config = self.proxy.config
        if config.kind != "whole" or config.http is None or any("mime" in each.pattern for each in config.includes):
            return Value(None)
        if any(scope.own("types") for scope in config.http.scope.walk()):
            return Value(None)
        for site in config.sites:
            for location in (*site.walk(), site.rest):
                found = location.files
                if found is not None and _serves(location) and isinstance(found.directory.x, str):
                    return found.directory if config.complete is True else Value(config.complete)
        return Value(None)


def _serves(location: Location) -> bool:
    """Whether browsers' requests end with a file here; a server block's root counts where no location takes everything."""
    if location.modifier == "server":
        everything = any(inner.uri == "/" and inner.modifier in ("", "^~") for inner in location.site.locations)
        return location.handler == "static" and not everything
    plain = location.passes is None and location.handler == "static" and not location.exact and location.modifier != "if"
    return plain and ".well-known" not in str(location.uri)
