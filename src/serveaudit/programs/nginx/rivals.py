"""Listeners that nginx refuses beside each other: two default servers at one address, one address twice in a server block."""

from __future__ import annotations

from collections.abc import Iterator

from serveaudit.programs.nginx.config import Config
from serveaudit.programs.nginx.listens import Listen
from serveaudit.programs.nginx.misuse import Misuse
from serveaudit.programs.nginx.sites import Site
from serveaudit.units import Address


def rivals(config: Config) -> Iterator[Misuse]:
    """Every listener that a second one of its kind stands before. Those of templates' branches exclude each other."""
    defaults: dict[tuple[object, ...], Listen] = {}
    for site in config.sites:
        own: dict[tuple[object, ...], Listen] = {}
        for listen in site.listens:
            key = _key(listen)
            if key is None or listen.unsure or listen.directive is None:
                continue
            if key in own:
                yield _twice(listen, own[key], site)
            elif listen.default_server and key in defaults:
                yield _twice(listen, defaults[key], site)
            own[key] = listen
            if listen.default_server:
                defaults.setdefault(key, listen)


def _key(listen: Listen) -> tuple[object, ...] | None:
    """What two listeners must not share; QUIC has sockets of its own."""
    address = listen.address.x
    if not isinstance(address, Address):
        return None
    host = "*" if address.host in ("*", "0.0.0.0", "") else address.host
    return address.kind, host, address.port, address.path, "quic" in listen.options


def _twice(listen: Listen, other: Listen, site: Site) -> Misuse:
    assert listen.directive is not None
    return Misuse(listen.directive, site.scope, "twice", other.directive)
