"""Who is let in at a location of nginx, and what answers before that is asked."""

from __future__ import annotations

import re
from ipaddress import ip_address

from serveaudit.application.routes import Route
from serveaudit.deployment import Proxy
from serveaudit.programs.nginx import Location as Facts
from serveaudit.programs.nginx.access import Access, answers_before_access, restricted_exactly
from serveaudit.programs.nginx.levels import effective
from serveaudit.programs.nginx.scopes import written
from serveaudit.units import Address
from serveaudit.values import Items, Unknown, Value, unique
from serveaudit.words import word


class LocationAdmission:
    """Words of a location: whom it lets in."""

    proxy: Proxy
    facts: Facts

    @word("lets in {it}")
    def allowed(self) -> Value[list[str]]:
        """The addresses that `allow` lets in, here or further out."""
        lines = effective(self.facts.scope, "allow", "deny")
        places = tuple(written(line) for line in lines if line.name == "allow")
        return Value(Access(self.facts.scope).allowed.x, places[:1])

    @word()
    def denies(self) -> Value[bool]:
        """Whether a `deny` stands beside."""
        rules = Access(self.facts.scope).lines
        if isinstance(rules.x.complete, Unknown) and not Access(self.facts.scope).denies:
            return Value(rules.x.complete)
        return Value(Access(self.facts.scope).denies)

    @word()
    def password_instead(self) -> Value[bool]:
        """Whether `satisfy any` lets in those who know a password as well."""
        return Access(self.facts.scope).by_password_too

    @word()
    def restricted(self) -> Value[bool]:
        """Whether not everybody is let in."""
        return self.facts.restricted

    @word("keeps somebody out, at this path alone")
    def restricts(self) -> Value[bool]:
        """Whether it keeps somebody out by rules of its own."""
        return restricted_exactly(self.facts.scope)

    @word("answers below it")
    def open_below(self) -> Value[list[str]]:
        """The application's paths at or below this location's own, for which nginx takes another location that lets everybody
        in; unknown where the application's code was not found."""
        path = self._only_path()
        apps = {id(pair.process.app): pair.process.app for pair in self.proxy.pairs if pair.location.site is self.facts.site}
        if path is None or not apps:
            return Value(Items(()))
        if None in apps.values():
            return Value(Unknown("the application's code was not found"))
        routes = [route for app in apps.values() if app for route in app.routes.routes if route.kind == "http"]
        below = [route.prefix for route in routes if isinstance(route.prefix.x, str) and self._is_below(path, route)]
        members = tuple(found for found in below if self._open(found.x if found.x != path else f"{path}x"))
        return Value(Items(members), unique(*(found.places[:1] for found in members[:2])))

    def _only_path(self) -> str | None:
        """The one path that it answers: of `= /admin` and `~ ^/admin$`."""
        uri = self.facts.uri
        if self.facts.exact and isinstance(uri, str):
            return uri
        found = re.fullmatch(r"\^((?:[\w/-]|\\[.-])+)\$", str(uri)) if self.facts.regex else None
        return found[1].replace("\\", "") if found else None

    @staticmethod
    def _is_below(path: str, route: Route) -> bool:
        prefix = str(route.prefix.x)
        return prefix.startswith(path.rstrip("/") + "/") and (prefix != path or not route.exact)

    def _open(self, path: str) -> bool:
        chosen = self.facts.site.location_for(path).x
        return isinstance(chosen, Facts) and chosen.passes is not None and chosen.restricted.x is False

    @word("only these may ask")
    def access_rules(self) -> Value[list[str]]:
        """The `allow` and `deny` lines that hold."""
        lines = Access(self.facts.scope).lines
        return Value(lines.x, lines.places[-1:], lines.assumes)

    @word("answers everybody, before addresses are looked at")
    def answers_first(self) -> Value[str]:
        """The `return` that answers before the address rules are asked; None where none does."""
        found = answers_before_access(self.facts.scope)
        return Value(" ".join((found.name, *found.texts[:1])), (written(found),)) if found else Value(None)

    @word()
    def private_listener(self) -> Value[bool]:
        """Whether its site listens on a socket file, the loopback or a private address alone."""
        addresses = [listen.address.x for listen in self.facts.site.listens]
        return Value(bool(addresses) and all(isinstance(one, Address) and _private(one) for one in addresses))

    @word("nginx's counters")
    def status_page(self) -> Value[bool]:
        """Whether it shows nginx's connections and requests (`stub_status`)."""
        own = self.facts.scope.own("stub_status")
        return Value(bool(own), tuple(written(line) for line in own))


def _private(address: Address) -> bool:
    if address.kind == "unix" or address.loopback:
        return True
    try:
        return ip_address(address.host).is_private and not address.everywhere
    except ValueError:
        return False
