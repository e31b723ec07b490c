"""The headers that nginx adds to answers. Source: nginx.org/en/docs/http/ngx_http_headers_module.html."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from serveaudit.formats.nginx import Directive
from serveaudit.programs.nginx import texts
from serveaudit.programs.nginx.levels import effective, own_branch
from serveaudit.programs.nginx.scopes import Scope, written
from serveaudit.values import How, Unknown, Value


@dataclass(frozen=True, slots=True)
class Added:
    """One `add_header`. `always`: on answers of every status, not only on good ones and redirects."""

    name: str
    value: Value[str]
    always: bool
    directive: Directive


@dataclass(frozen=True, slots=True)
class Answer:
    """All headers that a block adds to its answers."""

    scope: Scope
    added: tuple[Added, ...]
    complete: bool | Unknown = True
    assumes: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[Added]:
        return iter(self.added)

    def all(self, name: str) -> tuple[Added, ...]:
        """Every line that adds this header; each is sent."""
        return tuple(header for header in self.added if header.name.lower() == name.lower())

    def __getitem__(self, name: str) -> Value[str]:
        """The text that is added as written; None where nothing adds it."""
        own = self.all(name)
        if own:
            return own[-1].value
        place = self.scope.missing(f"nothing adds {name} here", How.ABSENT)
        return Value(self.complete if isinstance(self.complete, Unknown) else None, (place,), self.assumes)


def answer_headers(scope: Scope) -> Answer:
    """What `add_header` adds to the answers of a block, `add_header_inherit` (1.29.3) included."""
    found = effective(scope, "add_header")
    lines = list(found)
    complete, level = found.complete, found.level
    while level is not None and level.parent is not None and _inherits(level) == "merge":
        outer = effective(level.parent, "add_header")
        lines = [*outer, *lines]
        complete, level = (complete if complete is not True else outer.complete), outer.level
    if _inherits(scope) == "off" and level is not scope:
        lines = []
    return Answer(scope, tuple(_added(scope, line) for line in lines if len(line.args) > 1), complete, found.assumes)


def _inherits(scope: Scope) -> str:
    found = effective(scope, "add_header_inherit")
    return found.directives[-1].texts[0].lower() if found.directives and found.directives[-1].args else "on"


def _added(scope: Scope, line: Directive) -> Added:
    name, said, *rest = line.texts
    unsure = line.torn or bool(own_branch(scope, line) if scope.directive else line.branch)
    value: Value[Any] = texts.of_text(said, written(line)).map(lambda text: text or None)
    if unsure:
        value = Value(Unknown("a template decides whether it is sent"), value.places)
    return Added(name, value, "always" in rest, line)
