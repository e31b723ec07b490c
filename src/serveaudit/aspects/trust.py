"""Which scheme the application believes that the client used, and who tells it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from serveaudit import edge, facing, trust
from serveaudit.application import forwarding
from serveaudit.deployment import Pairing, Peer, Process, Proxy
from serveaudit.programs.nginx import Location
from serveaudit.programs.nginx.combine import combine
from serveaudit.serving import Server
from serveaudit.values import Items, Table, Unknown, Value, unique
from serveaudit.words import word

_ASKING = ("django", "channels", "fastapi", "starlette")
"""Frameworks that make absolute addresses by themselves: CSRF checks, redirects to the path with a slash."""
_HEALTH = re.compile(r"/(health\w*|health[_-]check|ping|livez|liveness|readyz?|readiness|up)/?\$?$", re.IGNORECASE)


class RouteTrust:
    """Of a location."""

    proxy: Proxy
    location: Location
    pairs: list[Pairing]

    # what arrives

    @word()
    def sender(self, header: str) -> Value[str]:
        """Who decides over a header: nginx (`set`, `cleared`, `default`), the client (`client`, also where nginx copies the
        client's own), or nobody (`dropped`)."""
        return trust.sender(self.location, header)

    @word("TLS ends here")
    def tls_before_app(self) -> Value[bool]:
        """Whether TLS ends before the application: at a listener of this site, or at a proxy that is told to stand there."""
        tls = self.location.site.tls
        return tls if tls.x is not False else self.outer_tls

    @word("TLS ends there")
    def outer_tls(self) -> Value[bool]:
        """Whether TLS is told to end at a proxy before nginx."""
        return facing.tls_ends_outside(self.proxy, self.location.site)

    @word()
    def proxy_speaks_tls(self) -> Value[bool]:
        """Whether this nginx ends TLS at any of its sites."""
        return Value(any(site.tls.x is True for site in self.proxy.config.sites))

    @property
    def _request(self) -> dict[str, str]:
        return trust.from_outer_tls() if self.location.site.tls.x is False else trust.over_tls()

    @word("what arrives here makes the scheme")
    def app_sees_https(self) -> Value[bool]:
        """Whether the application takes a client's request over TLS for https."""
        return trust.agreed(self.pairs, lambda pair: trust.sees_https(pair, self._request))

    @word("this is http, whatever the client used")
    def scheme_overwritten(self) -> Value[str]:
        """What nginx sends as X-Forwarded-Proto instead of the https that the proxy before it told; None: it keeps it."""
        sent = self.location.request_headers["X-Forwarded-Proto"]
        if not self.location.request_headers.written("X-Forwarded-Proto"):
            return Value(None)
        comes_to = trust.arrives(self.location, sent, trust.from_outer_tls())
        return combine(lambda said, text: text if said == "http" else None, comes_to, sent).at(*sent.places)

    # who believes it

    @word("the application redirects to https")
    def redirects_to_https(self) -> Value[bool]:
        """Whether the application redirects every request that it takes for plain http."""
        return trust.agreed(self.pairs, lambda pair: _redirects(pair.process))

    @word("the scheme is read from {it}")
    def scheme_header(self) -> Value[str]:
        """The header from which the application or its server takes the scheme; None: nobody there reads one."""
        return trust.agreed(self.pairs, trust.scheme_header).map(str)

    @word("the application reads {it} by itself")
    def own_scheme_header(self) -> Value[str]:
        """The header from which the application itself takes the scheme; None: it leaves that to its server."""
        return trust.agreed(self.pairs, trust.own_scheme_header).map(str)

    @word("the scheme is taken from {it}")
    def told_scheme_header(self) -> Value[str]:
        """The header from which the scheme is taken because somebody said so: in the application, by a written list of peers,
        or since the application redirects by it; None where it is only the server's default."""
        return trust.agreed(self.pairs, _told).map(str)

    @word()
    def comes_as(self) -> Value[str]:
        """As whom nginx comes to the server, in words."""
        words = {"unix": "through a unix socket", "loopback": "from its own machine", "neighbour": "from another container"}
        return trust.agreed(self.pairs, lambda pair: Value(words.get(pair.peer, "through a published port")))

    @word("sent for nothing", gives="list[str]")
    def distrusted_headers(self) -> Value[Items]:
        """The headers that nginx sets here and that its server would read, but does not believe from it."""
        return trust.agreed(self.pairs, lambda pair: trust.ignored(pair).case_by_case(self._sent_of))

    def _sent_of(self, ignored: Value[Items]) -> Value[Items]:
        if not isinstance(ignored.x, Items):
            return ignored
        relevant = [each.x for each in ignored.x if each.x != "X-Forwarded-Proto" or self.tls_before_app.x is True]
        found = [sent for header in relevant for sent in self._set(header)]
        return Value(Items(tuple(found)), unique(*(each.places for each in found), ignored.places))

    def _set(self, header: str) -> list[Value[str]]:
        sent = self.location.request_headers[header]
        return [Value(header, sent.places)] if self.sender(header).x == "set" else []

    @word()
    def only_health(self) -> Value[bool]:
        """Whether it is for health checks alone, by its path."""
        return Value(isinstance(self.location.uri, str) and bool(_HEALTH.search(self.location.uri)))

    @word()
    def asks_scheme(self) -> Value[bool]:
        """Whether the application makes something of the scheme: not, where it is a bare function without a framework."""
        return trust.agreed(self.pairs, _asks)

    @word()
    def scheme_forged(self) -> Value[str]:
        """How a request that came in plain text may count as https here, in words; None: it can't."""
        return self.told_scheme_header.case_by_case(self._forged_scheme)

    def _forged_scheme(self, header: Value[str]) -> Value[str]:
        listens = [listen for listen in self.location.site.listens if not listen.tls]
        if not isinstance(header.x, str) or not listens:
            return Value(header.x if isinstance(header.x, Unknown) else None, header.places)
        sender, sent = self.sender(header.x), self.location.request_headers[header.x]
        if sender.x == "client":
            return Value(f"what a client sends as {header.x} is passed on", sender.places, (*sender.assumes, *header.assumes))
        literal = isinstance(sent.x, str) and sent.x.lower() in ("https", "on", "ssl")
        if literal and sender.x == "set":
            places = (*sent.places, *(listen.place for listen in listens[:1]))
            return Value(f"{header.x} says {sent.x} of plain requests too", places, header.assumes)
        return sender.map(lambda _: None)

    @word("these say both http and https")
    def scheme_conflict(self) -> Value[str]:
        """The headers by which nginx tells gunicorn both http and https about one request; None: they agree."""
        return trust.agreed(self.pairs, self._conflict)

    @word("passed on as the client sends it", gives="list[str]")
    def scheme_headers_open(self) -> Value[Items]:
        """The headers by which a client may contradict what nginx tells gunicorn about the scheme."""
        return trust.agreed(self.pairs, _left_open)

    def _conflict(self, pair: Pairing) -> Value[str]:
        names = pair.process.server.value("secure_scheme_headers")
        if pair.process.server.program != "gunicorn" or not isinstance(names.x, Table):
            return Value(None)
        request = {"scheme": "http", "https": ""} if any(not each.tls for each in self.location.site.listens) else self._request
        said: dict[bool, Value[str]] = {}
        for name, secure in names.x.entries:
            sent = self.location.request_headers[str(name)]
            text = trust.arrives(self.location, sent, request) if self.sender(str(name)).x == "set" else Value(None)
            if isinstance(text.x, str):
                said.setdefault(text.x == secure.x, Value(str(name), sent.places))
        if len(said) < 2:
            return Value(None)
        told = " and ".join(str(value.x) for value in said.values())
        return trust.trusts_peer(pair).map(lambda yes: told if yes else None).at(*said[True].places, *said[False].places)


def _left_open(pair: Pairing) -> Value[Items]:
    """The headers of gunicorn's that decide over the scheme as a client writes them, beside the one that nginx sets."""
    names, headers = pair.process.server.value("secure_scheme_headers"), pair.location.request_headers
    if pair.process.server.program != "gunicorn" or not isinstance(names.x, Table):
        return Value(Items(()))
    senders = {str(name): trust.sender(pair.location, str(name)) for name, _ in names.x.entries}
    if not any(sender.x == "set" for sender in senders.values()):
        return Value(Items(()))
    found: tuple[Value[str], ...] = tuple(
        Value(name, headers[name].places) for name, sender in senders.items() if sender.x == "client"
    )
    places = unique(*(each.places for each in found))
    return trust.trusts_peer(pair).map(lambda yes: Items(found if yes else ())).at(*places)


def _redirects(process: Process) -> Value[bool]:
    app = process.app
    if app is None:
        return Value(Unknown("the application's code was not found"))
    return forwarding.https_redirect(trust.layers(app), app.setting)


def _told(pair: Pairing) -> Value[Any]:
    own = trust.own_scheme_header(pair)
    if own.x is not None:
        return own
    believed = trust.believes(pair, "scheme")
    setting = pair.process.server.settings.get("forwarded_allow_ips")
    written = setting is not None and setting.origin != "default"
    redirects = _redirects(pair.process) if pair.process.app is not None else Value(False)
    if not written and redirects.x is not True:
        return Value(None)
    places = (setting.place,) if written and setting is not None else redirects.places
    return believed.map(lambda yes: trust.FORWARDED_PROTO if yes else None).at(*places)


def _asks(pair: Pairing) -> Value[bool]:
    app = pair.process.app
    if app is None or not (app.framework or app.interface.known):
        return Value(Unknown("the application's code was not found"))
    if app.framework in _ASKING or trust.own_scheme_header(pair).x is not None:
        return Value(True)
    return Value(Unknown("whether the application asks for the scheme is not known") if app.framework else False)


@dataclass(frozen=True, slots=True)
class _Outside:
    """A proxy that is not audited, on another machine than the server."""

    process: Process
    peer: Peer = "neighbour"


def _without(headers: Value[Items], names: Sequence[str]) -> Value[Items]:
    if not isinstance(headers.x, Items):
        return headers
    return Value(Items(tuple(each for each in headers.x if each.x not in names)), headers.places, headers.assumes)


class ServerTrust:
    """Of a server."""

    process: Process
    facts: Server

    @word()
    def faces_clients(self) -> Value[bool]:
        """Whether the nginx that passes requests on to it faces the clients."""
        for pair in self.process.pairs:
            return edge.faces_clients(pair.proxy, pair.location.site)
        return Value(True)

    @word("reads forwarded headers")
    def reads_scheme(self) -> Value[bool]:
        """Whether it takes the scheme from a forwarded header of any peer at all."""
        return trust.reads(self.facts, "scheme")

    @word()
    def unread_because(self) -> Value[str]:
        """Why it takes nothing from forwarded headers, in words to put behind its name."""
        if self.facts.program == "waitress":
            clears = self.facts.value("clear_untrusted_proxy_headers").x is not False
            return Value("removes forwarded headers without a trusted_proxy" if clears else "trusts no proxy")
        return Value("reads no forwarded headers as it is started here")

    @word("forwarded headers of every peer are believed")
    def trusts_everybody(self) -> Value[str]:
        """The setting by which it was told to believe forwarded headers of every peer; None: there is none."""
        return trust.everybody_trusted(self.facts)

    # what stands before it, and is not audited

    @word("{it} passes requests on to it, from another machine")
    def announced_by(self) -> Value[str]:
        """The proxy outside that surely connects to it from another machine, and says in forwarded headers for whom; None: none
        is known to."""
        sign = facing.announcer(self.process)
        return Value(sign.what, (sign.place,)) if sign else Value(None)

    @word("only peers of this list are believed", gives="list[str]")
    def ignored_outside(self) -> Value[Items]:
        """The forwarded headers that it would read, but does not believe of the proxy outside."""
        sign = facing.announcer(self.process)
        if sign is None:
            return Value(Items(()))
        unsaid = () if sign.terminates_tls else ("X-Forwarded-Proto",)
        return trust.ignored(_Outside(self.process)).case_by_case(lambda headers: _without(headers, unsaid))

    @word("redirects what looks like plain requests")
    def redirects_to_https(self) -> Value[bool]:
        """Whether its application redirects every request that it takes for plain http."""
        return _redirects(self.process)

    @word("the client's own addresses stay in front")
    def appended_before(self) -> Value[str]:
        """What a location of nginx sends to it as X-Forwarded-For where that begins with what the client sent, and the server
        takes the first address; None: no location does."""
        if trust.reads(self.facts, "address").x is not True or self.facts.program == "waitress":
            return Value(None)
        for pair in self.process.pairs:
            found = trust.appended(pair.location)
            if found.x is not None:
                return found
        return Value(None)
