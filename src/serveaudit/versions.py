"""Which release of a program runs: as the user states, as the image or its build pins it, as requirements and locks tell."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from serveaudit.application.requirements import Package, Packages, normalized
from serveaudit.applications import App, packages_near
from serveaudit.config import Stated
from serveaudit.installing import Built, built
from serveaudit.launching import Machine
from serveaudit.mapping import MappedFiles
from serveaudit.releases import Order, allowed_reach, order, reaches
from serveaudit.serving import Server
from serveaudit.source import Span
from serveaudit.values import Unknown, Value

_NGINX_IMAGE = re.compile(
    r"(?:.*/)?(?:nginx|nginx-unprivileged|openresty):v?(\d+\.\d+(?:\.\d+)?)(?:[-.@].*)?|.*[-:]nginx-?(\d+\.\d+(?:\.\d+)?)(?:[-@].*)?"
)
"""Images of nginx itself (the official one, bitnami's, linuxserver's, …) with a tag that tells more than `1` or `stable`."""


@dataclass(slots=True)
class Installed:
    """The packages beside a server. What the user states of a version wins, then what the image's build pins."""

    packages: Packages = field(default_factory=lambda: Packages(complete=Unknown("no requirements were found")))
    stated: Mapping[str, Value[str]] = field(default_factory=dict)
    python: Value[str] = field(default_factory=lambda: Value(None))

    def package(self, name: str) -> Package | None:
        """What asks for a package; None where nothing that was read does, or only for other releases of Python."""
        found = self.packages.by_name.get(normalized(name))
        return None if found is None or _excludes(found.version.assumes, self.python.x) else found

    def version(self, name: str) -> Value[str]:
        """A package's release, told where it is pinned; unknown where it is left open or nothing asks for it."""
        stated = self.stated.get(name)
        if stated is not None and stated.x is not None:
            return stated
        version = self.packages.version(name)
        if marker := _excludes(version.assumes, self.python.x):
            return Value(Unknown(f"it is asked for where {marker}, and Python is {self.python.x}"), version.places)
        return version

    def lacks(self, name: str) -> Value[bool]:
        """Whether a package surely is not there: a complete list leaves it out."""
        if self.package(name) is not None or self.stated.get(name) is not None:
            return Value(False)
        complete = self.packages.complete
        return Value(complete if isinstance(complete, Unknown) else True)

    def at_least(self, name: str, release: str) -> Value[bool]:
        """Whether a package is that release or newer. Of a requirement that leaves it open the newest release that it allows
        is taken to be installed; unknown where nothing asks for the package."""
        version = self.version(name)
        if isinstance(version.x, str):
            return version.map(lambda text: reaches(text, release))
        found = self.package(name)
        if found is None:
            return Value(Unknown(f"which version of {name} is installed is not known", name), version.places)
        allowed = allowed_reach(found.asked, release)
        if allowed is not None:
            return Value(allowed, (found.place,))
        return Value(True, (found.place,), (f"the newest {name} that {found.asked!r} allows is installed",))


@dataclass(slots=True)
class Versions:
    """Tells what is installed on machines; what was built for one is read once."""

    stated: Stated
    _built: dict[Machine, Built] = field(default_factory=dict)
    _near: dict[str, Packages] = field(default_factory=dict)

    def beside(self, server: Server, app: App | None, machine: Machine, files: MappedFiles) -> Installed:
        """What is installed beside a server; its own version is put into it, and what leaves that open."""
        found = Installed(self._packages(server, app, machine, files), self.stated.versions, self.stated.python)
        server.version = found.version(server.program)
        package = found.package(server.program)
        server.asked = package.asked if package is not None else ""
        return found

    def nginx(self, machine: Machine, files: MappedFiles) -> Value[str]:
        """nginx's version: as stated, by the tag of its image, or by the distribution's package; None where nothing tells."""
        said = self.stated.versions.get("nginx")
        if said is not None and said.x is not None:
            return said
        tagged = _NGINX_IMAGE.fullmatch(machine.image.x) if isinstance(machine.image.x, str) else None
        if tagged is not None:
            return replace(machine.image, x=tagged[1] or tagged[2])
        package = self._built_for(machine, files).distribution.get("nginx")
        return package.version if package is not None and package.version.known else Value(None)

    def _packages(self, server: Server, app: App | None, machine: Machine, files: MappedFiles) -> Packages:
        """What the image's build installs, by name or by files; where it names no files, those that lie nearest; then what its
        distribution packages."""
        built_there = self._built_for(machine, files)
        together = Packages()
        together.add(built_there.packages)
        if not built_there.by_files:
            nearest = self._asking(server.program, app.root if app is not None else _folder(server), files)
            together.add(nearest)
            together.complete = nearest.complete
        for name, package in built_there.distribution.items():
            together.by_name.setdefault(name, package)
        return together

    def _built_for(self, machine: Machine, files: MappedFiles) -> Built:
        if machine not in self._built:
            self._built[machine] = built(machine, files)
        return self._built[machine]

    def _asking(self, program: str, folder: str, files: MappedFiles) -> Packages:
        """What the requirements ask for that lie nearest; where they say nothing of the server, which is installed after all,
        those further out that do as well."""
        nearest = outer = self._packages_near(folder, files)
        while normalized(program) not in outer.by_name and folder:
            folder = posixpath.dirname(folder)
            outer = self._packages_near(folder, files)
        if outer is nearest or normalized(program) not in outer.by_name:
            return nearest
        together = Packages(dict(nearest.by_name))
        together.add(outer)
        return together

    def _packages_near(self, folder: str, files: MappedFiles) -> Packages:
        if folder not in self._near:
            self._near[folder] = packages_near(folder, files)
        return self._near[folder]


_FOR_PYTHON = re.compile(r"""python(?:_full)?_version\s*(<=?|>=?|==)\s*["']([\d.]+)["']""")


def _excludes(markers: Sequence[str], python: str | None) -> str:
    """The marker of a requirement that does not hold for the release of Python in use; empty for none, as far as is known."""
    for marker in markers if python else ():
        asked = _FOR_PYTHON.fullmatch(marker)
        if asked and not _holds(order(".".join(str(python).split(".")[:2])), asked[1], order(asked[2])):
            return marker
    return ""


def _holds(mine: Order, operator: str, other: Order) -> bool:
    return (mine == other and "=" in operator) or (mine < other and "<" in operator) or (mine > other and ">" in operator)


def _folder(server: Server) -> str:
    place = Span(server.config, 0, 0) if server.config is not None else server.place.span
    return posixpath.dirname(place.path)
