"""Packages that a file asks for, and one requirement as PEP 508 has it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from serveaudit.values import Items, Partial, Place, Unknown, Value, unknown

DIRECT = Unknown("only what the project itself asks for is listed, not what that needs in turn")
_REQUIREMENT = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[([^\]]*)\])?\s*(@.*|\(?\s*(?:[=!~]=|[<>]).*)?$")
_EXACT = re.compile(r"\(?\s*={2,3}\s*([^\s,;*)]+)\s*\)?$")
_PLATFORM = re.compile(r"""\s*(sys_platform|platform_system|os_name)\s*(==|!=)\s*["'](\w+)["']\s*""")
_LINUX = ("linux", "Linux", "posix")


@dataclass(frozen=True, slots=True)
class Package:
    """One package that is installed.

    version  as pinned; unknown where the file leaves it open
    asked    the requirement as written: `gunicorn[gevent]>=23`
    extras   what it is asked for with: gevent, standard
    """

    name: str
    version: Value[str]
    place: Place
    asked: str = ""
    extras: tuple[str, ...] = ()


@dataclass(slots=True)
class Packages:
    """The packages of a project by their normalized names (`flask-socketio`). `complete` is an Unknown where more may be
    installed than these: only a lock file lists all."""

    by_name: dict[str, Package] = field(default_factory=dict)
    complete: bool | Unknown = True

    def version(self, name: str) -> Value[str]:
        """A package's version; None where it surely is not installed, unknown where it may be, or its version is left open."""
        found = self.by_name.get(normalized(name))
        if found is not None:
            return found.version
        return Value(self.complete if isinstance(self.complete, Unknown) else None)

    def add(self, other: Packages) -> None:
        """The other's packages too; a pinned version beats an open one, the first of two pins stays."""
        for name, package in other.by_name.items():
            mine = self.by_name.get(name)
            if mine is None or (not mine.version.known and package.version.known):
                self.by_name[name] = package
        self.complete = self.complete if self.complete is not True else other.complete

    @classmethod
    def of(cls, packages: Iterable[Package], complete: bool | Unknown = True) -> Packages:
        """The packages of one file. Of pins that differ (by markers, for several platforms) none is known to hold."""
        named: dict[str, list[Package]] = {}
        for package in packages:
            named.setdefault(package.name, []).append(package)
        return cls({name: _one_of(group) for name, group in named.items()}, complete)


def _one_of(group: Sequence[Package]) -> Package:
    """The one that tells a package's version."""
    pinned = [package for package in group if package.version.known]
    if len({package.version.x for package in pinned}) < 2:
        return next(iter(pinned), group[0])
    several = unknown(f"several versions of {group[0].name} are pinned", *(package.place for package in pinned))
    return replace(group[0], version=several, asked=" || ".join(package.asked for package in pinned))


def normalized(name: str) -> str:
    """The name as packaging tools compare it. Source: PEP 503."""
    return re.sub(r"[-_.]+", "-", name).lower()


def requirement(value: Value[str]) -> Package | Unknown | None:
    """The package that one requirement asks for: `gunicorn[gevent]>=23; python_version > "3.9"`. None where it is for another
    platform than Linux; unknown where it names no package. Of `gunicorn==${VERSION}` the name may be all that is known."""
    text, _, marker = _written(value).partition(";")
    found = _REQUIREMENT.fullmatch(text.strip())
    if not found or not value.places:
        return Unknown(f"{text[:60]} names no package")
    condition = _condition(marker.strip())
    if condition is None:
        return None
    extras = tuple(each.strip() for each in (found[2] or "").split(",") if each.strip())
    version = _version(found, value).also(Value(None, assumes=(condition,) if condition else ()))
    return Package(normalized(found[1]), version, value.places[0], found[0].strip(), extras)


def requirements(values: Iterable[Value[str]]) -> Packages:
    """The packages that a list of requirements asks for."""
    return Packages.of((found for found in map(requirement, values) if isinstance(found, Package)), DIRECT)


def listed(values: Value[Items]) -> Packages:
    """The packages of a list such as `dependencies = ["gunicorn>=23", …]`; what is no text in it is left out."""
    members = values.x.members if isinstance(values.x, Items) else ()
    return requirements(each for each in members if isinstance(each, Value) and isinstance(each.x, str))


def _written(value: Value[str]) -> str:
    """The text; of one that is known in parts what comes before the comparison with the unknown."""
    if isinstance(value.x, Partial):
        known = value.x.parts[0]
        return re.split(r"[=<>!~]", known)[0] if isinstance(known, str) else ""
    return value.x if isinstance(value.x, str) else ""


def _version(found: re.Match[str], value: Value[str]) -> Value[str]:
    if isinstance(value.x, Partial):
        return replace(value, x=value.x.unknown)
    exact = _EXACT.fullmatch((found[3] or "").strip())
    return replace(value, x=exact[1] if exact else Unknown(f"{found[0].strip()} leaves the version open"))


def _condition(marker: str) -> str | None:
    """What a marker leaves to be assumed: nothing where it asks for Linux; None where it asks for something else."""
    platform = _PLATFORM.fullmatch(marker)
    if platform is None:
        return marker
    return "" if (platform[3] in _LINUX) == (platform[2] == "==") else None
