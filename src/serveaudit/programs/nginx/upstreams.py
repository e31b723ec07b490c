"""`upstream` blocks: their servers and how connections to them are kept."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from serveaudit.formats.nginx import Directive
from serveaudit.programs.nginx import listens, texts, versions
from serveaudit.programs.nginx.facts import facts
from serveaudit.programs.nginx.scopes import Scope, written
from serveaudit.units import Address, Seconds, nginx_time
from serveaudit.values import Items, Place, Unknown, Value

_STICKY = ("ip_hash", "hash", "sticky", "sticky_cookie_insert")
IDLE = Seconds(60)
"""How long an idle connection to a server of an upstream block is kept: keepalive_timeout's default there."""


@dataclass(frozen=True, slots=True)
class Member:
    """One `server` of an upstream block; `options` are the words after its address: weight=2, backup, max_fails=0."""

    address: Value[Address]
    directive: Directive
    options: tuple[str, ...] = ()

    @property
    def place(self) -> Place:
        return written(self.directive)

    def option(self, name: str) -> str | None:
        """The value of `name=…`; the empty text for a bare word; None where it is not there."""
        for word in self.options:
            key, _, value = word.partition("=")
            if key == name:
                return value
        return None

    @property
    def idle(self) -> bool:
        """Whether it only stands in for others, or takes no requests at all."""
        return "backup" in self.options or "down" in self.options


@dataclass(eq=False)
class Upstream:
    """An `upstream` block."""

    scope: Scope
    version: Value[str]

    @property
    def name(self) -> str:
        return self._directive.args[0].text if self._directive.args else ""

    @property
    def place(self) -> Place:
        return written(self._directive)

    @property
    def _directive(self) -> Directive:
        assert self.scope.directive is not None
        return self.scope.directive

    @cached_property
    def members(self) -> Items:
        """Its servers, as `Member`; may be incomplete by an include or a template's loop."""
        found = tuple(_member(directive) for directive in self.scope.own("server"))
        looped = next(
            (arm for member in found for arm in member.directive.branch if arm.label.startswith(("for ", "range "))), None
        )
        gap = self.scope.gaps[0].unknown if self.scope.gaps else None
        if looped and gap is None:
            gap = Unknown(f"the template repeats it: {looped.label}", looped.label)
        return Items(found, True if gap is None else gap)

    @property
    def sticky(self) -> Directive | None:
        """What sends a client to the same server each time."""
        return next((found for name in _STICKY for found in self.scope.own(name)), None)

    @property
    def shared(self) -> Directive | None:
        """The `zone`, by which the worker processes share its state."""
        return next(iter(self.scope.own("zone")), None)

    @property
    def keepalive(self) -> Value[Any]:
        """How many idle connections a worker process keeps; None: none (before 1.29.7 unless written, and for 0)."""
        own = self.scope.own("keepalive")
        if own:
            said = texts.of_text(own[-1].texts[0] if own[-1].args else "", written(own[-1]))
            return said.map(lambda text: (int(text) or None) if text.isdigit() else texts.refused(text, "number"))
        if self.scope.gaps:
            return Value(self.scope.gaps[0].unknown, (self.scope.gaps[0].place,))
        changes = facts().directives["keepalive"].defaults
        found = versions.by_version(self.version, changes).map(lambda text: int(text.split()[0]))
        note = "keepalive is not set: off before nginx 1.29.7, 32 connections since"
        return Value(found.x, (self.scope.missing(note),), found.assumes, found.depends)

    @property
    def idle_timeout(self) -> Value[Any]:
        """After how long an idle connection is closed, in seconds, if connections are kept at all."""
        own = self.scope.own("keepalive_timeout")
        if not own:
            return Value(IDLE, (self.scope.missing("nginx keeps idle connections to an upstream for 60 s by default"),))
        said = texts.of_text(own[-1].texts[0] if own[-1].args else "", written(own[-1]))
        return said.map(lambda text: _time(text))

    def __repr__(self) -> str:
        return f"<upstream {self.name}>"


def _time(text: str) -> Seconds | Unknown:
    found = nginx_time(text)
    return found if found is not None else texts.refused(text, "time")


def _member(directive: Directive) -> Member:
    words = directive.texts
    address = listens.read_address(words[0] if words else "", written(directive))
    if directive.torn:
        address = Value(Unknown("a template decides what it says"), (written(directive),))
    return Member(address, directive, tuple(words[1:]))
