"""Where TLS ends: between nginx and its upstreams, in servers, and what applications make of it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from serveaudit import edge
from serveaudit.applications import App
from serveaudit.deployment import Pairing, Proxy
from serveaudit.programs.nginx import Location, Target
from serveaudit.serving import Server
from serveaudit.units import Address
from serveaudit.values import Items, Place, Unknown, Value
from serveaudit.words import word

_PAIRS = {
    "gunicorn": ("certfile", "keyfile"),
    "hypercorn": ("certfile", "keyfile"),
    "uvicorn": ("ssl_certfile", "ssl_keyfile"),
}
_HALVES = {
    "gunicorn": "it starts, and every TLS handshake fails",
    "hypercorn": "it speaks plain HTTP, without a word of warning",
    "uvicorn": "it exits at once",
}
"""As measured on gunicorn 26, hypercorn 0.18 and uvicorn 0.51."""
_CSRF = "CsrfViewMiddleware"
_COOKIES = (("session", "SESSION_COOKIE_SECURE", "SessionMiddleware"), ("CSRF", "CSRF_COOKIE_SECURE", _CSRF))
"""Django's cookies: the setting that keeps each for TLS, and the middleware that sets it."""


class RouteTls:
    """Of a location."""

    proxy: Proxy
    location: Location
    pairs: list[Pairing]

    @word("clients reach it here")
    def faces_clients(self) -> Value[bool]:
        """Whether clients reach it without another proxy before it."""
        return edge.faces_clients(self.proxy, self.location.site)

    @word("nginx speaks TLS with {it}")
    def tls_host(self) -> Value[str]:
        """The host that it speaks TLS with; None where it speaks none, or only with its own machine."""
        return self.location.target.map(_tls_host).also(Value(None, self._pass))

    @property
    def _pass(self) -> tuple[Place, ...]:
        return (Place(self.location.passes.head),) if self.location.passes else ()

    @word()
    def tls_host_is_public(self) -> Value[bool]:
        """Whether that host is one of the internet, by its name."""
        public: Value[bool] = self.tls_host.map(edge.is_public_name)
        return public

    @word("any certificate will do")
    def verifies_upstream(self) -> Value[bool]:
        """Whether the upstream's certificate is checked."""
        verifies: Value[bool] = self.location.flag(self.location.passing("ssl_verify"))
        return verifies

    @word("no name is sent")
    def names_upstream(self) -> Value[bool]:
        """Whether the upstream is told which host is wanted (SNI)."""
        named: Value[bool] = self.location.flag(self.location.passing("ssl_server_name"))
        return named


class AppTls:
    """Of an application."""

    facts: App

    @word(gives="object")
    def setting(self, name: str) -> Value[Any]:
        """One of Django's settings; None for another framework, or where its settings were not found."""
        return self.facts.settings.value(name) if self.facts.settings else Value(None)

    @word("reached with TLS here")
    def behind_tls(self) -> Value[bool]:
        """Whether a site that speaks TLS is proved to pass requests to it, or the user states that something outside does."""
        for process in self.facts.servers:
            stated = process.running.context.stated.tls
            if stated.x == "external":
                return Value(True, stated.places)
            for pair in process.pairs:
                if pair.process.app is self.facts and pair.location.site.tls.x is True:
                    listen = next((one for one in pair.location.site.listens if one.tls), None)
                    return Value(True, (listen.place,) if listen else pair.location.site.tls.places)
        return Value(False)

    @word("may be sent without TLS")
    def clear_cookie(self) -> Value[str]:
        """The cookie of Django's that browsers send without TLS, too; None: there is none, or nothing sets it."""
        for cookie, name, layer in _COOKIES:
            used = self._uses(layer)
            found = self.setting(name).map(partial(_unless, cookie))
            if used.x is not False and found.x is not None:
                return found if used.x is True else used
        return Value(None)

    def _uses(self, layer: str) -> Value[Any]:
        """Whether a middleware is in use, by its class; that for CSRF sets no cookie where sessions hold its token."""
        middleware = self.setting("MIDDLEWARE")
        if layer == _CSRF and self.setting("CSRF_USE_SESSIONS").x is True:
            return Value(False)
        if isinstance(middleware.x, Items) and middleware.x.complete is True:
            return middleware.map(lambda layers: any(layer in str(getattr(one, "x", one)) for one in layers))
        return Value(Unknown("the middleware is not known"))

    @word("only plain HTTP is spoken here")
    def plain_site(self) -> Value[bool]:
        """Whether people reach it on port 80 by a public name, as far as nginx tells."""
        for process in self.facts.servers:
            for pair in process.pairs:
                site = pair.location.site
                if pair.process.app is self.facts and edge.public_names(site):
                    for listen in site.listens:
                        if not listen.tls and edge.on_web_port(pair.proxy, listen, 80):
                            return Value(True, (listen.place,))
        return Value(False)


class ServerTls:
    """Of a server."""

    facts: Server

    @word("only this half of the pair is set")
    def half_pair(self) -> Value[str]:
        """The name of the one setting that is set of certificate and key; None where both are, or none."""
        names = _PAIRS.get(self.facts.program)
        if names is None:
            return Value(None)
        values = [self.facts.value(name) for name in names]
        unknown = next((value for value in values if isinstance(value.x, Unknown)), None)
        if unknown is not None:
            return Value(unknown.x)
        given = [value.x not in (None, "") for value in values]
        if given[0] == given[1]:
            return Value(None)
        return Value(names[given.index(True)], values[given.index(True)].places)

    @word()
    def one_file_for_both(self) -> Value[bool]:
        """Whether the file of the certificate may hold its key as well: hypercorn wants both named."""
        half = self.half_pair
        if not isinstance(half.x, str) or "cert" not in half.x or self.facts.program == "hypercorn":
            return Value(False)
        said = str(self.facts.value(half.x).x).lower()
        told = any(name in said for name in ("bundle", "combined", "cert_and_key", "cert-and-key"))
        return Value(True if told else Unknown("the certificate's file may hold the key as well"))

    @word()
    def half_pair_consequence(self) -> Value[str]:
        """What comes of it, to put behind a sentence."""
        return Value(_HALVES.get(self.facts.program, ""))


def _unless(cookie: str, secure: object) -> str | None:
    return None if secure else cookie


def _tls_host(target: Target) -> str | None:
    if not target.tls:
        return None
    addresses: Iterator[Any] = (member.x for member in target.addresses)
    known = [address for address in addresses if isinstance(address, Address)]
    if any(address.kind == "unix" or address.loopback for address in known):
        return None
    return target.host or None
