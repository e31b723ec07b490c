"""`deployment`: a context as a whole: who listens for clients, and what stands outside of it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from serveaudit.deployment import Context, Proxy
from serveaudit.exposure import published_to_outside
from serveaudit.launching import Sign
from serveaudit.programs.nginx import Listen, Site
from serveaudit.subjects import See
from serveaudit.units import Address
from serveaudit.values import Items, Place, Value
from serveaudit.words import Subject, word

_PRIVATE_NAMES = re.compile(
    r"(|_|localhost|-|.*\.(local|localhost|internal|lan|home|test|example|invalid|intranet|corp|localdomain)|[\d.]+|\[?[0-9a-f:]+\]?|[^.]*)",
    re.IGNORECASE,
)


class Listener(Subject):
    """An address at which a site of nginx listens."""

    def __init__(self, proxy: Proxy, site: Site, listen: Listen) -> None:
        self.proxy = proxy
        self.site = site
        self.listen = listen
        self.place = listen.place
        self.symbol = f"{site.symbol}/listen"

    @word()
    def text(self) -> Value[str]:
        """The address as it is understood."""
        return self.listen.address.map(str).at(self.listen.place)

    @word()
    def tls(self) -> Value[bool]:
        """Whether it speaks TLS."""
        return Value(self.listen.tls, (self.listen.place,))

    @word()
    def public(self) -> Value[bool]:
        """Whether people reach an application there: port 80 of a host, or published as port 80, of a site that does more than
        redirect."""
        address = self.listen.address.x
        if not isinstance(address, Address) or address.kind != "tcp" or address.loopback:
            return Value(False, (self.listen.place,))
        open_here = not self.site.only_redirects and not self.listen.proxy_protocol and _is_port_80(self.proxy, address)
        return Value(open_here, (self.listen.place,))

    @word("the site's public name")
    def public_name(self) -> Value[bool]:
        """Whether the site has a name that the internet could know."""
        public = [name.place for name in self.site.names if not _PRIVATE_NAMES.fullmatch(name.text)]
        return Value(bool(public), tuple(public[:1]))

    @word()
    def names(self) -> Value[str]:
        """The site's first name."""
        public = [name.text for name in self.site.names if not _PRIVATE_NAMES.fullmatch(name.text)]
        return Value(public[0] if public else "this site")


class Deployment(Subject):
    """A context: a compose project, the programs of a host, a set of manifests."""

    def __init__(self, context: Context, see: See) -> None:
        self.context = context
        self.see = see
        self.symbol = f"deployment[{context.name}]"
        self.place = None

    @word()
    def listeners(self) -> Value[list[Listener]]:
        """The addresses at which its sites listen."""
        found = [
            Listener(proxy, site, listen)
            for proxy in self.context.proxies
            for site in proxy.config.sites
            for listen in site.listens
        ]
        return Value(Items(tuple(found)))

    @word("this stands before it")
    def outer_proxy(self) -> Value[bool]:
        """Whether something that is not audited proxies: by a sign in the repository, or as the user states."""
        stated = self.context.stated.proxy
        if stated.x is not None:
            return stated.map(lambda said: said == "external")
        return _first(sign for sign in self._signs() if sign.proxies)

    @word("this terminates TLS")
    def outer_tls(self) -> Value[bool]:
        """Whether something that is not audited terminates TLS: by a sign in the repository, or as the user states."""
        stated = self.context.stated.tls
        if stated.x is not None:
            return stated.map(lambda said: said == "external")
        found = _first(sign for sign in self._signs() if sign.terminates_tls)
        return found if found.x is True else self._nginx_expects_tls()

    def _nginx_expects_tls(self) -> Value[bool]:
        """nginx itself expects a balancer before it: it takes addresses from it, or passes on its X-Forwarded-Proto."""
        for proxy in self.context.proxies:
            for site in proxy.config.sites:
                if site.effective("set_real_ip_from").directives:
                    return Value(True, (Place(site.effective("set_real_ip_from").directives[0].head),))
                for location in site.routes:
                    sent = location.request_headers["X-Forwarded-Proto"]
                    if location.request_headers.written("X-Forwarded-Proto") and "http_x_forwarded_proto" in str(sent.x):
                        return sent.map(lambda _: True)
        return Value(False)

    @word()
    def has_nginx(self) -> Value[bool]:
        """Whether an nginx is configured for this kind of deployment."""
        for context in self.context.peers:
            for proxy in context.proxies:
                return Value(True, (proxy.running.place,))
        return Value(False)

    @word()
    def gets_certificates(self) -> Value[bool]:
        """Whether an ACME client gets certificates for it: a location for its challenge, or certbot in a file."""
        for proxy in self.context.proxies:
            for site in proxy.config.sites:
                for location in site.walk():
                    if ".well-known" in str(location.uri):
                        return Value(True, (location.place,))
        return Value(False)

    def _signs(self) -> Iterator[Sign]:
        for context in self.context.peers:
            yield from context.signs


def _first(signs: Iterator[Sign]) -> Value[bool]:
    sign = next(signs, None)
    return Value(True, (sign.place,)) if sign else Value(False)


def _is_port_80(proxy: Proxy, address: Address) -> bool:
    machine = proxy.running.machine
    if machine.kind == "host" or machine.host_network.x is True:
        return address.port == 80
    return any(
        published.port.x == address.port and published.host_port.x == 80 and published_to_outside(published)
        for published in machine.published
    )
