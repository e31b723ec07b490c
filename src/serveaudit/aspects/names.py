"""Headers that mean more than they seem to: those that carry an identity or a path, and names that collide."""

from __future__ import annotations

import re

from serveaudit import trust
from serveaudit.application import forwarding
from serveaudit.application.forwarding import header_name
from serveaudit.applications import App
from serveaudit.deployment import Pairing, Process, Proxy
from serveaudit.formats.python import Class
from serveaudit.programs.nginx import Location, Target
from serveaudit.programs.nginx.scopes import written
from serveaudit.values import Items, Place, Unknown, Value, unique
from serveaudit.words import word

_IDENTITIES = re.compile(r"\$\{?(remote_user|jwt_claim_\w+)\b")
_REMOTE_USER = (
    "django.contrib.auth.middleware.RemoteUserMiddleware",
    "django.contrib.auth.middleware.PersistentRemoteUserMiddleware",
)
_HARMLESS = frozenset("host connection upgrade x-real-ip x-forwarded-for x-forwarded-proto x-forwarded-host cookie".split())


class RouteNames:
    """Of a location."""

    proxy: Proxy
    location: Location
    pairs: list[Pairing]

    @word("headers with an underscore are let in")
    def underscores(self) -> Value[bool]:
        """Whether nginx takes headers with an underscore in their name from clients."""
        return self.location.request_headers.underscores

    @word("passed on as the client sends it")
    def daphne_path_open(self) -> Value[bool]:
        """Whether a client's Daphne-Root-Path reaches the application."""
        return trust.sender(self.location, "Daphne-Root-Path").map(lambda sender: sender == "client")

    @word("rules by path")
    def path_rules(self) -> Value[str]:
        """The first rule of its site that keeps somebody out of one path; None: the site has no such rule."""
        for location in self.location.site.walk():
            if location.modifier in ("", "^~", "=", "~", "~*") and not location.internal:
                for name in ("deny", "auth_basic", "auth_request", "return"):
                    line = next((each for each in location.scope.own(name) if _keeps_out(name, each.texts)), None)
                    if line is not None:
                        return Value(name, (written(line),))
        return Value(None)

    @word("an identity that the client may write itself", gives="list[str]")
    def forged_identities(self) -> Value[Items]:
        """The headers by which the application is told who the user is, and that arrive here as the client wrote them."""
        if self.location.passes is None or self.location.internal:
            return Value(Items(()))
        found: list[Value[str]] = []
        for header, places in (*self._identities_beside(), *self._identities_read()):
            sender = trust.sender(self.location, header)
            if sender.x == "client" and header not in [each.x for each in found]:
                found.append(Value(header, unique(sender.places, places)))
        unread = self.location.request_headers.complete
        places = unique(*(each.places for each in found))
        return Value(Items(tuple(found), unread if isinstance(unread, Unknown) and found else True), places)

    def _identities_beside(self) -> list[tuple[str, tuple[Place, ...]]]:
        """The headers in which other locations hand an identity to the same application."""
        found = []
        for other in self.location.site.routes:
            if other is not self.location and not other.internal and _same_target(other, self.location):
                handed = [header for header in other.request_headers.set if header.name.lower() not in _HARMLESS]
                found += [(each.name, each.value.places) for each in handed if _is_identity(other, each.value.x)]
        return found

    def _identities_read(self) -> list[tuple[str, tuple[Place, ...]]]:
        """The header that Django's RemoteUserMiddleware reads."""
        found = trust.agreed(self.pairs, lambda pair: remote_user_header(pair.process.app)) if self.pairs else Value(None)
        return [(found.x, found.places)] if isinstance(found.x, str) else []

    @word("a password is asked for here")
    def basic_auth(self) -> Value[str]:
        """The realm of `auth_basic`; None where no password is asked for."""
        return self.location.text("auth_basic").map(lambda realm: None if realm == "off" else realm)

    @word("the application reads it as well")
    def header_authentication(self) -> Value[str]:
        """What of the application reads the Authorization header; None: nothing of the kind was found."""
        return trust.agreed(self.pairs, _header_authentication)

    @word("expected with an underscore", gives="list[str]")
    def underscored_headers(self) -> Value[Items]:
        """The headers with an underscore in their name that the application expects."""
        return trust.agreed(self.pairs, _underscored)


def _keeps_out(name: str, words: list[str]) -> bool:
    if name == "return":
        return words[:1] in (["403"], ["404"], ["444"])
    return words[:1] != ["off"]


def _same_target(one: Location, other: Location) -> bool:
    a, b = one.target.x, other.target.x
    return isinstance(a, Target) and isinstance(b, Target) and bool(a.addresses.members) and a.addresses == b.addresses


def _is_identity(location: Location, text: object) -> bool:
    """Whether a text is who the user is: nginx' own variables for it, or one that an `auth_request_set` takes from the answer
    of whoever checks the user."""
    if not isinstance(text, str):
        return False
    if _IDENTITIES.search(text):
        return True
    taken = [line.texts for line in location.effective("auth_request_set")]
    return any(words[0].strip("${}") in text and "upstream_http" in words[1] for words in taken if len(words) > 1)


def remote_user_header(app: App | None) -> Value[str]:
    """The header that a RemoteUserMiddleware of Django's reads the user from; None: none, or REMOTE_USER itself, which no
    client can set."""
    middleware = app.setting("MIDDLEWARE").x if app is not None else None
    for each in middleware.members if isinstance(middleware, Items) else ():
        dotted, _, name = str(each.x).rpartition(".")
        module = app.open(dotted) if app is not None and dotted and not dotted.startswith("django.") else None
        cls: Class | None = getattr(module, "classes", {}).get(name)
        if cls is not None and cls.inherits(*_REMOTE_USER):
            header = cls.attribute("header")
            if header is not None and isinstance(header.x, str) and header.x.startswith("HTTP_"):
                return Value(header_name(header.x), header.places)
    return Value(None)


def _header_authentication(pair: Pairing) -> Value[str]:
    app = pair.process.app
    if app is None:
        return Value(Unknown("the application's code was not found"))
    if app.framework in ("fastapi", "starlette"):
        for name in ("HTTPBearer", "OAuth2PasswordBearer", "HTTPBasic"):
            if app.mentions(f"{name}("):
                return Value(name, (app.place,) if app.place else ())
        return Value(None)
    return forwarding.header_authentication(app.setting) if app.settings is not None else Value(None)


def _underscored(pair: Pairing) -> Value[Items]:
    app = pair.process.app
    if app is None:
        return Value(Unknown("the application's code was not found"))
    found: tuple[Value[str], ...] = tuple(
        Value(read.header, (read.place,)) for reads in app.reads for read in reads.underscored
    )
    return Value(Items(found), unique(*(each.places for each in found)))


class ServerNames:
    """Of a server."""

    process: Process

    @word("the name with an underscore counts as well")
    def names_collide(self) -> Value[str]:
        """What a header with an underscore in its name does to the application, in words; None: it is kept from it.

        Source: measured; gunicorn/http/message.py (`forwarder_headers`, `header_map`).
        """
        server = self.process.server
        if server.program == "granian" and server.interface.x == "wsgi":
            return Value("X_Real_IP takes the place of X-Real-IP", (server.place,))
        if server.program == "uwsgi" and any(pair.listener.protocol == "http" for pair in self.process.pairs):
            return Value("X_Real_IP is added to X-Real-IP", (server.place,))
        if server.program != "gunicorn":
            return Value(None)
        if server.value("header_map").x == "dangerous":
            return server.value("header_map").map(lambda _: "X_Real_IP is added to X-Real-IP")
        trusting = trust.agreed(self.process.pairs, trust.trusts_peer) if self.process.pairs else Value(False)
        return trusting.map(lambda yes: "SCRIPT_NAME walks round rules by path" if yes else None)
