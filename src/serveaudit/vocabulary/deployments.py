"""`deployment`: a context as a whole: who listens for clients, and what stands outside of it."""

from __future__ import annotations

from serveaudit import edge
from serveaudit.deployment import Context, Proxy
from serveaudit.programs.nginx import Listen, Site
from serveaudit.subjects import See
from serveaudit.values import Items, Value
from serveaudit.words import Subject, word


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
        open_here = not self.site.only_redirects and edge.on_web_port(self.proxy, self.listen, 80)
        return Value(open_here, (self.listen.place,))

    @word("the site's public name")
    def public_name(self) -> Value[bool]:
        """Whether the site has a name that the internet could know."""
        public = edge.public_names(self.site)
        return Value(bool(public), tuple(name.place for name in public[:1]))

    @word()
    def names(self) -> Value[str]:
        """The site's first name."""
        public = edge.public_names(self.site)
        return Value(public[0].text if public else "this site")


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
        return edge.outer_proxy(self.context)

    @word("this terminates TLS")
    def outer_tls(self) -> Value[bool]:
        """Whether something that is not audited terminates TLS: by a sign in the repository, or as the user states."""
        return edge.outer_tls(self.context)

    @word("TLS is spoken here")
    def terminates_tls(self) -> Value[bool]:
        """Whether an nginx or a server of the repository speaks TLS."""
        return edge.terminates_tls(self.context)

    @word("expects https")
    def app_expects_tls(self) -> Value[bool]:
        """Whether an application takes the scheme from what stands before it, or insists on https. Not asked where the user
        says who terminates TLS."""
        if self.context.stated.tls.x is not None:
            return Value(False, self.context.stated.tls.places)
        apps = [process.app for peer in self.context.peers for process in peer.processes if process.app is not None]
        place = next((found for app in apps if (found := edge.trusts_scheme(app))), None)
        return Value(place is not None, (place,) if place else ())

    @word()
    def has_nginx(self) -> Value[bool]:
        """Whether an nginx is configured for this kind of deployment, or is there as the user says."""
        if self.context.stated.proxy.x is not None:
            return self.context.stated.proxy.map(lambda said: said == "nginx")
        for context in self.context.peers:
            for proxy in context.proxies:
                return Value(True, (proxy.running.place,))
        return Value(False)

    @word()
    def gets_certificates(self) -> Value[bool]:
        """Whether an ACME client gets certificates for it: by a location for its challenge, a word, or a mount of its files."""
        return edge.gets_certificates(self.context)
