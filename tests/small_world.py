"""A small vocabulary over values made by hand, and the text that they stand in: for the tests of conditions and rules."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any, ClassVar

import yaml

from serveaudit.cards import Card, read_card
from serveaudit.finding import Finding, Undecided
from serveaudit.rulebook import Rule
from serveaudit.source import SourceFile
from serveaudit.units import Seconds
from serveaudit.values import Branch, How, Items, Place, Unknown, Value
from serveaudit.verdicts import ask_all
from serveaudit.ways import Ways
from serveaudit.words import Pair, Subject, Vocabulary, function, relation, word

FILES = {
    name: SourceFile(name, dedent(text))
    for name, text in {
        "nginx.conf": """\
            server {
                listen 80;
                location / {
                    proxy_pass http://app;
                    proxy_read_timeout 60s;
                    proxy_set_header Host $host;
                    proxy_set_header X-Forwarded-Proto $scheme;
                    proxy_set_header X-Custom 1;
                }
                listen 81;
            }
            """,
        "gunicorn.conf.py": """\
            bind = "127.0.0.1:8000"
            timeout = 120
            workers = 9
            timeout = 30
            time_out = 5
            """,
        "compose.yml": """\
            web:
              cpus: "2"
            """,
    }.items()
}


def place(text: str, how: How = How.WRITTEN, note: str = "") -> Place:
    """Where a text stands first in any of the files."""
    for file in FILES.values():
        if (at := file.text.find(text)) >= 0:
            return Place(file.span(at, at + len(text)), how, note)
    raise ValueError(text)


def said(x: Any, text: str, *assumes: str) -> Value[Any]:
    return Value(x, (place(text),), assumes)


def default(x: Any, head: str, note: str) -> Value[Any]:
    return Value(x, (place(head, How.DEFAULT, note),))


def unread(why: str = "an include was not read", about: str = "") -> Value[Any]:
    return Value(Unknown(why, about))


def by(choice: str, yes: Value[Any], no: Value[Any]) -> Value[Any]:
    return Value(Branch(choice, ((f"{choice} is set", yes), (f"{choice} is not set", no))))


class Given(Subject):
    """A subject whose words answer with the values that it is given, else with `DEFAULTS`."""

    DEFAULTS: ClassVar[dict[str, Any]] = {}

    def __init__(self, symbol: str = "", head: Place | None = None, **values: Any) -> None:
        self.symbol = symbol
        self.place = head
        self.values = values

    def give(self, name: str) -> Any:
        return self.values[name] if name in self.values else self.DEFAULTS.get(name, Value(False))


class Route(Given):
    DEFAULTS: ClassVar[dict[str, Any]] = {"read_timeout": default(Seconds(60), "location / {", "nginx's default")}

    @word("nginx waits {it}")
    def read_timeout(self) -> Value[Seconds]:
        return self.give("read_timeout")

    @word("")
    def only_websockets(self) -> Value[bool]:
        return self.give("only_websockets")

    @word()
    def faces_clients(self) -> Value[bool]:
        return self.give("faces_clients")

    @word()
    def path(self) -> Value[str]:
        return self.give("path")

    @word()
    def app(self) -> App:
        return self.give("app")

    @word()
    def handshake(self) -> Headers:
        return self.give("handshake")

    @word("headers set outside")
    def outer_headers(self) -> Value[list[Header]]:
        return self.give("outer_headers")

    @word("these replace all outer ones")
    def own_header_names(self) -> Value[list[str]]:
        return self.give("own_header_names")


class Headers(Given):
    def __getitem__(self, name: str) -> Value[str]:
        return self.give(name)


class Header(Given):
    @word()
    def name(self) -> Value[str]:
        return self.give("name")


class App(Given):
    @word()
    def framework(self) -> Value[str]:
        return self.give("framework")


class Server(Given):
    DEFAULTS: ClassVar[dict[str, Any]] = {
        "program": Value("gunicorn"),
        "request_limit": said(Seconds(120), "timeout = 120"),
        "processes": Value(1),
    }

    @word()
    def program(self) -> Value[str]:
        return self.give("program")

    @word("may stay on one request for {it}")
    def request_limit(self) -> Value[Seconds]:
        return self.give("request_limit")

    @word("{it} worker processes")
    def processes(self) -> Value[int]:
        return self.give("processes")

    @word()
    def host(self) -> Host:
        return self.give("host")

    @word("believes this header")
    def believes(self, header: str, route: Route) -> Value[bool]:
        return self.give(f"believes {header}")


class Gunicorn(Server):
    @word()
    def worker_class(self) -> Value[str]:
        return self.give("worker_class")


class Host(Given):
    @word("{it} CPUs")
    def cpus(self) -> Value[float]:
        return self.give("cpus")

    @word()
    def servers(self) -> Value[list[Server]]:
        return self.give("servers")


class Listener(Given):
    @word("plain text here")
    def tls(self) -> Value[bool]:
        return self.give("tls")

    @word()
    def public(self) -> Value[bool]:
        return self.give("public")


class Deployment(Given):
    @word()
    def listeners(self) -> Value[list[Listener]]:
        return self.give("listeners")


@relation("route to server")
def route_to_server(deployment: Deployment) -> Iterator[Pair]:
    yield from deployment.give("pairs")


@relation("route")
def routes(deployment: Deployment) -> Iterator[Route]:
    return (pair.subjects[0] for pair in deployment.give("pairs"))


@relation("server")
def servers(deployment: Deployment) -> Iterator[Server]:
    return (pair.subjects[1] for pair in deployment.give("pairs"))


@relation("deployment")
def deployments(deployment: Deployment) -> Iterator[Deployment]:
    yield deployment


@function
def nearest(want: str, among: list[str]) -> Value[str]:
    return Value(next((member.x for member in among if member.x[0] == want[0]), None))  # type: ignore[attr-defined]


NAMES = {"FORWARDED": ("Host", "X-Forwarded-For", "X-Forwarded-Proto")}
VOCABULARY = Vocabulary.of(sys.modules[__name__])
PROOF = Value(
    True, (place("proxy_pass http://app", How.EDGE, "goes to 127.0.0.1:8000"), place("bind =", How.EDGE, "listens here"))
)


def rule(text: str, name: str = "a-rule", **fields: Any) -> Rule:
    """A rule from the fields of its card that matter: the others are filled in."""
    filled = {"summary": "s", "severity": "warning", "for": "route to server", "message": "m"}
    given = yaml.load(dedent(text), yaml.BaseLoader) or {}
    return Rule(Card(name, "timeouts", Path(f"{name}.yaml"), {**filled, **given, **fields}), VOCABULARY)


def card_file(directory: Path, text: str, name: str = "timeouts/a-rule.yaml") -> Path:
    path = directory / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(dedent(text), encoding="utf-8")
    return path


def card(directory: Path, text: str, name: str = "timeouts/a-rule.yaml") -> Card:
    return read_card(card_file(directory, text, name))


def pair(route: Route | None = None, server: Server | None = None, proof: Value[Any] = PROOF) -> Pair:
    return Pair((route or Route("http/server/location[/]"), server or Gunicorn("gunicorn[app]")), proof)


def deployment(*pairs: Pair, **values: Any) -> Deployment:
    return Deployment(pairs=pairs or (pair(),), **values)


def ask(rules: Rule | list[Rule], *pairs: Pair, **values: Any) -> tuple[list[Finding], list[Undecided]]:
    return ask_all([rules] if isinstance(rules, Rule) else rules, deployment(*pairs, **values), Ways())


def told(finding: Finding) -> list[str]:
    """A finding as text: its head, then a line for each place."""
    notes = "".join(f" ({condition})" for condition in finding.conditions)
    head = f"{finding.severity} {finding.certainty}: {finding.message}{notes}"
    return [head, *(f"{at.span}: {at.span.text}{f' ^ {at.label}' if at.label else ''}" for at in finding.locations)]


def listed(*members: Any, complete: bool | Unknown = True, at: str = "") -> Value[Any]:
    return Value(Items(members, complete), (place(at),) if at else ())
