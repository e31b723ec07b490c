"""Conditions on a table's variable that never hold: `if ($allowed = 0)` where the table gives 1 or, for all others, nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from serveaudit.formats.nginx import Directive
from serveaudit.programs.nginx import texts
from serveaudit.programs.nginx.scopes import Scope
from serveaudit.programs.nginx.variables import Definition, Variables
from serveaudit.source import Span

_SPECIAL = ("hostnames", "volatile", "ranges", "proxy", "proxy_recursive", "delete", "include")


@dataclass(frozen=True, slots=True)
class Comparison:
    """An `if` that compares a variable of a `map` or `geo` with a text which the table never gives.

    results   what the table's entries give; it has no default, so everything else is the empty text
    """

    condition: Directive
    scope: Scope
    table: Definition
    text: str
    results: tuple[str, ...]

    @property
    def span(self) -> Span:
        return self.condition.head


def never_equal(scope: Scope, variables: Variables) -> Iterator[Comparison]:
    """Every one in a block and inside of it."""
    for inner in scope.walk():
        for condition in inner.own("if"):
            compared = _compared(condition)
            tables = variables.definitions.get(compared[0].lower(), []) if compared else []
            if compared and len(tables) == 1 and tables[0].kind in ("map", "geo"):
                results = _results(tables[0])
                if results and compared[1] and compared[1] not in results:
                    yield Comparison(condition, inner, tables[0], compared[1], results)


def _compared(condition: Directive) -> tuple[str, str] | None:
    """`if ($x = text)`: the variable's name and the text."""
    words = [word.text for word in condition.args if word.text not in ("(", ")")]
    if len(words) != 3 or words[1] != "=" or condition.torn:
        return None
    used = texts.uses(words[0].lstrip("("))
    text = words[2].removesuffix(")")
    return (used[0].name, text) if len(used) == 1 and "$" not in text else None


def _results(table: Definition) -> tuple[str, ...]:
    """What a table's entries give; empty where it has a default, or where that can't be told."""
    inside = table.scope.inner(table.directive)
    entries = [entry for entry in inside.directives if entry.name not in _SPECIAL]
    if inside.gaps or inside.own("default") or any("$" in text for entry in entries for text in entry.texts):
        return ()
    return tuple(entry.texts[0] for entry in entries if entry.texts)
