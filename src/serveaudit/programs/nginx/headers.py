"""The headers that arrive at the application, and those that nginx adds to the answer.

Sources: ngx_http_proxy_headers in src/http/modules/ngx_http_proxy_module.c (what nginx sets by itself),
nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_set_header, …/ngx_http_headers_module.html.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from serveaudit.formats.nginx import Directive
from serveaudit.programs.nginx import texts, versions
from serveaudit.programs.nginx.known import BEFORE, SINCE, Installed
from serveaudit.programs.nginx.levels import Effective, Level, own_branch
from serveaudit.programs.nginx.scopes import Scope, written
from serveaudit.programs.nginx.targets import Protocol
from serveaudit.values import Branch, How, Unknown, Value

SETTERS: Mapping[Protocol, str] = {
    "http": "proxy_set_header",
    "grpc": "grpc_set_header",
    "uwsgi": "uwsgi_param",
    "fastcgi": "fastcgi_param",
    "scgi": "scgi_param",
}
_CLEARED = ("Upgrade", "Proxy-Connection", "TE", "Keep-Alive", "Expect")
_LEFT_OUT = Unknown("a template leaves it out")

Source = Literal["set", "cleared", "default", "client", "dropped", "unknown"]


@dataclass(frozen=True, slots=True)
class Header:
    """One header (or parameter) that nginx sets. `value` is the text as written, its variables included; None: it is not sent.

    directive  None: nginx sets it by itself
    """

    name: str
    value: Value[str]
    directive: Directive | None = None
    options: tuple[str, ...] = ()

    @property
    def variables(self) -> tuple[str, ...]:
        """The names of the variables in its value."""
        return tuple(use.name for use in texts.uses(self.value.x)) if isinstance(self.value.x, str) else ()


@dataclass(eq=False)
class Headers:
    """What arrives upstream of a request's headers. Names are told apart without regard to case.

    ask with `headers["X-Forwarded-Proto"]`: a text as nginx would write it, so a header that nginx lets pass from the client is
    `$http_x_forwarded_proto`; None where it never arrives
    set        what the configuration's lines say, in order
    complete   an Unknown where other lines may hold that were not read; `shadowed`: instead of these
    """

    level: Level
    protocol: Protocol
    set: tuple[Header, ...]
    complete: bool | Unknown = True
    assumes: tuple[str, ...] = ()
    shadowed: bool = False

    @cached_property
    def defaults(self) -> tuple[Header, ...]:
        """What nginx sends, or keeps back (None), where no line says otherwise."""
        return _defaults(self.level, self.protocol)

    @cached_property
    def client(self) -> Value[bool]:
        """Whether the client's headers are passed on at all."""
        prefix = "proxy" if self.protocol == "http" else self.protocol
        return self.level.flag(f"{prefix}_pass_request_headers")

    @cached_property
    def underscores(self) -> Value[bool]:
        """Whether headers with an underscore in their name are taken from clients."""
        return self.level.flag("underscores_in_headers")

    @property
    def scope(self) -> Scope:
        return self.level.scope

    def __iter__(self) -> Iterator[Header]:
        """The headers that nginx sends by itself, in order; those of the client are not among them."""
        own = {header.name.lower() for header in self.set}
        yield from (header for header in self.set if header.value.x is not None)
        yield from (found for found in self.defaults if found.name.lower() not in own and found.value.x is not None)

    def all(self, name: str) -> tuple[Header, ...]:
        """Every header of that name that nginx sends itself: two are sent twice."""
        return tuple(header for header in self if header.name.lower() == self._spelled(name).lower())

    def written(self, name: str) -> tuple[Header, ...]:
        """Every line that sets or clears the header."""
        return tuple(header for header in self.set if header.name.lower() == self._spelled(name).lower())

    def __getitem__(self, name: str) -> Value[str]:
        own = self.written(name)
        if own:
            value = self._filled(own[-1].value, name)
            return Value(self.complete, value.places) if self.shadowed and isinstance(self.complete, Unknown) else value
        if isinstance(self.complete, Unknown):
            return Value(self.complete, (self.scope.missing(self.complete.why),))
        value = self._unset(name)
        return Value(value.x, value.places, (*value.assumes, *self.assumes), value.depends)

    def _filled(self, value: Value[Any], name: str) -> Value[Any]:
        """A choice of a template, with what arrives where it leaves the line out."""
        if not isinstance(value.x, Branch) or isinstance(self.complete, Unknown):
            return value
        cases = tuple((label, self._unset(name) if case.x is _LEFT_OUT else case) for label, case in value.x.cases)
        return Value(Branch(value.x.on, cases), value.places, value.assumes, value.depends)

    def _unset(self, name: str) -> Value[Any]:
        """What arrives where no line of the configuration says anything."""
        default = next((found for found in self.defaults if found.name.lower() == self._spelled(name).lower()), None)
        return default.value if default else self._from_client(name)

    def source(self, name: str) -> Source:
        """By whom the header's value is decided: a line of the configuration (`set`, `cleared`), nginx's default, the client,
        or nobody (`dropped`: it never arrives)."""
        value = self[name]
        if isinstance(value.x, Unknown):
            return "unknown"
        if self.written(name):
            return "cleared" if value.x is None else "set"
        if any(found.name.lower() == self._spelled(name).lower() for found in self.defaults):
            return "default"
        return "dropped" if value.x is None else "client"

    def param(self, name: str) -> Value[str]:
        """A parameter of uwsgi, FastCGI or SCGI by its own name (`REQUEST_METHOD`); None where it is not sent."""
        own = [header for header in self.set if header.name == name]
        if own:
            return own[-1].value
        missing = self.complete if isinstance(self.complete, Unknown) else None
        return Value(missing, (self.scope.missing(f"{name} is not sent", How.ABSENT),), self.assumes)

    def _from_client(self, name: str) -> Value[str]:
        if self.client.x is False:
            return Value(None, self.client.places)
        if "_" in name and self.underscores.x is False:
            return Value(None, (self.scope.missing(f"nginx drops {name} from clients: underscores_in_headers is off"),))
        place = self.scope.missing(f"{name} is not set here: what the client sends is passed on", How.ABSENT)
        return Value(f"$http_{name.lower().replace('-', '_')}", (place,))

    def _spelled(self, name: str) -> str:
        if self.protocol in ("http", "grpc"):
            return name
        return "HTTP_" + name.upper().replace("-", "_")


def request_headers(level: Level, protocol: Protocol) -> Headers:
    """What arrives at the application for a location that passes requests on by this protocol."""
    found = level.effective(SETTERS.get(protocol, "proxy_set_header"))
    lines = _lines(level, found, protocol)
    return Headers(level, protocol, lines, _completeness(found), found.assumes, shadowed=found.shadow is not None)


def _lines(level: Level, found: Effective, protocol: Protocol) -> tuple[Header, ...]:
    """The lines' headers; those in exclusive branches of a template are one header with a choice."""
    lines = [line for line in found if len(line.args) > 1]
    if protocol == "http" and versions.at_least(level.version, versions.ONE_HOST[1][0]):
        hosts = [line for line in lines if line.args[0].text.lower() == "host"]
        lines = [line for line in lines if line not in hosts[:-1]]
    if found.level is None or not any(own_branch(found.level, line) for line in lines):
        return tuple(_header(line) for line in lines)
    return _by_branches(found.level, lines)


def _completeness(found: Effective) -> bool | Unknown:
    """Whether these lines surely are all that hold: none has a name that is filled in, and none of a level that a template may
    leave without any."""
    if found.complete is not True or found.level is None:
        return found.complete
    named = next((hole for line in found for hole in texts.filled_in(line.args[0].text if line.args else "")), None)
    if named:
        return named[2]
    arms = [own_branch(found.level, line) for line in found]
    if not all(arms) or any(arm[0].label.startswith("not (") for arm in arms):
        return True
    return Unknown("a template decides whether these headers replace the outer ones")


def _by_branches(scope: Scope, lines: list[Directive]) -> tuple[Header, ...]:
    headers: list[Header] = []
    taken: set[int] = set()
    for line in lines:
        if id(line) in taken:
            continue
        group = [other for other in lines if _same_name(line, other) and (other is line or line.excludes(other))]
        taken.update(map(id, group))
        arms = own_branch(scope, line)
        headers.append(_header(line) if not arms else Header(line.args[0].text, _chosen(scope, group), line))
    return tuple(headers)


def _same_name(one: Directive, other: Directive) -> bool:
    return one.args[0].text.lower() == other.args[0].text.lower()


def _chosen(scope: Scope, group: list[Directive]) -> Value[Any]:
    places = tuple(written(line) for line in group)
    arms = [own_branch(scope, line) for line in group]
    if any(len(found) != 1 for found in arms) or len({found[0].choice for found in arms}) > 1:
        return Value(Unknown("a template decides whether it is set"), places)
    cases = {found[0].label: _header(line).value for found, line in zip(arms, group, strict=True)}
    if not any(label.startswith("not (") for label in cases):
        cases["otherwise"] = Value(_LEFT_OUT, places)
    return Value(Branch(arms[0][0].choice, tuple(cases.items())), places)


def _header(line: Directive) -> Header:
    name, said, *rest = line.texts
    place = written(line)
    if line.torn:
        return Header(name, Value(Unknown("a template decides what it says"), (place,)), line)
    value: Value[Any] = texts.of_text(said, place).map(lambda text: text or None)
    if isinstance(line, Installed) and line.older:
        value = Value(
            Branch(f"the release of {line.origin}", ((BEFORE, Value(line.older, (place,))), (SINCE, value))), (place,)
        )
    return Header(name, value, line, tuple(rest))


def _defaults(level: Level, protocol: Protocol) -> tuple[Header, ...]:
    scope = level.scope
    if protocol == "grpc":
        return (Header("Host", Value("$proxy_host", (scope.missing("nginx sends the upstream's name as Host by default"),))),)
    if protocol != "http":
        host = versions.by_version(level.version, versions.UWSGI_HOST)
        return (Header("HTTP_HOST", Value(host.x, (scope.missing("nginx passes the client's Host"),), (), host.depends)),)
    host = Value("$proxy_host", (scope.missing("nginx sends Host $proxy_host by default"),))
    sent = versions.by_version(level.version, versions.CONNECTION_SENT)
    note = "nginx sends Connection close by default before 1.29.7, and none since"
    connection: Value[Any] = Value(sent.x, (scope.missing(note),), (), sent.depends)
    cleared = (scope.missing("nginx passes on none of Upgrade, TE, Keep-Alive, Expect by itself"),)
    return (Header("Host", host), Header("Connection", connection), *(Header(name, Value(None, cleared)) for name in _CLEARED))
