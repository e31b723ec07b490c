"""Whose address a client is taken to have: by the application, by nginx' own rules and limits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from serveaudit import facing, trust
from serveaudit.application import forwarding
from serveaudit.application.reading import HeaderRead
from serveaudit.applications import App
from serveaudit.deployment import Pairing, Process, Proxy
from serveaudit.programs.nginx import Location, Site, Zone, ZoneUse
from serveaudit.programs.nginx.scopes import written
from serveaudit.programs.nginx.zones import defined, used
from serveaudit.values import Items, Unknown, Value, unique
from serveaudit.words import word

_ADDRESS = re.compile(r"\$\{?(binary_remote_addr|remote_addr|realip_remote_addr|proxy_protocol_addr)\b")
_CLIENT = re.compile(r"\$\{?(http_\w+|cookie_\w+|arg_\w+|args|query_string)\b")
_EVERYBODY = ("0.0.0.0/0", "::/0", "0/0")
_TOOLBAR = "debug_toolbar"
_NO_CODE = Unknown("the application's code was not found")


class RouteClients:
    """Of a location."""

    location: Location
    pairs: list[Pairing]

    @word("the client's own addresses stay in front")
    def appended_address(self) -> Value[str]:
        """What nginx sends as X-Forwarded-For where that begins with what the client sent; None where it does not."""
        return trust.appended(self.location) if self.location.passes else Value(None)

    @word("the first address is the client's own")
    def leftmost_read(self) -> Value[str]:
        """How the application takes the first address of X-Forwarded-For, in words; None: nothing of the kind was found."""
        return trust.agreed(self.pairs, _leftmost)

    @word("the client is whoever this says")
    def real_ip_read(self) -> Value[str]:
        """X-Real-IP, where the application's code reads it; None where it does not."""
        return trust.agreed(self.pairs, _real_ip)

    @word("clients are told apart by the address of the peer")
    def address_by_peer(self) -> Value[str]:
        """What the application does for the address of its peer, in words; None: nothing of the kind was found."""
        return trust.agreed(self.pairs, _by_peer)

    @word("the peer is nginx")
    def address_lost(self) -> Value[bool]:
        """Whether the application's peer address is nginx' and not the client's: neither its server nor a layer around it
        believes what nginx sends."""
        return trust.agreed(self.pairs, _address_lost)

    @word("{it} proxies are believed")
    def proxies_believed(self) -> Value[int]:
        """How many proxies the application believes to stand before it: ProxyFix's x_for, NUM_PROXIES; 0: it counts none."""
        return trust.agreed(self.pairs, lambda pair: _believed(pair.process))


def _reads(app: App) -> list[HeaderRead]:
    return [read for reads in app.reads for read in reads.headers]


def _leftmost(pair: Pairing) -> Value[str]:
    app = pair.process.app
    if app is None:
        return Value(_NO_CODE)
    read = next((read for read in _reads(app) if read.leftmost), None)
    if read is not None:
        return Value("takes the first address", (read.place,))
    throttled = forwarding.throttled_by_header(app.setting)
    return throttled.map(lambda _: "throttles by the whole header (NUM_PROXIES is not set)")


def _real_ip(pair: Pairing) -> Value[str]:
    app = pair.process.app
    if app is None:
        return Value(_NO_CODE)
    read = next((read for read in _reads(app) if read.header == "X-Real-IP"), None)
    return Value("X-Real-IP", (read.place,)) if read else Value(None)


def _by_peer(pair: Pairing) -> Value[str]:
    app = pair.process.app
    if app is None:
        return Value(_NO_CODE)
    place = next((place for reads in app.reads for place in reads.by_peer), None)
    if place is not None:
        return Value("all clients share one limit", (place,))
    return _toolbar(app) if pair.peer == "loopback" else Value(None)


def _toolbar(app: App) -> Value[str]:
    """The debug toolbar for whoever has one of INTERNAL_IPS, which nginx on the same machine has."""
    installed, debug = app.setting("INSTALLED_APPS"), app.setting("DEBUG")
    members = installed.x.members if isinstance(installed.x, Items) else ()
    internal = app.setting("INTERNAL_IPS").x
    if debug.x is not True or not any(member.x == _TOOLBAR for member in members) or not isinstance(internal, Items):
        return Value(None)
    own = next((member for member in internal.members if member.x in ("127.0.0.1", "localhost", "::1")), None)
    return Value("everybody is shown the debug toolbar", own.places) if own else Value(None)


def _address_lost(pair: Pairing) -> Value[bool]:
    app = pair.process.app
    layers = trust.layers(app)
    if forwarding.hops(layers, "x_for").x != 0 or forwarding.believed_peers(layers).x is not None:
        return Value(False)
    if app is not None and any(map(app.mentions, ("ProxyFix", "ProxyHeaders", "XForwardedFor", "RealIP"))):
        return Value(Unknown("the application may fix the address somewhere"))
    return trust.believes(pair, "address").map(lambda yes: not yes)


def _believed(process: Process) -> Value[int]:
    if process.app is None:
        return Value(_NO_CODE)
    fixed = forwarding.hops(trust.layers(process.app), "x_for")
    counted = forwarding.proxies_counted(process.app.setting)
    return fixed if fixed.x != 0 or counted.x is None else counted


class ServerClients:
    """Of a server."""

    process: Process

    @word("{it} proxies are believed")
    def proxies_believed(self) -> Value[int]:
        """How many proxies its application believes to stand before it: ProxyFix's x_for, NUM_PROXIES; 0: it counts none."""
        return _believed(self.process)


class SiteClients:
    """Of a site."""

    proxy: Proxy
    facts: Site

    @word("this stands before nginx")
    def behind_proxy(self) -> Value[bool]:
        """Whether something is told to stand before nginx."""
        return facing.behind_proxy(self.proxy, self.facts)

    @word()
    def reached_directly(self) -> Value[bool]:
        """Whether clients connect to it without another proxy between, as far as signs outside of nginx tell."""
        return facing.reached_directly(self.proxy, self.facts)

    @word("every address is believed")
    def real_ip_from_all(self) -> Value[str]:
        """The range of set_real_ip_from that holds every address; None: there is none."""
        for line in self.facts.effective("set_real_ip_from"):
            if line.texts[:1] and line.texts[0] in _EVERYBODY:
                return Value(line.texts[0], (written(line),))
        return Value(None)

    @word()
    def only_local(self) -> Value[bool]:
        """Whether only its own machine reaches it: by a socket file or a loopback address."""
        addresses = [listen.address.x for listen in self.facts.listens]
        return Value(all(getattr(x, "kind", "") == "unix" or getattr(x, "loopback", False) for x in addresses))

    @word("counted by what a client sends", gives="list[str]")
    def client_limit_keys(self) -> Value[Items]:
        """The keys of its limits that consist of what a client sends alone."""
        found: list[Value[str]] = []
        for zone, use in self._limits():
            if not _CLIENT.sub("", zone.key).strip("{}: -_|") and _CLIENT.search(zone.key):
                found.append(Value(zone.key, (written(zone.directive), written(use.directive))))
        return Value(Items(tuple(dict.fromkeys(found))), unique(*(each.places for each in found)))

    @word("meant for single clients", gives="list[str]")
    def address_rules(self) -> Value[Items]:
        """Its rules that tell clients apart by the address of nginx' peer: limits, addresses that are let in, ip_hash."""
        found: list[Value[str]] = []
        for zone, use in self._limits():
            if _ADDRESS.search(zone.key):
                found.append(Value(use.directive.name, (written(use.directive),)))
        for location in self.facts.walk():
            found += [Value("allow", (written(line),)) for line in location.scope.own("allow") if _outside(line.texts)]
        for upstream in {id(each): each for route in self.facts.routes if (each := route.upstream)}.values():
            found += [Value("ip_hash", (written(line),)) for line in upstream.scope.own("ip_hash")]
        return Value(Items(tuple(dict.fromkeys(found))), unique(*(each.places for each in found[:2])))

    @word()
    def knows_addresses(self) -> Value[bool]:
        """Whether nginx takes the client's address from what stands before it."""
        found = self.facts.effective("set_real_ip_from")
        if found.directives:
            return Value(True, tuple(written(line) for line in found)[:1])
        return Value(found.complete if isinstance(found.complete, Unknown) else False)

    def _limits(self) -> Iterator[tuple[Zone, ZoneUse]]:
        """The limits that hold in it, each with the zone that it counts in."""
        zones = {(zone.kind, zone.name): zone for zone in defined(self.facts.http) if zone.key}
        for use in used(self.facts.http):
            zone = zones.get((use.kind, use.name))
            if zone is not None and self._holds(use.scope):
                yield zone, use

    def _holds(self, scope: Any) -> bool:
        """Whether a block is the site, one inside of it, or the http block around it."""
        own = self.facts.scope
        return scope is own or any(each is own for each in scope.chain()) or any(each is scope for each in own.chain())


def _outside(words: list[str]) -> bool:
    return bool(words) and not words[0].startswith(("127.", "::1", "unix", "all"))
