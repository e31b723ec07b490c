"""How server blocks speak TLS: what is open without it, certificates, ciphers, and what is promised to browsers."""

from __future__ import annotations

import re
from typing import Any

from serveaudit import edge
from serveaudit.applications import App
from serveaudit.deployment import Proxy
from serveaudit.programs.nginx import Listen, Return, Site, Target
from serveaudit.units import Address
from serveaudit.values import How, Place, Unknown, Value
from serveaudit.words import word

_QUIET = re.compile(r"\.well-known|health|ping|status|/robots\.txt|/favicon\.ico|livez|readyz|alive|probe|acme", re.IGNORECASE)
_TO_HTTPS = re.compile(r"https?://\$\{?server_name\b", re.IGNORECASE)
_MAX_AGE = re.compile(r"max-age\s*=\s*\"?(\d{1,12})", re.IGNORECASE)
_POST_QUANTUM = re.compile(r"(?<![\w?])(?:X25519|SecP256r1|SecP384r1|x25519_|p256_)?(?:ML-?KEM|Kyber)\w*", re.IGNORECASE)
_OLD_IMAGE = re.compile(r"(docker\.io/)?(library/)?nginx:1\.(\d|1\d|2[0-7])(\.\d+)?(-[\w.-]+)?")


class SiteTls:
    """Of a server block."""

    proxy: Proxy
    facts: Site

    @word("clients reach it here")
    def faces_clients(self) -> Value[bool]:
        """Whether clients reach it without another proxy before it."""
        return edge.faces_clients(self.proxy, self.facts)

    @word()
    def decides_protocols(self) -> Value[bool]:
        """Whether it is the default of one of its TLS addresses: versions are agreed on before a name is known."""
        defaults = [self.proxy.config.default_for(listen) for listen in self.facts.listens if listen.tls]
        return Value(not defaults or any(_is(found, self.facts) for found in defaults))

    # what is open without TLS

    @word("listens without TLS")
    def plain_listener(self) -> Value[str]:
        """The first address at which it takes plain HTTP from other machines; None: there is none."""
        for listen in self.facts.listens:
            address = listen.address.x
            outside = isinstance(address, Address) and address.kind == "tcp" and not address.loopback
            if outside and not listen.tls and not listen.proxy_protocol and not self.facts.written("ssl"):
                return Value(str(address), (listen.place,))
        return Value(None)

    @word("the same names, with TLS")
    def tls_twin(self) -> Value[bool]:
        """Whether it also listens with TLS, or another server block of one of its names does."""
        mine = {name.text.lower() for name in self.facts.names}
        for site in (self.facts, *self.proxy.config.sites):
            if site.tls.x is True and (site is self.facts or mine & {name.text.lower() for name in site.names} - {"", "_"}):
                place = next(listen.place for listen in site.listens if listen.tls) if _tls(site) else site.place
                return Value(True, (place,))
        return Value(False)

    @word()
    def sends_to_https(self) -> Value[bool]:
        """Whether a condition on the scheme, or a rewrite, sends plain requests to https."""
        inner = [self.facts.rest, *self.facts.conditions, *self.facts.walk()]
        return Value(any(block.modifier in ("if", "server") and block.only_redirects for block in inner))

    @word("hands plain requests to the application")
    def app_path(self) -> Value[str]:
        """The first location that passes requests to an application of one's own, those for probes and certificates left out;
        None: there is none."""
        for location in self.facts.routes:
            target = location.target.x
            passed = isinstance(target, Target) and edge.is_own(target)
            if passed and not location.exact and not _QUIET.search(str(location.uri)):
                return location.path.at(Place(location.passes.head)) if location.passes else location.path
        return Value(None)

    @word()
    def app_redirects(self) -> Value[bool]:
        """Whether the application itself sends plain requests to https."""
        apps = [pair.process.app for pair in self.proxy.pairs if pair.location.site is self.facts and pair.process.app]
        found = [edge.insists_on_https(app) for app in apps]
        return next((value for value in found if value.x is not False), Value(False))

    @word("no TLS is spoken here")
    def plain_web_port(self) -> Value[int]:
        """The port of https at which it speaks no TLS; None: there is none."""
        for listen in self.facts.listens:
            if listen.port == 443 and not listen.tls and not listen.torn and not listen.proxy_protocol:
                sharing = [other for site in self.proxy.config.sharing(listen) for other in site.listens]
                same = [other for other in sharing if other.address.x == listen.address.x]
                if not self.facts.written("ssl") and not any(other.tls for other in same):
                    return Value(443, (listen.place,))
        return Value(None)

    # certificates and ciphers

    @word("no certificate")
    def lacks_certificate(self) -> Value[str]:
        """The TLS address that nginx refuses to start with: its default server has no certificate; None: there is none. Of a
        fragment it can't be told."""
        if self.proxy.config.kind != "whole" or self.facts.effective("ssl_certificate").directives:
            return Value(None)
        for listen in self.facts.listens:
            if listen.tls and not listen.unsure and _is(self.proxy.config.default_for(listen), self.facts):
                doubt = self.facts.effective("ssl_certificate").complete
                unread = doubt if isinstance(doubt, Unknown) else self.proxy.config.complete
                said = " ".join(listen.directive.texts) if listen.directive else ""
                return Value(unread if isinstance(unread, Unknown) else said, (listen.place,))
        return Value(None)

    @word()
    def rejects_handshakes(self) -> Value[bool]:
        return self.facts.flag("ssl_reject_handshake")

    @word("the default server of connections with HTTP/2")
    def shared_connections(self) -> Value[str]:
        """The TLS address of which it is the default server, where it or another site speaks HTTP/2, so that one connection may
        carry requests for several names; None: there is none."""
        for listen in self.facts.listens:
            if listen.tls and listen.default_server and not listen.unsure:
                spoken = [_speaks_http2(site, listen) for site in self.proxy.config.sharing(listen)]
                if any(each.x is True for each in spoken):
                    return Value(str(listen.address.x), (listen.place,))
                doubt = next((each.x for each in spoken if isinstance(each.x, Unknown)), None)
                return Value(doubt, (listen.place,))
        return Value(None)

    @word()
    def turns_away(self) -> Value[bool]:
        """Whether it answers with nothing but 421, or closes the connection, in the server or in its location for all."""
        of_locations = (location.returns for location in self.facts.walk() if location.uri == "/")
        found = next((each for each in (self.facts.returns, *of_locations) if each), None)
        return Value(found is not None and found.status in ("421", "444"))

    @word("offers {it}")
    def post_quantum(self) -> Value[str]:
        """A group of ssl_ecdh_curve that only OpenSSL 3.5 knows, and that is not marked as optional; None: there is none."""
        return self.facts.text("ssl_ecdh_curve").map(lambda said: found[0] if (found := _POST_QUANTUM.search(said)) else None)

    @word()
    def new_openssl(self) -> Value[bool]:
        """Whether nginx's OpenSSL is 3.5 or newer: on Alpine 3.22 and Debian 13, but not in nginx's own images before 1.28."""
        image = self.proxy.running.machine.image
        if isinstance(image.x, str) and re.search(r"alpine3\.(2[2-9]|[3-9]\d)|trixie", image.x):
            return Value(True, image.places)
        if isinstance(image.x, str) and _OLD_IMAGE.fullmatch(image.x):
            return Value(False, image.places)
        return Value(Unknown("which OpenSSL nginx uses is not known", "openssl"))

    @word("switches stapling on")
    def stapling(self) -> Value[bool]:
        return self.facts.flag("ssl_stapling")

    @word("of Let's Encrypt")
    def lets_encrypt(self) -> Value[bool]:
        """Whether its certificate is where Let's Encrypt's clients put it."""
        return self.facts.text("ssl_certificate").map(lambda said: "letsencrypt/live" in said or "acme" in said.lower())

    @word("a file with the answer")
    def stapling_file(self) -> Value[str]:
        return self.facts.text("ssl_stapling_file")

    # redirects and promises

    @word("redirects to {it}")
    def redirect_by_name(self) -> Value[str]:
        """Where it redirects to by $server_name; None: nowhere."""
        for block in (self.facts.rest, *self.facts.conditions, *self.facts.walk()):
            found = block.returns
            if found is not None and _names_server(found):
                return Value(
                    found.directive.texts[-1] if found.directive.name == "return" else found.directive.texts[1],
                    (Place(found.directive.head),),
                )
        return Value(None)

    @word("the first name is {it}")
    def first_name(self) -> Value[str]:
        """What $server_name is: the first name as written; empty where there is none."""
        for name in self.facts.names:
            return Value(Unknown("a template fills the name in") if name.kind == "unknown" else name.text, (name.place,))
        return Value("", (Place(self.facts.place.span, How.ABSENT, "no server_name"),))

    @word()
    def real_first_name(self) -> Value[bool]:
        """Whether $server_name is a name that a client can ask for."""
        first = next(iter(self.facts.names), None)
        return Value(first is not None and first.kind in ("exact", "unknown"), self.first_name.places)

    @word("{it} other names")
    def other_names(self) -> Value[int]:
        """How many names it has beside the first one."""
        return Value(max(len(self.facts.names) - 1, 0), tuple(name.place for name in self.facts.names[1:2]))

    @word()
    def only_www_beside(self) -> Value[bool]:
        """Whether its names are one and the same, with and without www."""
        return Value(len({name.text.lower().removeprefix("www.") for name in self.facts.names}) == 1)

    @word("promises https for {it} seconds")
    def hsts(self) -> Value[int]:
        """The max-age of Strict-Transport-Security on the application's pages, from nginx or else from Django; 0: none is sent;
        None: no application is known to answer."""
        pages = [location for location in self.facts.routes if not location.named and not location.conditions]
        for location in pages:
            added = location.response_headers["Strict-Transport-Security"]
            if added.x is not None:
                return added.map(_max_age)
            for pair in self.proxy.pairs:
                if pair.location is location and pair.process.app is not None:
                    return _promised(pair.process.app)
        return Value(None)

    @word()
    def public_name(self) -> Value[bool]:
        """Whether it has a name that the internet could know."""
        return Value(bool(edge.public_names(self.facts)))


def _tls(site: Site) -> bool:
    return any(listen.tls for listen in site.listens)


def _is(found: Value[Any], site: Site) -> bool:
    return isinstance(found.x, Site) and found.x.scope is site.scope


def _speaks_http2(site: Site, at: Listen) -> Value[bool]:
    """Whether a site speaks HTTP/2 at an address: by a word of any `listen`, or by the directive of nginx 1.25.1 and newer."""
    if any("http2" in listen.options for listen in site.listens if listen.address.x == at.address.x):
        return Value(True)
    return site.flag("http2")


def _names_server(found: Return) -> bool:
    return found.redirects and any(_TO_HTTPS.match(text) for text in found.directive.texts)


def _max_age(said: str) -> int | Unknown:
    found = _MAX_AGE.search(said)
    return int(found[1]) if found else Unknown(f"how long {said} is meant to last is not known")


def _promised(app: App) -> Value[Any]:
    """What Django promises; unknown for all other frameworks."""
    if app.settings is None:
        return Value(Unknown("whether the application sends Strict-Transport-Security is not known"))
    return app.settings.value("SECURE_HSTS_SECONDS")
