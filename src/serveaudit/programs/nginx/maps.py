"""What a text with variables comes to: constants by `set`, tables by `map`, and what is known of a request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from serveaudit.formats.nginx import Directive
from serveaudit.programs.nginx import regexes, texts
from serveaudit.programs.nginx.scopes import Scope, written
from serveaudit.programs.nginx.variables import Definition, Variables
from serveaudit.values import Place, Unknown, Value

DEEPEST = 10
_SPECIAL = frozenset(("default", "hostnames", "volatile"))


@dataclass(frozen=True, slots=True)
class Map:
    """A `map` block: the text that is looked up, and its entries."""

    directive: Directive
    scope: Scope

    @property
    def key(self) -> str:
        """The text that is looked up: `$http_upgrade`."""
        return self.directive.args[0].text

    @property
    def default(self) -> Value[str]:
        """What is taken for a key without an entry: the empty text unless `default` says otherwise."""
        own = self.scope.own("default")
        return _result(own[-1]) if own else Value("", (self.scope.missing("a map without default gives the empty text"),))

    def get(self, key: str) -> Value[str]:
        """The result for a key, as written (it may have variables in it). Order: texts, names with `*`, patterns, default.
        Source: nginx.org/en/docs/http/ngx_http_map_module.html."""
        entries = [entry for entry in self.scope.directives if entry.name not in _SPECIAL]
        plain = {_plain(entry).lower(): entry for entry in reversed(entries) if not _pattern(entry)}
        if key.lower() in plain:
            return _result(plain[key.lower()])
        if self.scope.own("hostnames"):
            return Value(Unknown(f"the map of {self.key} matches names"), (written(self.directive),))
        for entry in filter(_pattern, entries):
            matched = _matched(entry, key)
            if isinstance(matched, Unknown):
                return Value(matched, (written(entry),))
            if matched:
                return _result(entry)
        return Value(self.scope.gaps[0].unknown, (self.scope.gaps[0].place,)) if self.scope.gaps else self.default


def _pattern(entry: Directive) -> bool:
    return entry.name.startswith("~")


def _matched(entry: Directive, key: str) -> object:
    if entry.name.startswith("~*"):
        return regexes.matches(entry.name[2:], key, ignore_case=True)
    return regexes.matches(entry.name[1:], key)


def _plain(entry: Directive) -> str:
    return entry.name[1:] if entry.name.startswith("\\") else entry.name


def _result(entry: Directive) -> Value[str]:
    place = written(entry)
    return texts.of_text(entry.args[0].text, place) if entry.args else Value(Unknown(f"{entry.name} has no value"), (place,))


@dataclass(frozen=True, slots=True)
class Evaluator:
    """Evaluates texts in one block. `given` is what is known of the request: variable -> text."""

    variables: Variables
    scope: Scope
    given: Mapping[str, str]

    def text(self, text: str, *places: Place, depth: int = 0) -> Value[str]:
        """The text with its variables replaced; unknown where one is known only while nginx runs."""
        value = texts.of_text(text, *places)
        if not isinstance(value.x, str) or "$" not in text:
            return value
        result: Value[str] = Value("", places)
        for piece in texts.pieces(text):
            part: Value[str] = Value(piece) if isinstance(piece, str) else self.variable(piece.name, depth)
            if not isinstance(part.x, str):
                return Value(part.x, (*places, *part.places), part.assumes, part.depends)
            result = Value(str(result.x) + part.x).also(result, part)
        return result

    def variable(self, name: str, depth: int = 0) -> Value[str]:
        """A variable's value."""
        if name in self.given:
            return Value(self.given[name])
        defined = self.variables.definitions.get(name.lower(), [])
        if depth > DEEPEST or not defined:
            return Value(Unknown(f"${name} is known only while nginx runs", f"${name}"))
        if defined[0].kind == "map" and len(defined) == 1:
            return self._mapped(defined[0], depth)
        found = constant(name, self.scope, defined)
        return found if not isinstance(found.x, str) else self.text(found.x, *found.places, depth=depth + 1)

    def _mapped(self, definition: Definition, depth: int) -> Value[str]:
        table = Map(definition.directive, definition.scope.inner(definition.directive))
        key = self.text(table.key, written(table.directive), depth=depth + 1)
        if not isinstance(key.x, str):
            return key
        found = table.get(key.x)
        return self.text(found.x, *found.places, depth=depth + 1).also(key) if isinstance(found.x, str) else found.also(key)


def constant(name: str, scope: Scope, definitions: list[Definition]) -> Value[Any]:
    """What `set` gives a variable in a block: the innermost one that always runs. Unknown where a condition, a capture or a
    module may give it another value."""
    other = next((found for found in definitions if found.kind != "set"), None)
    if other is not None:
        return Value(Unknown(f"${name} is given by {other.directive.name}", f"${name}"), (written(other.directive),))
    levels = list(scope.chain())
    if conditional := next(
        (found for found in definitions if found.scope.kind.endswith("/if") and found.scope.parent in levels), None
    ):
        return Value(Unknown(f"${name} is set under a condition", f"${name}"), (written(conditional.directive),))
    for level in levels:
        own = [found.directive for found in definitions if found.scope is level]
        if own and len(own[-1].args) > 1:
            return texts.of_text(own[-1].args[1].text, written(own[-1]))
    return Value(Unknown(f"${name} is set elsewhere", f"${name}"), (written(definitions[0].directive),))
