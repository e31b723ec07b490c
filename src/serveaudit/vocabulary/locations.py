"""`location`: a block of nginx that answers requests, as nginx itself sees it: who is let in, which files, where to.

What an application sees of the same block are the words of `route`.
"""

from __future__ import annotations

from typing import Any

from serveaudit import edge
from serveaudit.aspects.admission import LocationAdmission
from serveaudit.aspects.client_input import LocationInput
from serveaudit.aspects.served_files import LocationFiles
from serveaudit.deployment import Proxy
from serveaudit.programs.nginx import Location as Facts
from serveaudit.programs.nginx.levels import effective
from serveaudit.programs.nginx.scopes import written
from serveaudit.programs.nginx.shadowing import refused
from serveaudit.subjects import See
from serveaudit.values import Value
from serveaudit.words import Subject, word

_HARMLESS_IN_IF = frozenset(
    "return rewrite set break access_log error_log limit_rate limit_rate_after rewrite_log log_not_found log_subrequest".split()
)
"""The rewrite module's directives, and those whose manual shows them in an `if`."""


class Location(LocationAdmission, LocationFiles, LocationInput, Subject):
    """A location, an `if` in one, or a server block where no location matches."""

    def __init__(self, location: Facts, proxy: Proxy, see: See) -> None:
        self.proxy = proxy
        self.facts = location
        self.see = see
        self.place = location.place
        self.symbol = location.symbol

    # what it is

    @word()
    def label(self) -> Value[str]:
        """As it is written: `location /static`, `if ($slow)`, `server`."""
        return Value(self.place.span.text.split("\n")[0] if self.place else "", (self.facts.place,))

    @word("taken for {it} and what begins with it")
    def path(self) -> Value[str]:
        """Its path, or its pattern."""
        return self.facts.path

    @word()
    def internal(self) -> Value[bool]:
        """Whether no client can ask for it directly."""
        return Value(bool(effective(self.facts.scope, "internal").directives))

    @word(gives="route")
    def route(self) -> Any:
        return self.see((self.proxy, self.facts))

    @word(gives="site")
    def site(self) -> Any:
        return self.see((self.proxy, self.facts.site))

    @word()
    def faces_clients(self) -> Value[bool]:
        """Whether clients reach it without another proxy before it."""
        return edge.faces_clients(self.proxy, self.facts.site)

    # what it says

    @word("{it} in an if")
    def unsafe_in_if(self) -> Value[str]:
        """The first directive of a condition in a location that does not work there as it reads; None where there is none. A
        condition that answers by itself (`return`) may say what it likes."""
        scope = self.facts.scope
        if scope.kind != "location/if" or scope.own("return"):
            return Value(None)
        found = [line for line in scope.directives if line.name not in _HARMLESS_IN_IF]
        redirected = [line for line in scope.own("rewrite") if line.texts[2:3] in (["last"], ["redirect"], ["permanent"])]
        return Value(found[0].name, (written(found[0]),)) if found and not redirected else Value(None)

    @word("this takes all of its requests")
    def shadowed_by(self) -> Value[str]:
        """The location that takes all of its requests; None where some may come to it."""
        other = self._shadowing.get(id(self.facts.scope.directive))
        return Value(other.label, (self.facts.place, other.place)) if other else Value(None)

    @word()
    def refused_twice(self) -> Value[bool]:
        """Whether nginx does not start because another location says the same."""
        other = self._shadowing.get(id(self.facts.scope.directive))
        return Value(other is not None and refused(self.facts, other))

    @property
    def _shadowing(self) -> dict[int, Facts]:
        return self.site.shadowing  # type: ignore[no-any-return]
