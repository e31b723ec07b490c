"""Where a location passes requests on to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from serveaudit.formats.nginx import Directive
from serveaudit.programs.nginx import listens, texts
from serveaudit.programs.nginx.maps import Evaluator
from serveaudit.programs.nginx.scopes import written
from serveaudit.programs.nginx.upstreams import Upstream
from serveaudit.units import Address
from serveaudit.values import Items, Partial, Unknown, Value

Protocol = Literal["http", "uwsgi", "fastcgi", "scgi", "grpc", "memcached"]
PASSES: dict[str, Protocol] = {
    "proxy_pass": "http",
    "uwsgi_pass": "uwsgi",
    "fastcgi_pass": "fastcgi",
    "scgi_pass": "scgi",
    "grpc_pass": "grpc",
    "memcached_pass": "memcached",
}
PREFIXES: dict[Protocol, str] = {
    "http": "proxy",
    "uwsgi": "uwsgi",
    "fastcgi": "fastcgi",
    "scgi": "scgi",
    "grpc": "grpc",
    "memcached": "memcached",
}
_PORTS = {"http": 80, "https": 443, "grpc": 80, "grpcs": 443, "uwsgi": 80, "suwsgi": 443}
_URL = re.compile(r"(?P<scheme>https?|grpcs?|s?uwsgi|scgi)://(?P<rest>.*)", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Target:
    """Where requests go.

    scheme     http, https, uwsgi, suwsgi, …
    host       the name or address as written, without port; empty for a socket file
    upstream   the upstream block of that name, if there is one
    addresses  Values of Address: the upstream's servers, or the one that is written
    uri        the path that replaces the location's; None: the path is passed on as it came
    variables  nginx's variables in what is written, in order
    """

    protocol: Protocol
    directive: Directive
    scheme: str
    host: str
    addresses: Items
    upstream: Upstream | None = None
    port: int | None = None
    uri: str | None = None
    variables: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The target as written."""
        return self.directive.args[0].text

    @property
    def tls(self) -> bool:
        """Whether nginx speaks TLS with it."""
        return self.scheme in ("https", "grpcs", "suwsgi")

    @property
    def variable_host(self) -> bool:
        """Whether the host is written with variables: it is then looked up for each request, by the `resolver`."""
        return "$" in re.split(r"/", _without_scheme(self.text), maxsplit=1)[0]


def _without_scheme(text: str) -> str:
    found = _URL.fullmatch(text)
    return found["rest"] if found else text


def target(directive: Directive, evaluate: Evaluator, upstreams: Mapping[str, Upstream], whole: bool) -> Value[Any]:
    """What a `…_pass` directive says. `whole`: all upstream blocks are known. Unknown where a variable decides."""
    protocol = PASSES[directive.name]
    place = written(directive)
    if directive.torn or not directive.args:
        return Value(
            Unknown("a template decides what it says" if directive.torn else f"{directive.name} says nothing"), (place,)
        )
    text = directive.args[0].text
    said = _without_uri_variables(text)
    value = evaluate.text(said, place)
    if isinstance(value.x, Partial):
        return _in_part(directive, protocol, value)
    names = tuple(use.name for use in texts.uses(text) if not texts.from_environment(use.name))
    uri = text[len(said) :] if len(said) < len(text) else None
    return value.map(lambda known: _read(directive, protocol, known, uri, names, upstreams)).also(
        _rests_on(value, upstreams, whole)
    )


def _without_uri_variables(text: str) -> str:
    """The text up to the path, where only the path has variables: they do not decide where requests go."""
    rest = _without_scheme(text)
    head = text[: len(text) - len(rest)]
    host, slash, path = rest.partition("/")
    plain = slash and "$" in path and not host.startswith(("unix:", "$")) and texts.uses(host) == []
    return head + host if plain else text


def _in_part(directive: Directive, protocol: Protocol, value: Value[str]) -> Value[Any]:
    """A target with placeholders: `http://127.0.0.1:{{ port }}` has a known host at an unknown port."""
    assert isinstance(value.x, Partial)
    first = value.x.parts[0]
    found = _URL.fullmatch(first) if isinstance(first, str) else None
    scheme = found["scheme"].lower() if found else protocol
    host = (found["rest"] if found else first) if isinstance(first, str) else ""
    if isinstance(first, str) and host.endswith(":") and not host.startswith("unix"):
        address: Value[Address] = Value(Address("tcp", host[:-1].strip("[]"), None), value.places)
        return Value(
            Target(protocol, directive, scheme, host[:-1], Items((address,))), value.places, value.assumes, value.depends
        )
    return Value(value.x.unknown, value.places, value.assumes, value.depends)


def _read(
    directive: Directive,
    protocol: Protocol,
    text: str,
    uri: str | None,
    names: tuple[str, ...],
    upstreams: Mapping[str, Upstream],
) -> Target | Unknown:
    found = _URL.fullmatch(text)
    if found is None and protocol == "http":
        return Unknown(f"{text} has no http:// or https://")
    scheme = found["scheme"].lower() if found else protocol
    rest = found["rest"] if found else text
    if rest.startswith("unix:"):
        path, _, inner = rest.removeprefix("unix:").partition(":")
        address: Value[Address] = Value(Address("unix", path="/" + path.lstrip("/")), (written(directive),))
        return Target(protocol, directive, scheme, "", Items((address,)), uri=inner or uri, variables=names)
    host, slash, path = rest.partition("/")
    uri = slash + path if slash else uri
    upstream = upstreams.get(host, upstreams.get(host.lower()))
    if upstream is not None:
        addresses = Items(tuple(member.address for member in upstream.members), upstream.members.complete)
        return Target(protocol, directive, scheme, host, addresses, upstream, None, uri, names)
    address = listens.read_address(host, written(directive), default_port=_PORTS.get(scheme))
    port = address.x.port if isinstance(address.x, Address) else None
    name = address.x.host if isinstance(address.x, Address) else host
    return Target(protocol, directive, scheme, name, Items((address,)), None, port, uri, names)


def _rests_on(value: Value[str], upstreams: Mapping[str, Upstream], whole: bool) -> Value[Any]:
    """A bare name may be an upstream block that was not read."""
    host = _without_scheme(value.x).partition("/")[0] if isinstance(value.x, str) else ""
    if whole or host in upstreams or not re.fullmatch(r"[A-Za-z_][\w-]*", host) or host == "localhost":
        return Value(None)
    return Value(None, assumes=(f"no other file has an upstream {host}",))
