"""Which release of a program runs: as the user states, as the image or its build pins it, as requirements and locks tell."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from serveaudit.application.requirements import Package, Packages, installed, normalized, read_requirement
from serveaudit.applications import App, packages_near
from serveaudit.config import Stated
from serveaudit.launching import Machine
from serveaudit.mapping import MappedFiles
from serveaudit.serving import Server
from serveaudit.source import SourceFile, Span
from serveaudit.values import Unknown, Value

_NGINX_IMAGE = re.compile(
    r"(?:.*/)?(?:nginx|nginx-unprivileged|openresty):v?(\d+\.\d+(?:\.\d+)?)(?:[-.@].*)?|.*[-:]nginx-?(\d+\.\d+(?:\.\d+)?)(?:[-@].*)?"
)
_BOUND = re.compile(r"(===?|>=|<=|~=|!=|>|<|\^|~)\s*v?(\d+(?:\.\d+)*)(\.\*)?")
_PIP = re.compile(r"\b(?:pip3?|pipx|uv(?:\s+pip)?)\s+(?:install|add)\b((?:\\\n|[^\n;&|])*)")
_WORD = re.compile(r"""(?:"[^"\n]*"|'[^'\n]*'|[^\s\\])+""")


@dataclass(slots=True)
class Installed:
    """The packages beside a server. What the user states of a version wins, then what the image's build pins."""

    packages: Packages = field(default_factory=lambda: Packages(complete=Unknown("no requirements were found")))
    stated: Mapping[str, Value[str]] = field(default_factory=dict)

    def package(self, name: str) -> Package | None:
        """What asks for a package; None where nothing that was read does."""
        return self.packages.by_name.get(normalized(name))

    def version(self, name: str) -> Value[str]:
        """A package's release, told where it is pinned; unknown where it is left open or nothing asks for it."""
        stated = self.stated.get(name)
        if stated is not None and stated.x is not None:
            return stated
        return self.packages.version(name)

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
        low, high = bounds(found.asked)
        if low is not None and low >= numbers(release):
            return Value(True, (found.place,))
        if high is not None and high <= numbers(release):
            return Value(False, (found.place,))
        return Value(True, (found.place,), (f"the newest {name} that {found.asked!r} allows is installed",))


def numbers(version: str) -> tuple[int, ...]:
    """`23.0.0.post1` as (23,): trailing zeros, and what is no number, do not count."""
    found = re.match(r"\d{1,9}(?:\.\d{1,9})*", version)
    parts = [int(part) for part in found[0].split(".")] if found else []
    while parts and not parts[-1]:
        parts.pop()
    return tuple(parts)


def reaches(version: str, release: str) -> bool | Unknown:
    """Whether a version is a release or newer; unknown for `25` against 25.1."""
    mine, wanted = version.split("."), release.split(".")
    if len(mine) < len(wanted) and mine == wanted[: len(mine)]:
        return Unknown(f"{version} may be older or newer than {release}")
    return numbers(version) >= numbers(release)


def bounds(asked: str) -> tuple[tuple[int, ...] | None, tuple[int, ...] | None]:
    """The lowest release that a requirement allows, and the first that it does not allow any more."""
    low = high = None
    for operator, text, any_below in _BOUND.findall(asked):
        mine = numbers(text)
        if operator in (">=", ">", "~=", "^", "~", "==", "==="):
            low = max(low or (), mine)
        if operator == "<":
            high = min(high or mine, mine)
        elif operator in ("~=", "^", "~") or any_below:
            high = min(high or _after(operator, text), _after(operator, text))
    return low, high


def _after(operator: str, text: str) -> tuple[int, ...]:
    """The first release behind `^23.1` (24), `~=23.1` (24), `~23.1` (23.2), `==23.*` (24)."""
    parts = [int(part) for part in text.split(".")]
    if operator == "^":
        kept = next((index for index, part in enumerate(parts) if part), len(parts) - 1) + 1
    elif operator == "~=":
        kept = max(len(parts) - 1, 1)
    else:
        kept = min(len(parts), 2) if operator == "~" else len(parts)
    return (*parts[: kept - 1], parts[kept - 1] + 1)


def beside(server: Server, app: App | None, machine: Machine, files: MappedFiles, stated: Stated) -> Installed:
    """What is installed beside a server; its own version is put into it."""
    found = Installed(_packages(server, app, machine, files), stated.versions)
    server.version = found.version(server.program)
    return found


def nginx_version(machine: Machine, stated: Stated) -> Value[str]:
    """nginx's version: as stated, or by the tag of its image; None where nothing tells."""
    said = stated.versions.get("nginx")
    if said is not None and said.x is not None:
        return said
    found = _NGINX_IMAGE.fullmatch(machine.image.x) if isinstance(machine.image.x, str) else None
    return replace(machine.image, x=found[1] or found[2]) if found else Value(None)


def _packages(server: Server, app: App | None, machine: Machine, files: MappedFiles) -> Packages:
    """What the image's build installs by name, then what the requirements ask for that it names, or that lie nearest."""
    source = _text(files, machine.dockerfile) if machine.dockerfile else None
    together = Packages()
    for span in _installs(source) if source else ():
        together.add(read_requirement(span))
    named = list(_named_files(source, files)) if source else []
    if named:
        asked = installed(named, lambda path: _text(files, path))
    else:
        asked = app.packages if app is not None else packages_near(_folder(server), files)
    together.add(asked)
    together.complete = asked.complete
    return together


def _text(files: MappedFiles, path: str) -> SourceFile | None:
    found = files.text(path) if files.repository.exists(path) else None
    return found if isinstance(found, SourceFile) else None


def _installs(source: SourceFile) -> Iterator[Span]:
    """The packages that `pip install` and its like name in a Dockerfile; without a version that a variable tells."""
    for found in _PIP.finditer(source.text):
        wanted = True
        for word in _WORD.finditer(found[1]):
            text = word[0].strip("\"'")
            if wanted and re.match(r"[A-Za-z0-9][\w.-]*(\[|[=<>!~]|$)", text):
                start = found.start(1) + word.start() + (word[0][0] in "\"'")
                text = re.split(r"[=<>!~]", text)[0] if "$" in text else text
                yield source.span(start, start + len(text))
            wanted = text not in _TAKES_WORD


def _named_files(source: SourceFile, files: MappedFiles) -> Iterator[SourceFile]:
    """The files that `pip install -r` names, as far as the repository has exactly one of that name."""
    for found in _PIP.finditer(source.text):
        for name in re.findall(r"(?:-r|--requirement)[\s=]*([^\s\\]+)", found[1]):
            tail = posixpath.normpath(name).lstrip("/")
            own = posixpath.join(posixpath.dirname(source.path), tail)
            paths = [path for path in files.repository.paths if path in (tail, own) or path.endswith("/" + tail)]
            best = next((path for path in (own, tail) if path in paths), paths[0] if len(paths) == 1 else "")
            text = _text(files, best) if best else None
            if text is not None:
                yield text


_TAKES_WORD = frozenset(
    "-r --requirement -c --constraint -i --index-url --extra-index-url --prefix --target -t -f --find-links".split()
)


def _folder(server: Server) -> str:
    place = Span(server.config, 0, 0) if server.config is not None else server.place.span
    return posixpath.dirname(place.path)
