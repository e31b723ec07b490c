"""Server blocks and their locations."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, cast

from serveaudit.programs.nginx import handlers
from serveaudit.programs.nginx.choice import By, Modifier, choose
from serveaudit.programs.nginx.levels import Level, effective, own_branch
from serveaudit.programs.nginx.listens import Listen, Name, listens, names
from serveaudit.programs.nginx.passing import Around, Passing
from serveaudit.programs.nginx.scopes import Scope
from serveaudit.programs.nginx.targets import PASSES
from serveaudit.values import Branch, Place, Unknown, Value

_SOCKET_PATH = re.compile(r"(^|[/^(])(ws|wss|websockets?|web-?sockets?|sockets?)([/$)?]|$)", re.IGNORECASE)


@dataclass(eq=False)
class Location(Passing):
    """A location; or an `if` in one (modifier `if`), or what a server block does where no location matches (`server`)."""

    site: Site
    parent: Location | None = None

    @cached_property
    def _answers_to(self) -> tuple[Modifier, Value[str]]:
        directive = self.scope.directive
        if self.scope.kind == "server" or directive is None:
            return "server", Value("/", (self.place,))
        if directive.name == "location":
            return handlers.read_uri(directive)
        condition = " ".join(directive.texts)
        return ("if" if directive.name == "if" else "limit_except"), Value(condition, (self.place,))

    @property
    def modifier(self) -> Modifier:
        return self._answers_to[0]

    @property
    def path(self) -> Value[str]:
        """The path, the pattern of a regex location, the name of a named one, the condition of an `if`."""
        return self._answers_to[1]

    @property
    def uri(self) -> str | Unknown:
        """The same as a plain text; Unknown where a template fills it in."""
        value = self.path
        return value.x if isinstance(value.x, str) else Unknown(value.why or "it is not known")

    @property
    def regex(self) -> bool:
        return self.modifier in ("~", "~*")

    @property
    def named(self) -> bool:
        return self.modifier == "@"

    @property
    def exact(self) -> bool:
        return self.modifier == "="

    @property
    def place(self) -> Place:
        return Place(self.scope.head)

    @property
    def label(self) -> str:
        """As it is written: `~* \\.php$`, `/api/`."""
        if self.modifier == "server":
            return "server"
        return " ".join(self.scope.directive.texts) if self.scope.directive else ""

    @property
    def symbol(self) -> str:
        """Its symbolic place: `http/server[example.com]/location[/api/]`."""
        return self.scope.symbol

    @cached_property
    def locations(self) -> list[Location]:
        """The locations directly inside."""
        return [Location(scope, self.version, self.around, self.site, self) for scope in self.scope.blocks("location")]

    @cached_property
    def conditions(self) -> list[Location]:
        """The `if` and `limit_except` blocks directly inside."""
        inner = self.scope.blocks("if", "limit_except")
        return [Location(scope, self.version, self.around, self.site, self) for scope in inner]

    @property
    def unread(self) -> Unknown | None:
        """What may hold further locations and was not read."""
        return self.scope.doubt.unknown if self.scope.doubt else None

    @property
    def adds_slash(self) -> bool:
        """Whether the path without its last slash is redirected to the one with it. Source: nginx.org/en/docs/http/
        ngx_http_core_module.html#location."""
        return self.modifier in ("", "^~") and bool(handlers.passes(self.scope)) and str(self.uri).endswith("/")

    @property
    def returns(self) -> handlers.Return | None:
        """What is answered to every request, if a `return` or a redirecting `rewrite` does."""
        return handlers.returns(self.scope)

    @property
    def only_redirects(self) -> bool:
        return self.returns is not None and self.returns.redirects

    @property
    def internal(self) -> bool:
        """Whether no client can ask for it directly."""
        return self.named or bool(effective(self.scope, "internal").directives)

    @property
    def files(self) -> handlers.Files | None:
        """From where files are served, whether or not this location does."""
        return handlers.files(self.scope)

    @property
    def restricted(self) -> Value[bool]:
        """Whether not everybody is let in."""
        return handlers.restricted(self.scope)

    @property
    def fallback(self) -> Location | None:
        """The named location that `try_files` or `error_page` hands on to; None where there is none."""
        for directive in (*self.scope.own("try_files"), *effective(self.scope, "error_page")):
            named = self.site.named(directive.texts[-1]) if directive.args else None
            if named is not None:
                return named
        return None

    @property
    def only_websockets(self) -> Value[bool]:
        """Whether it is for websockets alone: it hands on their opening, and its path says so."""
        upgrades = self.handshake.upgrades
        path = self.uri
        named = isinstance(path, str) and self.modifier != "server" and bool(_SOCKET_PATH.search(path))
        return upgrades.map(lambda arrives: arrives and named)

    def __repr__(self) -> str:
        return f"<location {self.label}>"


@dataclass(eq=False)
class Site(Level):
    """A server block."""

    around: Around = field(repr=False)
    http: Scope = field(repr=False)

    @cached_property
    def listens(self) -> tuple[Listen, ...]:
        """Its addresses; `*:80` where none is written."""
        return listens(self.scope)

    @cached_property
    def names(self) -> tuple[Name, ...]:
        return names(self.scope)

    @property
    def place(self) -> Place:
        return Place(self.scope.head)

    @property
    def tls(self) -> Value[bool]:
        """Whether it speaks TLS at one of its addresses, by `ssl` there or by `ssl on` (gone since 1.25.1)."""
        speaking = [listen for listen in self.listens if listen.tls]
        places = tuple(listen.place for listen in speaking or self.listens)
        if any(not listen.unsure for listen in speaking):
            return Value(True, places)
        if self.written("ssl"):
            return self.flag("ssl")
        if self.scope.doubt:
            return Value(self.scope.doubt.unknown, (self.scope.doubt.place,))
        return self._tls_by_template() if speaking else Value(False, places)

    def _tls_by_template(self) -> Value[bool]:
        """The choice of a template between listening with TLS and without."""
        places = tuple(listen.place for listen in self.listens)
        arms = [own_branch(self.scope, listen.directive) if listen.directive else () for listen in self.listens]
        choices = {arm[0].choice for arm in arms if arm}
        if len(choices) != 1 or any(len(arm) > 1 for arm in arms) or any(listen.torn for listen in self.listens):
            return Value(Unknown("a template decides how it listens"), places)
        cases: dict[str, Value[Any]] = {arm[0].label: Value(False, places) for arm in arms if arm}
        cases |= {
            arm[0].label: Value(True, places) for arm, listen in zip(arms, self.listens, strict=True) if arm and listen.tls
        }
        if not any(label.startswith("not (") for label in cases):
            cases["otherwise"] = Value(False, places)
        return Value(Branch(choices.pop(), tuple(cases.items())), places)

    @property
    def symbol(self) -> str:
        """Its symbolic place: `http/server[example.com]`; told by its address where it has no name."""
        return self.scope.symbol

    @cached_property
    def locations(self) -> list[Location]:
        """The locations directly inside."""
        return [Location(scope, self.version, self.around, self) for scope in self.scope.blocks("location")]

    @cached_property
    def conditions(self) -> list[Location]:
        """The `if` blocks beside the locations."""
        return [Location(scope, self.version, self.around, self) for scope in self.scope.blocks("if")]

    @cached_property
    def rest(self) -> Location:
        """What the block itself does where no location matches."""
        return Location(self.scope, self.version, self.around, self)

    def walk(self) -> Iterator[Location]:
        """Every location, nested and named ones and the conditions inside, in the order of the text."""
        stack: list[Location] = [*reversed(self.locations)]
        while stack:
            location = stack.pop()
            yield location
            stack += reversed([*location.conditions, *location.locations])

    @property
    def routes(self) -> list[Location]:
        """Every location that passes requests on, by its own `…_pass` directive."""
        return [location for location in self.walk() if location.passes and any(map(location.scope.own, PASSES))]

    @property
    def unread(self) -> Unknown | None:
        """What may hold further locations and was not read."""
        return self.scope.doubt.unknown if self.scope.doubt else None

    @property
    def returns(self) -> handlers.Return | None:
        """What is answered to every request before a location is chosen."""
        return handlers.returns(self.scope)

    @property
    def only_redirects(self) -> bool:
        return self.returns is not None and self.returns.redirects

    def named(self, name: str) -> Location | None:
        """The location of the name `@app`."""
        if not name.startswith("@"):
            return None
        return next((found for found in self.locations if found.named and found.uri == name), None)

    def choose(self, path: str) -> tuple[Location, By | None] | Unknown:
        """The location that nginx takes for a decoded path, and by what (`slash`: it redirects to the path with a slash; None:
        no location matches, and the server block itself answers). Unknown where one may match that can't be judged."""
        found = choose(path, self)
        if isinstance(found, Unknown):
            return found
        return (self.rest, None) if found is None else (cast(Location, found[0]), found[1])

    def location_for(self, path: str) -> Value[Any]:
        """The `Location` that answers for a decoded path: what nginx chooses, or the named one it hands on to."""
        found = self.choose(path)
        if isinstance(found, Unknown):
            return Value(found, (self.place,))
        location = found[0]
        handed = location.fallback if location.passes is None and location.scope.own("try_files") else None
        return Value(handed or location, (location.place, *((handed.place,) if handed else ())))

    def __repr__(self) -> str:
        return f"<{self.symbol}>"
