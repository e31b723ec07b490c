"""`cache`: a location whose answers nginx keeps, and for whom they are."""

from __future__ import annotations

from serveaudit.application.sessions import uses_sessions
from serveaudit.deployment import Pairing, Proxy
from serveaudit.programs.nginx import Location, Site, Target, texts
from serveaudit.programs.nginx.scopes import written
from serveaudit.subjects import See
from serveaudit.values import Items, Place, Unknown, Value
from serveaudit.words import Subject, word

_PERSONAL = ("cookie", "authorization", "session", "logged", "auth", "user", "bypass", "skip", "no_cache", "nocache")
_FOR_EVERYBODY = ("/static", "/media", "/assets", "/public", "/images", "/img", "/css", "/js", "/fonts", "/favicon")
_HOST = frozenset({"host", "http_host", "server_name", "ssl_server_name"})


class Cache(Subject):
    """A location that passes requests on and keeps the answers."""

    def __init__(self, location: Location, proxy: Proxy, zone: str, see: See) -> None:
        self.proxy = proxy
        self.location = location
        self.see = see
        self.place = location.place
        self.symbol = f"{location.symbol}/cache"
        self._zone = zone

    @word("answers are kept in {it}")
    def zone(self) -> Value[str]:
        """The zone that keeps the answers."""
        return self.location.text(self.location.passing("cache"))

    @word("nginx keeps answers although the application says {it}")
    def ignored(self) -> Value[list[str]]:
        """The headers by which the application says what must not be shared, and which nginx is told to ignore."""
        found = self.location.effective(self.location.passing("ignore_headers"))
        members: tuple[Value[str], ...] = tuple(Value(word.text, (Place(word.span),)) for line in found for word in line.args)
        personal = tuple(member for member in members if member.x.lower() in ("set-cookie", "vary"))
        return Value(Items(personal), tuple(map(written, found)))

    @word()
    def keeps(self) -> Value[bool]:
        """Whether answers are kept that say nothing of caching: `proxy_cache_valid` says for how long."""
        found = self.location.effective(self.location.passing("cache_valid"))
        return Value(
            bool(found) or (found.complete if isinstance(found.complete, Unknown) else False), tuple(map(written, found))
        )

    @word()
    def leaves_out_sessions(self) -> Value[bool]:
        """Whether requests with a cookie are kept apart: not stored, or stored by a key with the cookie in it."""
        for name in ("no_cache", "cache_bypass", "cache_key"):
            found = self.location.effective(self.location.passing(name))
            if found.complete is not True:
                return Value(found.complete)
            names = [use.name.lower() for line in found for text in line.texts for use in texts.uses(text)]
            if any(part in used for used in names for part in _PERSONAL):
                return Value(True, tuple(map(written, found)))
        return Value(False)

    @word()
    def for_everybody(self) -> Value[bool]:
        """Whether its path is one of files that are the same for everybody."""
        return Value(str(self.location.uri).startswith(_FOR_EVERYBODY))

    @word("its pages depend on who asks")
    def sessions(self) -> Value[bool]:
        """Whether the application that answers keeps sessions."""
        for pair in self._pairs():
            if pair.process.app is not None:
                settings = pair.process.app.settings
                return uses_sessions(pair.process.app.module, settings.value if settings else None)
        return Value(Unknown("the application's code was not found"))

    def _pairs(self) -> list[Pairing]:
        return [pair for pair in self.proxy.pairs if pair.location is self.location]

    @word("says nothing of the host")
    def key_without_host(self) -> Value[str]:
        """The key by which answers are told apart, where no host is in it; None where one is."""
        name = self.location.passing("cache_key")
        default = "$scheme$proxy_host$request_uri" if name == "proxy_cache_key" else None
        found = self.location.effective(name)
        if found.complete is not True:
            return Value(found.complete)
        said = " ".join(found.directives[-1].texts) if found.directives else default
        used = {use.name.lower() for use in texts.uses(said or "")}
        plain = said is not None and used <= _WITHOUT_HOST
        places = tuple(map(written, found)) or (self.location.scope.missing(f"the default key is {default}"),)
        return Value(said if plain else None, places)

    @word()
    def host_passed(self) -> Value[bool]:
        """Whether the application sees which host was asked for."""
        sent = self.location.request_headers["Host"]
        return sent.map(lambda text: any(use.name.lower() in _HOST for use in texts.uses(text)))

    @word("answers to {it}")
    def hosts(self) -> Value[list[str]]:
        """The hosts whose answers the zone keeps for the same upstream: plain names without `www.`, and patterns."""
        names: dict[str, Value[str]] = {}
        for site, _ in self._sharing():
            for name in site.names:
                if name.kind in ("exact", "wildcard", "regex"):
                    names.setdefault(name.text.removeprefix("www."), Value(name.text, (name.place,)))
        return Value(Items(tuple(names.values())), tuple(place for value in names.values() for place in value.places)[:3])

    @word()
    def one_site(self) -> Value[bool]:
        """Whether the hosts may be names of one and the same site: plain names of one server block can't be told from those of
        different tenants."""
        sites = {id(site) for site, _ in self._sharing()}
        wild = any(name.kind in ("wildcard", "regex") for name in self.location.site.names)
        many = len({str(name.x).removeprefix("www.") for name in self.hosts.x}) > 1
        if not many and not wild:
            return Value(True)
        return Value(False if wild or len(sites) > 1 else Unknown("the names may stand for one site"))

    def _sharing(self) -> list[tuple[Site, Location]]:
        """The locations whose answers go into the same zone under the same key."""
        mine = self._aim(self.location)
        found = []
        for site in self.proxy.config.sites:
            for location in site.routes:
                if self._zone_of(location) == self._zone and self._aim(location) == mine:
                    found.append((site, location))
        return found

    @staticmethod
    def _aim(location: Location) -> str:
        target = location.target.x
        return target.text if isinstance(target, Target) else ""

    @staticmethod
    def _zone_of(location: Location) -> str:
        return str(location.text(location.passing("cache")).x)


_WITHOUT_HOST = frozenset(
    {"scheme", "proxy_host", "request_uri", "uri", "args", "is_args", "request_method", "https", "query_string"}
)
"""Variables that are alike for all hosts."""
