"""Shared memory zones: where each is defined, and who uses it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from serveaudit.formats.nginx import Directive
from serveaudit.programs.nginx import texts
from serveaudit.programs.nginx.scopes import Scope

Kind = Literal["limit_req", "limit_conn", "cache"]
_DEFINERS: dict[str, tuple[Kind, str]] = {
    "limit_req_zone": ("limit_req", "zone="),
    "limit_conn_zone": ("limit_conn", "zone="),
    "proxy_cache_path": ("cache", "keys_zone="),
    "uwsgi_cache_path": ("cache", "keys_zone="),
    "fastcgi_cache_path": ("cache", "keys_zone="),
    "scgi_cache_path": ("cache", "keys_zone="),
}
_USERS: dict[str, tuple[Kind, str]] = {
    "limit_req": ("limit_req", "zone="),
    "limit_conn": ("limit_conn", ""),
    "proxy_cache": ("cache", ""),
    "uwsgi_cache": ("cache", ""),
    "fastcgi_cache": ("cache", ""),
    "scgi_cache": ("cache", ""),
}


@dataclass(frozen=True, slots=True)
class Zone:
    """A zone at the directive that defines it. `key`: by what requests are told apart; empty for a cache."""

    name: str
    kind: Kind
    key: str
    directive: Directive


@dataclass(frozen=True, slots=True)
class ZoneUse:
    """A directive that names a zone, in its block."""

    name: str
    kind: Kind
    directive: Directive
    scope: Scope


def defined(http: Scope) -> list[Zone]:
    """The zones of an http block, in order."""
    found = []
    for directive in http.directives:
        if directive.name in _DEFINERS:
            kind, prefix = _DEFINERS[directive.name]
            name = next(
                (text.removeprefix(prefix).partition(":")[0] for text in directive.texts if text.startswith(prefix)), ""
            )
            key = "" if kind == "cache" or not directive.args else directive.args[0].text
            found.append(Zone(name, kind, key, directive))
    return found


def used(http: Scope) -> Iterator[ZoneUse]:
    """Every use of a zone by its plain name, in the order of the text."""
    for scope in http.walk():
        for directive in scope.directives:
            if directive.name in _USERS and directive.args:
                kind, prefix = _USERS[directive.name]
                said = next((text for text in directive.texts if text.startswith(prefix)), "").removeprefix(prefix)
                if said and said != "off" and isinstance(texts.of_text(said).x, str) and "$" not in said:
                    yield ZoneUse(said, kind, directive, scope)
