"""What a server block answers to: its `listen` addresses and its names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from serveaudit.formats.nginx import Directive, Word
from serveaudit.programs.nginx import texts
from serveaudit.programs.nginx.levels import own_branch
from serveaudit.programs.nginx.scopes import Scope, written
from serveaudit.units import Address, address
from serveaudit.values import Partial, Place, Unknown, Value

DEFAULT_PORT = 80


@dataclass(frozen=True, slots=True)
class Listen:
    """One address of a server block.

    directive  None: nothing is written, nginx listens on *:80
    options    the words after the address
    unsure     a template decides whether it is there, or over some of its words
    """

    address: Value[Address]
    place: Place
    directive: Directive | None = None
    options: tuple[str, ...] = ()
    unsure: bool = False

    @property
    def tls(self) -> bool:
        """Whether TLS or QUIC is spoken here."""
        return "ssl" in self.options or "quic" in self.options

    @property
    def torn(self) -> bool:
        """Whether a template decides over some of its words."""
        return self.directive is not None and self.directive.torn

    @property
    def proxy_protocol(self) -> bool:
        return "proxy_protocol" in self.options

    @property
    def default_server(self) -> bool:
        return "default_server" in self.options or "default" in self.options

    @property
    def port(self) -> int | None:
        """The port; None for a socket file, or where it is not known."""
        return self.address.x.port if isinstance(self.address.x, Address) else None


@dataclass(frozen=True, slots=True)
class Name:
    """One name of a server block. kind: exact, wildcard (`*.a.org`, `.a.org`, `a.*`), regex (`~…`), any (`_` and other names
    that match nothing, the empty one)."""

    value: Value[str]
    place: Place
    kind: Literal["exact", "wildcard", "regex", "any", "unknown"]
    word: Word | None = None

    @property
    def text(self) -> str:
        """The name as written."""
        return self.word.text if self.word else ""


def listens(scope: Scope) -> tuple[Listen, ...]:
    """A server block's addresses; `*:80` where none is written (nginx as root)."""
    found = tuple(_listen(scope, directive) for directive in scope.own("listen"))
    if found or scope.doubt:
        return found
    place = scope.missing("nginx listens on *:80 by default")
    return (Listen(Value(Address("tcp", "*", DEFAULT_PORT), (place,)), place),)


def _listen(scope: Scope, directive: Directive) -> Listen:
    place = written(directive)
    said, *options = directive.texts or [""]
    unsure = directive.torn or bool(own_branch(scope, directive))
    return Listen(read_address(said, place), place, directive, tuple(options), unsure)


def read_address(said: str, *places: Place, default_port: int | None = DEFAULT_PORT) -> Value[Address]:
    """An address as `listen`, `server` and the `…_pass` directives take it; unknown for a placeholder or what is none."""
    value = texts.of_text(said, *places)
    if isinstance(value.x, Partial):
        return Value(_with_known_part(value.x), places, depends=value.depends)
    return value.map(lambda text: _address(text, default_port))


def _with_known_part(partial: Partial) -> Address | Unknown:
    """`${HOST}:8000` is unknown; of `127.0.0.1:${PORT}` the host is known and the port is not."""
    first, *rest = partial.parts
    host = first[:-1] if isinstance(first, str) and first.endswith(":") and len(rest) == 1 else ""
    return Address("tcp", host.strip("[]"), None) if host and not host.startswith("unix") else partial.unknown


def _address(text: str, default_port: int | None) -> Address | Unknown:
    if text.isdigit() and int(text[:6]) < 65536:
        return Address("tcp", "*", int(text))
    waiting = next((part for part in text.rsplit(":", 1) if texts.is_placeholder(part)), None)
    found = address(text, default_port) if waiting is None and not text.isdigit() else None
    return found if found is not None else texts.refused(waiting or text, "address")


def names(scope: Scope) -> tuple[Name, ...]:
    """A server block's names; none written is none."""
    return tuple(_name(word, written(directive)) for directive in scope.own("server_name") for word in directive.args)


def _name(word: Word, place: Place) -> Name:
    value = texts.of_word(word, place)
    if not isinstance(value.x, str):
        return Name(value, place, "unknown", word)
    if word.text.startswith("~"):
        return Name(value, place, "regex", word)
    if word.text in ("_", "", "*") or word.text.startswith("!") or set(word.text) <= set("_-"):
        return Name(value, place, "any", word)
    wild = word.text.startswith((".", "*.")) or word.text.endswith(".*")
    return Name(value, place, "wildcard" if wild else "exact", word)
