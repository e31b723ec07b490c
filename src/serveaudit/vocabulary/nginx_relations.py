"""What cards about nginx itself may name in `for:`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from serveaudit.application.response_headers import sent_by
from serveaudit.programs.nginx import facts
from serveaudit.programs.nginx.captures import nonexistent
from serveaudit.programs.nginx.decisions import never_equal
from serveaudit.programs.nginx.memory_bugs import shapes
from serveaudit.programs.nginx.newlines import injections
from serveaudit.programs.nginx.patterns import patterns
from serveaudit.programs.nginx.rivals import rivals
from serveaudit.values import Place
from serveaudit.words import relation


@relation("nginx")
def nginxes(deployment: Any) -> Iterator[Any]:
    """Every nginx, as one."""
    for proxy in deployment.context.proxies:
        yield deployment.see((proxy, Place(proxy.config.root.line_span(1))))


@relation("location")
def locations(deployment: Any) -> Iterator[Any]:
    """Every location, the conditions in them, and what server blocks do where no location matches."""
    for proxy in deployment.context.proxies:
        for site in proxy.config.sites:
            for location in (*site.walk(), *site.conditions, site.rest):
                if location.modifier != "limit_except":
                    yield deployment.see((location, proxy))


@relation("directive")
def directives(deployment: Any) -> Iterator[Any]:
    """Every directive that cards ask about by itself: there are very many others."""
    for proxy in deployment.context.proxies:
        outermost = proxy.config.main or proxy.config.http
        for scope in outermost.scope.walk() if outermost else ():
            for name in _asked() if scope.kind not in _TABLES else ():
                for directive in scope.own(name):
                    yield deployment.see((proxy, directive, scope))


@cache
def _asked() -> tuple[str, ...]:
    """Their names: a few, and those that some release has no more."""
    removed = (name for name, known in facts().directives.items() if known.until)
    return ("error_log", "listen", "resolver", "valid_referers", *removed)


_TABLES = frozenset(("map", "geo", "types", "split_clients", "charset_map", "match", "num_map"))


@relation("header_line")
def header_lines(deployment: Any) -> Iterator[Any]:
    """Every line that sets a header of requests or of answers."""
    for proxy in deployment.context.proxies:
        for scope in proxy.config.http.scope.walk() if proxy.config.http else ():
            for line in (*scope.own("add_header"), *scope.own("proxy_set_header")):
                if len(line.args) > 1:
                    yield deployment.see((proxy, line, scope))


@relation("pattern")
def all_patterns(deployment: Any) -> Iterator[Any]:
    """Every regular expression of locations, rewrites, conditions, maps and server names."""
    for proxy in deployment.context.proxies:
        for found in patterns(proxy.config.http.scope) if proxy.config.http else ():
            yield deployment.see((proxy, found))


@relation("capture")
def captures(deployment: Any) -> Iterator[Any]:
    """Every use of a group that no pattern has."""
    for proxy in deployment.context.proxies:
        for usage, pattern in nonexistent(proxy.config.variables):
            yield deployment.see((proxy, usage, pattern))


@relation("injection")
def all_injections(deployment: Any) -> Iterator[Any]:
    """Every variable that may hold a newline where that starts a header."""
    for proxy in deployment.context.proxies:
        for found in injections(proxy.config.http.scope, proxy.config.variables) if proxy.config.http else ():
            yield deployment.see((proxy, found))


@relation("shape")
def all_shapes(deployment: Any) -> Iterator[Any]:
    """Every place where a published fault of nginx is reached."""
    for proxy in deployment.context.proxies:
        for found in shapes(proxy.config.http.scope, proxy.config.variables) if proxy.config.http else ():
            yield deployment.see((proxy, found))


@relation("comparison")
def comparisons(deployment: Any) -> Iterator[Any]:
    """Every comparison of a table's variable with what the table never gives."""
    for proxy in deployment.context.proxies:
        for found in never_equal(proxy.config.http.scope, proxy.config.variables) if proxy.config.http else ():
            yield deployment.see((proxy, found))


@relation("misuse")
def misuses(deployment: Any) -> Iterator[Any]:
    """Every directive that nginx refuses where it stands."""
    for proxy in deployment.context.proxies:
        for found in (*proxy.config.misuses, *rivals(proxy.config)):
            yield deployment.see((proxy, found))


@relation("zone_use")
def zone_uses(deployment: Any) -> Iterator[Any]:
    """Every directive that names a zone."""
    for proxy in deployment.context.proxies:
        for found in proxy.config.zone_uses:
            yield deployment.see((proxy, found))


@relation("include")
def includes(deployment: Any) -> Iterator[Any]:
    """Every `include`."""
    for proxy in deployment.context.proxies:
        for found in proxy.config.includes:
            yield deployment.see((proxy, found))


@relation("server_name")
def server_names(deployment: Any) -> Iterator[Any]:
    """Every name of every server block."""
    for proxy in deployment.context.proxies:
        for site in proxy.config.sites:
            for name in site.names:
                yield deployment.see((proxy, name))


@relation("syntax_fault")
def syntax_faults(deployment: Any) -> Iterator[Any]:
    """Every place where nginx's reader stops."""
    for proxy in deployment.context.proxies:
        for problem in proxy.config.problems:
            yield deployment.see((proxy, problem))


@relation("cache")
def caches(deployment: Any) -> Iterator[Any]:
    """Every location that passes requests on and keeps the answers."""
    for proxy in deployment.context.proxies:
        for location in proxy.config.routes:
            zone = location.text(location.passing("cache")).x
            if isinstance(zone, str) and zone != "off":
                yield deployment.see((location, proxy, zone))


@relation("doubled_header")
def doubled_headers(deployment: Any) -> Iterator[Any]:
    """Every header that nginx adds to answers of an application which sends it as well."""
    for pairing in deployment.context.pairs:
        app = pairing.process.app
        sent = sent_by(app.module, app.settings.value if app.settings else None) if app else {}
        for added in pairing.location.response_headers if sent else ():
            if added.name.lower() in sent:
                yield deployment.see((pairing, added, sent[added.name.lower()]))
