"""The variables of an http block: where each is defined, and where it is used."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from serveaudit.formats.nginx import Directive, Word
from serveaudit.programs.nginx import regexes, texts
from serveaudit.programs.nginx.facts import facts
from serveaudit.programs.nginx.scopes import Scope
from serveaudit.source import Span

Kind = Literal["set", "map", "geo", "split_clients", "capture", "module"]

_SECOND = {"map": "map", "split_clients": "split_clients", "num_map": "map"}
_FIRST = frozenset("set auth_request_set perl_set js_set js_var auth_jwt_claim_set auth_jwt_header_set".split())
_LAST = frozenset("keyval".split())
_NO_VARIABLES = frozenset("include valid_referers load_module env types charset_map".split())
_MOST_WORDS = 64


@dataclass(frozen=True, slots=True)
class Definition:
    """What gives a variable its value."""

    name: str
    kind: Kind
    directive: Directive
    scope: Scope


@dataclass(frozen=True, slots=True)
class Usage:
    """A variable in a directive's word."""

    name: str
    word: Word
    directive: Directive
    scope: Scope

    @property
    def span(self) -> Span:
        """The variable where it stands; the whole word where an escape moves what follows."""
        text = self.word.span.text
        found = next((use for use in texts.uses(text) if use.name == self.name), None)
        return self.word.source.span(self.word.start + found.start, self.word.start + found.end) if found else self.word.span


@dataclass(eq=False)
class Variables:
    """All variables of an http (or stream) block."""

    scope: Scope
    _known: bool = field(default=True, init=False)

    @cached_property
    def definitions(self) -> dict[str, list[Definition]]:
        """By name, in small letters: nginx makes no difference."""
        found: dict[str, list[Definition]] = {}
        for definition in self._definitions():
            found.setdefault(definition.name.lower(), []).append(definition)
        return found

    @cached_property
    def usages(self) -> list[Usage]:
        """Every variable in a word that nginx reads variables in, in the order of the text."""
        return [usage for scope in self.scope.walk() for directive in scope.directives for usage in _usages(scope, directive)]

    @property
    def undefined(self) -> list[Usage]:
        """The used ones that neither the configuration nor a module defines. Variables in capitals are not among them: envsubst
        replaces them."""
        return [usage for usage in self.usages if not self.knows(usage.name) and not texts.from_environment(usage.name)]

    @property
    def environment(self) -> dict[str, Usage]:
        """The variables in capitals that the configuration does not define: envsubst puts them in before nginx starts."""
        waiting = (usage for usage in self.usages if texts.from_environment(usage.name))
        return {usage.name: usage for usage in waiting if usage.name.lower() not in self.definitions}

    def knows(self, name: str) -> bool:
        return name.lower() in self.definitions or facts().has_variable(name)

    def _definitions(self) -> Iterator[Definition]:
        for scope in self.scope.walk():
            for directive in scope.directives:
                yield from _defined(scope, directive)
                if scope.kind in ("map", "num_map"):
                    yield from _captures(scope, directive, directive.name)


def _defined(scope: Scope, directive: Directive) -> Iterator[Definition]:
    name, args = directive.name, directive.args
    if scope.kind in ("map", "geo", "types", "split_clients") or not args:
        return
    if name in _SECOND and len(args) > 1:
        yield _definition(args[1], "split_clients" if name == "split_clients" else "map", scope, directive)
    elif name == "geo":
        yield _definition(args[-1], "geo", scope, directive)
    elif name == "set":
        yield _definition(args[0], "set", scope, directive)
    elif name in _FIRST:
        yield _definition(args[0], "module", scope, directive)
    elif name in _LAST:
        yield _definition(args[-1], "module", scope, directive)
    elif name in ("location", "server_name", "if", "rewrite"):
        for word in args:
            yield from _captures(scope, directive, word.text)
    elif name not in facts().directives:
        yield from _foreign(scope, directive)


def _foreign(scope: Scope, directive: Directive) -> Iterator[Definition]:
    """A module that is not known may define any variable that its directives name: `geoip2 { $country … }`,
    `set_by_lua_block $x`."""
    for word in directive.words[:_MOST_WORDS]:
        if word.text.startswith("$") and "\n" not in word.text:
            yield _definition(word, "module", scope, directive)


def _definition(word: Word, kind: Kind, scope: Scope, directive: Directive) -> Definition:
    return Definition(word.text.lstrip("$").strip("{}"), kind, directive, scope)


def _captures(scope: Scope, directive: Directive, pattern: str) -> Iterator[Definition]:
    if "(?" in pattern:
        for name in regexes.group_names(pattern):
            yield Definition(name, "capture", directive, scope)


def _usages(scope: Scope, directive: Directive) -> Iterator[Usage]:
    for word in _read_words(scope, directive):
        for use in texts.uses(word.text):
            yield Usage(use.name, word, directive, scope)


def _read_words(scope: Scope, directive: Directive) -> tuple[Word, ...]:
    """The words of a directive in which nginx reads variables: no patterns, no keys, none of modules that are not known."""
    name, args = directive.name, directive.args
    if scope.kind in ("map", "split_clients"):
        return args if name not in ("hostnames", "volatile", "include") else ()
    if scope.kind in ("geo", "types", "charset_map", "match") or name in _NO_VARIABLES or name not in facts().directives:
        return ()
    if name in ("location", "server_name", "geo", "valid_referers", *_LAST):
        return ()
    if name in ("map", "split_clients", "num_map"):
        return args[:1]
    if name in ("set", "rewrite", *_FIRST):
        return args[1:]
    if name == "if":
        return _condition(args)
    return tuple(word for word in args if not word.text.startswith("~"))


def _condition(args: tuple[Word, ...]) -> tuple[Word, ...]:
    """The words of a condition without its pattern."""
    for at, word in enumerate(args):
        if word.text.lstrip("!(") in ("~", "~*"):
            return args[:at]
    return args
