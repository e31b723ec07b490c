"""`route`: a location of nginx that passes requests on, or answers them, with everything that holds there."""

from __future__ import annotations

from typing import Any

from serveaudit.aspects.capacity import RouteCapacity
from serveaudit.aspects.clients import RouteClients
from serveaudit.aspects.exposing import RouteExposing
from serveaudit.aspects.file_locations import RouteFiles
from serveaudit.aspects.hosts import RouteHosts
from serveaudit.aspects.names import RouteNames
from serveaudit.aspects.paths import RoutePaths
from serveaudit.aspects.protocols import RouteProtocols
from serveaudit.aspects.sockets import RouteSockets
from serveaudit.aspects.targets import RouteTargets
from serveaudit.aspects.timeouts import RouteTimeouts
from serveaudit.aspects.tls import RouteTls
from serveaudit.aspects.trust import RouteTrust
from serveaudit.aspects.websockets import RouteWebsockets
from serveaudit.deployment import Pairing, Proxy
from serveaudit.programs.nginx import Location, Target
from serveaudit.subjects import See
from serveaudit.units import Address
from serveaudit.values import Items, Place, Unknown, Value, unique
from serveaudit.words import Subject, word

CANONICAL = {
    name.lower(): name
    for name in """Host X-Real-IP X-Forwarded-For X-Forwarded-Proto X-Forwarded-Host X-Forwarded-Port X-Forwarded-Prefix
    Strict-Transport-Security Content-Security-Policy X-Frame-Options X-Content-Type-Options Referrer-Policy
    Permissions-Policy""".split()
}
NAMES = {
    "FORWARDED": ("Host", "X-Real-IP", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host"),
    "SECURITY": ("Strict-Transport-Security", "Content-Security-Policy", "X-Frame-Options", "X-Content-Type-Options"),
}


class Header(Subject):
    """A line that sets a header."""

    def __init__(self, name: str, place: Place) -> None:
        self.place = place
        self.symbol = f"header[{name}]"
        self._name = CANONICAL.get(name.lower(), name)

    @word()
    def name(self) -> Value[str]:
        """Its name, spelled as usual."""
        return Value(self._name, (self.place,) if self.place else ())


class Handshake(Subject):
    """What arrives of a websocket's opening: `route.handshake["Upgrade"]`."""

    def __init__(self, location: Location) -> None:
        self.location = location
        self.place = location.place
        self.symbol = location.symbol

    def __getitem__(self, name: str) -> Value[str]:
        return self.location.handshake[name]


class Route(
    RouteTargets,
    RoutePaths,
    RouteProtocols,
    RouteSockets,
    RouteTimeouts,
    RouteCapacity,
    RouteWebsockets,
    RouteTls,
    RouteExposing,
    RouteFiles,
    RouteTrust,
    RouteHosts,
    RouteClients,
    RouteNames,
    Subject,
):
    """A location, or a server block where no location matches."""

    def __init__(self, proxy: Proxy, location: Location, see: See) -> None:
        self.proxy = proxy
        self.location = location
        self.see = see
        self.place = location.place
        self.symbol = location.symbol
        self.pairs: list[Pairing] = [pair for pair in proxy.pairs if pair.location is location]

    # what it is

    @word()
    def path(self) -> Value[str]:
        return self.location.path

    @word("passes requests on as {it}")
    def protocol(self) -> Value[str]:
        """http, uwsgi, fastcgi, scgi, grpc; None where nothing is passed on."""
        passes = self.location.passes
        return Value(self.location.protocol, (Place(passes.head),) if passes else ())

    @word("speaks HTTP/{it}")
    def http_version(self) -> Value[str]:
        return self.location.text("proxy_http_version")

    @word()
    def only_websockets(self) -> Value[bool]:
        """Whether it is for websockets alone."""
        return self.location.only_websockets

    @word("not everybody is let in here")
    def protected(self) -> Value[bool]:
        """Whether addresses, passwords or certificates keep somebody out, or TLS protects what goes through."""
        restricted = self.location.restricted
        return restricted if restricted.x is not False else self.location.site.tls

    @word(gives="site")
    def site(self) -> Any:
        return self.see((self.proxy, self.location.site))

    # headers

    @word()
    def handshake(self) -> Handshake:
        return Handshake(self.location)

    @word("the Host that arrives is {it}")
    def host_sent(self) -> Value[str]:
        """What arrives as Host, as nginx would write it: `$host`, `$proxy_host`, a name; None: nothing."""
        if self.location.passes is None:
            return Value(None)
        value = self.location.request_headers["Host"]
        passes = Place(self.location.passes.head, note="")
        return value if any(place.how == "written" for place in value.places) else value.at(passes)

    @word("its own headers replace all outer ones")
    def own_header_names(self) -> Value[list[str]]:
        """The names of the headers that this block itself sets for the application."""
        return self._own_names("proxy_set_header")

    @word()
    def outer_headers(self) -> Value[list[Header]]:
        """The headers that the blocks around it set, which hold only where this block sets none."""
        return self._outer("proxy_set_header")

    @word()
    def own_response_header_names(self) -> Value[list[str]]:
        """The names of the headers that this block itself adds to answers."""
        return self._own_names("add_header")

    @word()
    def outer_response_headers(self) -> Value[list[Header]]:
        """The headers that the blocks around it add to answers, which hold only where this block adds none."""
        if any(line.texts[:1] != ["on"] for line in self.location.effective("add_header_inherit")):
            return Value(Items(()))
        return self._outer("add_header")

    def _own_names(self, directive: str) -> Value[Any]:
        lines = [line for line in self.location.scope.own(directive) if line.args]
        doubt = self.location.scope.doubt
        names = tuple(CANONICAL.get(line.args[0].text.lower(), line.args[0].text) for line in lines)
        return Value(Items(names, doubt.unknown if doubt else True), tuple(Place(line.head) for line in lines[:1]))

    def _outer(self, directive: str) -> Value[Any]:
        parent = self.location.scope.parent
        if parent is None:
            return Value(Items(()))
        level = type(self.location.site)(parent, self.location.version, self.location.around, self.location.site.http)
        lines = [line for line in level.effective(directive) if len(line.args) > 1]
        return Value(Items(tuple(Header(line.args[0].text, Place(line.head)) for line in lines)))

    # where it leads

    @word("nginx connects to {it}")
    def target(self) -> Value[str]:
        """The address that nginx connects to, the first one of an upstream; None where nothing is passed on."""
        return self.location.target.map(_first_address).also(*self._addresses[:1])

    @property
    def _addresses(self) -> list[Value[Address]]:
        target = self.location.target.x
        return list(target.addresses) if isinstance(target, Target) else []

    @word()
    def target_name(self) -> Value[str]:
        """The host of the target as written: what the application sees as Host by default."""
        return self.location.target.map(lambda target: target.text.partition("://")[2].partition("/")[0] or target.text)

    @word(gives="list[server]")
    def servers(self) -> Value[Items]:
        """The application servers that are proved to answer here."""
        return Value(Items(tuple(self.see(pair.process) for pair in self.pairs)))

    @word("takes {it} here")
    def answered_in(self) -> Value[str]:
        """The protocol of the listener that answers here; None where none is proved."""
        for pair in self.pairs:
            return Value(pair.listener.protocol, pair.listener.address.places)
        return Value(None)

    # the application

    @word()
    def reaches_app(self) -> Value[bool]:
        """Whether requests go to an application of one's own: a proved server, an upstream, a loopback address, a socket or a
        bare name; somebody else's site and a plain file server do not count."""
        target = self.location.target.x
        if self.pairs:
            return Value(True)
        if not isinstance(target, Target):
            return Value(target if isinstance(target, Unknown) else False)
        return Value(target.protocol in ("http", "uwsgi") and _is_own(target))

    @word(gives="app")
    def app(self) -> Value[Any]:
        """The application that answers here; None where its code is not known."""
        for pair in self.pairs:
            if pair.process.app:
                return Value(self.see(pair.process.app))
        return Value(Unknown("the application's code was not found"))

    @word("the application expects a websocket here")
    def websocket_paths(self) -> Value[list[str]]:
        """The application's websocket paths that nginx gives to this location; incomplete where its code was not read."""
        members: list[Value[str]] = []
        for pair in self.pairs:
            if pair.process.app is not None and pair.process.app.websocket_paths.known:
                members += [path for path in pair.process.app.websocket_paths.x if self.takes_path(path)]
        return Value(Items(tuple(members)), unique(*(path.places for path in members)))

    @word()
    def app_polls_first(self) -> Value[bool]:
        """Whether the application's websockets work without the handshake as well: Socket.IO starts with polling."""
        return Value(any(pair.process.app is not None and pair.process.app.polls_first for pair in self.pairs))

    @word()
    def app_framework(self) -> Value[str]:
        """django, fastapi, flask, …; empty where it is not known."""
        return Value(next((pair.process.app.framework for pair in self.pairs if pair.process.app), ""))

    @word()
    def app_uses_host(self) -> Value[bool]:
        """Whether the application may ask for the host: not, where it is a bare function without a framework; unknown where no
        server of one's own is proved to answer."""
        apps = [pair.process.app for pair in self.pairs if pair.process.app]
        if not self.pairs:
            return Value(Unknown("which application answers here is not known"))
        return Value(not apps or any(app.framework or not app.interface.known for app in apps))

    @word()
    def host_refused(self) -> Value[bool]:
        """Whether Django refuses the Host that arrives by default: its ALLOWED_HOSTS are known and lack the target's name, or
        that has an underscore, which no host may have (django/http/request.py, `host_validation_re`)."""
        name = str(self.target_name.x).partition(":")[0]
        if "_" in name and self.app_framework.x == "django":
            return Value(True, self.target_name.places)
        for pair in self.pairs:
            hosts = pair.process.app.allowed_hosts if pair.process.app else None
            if hosts is not None and hosts.known and isinstance(hosts.x, Items) and hosts.x.complete is True:
                refused = not any(_allows(str(host.x), name) for host in hosts.x)
                return Value(refused, hosts.places, hosts.assumes)
        return Value(False)


def _allows(host: str, name: str) -> bool:
    return host in ("*", name) or (host.startswith(".") and (name.endswith(host) or name == host[1:]))


def _is_own(target: Target) -> bool:
    if target.upstream is not None:
        return True
    for address in target.addresses:
        if isinstance(address.x, Address):
            return address.x.kind == "unix" or address.x.loopback or address.x.everywhere or "." not in address.x.host
    return False


def _first_address(target: Target) -> Any:
    for address in target.addresses:
        return str(address.x) if isinstance(address.x, Address) else address.x
    return Unknown("the upstream has no server that was read")
