"""What an application itself takes from forwarded headers: by Django's settings, by a layer around it that fixes them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from serveaudit.formats.python import Call
from serveaudit.values import Items, Place, Table, Unknown, Value

Ask = Callable[[str], Value[Any]]
"""A Django setting by its name; None where there is none."""

_PROXY_FIXES = ("werkzeug.middleware.proxy_fix.ProxyFix", "werkzeug.contrib.fixers.ProxyFix")
_POSITIONS = {"x_for": 1, "x_proto": 2, "x_host": 3, "x_port": 4, "x_prefix": 5}
_DEFAULTS = {"x_for": 1, "x_proto": 1}
"""Of werkzeug's ProxyFix since 0.15."""
_BEFORE_0_15 = ("x_for", "x_proto", "x_host")
"""What the one of werkzeug.contrib took, and hypercorn's takes."""
_HOP_FIXES = ("hypercorn.middleware.ProxyFixMiddleware", "hypercorn.middleware.proxy_fix.ProxyFixMiddleware")
_PEER_FIXES = (
    "uvicorn.middleware.proxy_headers.ProxyHeadersMiddleware",
    "granian.utils.proxies.wrap_asgi_with_proxy_headers",
    "granian.utils.proxies.wrap_wsgi_with_proxy_headers",
)
_REDIRECTS = (
    "starlette.middleware.httpsredirect.HTTPSRedirectMiddleware",
    "fastapi.middleware.httpsredirect.HTTPSRedirectMiddleware",
    "hypercorn.middleware.HTTPToHTTPSRedirectMiddleware",
)
_SECURITY = "django.middleware.security.SecurityMiddleware"


@dataclass(frozen=True, slots=True)
class SchemeHeader:
    """A header that is believed to tell the scheme, and the value that stands for https."""

    header: str
    secure: str

    def __str__(self) -> str:
        return self.header


def scheme_header(layers: Sequence[Call], setting: Ask) -> Value[SchemeHeader]:
    """The header from which the application takes the scheme, whoever sent it; None: it leaves that to the server."""
    fixed = hops(layers, "x_proto")
    return fixed.map(_fixed_header) if fixed.x != 0 else setting("SECURE_PROXY_SSL_HEADER").map(_scheme_header)


def _fixed_header(count: int) -> SchemeHeader | Unknown | None:
    """ProxyFix takes the value that is number `count` from the right, and nothing where there are fewer."""
    if count > 1:
        return Unknown(f"whether {count} proxies add to X-Forwarded-Proto is not known")
    return SchemeHeader("X-Forwarded-Proto", "https") if count else None


def _scheme_header(pair: Any) -> Any:
    if not isinstance(pair, Items) or len(pair.members) < 2:
        return Unknown("the value of SECURE_PROXY_SSL_HEADER is not a pair that is known")
    name, secure = (member.x for member in pair.members[:2])
    if not isinstance(name, str) or not isinstance(secure, str):
        return Unknown("which header SECURE_PROXY_SSL_HEADER names is not known")
    return SchemeHeader(header_name(name), secure)


def header_name(variable: str) -> str:
    """`HTTP_X_FORWARDED_PROTO` as the header is sent: X-Forwarded-Proto."""
    return "-".join(part.capitalize() for part in variable.removeprefix("HTTP_").split("_"))


def hops(layers: Sequence[Call], what: str) -> Value[int]:
    """How many proxies ProxyFix (or hypercorn's) believes for one thing: x_for, x_proto, x_host, x_port, x_prefix. 0: none."""
    for layer in layers:
        if layer.name == _PROXY_FIXES[0]:
            return _counted(layer, _POSITIONS[what], what, _DEFAULTS.get(what, 0))
        if layer.name in _HOP_FIXES and what in _BEFORE_0_15:
            return _counted(layer, 2, "trusted_hops", 1)
        if layer.name in _PROXY_FIXES and what in _BEFORE_0_15:
            return Value(1, (layer.place,))
    return Value(0)


def _counted(layer: Call, position: int, name: str, default: int) -> Value[int]:
    given = layer.argument(position, name)
    if given is None and isinstance(layer.complete, Unknown):
        return Value(layer.complete, (layer.place,))
    return (given if given is not None else Value(default)).map(_count).at(layer.place)


def _count(given: Any) -> Any:
    return int(given) if isinstance(given, int) else Unknown("how many proxies are believed is not known")


def believed_peers(layers: Sequence[Call]) -> Value[Any]:
    """The peers whose forwarded headers a layer of the application believes (uvicorn's ProxyHeadersMiddleware, granian's
    wrappers), as given; None: there is no such layer."""
    for layer in layers:
        if layer.name in _PEER_FIXES:
            given = layer.argument(1, "trusted_hosts")
            return (given if given is not None else Value("127.0.0.1")).at(layer.place)
    return Value(None)


def https_redirect(layers: Sequence[Call], setting: Ask) -> Value[bool]:
    """Whether the application redirects every request that it takes for plain http to https."""
    for layer in layers:
        if layer.name in _REDIRECTS:
            return Value(True, (layer.place,))
    redirect = setting("SECURE_SSL_REDIRECT")
    if redirect.x is None or redirect.x is False:
        return redirect.map(bool) if redirect.x is not None else Value(False)
    there = _has(setting("MIDDLEWARE"), _SECURITY)
    if there is True:
        return redirect.map(bool)
    return Value(there, redirect.places)


def _has(names: Value[Any], wanted: str) -> bool | Unknown:
    if not isinstance(names.x, Items):
        return names.x if isinstance(names.x, Unknown) else Unknown("a list of the settings is not known")
    if any(member.x == wanted for member in names.x.members):
        return True
    return False if names.x.complete is True else names.x.complete


def forwarded_host(layers: Sequence[Call], setting: Ask) -> Value[bool]:
    """Whether the application takes the host from X-Forwarded-Host."""
    fixed = hops(layers, "x_host")
    return fixed.map(bool) if fixed.x != 0 else _flag(setting("USE_X_FORWARDED_HOST"))


def forwarded_prefix(layers: Sequence[Call]) -> Value[bool]:
    """Whether the application takes the path that it is mounted at from X-Forwarded-Prefix."""
    return hops(layers, "x_prefix").map(bool)


def _flag(value: Value[Any]) -> Value[bool]:
    return value.map(bool) if value.x is not None else Value(False)


def throttled_by_header(setting: Ask) -> Value[str]:
    """Django REST framework's throttles where they tell anonymous clients apart by the whole X-Forwarded-For: NUM_PROXIES is
    not set. None: it has no such throttle, or counts the proxies. Source: rest_framework/throttling.py, `get_ident`."""
    table = setting("REST_FRAMEWORK")
    if not isinstance(table.x, Table):
        return Value(table.x if isinstance(table.x, Unknown) else None)
    count, classes = table.x.get("NUM_PROXIES"), table.x.get("DEFAULT_THROTTLE_CLASSES")
    if count.x is not None or not isinstance(classes.x, Items):
        return Value(None) if count.known else count
    for throttle in classes.x.members:
        if str(throttle.x).endswith(("AnonRateThrottle", "ScopedRateThrottle")):
            return Value("NUM_PROXIES is not set", throttle.places)
    return Value(None)


def proxies_counted(setting: Ask) -> Value[int]:
    """Django REST framework's NUM_PROXIES; None where it is not set."""
    table = setting("REST_FRAMEWORK")
    return table.x.get("NUM_PROXIES") if isinstance(table.x, Table) else Value(None)


def header_authentication(setting: Ask) -> Value[str]:
    """The class by which Django REST framework reads the Authorization header; None: it is not used, or only sessions are."""
    installed = _has(setting("INSTALLED_APPS"), "rest_framework")
    if installed is not True:
        return Value(None) if installed is False else Value(installed)
    table = setting("REST_FRAMEWORK")
    given = table.x.get("DEFAULT_AUTHENTICATION_CLASSES") if isinstance(table.x, Table) else Value(None)
    if given.x is None:
        return Value("BasicAuthentication, its default", _places(setting("INSTALLED_APPS"), "rest_framework"))
    for each in given.x.members if isinstance(given.x, Items) else ():
        name = str(each.x).rpartition(".")[2]
        if isinstance(each.x, str) and "Session" not in name and "RemoteUser" not in name:
            return Value(name, each.places)
    return Value(None) if isinstance(given.x, Items) else Value(Unknown("how clients authenticate is not known"))


def _places(names: Value[Any], wanted: str) -> tuple[Place, ...]:
    members: Iterable[Value[Any]] = names.x.members if isinstance(names.x, Items) else ()
    return next((member.places for member in members if member.x == wanted), ())
