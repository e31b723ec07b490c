"""Which host the application believes that the client asked for, and which hosts it lets in."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from serveaudit import trust
from serveaudit.application import forwarding
from serveaudit.behaviour import behaves
from serveaudit.deployment import Pairing, Proxy
from serveaudit.exposure import outer_ports
from serveaudit.programs.nginx import Header, Installed, Listen, Location, Site
from serveaudit.units import Address
from serveaudit.values import Items, Unknown, Value, unique
from serveaudit.words import word

_PLAIN_NAME = re.compile(r"(?!localhost$)[a-z0-9-]+(\.[a-z0-9-]+)*", re.IGNORECASE)
_CHOSEN = re.compile(r"\$\{?(arg_\w+|cookie_\w+|http_x_forwarded_host|http_x_original_host|http_x_host|args|query_string)\b")
_PASSED_ON = ("$host", "$http_host", "$host:$server_port", "$http_host:$server_port", "${host}", "${http_host}")
_ONE_VALUE = frozenset({"host", "x-forwarded-proto", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "authorization"})


class RouteHosts:
    """Of a location."""

    proxy: Proxy
    location: Location
    pairs: list[Pairing]

    @word("sent twice", gives="list[str]")
    def repeated_headers(self) -> Value[Items]:
        """The headers of which one value makes sense and that nginx sends twice."""
        headers = self.location.request_headers
        if headers.protocol != "http" or self.location.passes is None:
            return Value(Items(()))
        counted = Counter(header.name.lower() for header in headers.set if _surely_sent(header))
        twice = [name for name, count in counted.items() if count > 1 and name in _ONE_VALUE]
        found: list[Value[str]] = [Value(headers.all(name)[0].name, _places(headers.all(name))) for name in twice]
        return Value(Items(tuple(found)), unique(*(each.places for each in found)))

    @word()
    def host_twice_refused(self) -> Value[bool]:
        """Whether a server that is proved to answer here refuses a request with two Host headers."""
        told = [behaves(pair.process.server, "refuses_two_hosts") for pair in self.pairs]
        return next((Value(True, each.places) for each in told if each.x in (True, "h11")), Value(False))

    @word("sent as Host")
    def host_chosen_by_client(self) -> Value[str]:
        """The part of the request that a client writes as it likes and that nginx sends as Host; None: there is none."""
        sent = self.location.request_headers["Host"]
        return sent.map(lambda text: found[0] if (found := _CHOSEN.search(text)) else None)

    @word("believed, and not set here", gives="list[str]")
    def forged_hosts(self) -> Value[Items]:
        """The headers from which the application takes the host, or the path that it is mounted at, and that arrive here as
        the client wrote them."""
        return trust.agreed(self.pairs, self._forged)

    def _forged(self, pair: Pairing) -> Value[Items]:
        app = pair.process.app
        if app is None:
            return Value(Unknown("the application's code was not found"))
        layers = trust.layers(app)
        believed = {
            "X-Forwarded-Host": forwarding.forwarded_host(layers, app.setting),
            "X-Forwarded-Prefix": forwarding.forwarded_prefix(layers),
        }
        found: list[Value[str]] = []
        unknown: Unknown | None = None
        for header, read in believed.items():
            sender = trust.sender(self.location, header)
            if read.x is True and sender.x == "client" and not trust.clears_untrusted(pair).x:
                found.append(Value(header, (*read.places, *sender.places)))
            elif not isinstance(read.x, bool):
                unknown = read.x if isinstance(read.x, Unknown) else Unknown("it depends on a choice")
            elif read.x and not sender.known:
                unknown = Unknown(sender.why)
        places = unique(*(each.places for each in found))
        return Value(Items(tuple(found), True if unknown is None else unknown), places)

    @word("every host is accepted")
    def accepts_any_host(self) -> Value[bool]:
        """Whether Django accepts every Host; False for another framework, which has no list."""
        return trust.agreed(self.pairs, _accepts_any)

    @word("passed on as it comes")
    def passes_any_host(self) -> Value[bool]:
        """Whether any Host that a client asks for gets through here: the site is what answers to names that no site has, and
        passes them on."""
        if self.location.passes is None:
            return Value(False)
        sent = self.location.request_headers["Host"]
        default = default_listener(self.proxy, self.location.site)
        if default is None:
            return Value(False)
        passes = sent.map(lambda text: text.strip() in _PASSED_ON)
        return passes.at(*sent.places, default.place) if passes.x is True else passes

    @word("asked for at port {it}")
    def odd_port(self) -> Value[int]:
        """The port other than 80 and 443 at which browsers ask for this site; None where there is none, or one of these too."""
        for listen in self.location.site.listens:
            address = listen.address.x
            if isinstance(address, Address) and address.kind == "tcp" and not address.loopback and not listen.proxy_protocol:
                ports = outer_ports(self.proxy.running.machine, address)
                if ports and not {80, 443} & set(ports):
                    return Value(ports[0], (*_published_at(self.proxy, ports[0]), listen.place)[:1])
        return Value(None)

    @word()
    def trusts_port(self) -> Value[bool]:
        """Whether Django's CSRF_TRUSTED_ORIGINS names an origin with a port."""
        return trust.agreed(self.pairs, _trusts_port)


def _surely_sent(header: Header) -> bool:
    """Whether a line sends it whatever a template decides."""
    return isinstance(header.value.x, str) or isinstance(header.directive, Installed)


def _places(headers: Any) -> tuple[Any, ...]:
    return unique(*(header.value.places for header in headers))


def _published_at(proxy: Proxy, port: int) -> tuple[Any, ...]:
    return tuple(each.place for each in proxy.running.machine.published if each.host_port.x == port)


def _accepts_any(pair: Pairing) -> Value[bool]:
    app = pair.process.app
    if app is None:
        return Value(Unknown("the application's code was not found"))
    hosts = app.allowed_hosts
    if hosts is None:
        return app.setting("ALLOWED_HOSTS").map(lambda _: False) if app.framework == "django" else Value(False)
    return hosts.map(lambda items: _has_star(items)).at(*_star_places(hosts))


def _has_star(items: Any) -> bool | Unknown:
    if not isinstance(items, Items):
        return Unknown("ALLOWED_HOSTS is no list that is known")
    if any(member.x == "*" for member in items.members):
        return True
    return False if items.complete is True else items.complete


def _star_places(hosts: Value[Any]) -> tuple[Any, ...]:
    members = hosts.x.members if isinstance(hosts.x, Items) else ()
    return next((member.places for member in members if member.x == "*" and member.places), hosts.places)


def _trusts_port(pair: Pairing) -> Value[bool]:
    app = pair.process.app
    if app is None or app.settings is None:
        return Value(Unknown("Django's settings were not found"))
    origins = app.setting("CSRF_TRUSTED_ORIGINS")
    return origins.map(lambda items: _any_port(items))


def _any_port(items: Any) -> bool | Unknown:
    if not isinstance(items, Items):
        return Unknown("CSRF_TRUSTED_ORIGINS is no list that is known")
    if any(re.search(r":\d+$|:\*$", str(member.x)) for member in items.members):
        return True
    return False if items.complete is True else items.complete


def default_listener(proxy: Proxy, site: Site) -> Listen | None:
    """The address at which a site answers to names that no site has: the one that says so, else the first in the text."""
    for listen in site.listens:
        beside = [(other, each) for other in proxy.config.sites for each in other.listens if _same(each, listen)]
        chosen = next((other for other, each in beside if each.default_server), beside[0][0] if beside else site)
        if chosen is site:
            return listen
    return None


def _same(one: Listen, other: Listen) -> bool:
    a, b = one.address.x, other.address.x
    return isinstance(a, Address) and isinstance(b, Address) and a.port == b.port and a.everywhere == b.everywhere


class SiteHosts:
    """Of a site."""

    proxy: Proxy
    facts: Site

    @word("not among ALLOWED_HOSTS", gives="list[str]")
    def refused_names(self) -> Value[Items]:
        """The names of the site that Django answers 400 to: its ALLOWED_HOSTS are known and hold none that fits."""
        pairs = [pair for pair in self.proxy.pairs if pair.location.site is self.facts and _passes_name(pair.location)]
        hosts = trust.agreed(pairs, _known_hosts) if pairs else Value(Items(()))
        if not isinstance(hosts.x, Items) or not pairs:
            return hosts if not isinstance(hosts.x, Items) else Value(Items(()))
        if hosts.x.complete is not True:
            return Value(hosts.x.complete, hosts.places)
        allowed = [str(member.x).lower() for member in hosts.x.members]
        named = [name for name in self.facts.names if name.kind == "exact" and _PLAIN_NAME.fullmatch(name.text)]
        refused = [name for name in named if "." in name.text and not any(_fits(host, name.text.lower()) for host in allowed)]
        found: tuple[Value[str], ...] = tuple(Value(name.text, (name.place,)) for name in refused)
        places = unique(*(each.places for each in found), hosts.places)
        return Value(Items(found), places, hosts.assumes)


def _passes_name(location: Location) -> bool:
    cases = location.request_headers["Host"].worlds()
    return all(isinstance(sent.x, str) and sent.x.strip() in (*_PASSED_ON, "$server_name") for _, sent in cases)


def _known_hosts(pair: Pairing) -> Value[Any]:
    app = pair.process.app
    if app is None or app.allowed_hosts is None:
        return Value(Unknown("the application's hosts are not known"))
    debug = app.setting("DEBUG")
    if debug.x is not False:
        return Value(Unknown("with DEBUG on Django lets in other hosts"))
    return app.allowed_hosts


def _fits(host: str, name: str) -> bool:
    return host in ("*", name) or (host.startswith(".") and (name.endswith(host) or name == host[1:]))
