"""`cipher_list` and `cors_policy`: what is promised to clients by nginx, by a server or by an application alike."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from serveaudit.applications import App
from serveaudit.deployment import Process, Proxy, listeners_of
from serveaudit.programs.nginx import Location, Site
from serveaudit.values import Items, Place, Value
from serveaudit.words import Subject, relation, word

_WEAK = re.compile(r"RC4|3DES|DES-CBC3|DES|[ae]?NULL|EXPORT\d*|EXP|MD5|AECDH|ADH|LOW")
_BY_SERVER = {"gunicorn": "ciphers", "hypercorn": "ciphers", "uvicorn": "ssl_ciphers"}
_SLOW = frozenset({"3DES"})
"""Weak, but nobody reads it in passing: it takes hours of traffic (Sweet32)."""


class CipherList(Subject):
    """The ciphers that a site or a server offers, in OpenSSL's notation."""

    def __init__(self, text: Value[str], tls: Value[bool], versions: Value[Any], symbol: str) -> None:
        self._text = text
        self._tls = tls
        self._versions = versions
        self.place = text.places[0] if text.places else None
        self.symbol = symbol

    @word("names weak ciphers")
    def text(self) -> Value[str]:
        """The list as written."""
        return self._text

    @word("TLS is spoken here")
    def tls(self) -> Value[bool]:
        """Whether it matters: TLS is spoken, in a version before 1.3."""
        only_newest = isinstance(self._versions.x, tuple) and set(self._versions.x) == {"TLSv1.3"}
        return Value(False) if only_newest else self._tls

    @word(gives="list[str]")
    def weak(self) -> Value[Items]:
        """The weak ciphers and groups that are named to be offered."""
        return self._text.map(lambda said: Items(tuple(_weak(said))))

    @word()
    def only_slow(self) -> Value[bool]:
        """Whether 3DES is the worst of them."""
        return self._text.map(lambda said: set(_weak(said)) <= _SLOW)


def _weak(said: str) -> list[str]:
    tokens = [token for token in re.split(r"[:, ]+", said) if token]
    refused = {_called(token[1:]) for token in tokens if token[0] in "!-"}
    named = [_called(found) for token in tokens if token[0] not in "!-@" for found in _parts(token)]
    return [name for name in dict.fromkeys(named) if name not in refused]


def _parts(token: str) -> Iterator[str]:
    """The weak ones of a cipher's parts: `DES-CBC3-SHA`, `ECDHE-RSA-RC4-SHA`, `RC4+RSA`."""
    for found in _WEAK.finditer(token):
        before, after = token[: found.start()], token[found.end() :]
        if re.search(r"(^|[-+])$", before) and re.match(r"($|[-+])", after):
            yield found[0]


def _called(name: str) -> str:
    return {"DES-CBC3": "3DES", "EXP": "EXPORT"}.get(name, name)


@relation("cipher_list")
def cipher_lists(deployment: Any) -> Iterator[CipherList]:
    """Every list of ciphers that somebody wrote."""
    for proxy in deployment.context.proxies:
        for site in proxy.config.sites:
            if site.written("ssl_ciphers"):
                yield CipherList(site.text("ssl_ciphers"), site.tls, site.words("ssl_protocols"), f"{site.symbol}/ssl_ciphers")
    for process in deployment.context.processes:
        name = _BY_SERVER.get(process.server.program)
        setting = process.server.settings.get(name) if name else None
        if setting is not None and setting.origin != "default":
            yield CipherList(setting.value, _speaks_tls(process), Value(None), f"{process.server.program}/{name}")


def _speaks_tls(process: Process) -> Value[bool]:
    found = next((each.tls for each in listeners_of(process) if each.tls.x is not False), None)
    return found if found is not None else Value(False)


class CorsPolicy(Subject):
    """Which other sites' scripts may read answers."""

    def __init__(self, origin: Value[str], credentials: Value[bool], place: Place | None, symbol: str) -> None:
        self._origin = origin
        self._credentials = credentials
        self.place = place
        self.symbol = symbol

    @word("every site is let in")
    def any_origin(self) -> Value[bool]:
        """Whether whatever origin asks is allowed."""
        return self._origin.map(bool)

    @word("with cookies")
    def credentials(self) -> Value[bool]:
        """Whether answers to requests with cookies may be read."""
        return self._credentials


@relation("cors_policy")
def cors_policies(deployment: Any) -> Iterator[CorsPolicy]:
    """Every place where nginx, a middleware or Django's settings say which origins are allowed."""
    for proxy in deployment.context.proxies:
        for site in proxy.config.sites:
            yield from _of_site(proxy, site)
    seen: set[int] = set()
    for process in deployment.context.processes:
        if process.app is not None and id(process.app) not in seen:
            seen.add(id(process.app))
            yield from _of_app(process.app)


def _of_site(proxy: Proxy, site: Site) -> Iterator[CorsPolicy]:
    known: set[int] = set()
    for location in (site.rest, *site.walk()):
        lines = location.response_headers.all("Access-Control-Allow-Origin")
        if not lines or id(lines[-1].directive) in known or _conditional(location):
            continue
        known.add(id(lines[-1].directive))
        origin = lines[-1].value.map(lambda said: said in ("$http_origin", "${http_origin}"))
        allowed = location.response_headers["Access-Control-Allow-Credentials"]
        yield CorsPolicy(origin, allowed.map(lambda said: said == "true"), location.place, location.symbol)


def _conditional(location: Location) -> bool:
    """Whether a condition chooses who gets the header."""
    return location.modifier == "if" or (location.parent is not None and _conditional(location.parent))


def _of_app(app: App) -> Iterator[CorsPolicy]:
    for layer in app.found.layers:
        if layer.name.endswith("CORSMiddleware"):
            origins = layer.argument(-1, "allow_origins") or Value(Items(()))
            credentials = layer.argument(-1, "allow_credentials") or Value(False)
            yield CorsPolicy(_everybody(origins), credentials, layer.place, f"app[{app.spec}]/cors")
    for call in app.module.calls:
        if call.name == "flask_cors.CORS" and call.reachable:
            origins = call.argument(-1, "origins") or Value(True, (call.place,))
            credentials = call.argument(-1, "supports_credentials") or Value(False)
            if call.argument(-1, "resources") is None:
                yield CorsPolicy(_everybody(origins), credentials, call.place, f"app[{app.spec}]/cors")
    if app.settings is not None:
        name = next((name for name in _DJANGO if name in app.settings.values), None)
        if name is not None:
            credentials = app.settings.values.get("CORS_ALLOW_CREDENTIALS", Value(False))
            yield CorsPolicy(app.settings.values[name], credentials, None, f"app[{app.spec}]/cors")


_DJANGO = ("CORS_ALLOW_ALL_ORIGINS", "CORS_ORIGIN_ALLOW_ALL")


def _everybody(origins: Value[Any]) -> Value[Any]:
    """Whether a list of origins, or one text, lets everybody in."""
    if isinstance(origins.x, Items):
        found = "*" in origins.x.plain
        return Value(found or (False if origins.x.complete is True else origins.x.complete), origins.places)
    return origins.map(lambda said: said in ("*", True))
