"""Who faces the clients: whether something that is not audited proxies, or terminates TLS, before what is.

No file says so for sure; a sign is enough to keep rules quiet that are about the edge.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from serveaudit.applications import App
from serveaudit.deployment import Context, Proxy, listeners_of
from serveaudit.exposure import WEB_PORTS, outer_ports
from serveaudit.launching import Sign
from serveaudit.programs.nginx import Listen, Name, Site, Target
from serveaudit.units import Address
from serveaudit.values import Branch, Place, Unknown, Value

_FORWARDED = re.compile(
    r"\$\{?http_(x_forwarded_(proto|ssl|port|scheme)|x_scheme|cf_\w+|cloudfront_\w+|x_url_scheme)", re.IGNORECASE
)
_PRIVATE_NAMES = re.compile(
    r"(|_|-|localhost|[\d.]+|\[?[0-9a-f:]+\]?|[^.]*|"
    r".*\.(local|localhost|internal|lan|home|test|example|invalid|intranet|corp|localdomain))",
    re.IGNORECASE,
)
_EXPECTING = ("set_real_ip_from", "real_ip_header", "ssl_preread")
_SCHEMES = frozenset(("x-forwarded-proto", "x-scheme", "http_x_forwarded_proto", "uwsgi_scheme", "https"))
_ACME = re.compile(
    r"certbot|letsencrypt|let's encrypt|\.well-known|(?-i:\bACME\b)|"
    r"acme\.(sh|json)|acme[-_ ]?challenge|\bacme_(issuer|certificate|client)|\b(www|lib|etc|run)/acme\b",
    re.IGNORECASE,
)
"""Words of ACME clients; `acme` by itself is somebody's name as well (acme.example.com)."""
_REDIRECTING = ("HTTPSRedirectMiddleware", "Talisman", "SSLify")
_SCHEME_LAYERS = ("ProxyFix", "ProxyHeadersMiddleware", "HTTPSRedirectMiddleware", "Talisman", "SSLify")


def outer_proxy(context: Context) -> Value[bool]:
    """Whether something that is not audited proxies: by a sign in the repository, or as the user states."""
    if context.stated.proxy.x is not None:
        return context.stated.proxy.map(lambda said: said == "external")
    return _first(sign for sign in context.signs if sign.proxies)


def outer_tls(context: Context) -> Value[bool]:
    """Whether something that is not audited terminates TLS: by a sign in the repository, or as the user states."""
    if context.stated.tls.x is not None:
        return context.stated.tls.map(lambda said: said == "external")
    found = _first(sign for sign in context.signs if sign.terminates_tls)
    if found.x is True:
        return found
    place = next((place for proxy in context.proxies if (place := expects_balancer(proxy))), None)
    return Value(place is not None, (place,) if place else ())


def expects_balancer(proxy: Proxy) -> Place | None:
    """Where nginx says that another proxy stands before it: it takes addresses from it, speaks its protocol, asks for the
    scheme that it announces, or announces https where it speaks plain HTTP itself. None: nowhere."""
    outermost = proxy.config.main or proxy.config.http
    if outermost is None:
        return None
    for scope in outermost.scope.walk():
        for directive in scope.directives:
            texts = directive.texts
            if directive.name in _EXPECTING or any(_FORWARDED.search(text) for text in texts):
                return Place(directive.head)
            if directive.name == "listen" and "proxy_protocol" in texts:
                return Place(directive.head)
            if directive.name in ("proxy_set_header", "uwsgi_param") and _says_https(texts) and not _speaks_tls(proxy):
                return Place(directive.head)
    return None


def _says_https(texts: list[str]) -> bool:
    return len(texts) > 1 and texts[0].lower() in _SCHEMES and texts[1].lower() in ("https", "on")


def _speaks_tls(proxy: Proxy) -> bool:
    return any(site.tls.x is not False for site in proxy.config.sites)


def trusts_scheme(app: App) -> Place | None:
    """Where an application takes the scheme from whoever stands before it, or insists on https; None: nowhere."""
    if app.settings is not None:
        for name in ("SECURE_PROXY_SSL_HEADER", "SECURE_SSL_REDIRECT"):
            value = app.settings.value(name)
            if any(case.x not in (None, False) for _, case in value.worlds()):
                return next(iter(value.places), app.place)
    layer = next((call for call in app.found.layers if call.name.endswith(_SCHEME_LAYERS)), None)
    made = layer or next((call for call in app.module.calls if call.name.endswith(_SCHEME_LAYERS)), None)
    return made.place if made else None


def insists_on_https(app: App) -> Value[Any]:
    """Whether an application itself sends plain requests to https."""
    calls = (*app.found.layers, *app.module.calls)
    layer = next((call for call in calls if call.name.endswith(_REDIRECTING)), None)
    if layer is not None:
        return Value(True, (layer.place,))
    return app.settings.value("SECURE_SSL_REDIRECT") if app.settings is not None else Value(False)


def is_own(target: Target) -> bool:
    """Whether a location passes requests to an application of one's own: an upstream block, a socket, a private address or a
    bare name, and not to somebody's site."""
    if target.upstream is not None:
        return True
    for member in target.addresses:
        address = member.x
        if isinstance(address, Address):
            return address.kind == "unix" or address.loopback or address.everywhere or not is_public_name(address.host)
    return False


def terminates_tls(context: Context) -> Value[bool]:
    """Whether an nginx or a server that is audited speaks TLS; unknown where a file that was not read, or a template, may say
    so. The places are those of the listener. Where the user says that nginx does, it does in a file that is not here."""
    if context.stated.tls.x == "nginx":
        return Value(True, context.stated.tls.places)
    doubt: Value[Any] = Value(False)
    for peer in context.peers:
        for proxy in peer.proxies:
            found = _nginx_tls(proxy)
            if found.x is True:
                return found
            doubt = found if isinstance(found.x, Unknown) else doubt
        for process in peer.processes:
            for listener in listeners_of(process):
                if any(case.x is not False for _, case in listener.tls.worlds()):
                    return Value(True, listener.tls.places or listener.address.places)
    return doubt


def _nginx_tls(proxy: Proxy) -> Value[Any]:
    for site in proxy.config.sites:
        tls = site.tls
        if tls.x is True or isinstance(tls.x, Branch):
            return Value(True, tls.places)
        if isinstance(tls.x, Unknown) or any(listen.torn or listen.port == 443 for listen in site.listens):
            return Value(Unknown("how a site listens is not known", "listen"), (site.place,))
    if proxy.config.kind == "whole" and isinstance(proxy.config.complete, Unknown):
        return Value(proxy.config.complete, (Place(proxy.config.root.line_span(1)),))
    return Value(False)


def gets_certificates(context: Context) -> Value[bool]:
    """Whether an ACME client gets certificates for it: a location for its challenge, a word of it, or a mount of its files. Not
    asked where the user says who terminates TLS."""
    if context.stated.tls.x is not None:
        return Value(False, context.stated.tls.places)
    for proxy in context.proxies:
        for tree in proxy.config.trees:
            found = _ACME.search(tree.source.text)
            if found:
                return Value(True, (Place(tree.source.line_span(tree.source.position(found.start()).line)),))
        for mount in proxy.running.machine.mounts:
            if _ACME.search(f"{mount.source} {mount.target}"):
                return Value(True, (mount.place,))
    return Value(False)


def public_names(site: Site) -> list[Name]:
    """The site's names that the internet could know."""
    told = [name for name in site.names if name.kind in ("exact", "wildcard")]
    return [name for name in told if not _PRIVATE_NAMES.fullmatch(name.text)]


def is_public_name(host: str) -> bool:
    """Whether a host is one that the internet could know by name."""
    return not _PRIVATE_NAMES.fullmatch(host)


def faces_clients(proxy: Proxy, site: Site) -> Value[bool]:
    """Whether clients reach a site without another proxy before it; unknown, with the reason, where there is a sign of one."""
    context = proxy.running.context
    proxied, tls = context.stated.proxy, context.stated.tls
    if proxied.x is not None:
        return proxied.map(lambda said: said != "external")
    if tls.x in ("nginx", "external"):
        return tls.map(lambda said: said == "nginx")
    sign = next((sign for sign in context.signs if sign.proxies), None)
    if sign is not None:
        return Value(Unknown(f"{sign.what} may stand before it", "deployment.proxy"), (sign.place,))
    place = expects_balancer(proxy)
    if place is not None:
        return Value(Unknown("it is set up to stand behind a balancer", "deployment.proxy"), (place,))
    if not any(on_web_port(proxy, listen) for listen in site.listens):
        return Value(Unknown("it is reached at no port of the web", "deployment.proxy"), (site.place,))
    return Value(True, (site.place,))


def on_web_port(proxy: Proxy, listen: Listen, *ports: int) -> bool:
    """Whether other machines reach an address of nginx as port 80 or 443 (or only as one of `ports`)."""
    address = listen.address.x
    if not isinstance(address, Address) or address.kind != "tcp" or address.loopback:
        return False
    return bool(set(outer_ports(proxy.running.machine, address)) & set(ports or WEB_PORTS))


def _first(found: Iterator[Sign]) -> Value[bool]:
    sign = next(found, None)
    return Value(True, (sign.place,)) if sign else Value(False)
