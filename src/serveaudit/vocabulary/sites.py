"""`site`: a server block of nginx."""

from __future__ import annotations

from serveaudit.deployment import Proxy
from serveaudit.programs.nginx import Site as Facts
from serveaudit.subjects import See
from serveaudit.values import Items, Place, Value
from serveaudit.words import Subject, word


class Site(Subject):
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
