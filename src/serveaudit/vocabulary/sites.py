"""`site`: a server block of nginx."""

from __future__ import annotations

from functools import cached_property

from serveaudit.aspects.clients import SiteClients
from serveaudit.aspects.hosts import SiteHosts
from serveaudit.aspects.site_tls import SiteTls
from serveaudit.aspects.site_wiring import SiteWiring
from serveaudit.deployment import Proxy
from serveaudit.programs.nginx import Listen, Location
from serveaudit.programs.nginx import Site as Facts
from serveaudit.programs.nginx.shadowing import shadowed
from serveaudit.subjects import See
from serveaudit.units import Address
from serveaudit.values import How, Items, Place, Unknown, Value
from serveaudit.words import Subject, word


class Site(SiteTls, SiteHosts, SiteClients, SiteWiring, Subject):
    """A server block."""

    def __init__(self, proxy: Proxy, site: Facts, see: See) -> None:
        self.proxy = proxy
        self.facts = site
        self.see = see
        self.place = site.place
        self.symbol = site.symbol

    @word("a listener with TLS")
    def tls(self) -> Value[bool]:
        """Whether it speaks TLS at one of its addresses."""
        return self.facts.tls

    @word("offers {it}")
    def tls_protocols(self) -> Value[list[str]]:
        """The versions of TLS that it offers; nginx's default where none are written."""
        return self.facts.words("ssl_protocols").map(lambda words: Items(tuple(words)))

    @word("named {it}")
    def names(self) -> Value[list[str]]:
        """Its server names as written; those that a template fills in are left out."""
        members = tuple(name.text for name in self.facts.names if name.text)
        return Value(Items(members), tuple(name.place for name in self.facts.names) or (self.facts.place,))

    @word()
    def only_redirects(self) -> Value[bool]:
        """Whether it answers every request with a redirect."""
        return Value(self.facts.only_redirects, (Place(self.facts.returns.directive.head),) if self.facts.returns else ())

    @word(gives="list[route]")
    def routes(self) -> Value[Items]:
        """Its locations that pass requests on."""
        return Value(Items(tuple(self.see((self.proxy, location)) for location in self.facts.routes)))

    @cached_property
    def shadowing(self) -> dict[int, Location]:
        """For the directive of each location that is never reached, the location that takes its requests."""
        return {id(location.scope.directive): other for location, other in shadowed(self.facts)}

    # which requests come to it

    @word()
    def own_names_only(self) -> Value[bool]:
        """Whether it answers no host but its own names: all of them are plain, and it is no default server."""
        if not self.facts.names or any(name.kind != "exact" for name in self.facts.names):
            return Value(False)
        for listen in self.facts.listens:
            if listen.default_server:
                return Value(False)
            default = self.proxy.config.default_for(listen)
            if default.x is self.facts:
                complete = self.proxy.config.complete
                return Value(complete if isinstance(complete, Unknown) else False)
        return Value(True)

    @word("{it} of its addresses")
    def default_by_chance(self) -> Value[str]:
        """The address at which it answers for names that no site has, only because it comes first; None where it does not."""
        complete = self.proxy.config.complete
        for listen in self.facts.listens:
            sharing = self.proxy.config.sharing(listen)
            if len(sharing) < 2 or sharing[0] is not self.facts:
                continue
            chosen = any(each.default_server for site in sharing for each in site.listens)
            meant = not self.facts.names or any(name.kind == "any" for name in self.facts.names)
            if not chosen and not meant:
                places = (listen.place, *_other_places(sharing[1:], listen))
                return Value(complete if isinstance(complete, Unknown) else str(listen.address.x), places)
        return Value(None)

    # what its answers tell

    @word("told with every answer")
    def version_shown(self) -> Value[bool]:
        """Whether nginx's version is told in the Server header and on error pages."""
        tokens = self.facts.text("server_tokens")
        if self.facts.written("server_tokens"):
            return tokens.map(lambda said: said == "on")
        head = Place(self.facts.http.head, How.ABSENT, "nginx's default is server_tokens on")
        return tokens.map(lambda said: said == "on").at(head)

    @word()
    def part_of_unseen(self) -> Value[bool]:
        """Whether the http block that it stands in was not read."""
        return Value(self.proxy.config.kind != "whole")

    @word("nginx's own redirects name {it}")
    def inner_address(self) -> Value[str]:
        """What nginx's own redirects name and no client may use: a port that is none of the web's, or plain http where it
        speaks no TLS; None where they name nothing of the kind."""
        absolute, port = self.facts.flag("absolute_redirect"), self.facts.flag("port_in_redirect")
        if absolute.x is not True or self.tls.x is not False:
            return Value(None if absolute.x is False or self.tls.x is True else Unknown("it is not known how it redirects"))
        for listen in self.facts.listens:
            address = listen.address.x
            if isinstance(address, Address) and address.kind == "tcp":
                odd = address.port not in (80, 443, None) and port.x is True
                return Value(f"port {address.port}" if odd else "http://", (listen.place,))
        return Value(None)

    @word("nginx redirects to the path with a slash here")
    def redirects_itself(self) -> Value[bool]:
        """Whether nginx makes redirects of its own: to a location that ends with a slash, or to a directory below a root (told
        only where that leads to another port: hardly anybody asks for a directory of static files)."""
        to_directories = str(self.inner_address.x).startswith("port")
        for location in self.facts.walk():
            if location.adds_slash and location.uri != "/":
                return Value(True, (location.place,))
            if to_directories and location.handler == "static" and location.files and not location.scope.own("try_files"):
                return Value(True, (Place(location.files.directive.head),))
        return Value(False)

    @word("{it} takes TLS before it")
    def tls_proxy(self) -> Value[str]:
        """What surely takes TLS before it: by the labels of its own container, or a proxy among its neighbours while it opens
        no port itself; None where nothing is known to."""
        running = self.proxy.running
        if running.context.stated.tls.x == "external":
            return Value("the proxy", running.context.stated.tls.places)
        files = running.context.group.files
        near = [sign for sign in running.context.signs if not running.machine.published and sign.place.span.path in files]
        for sign in (*running.machine.outside, *near):
            if sign.proxies and sign.terminates_tls and running.machine.kind == "container":
                return Value(sign.what, (sign.place,))
        return Value(None)


def _other_places(sites: list[Facts], listen: Listen) -> tuple[Place, ...]:
    same = str(listen.address.x)
    return tuple(each.place for site in sites[:2] for each in site.listens if str(each.address.x) == same)
