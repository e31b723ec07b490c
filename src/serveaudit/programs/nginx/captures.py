"""`$1` where no pattern has such a group: it is always empty, and nginx says nothing."""

from __future__ import annotations

from collections.abc import Iterator

from serveaudit.formats.nginx import Directive
from serveaudit.programs.nginx import regexes
from serveaudit.programs.nginx.inputs import Inputs
from serveaudit.programs.nginx.patterns import Pattern, patterns_of
from serveaudit.programs.nginx.scopes import Scope
from serveaudit.programs.nginx.variables import Usage, Variables


def nonexistent(variables: Variables) -> Iterator[tuple[Usage, Pattern | None]]:
    """Every use of a group that is not there, and the pattern that lacks it; None where there is no pattern at all."""
    for usage in variables.usages:
        if usage.name.isdigit() and usage.name != "0":
            candidates = list(_providers(usage, variables))
            counts = [_count(pattern) for pattern in candidates]
            if all(count is not None and count < int(usage.name) for count in counts):
                yield usage, candidates[0] if candidates else None


def _count(pattern: Pattern) -> int | None:
    return None if pattern.filled_in else regexes.group_count(pattern.text)


def _providers(usage: Usage, variables: Variables) -> Iterator[Pattern]:
    """The patterns whose groups it may be: a rewrite's and a map entry's own; else those that were matched before, and those of
    the maps, which are matched whenever one of their variables is asked for."""
    own = list(patterns_of(usage.directive, usage.scope)) if usage.directive.name == "rewrite" or _is_entry(usage) else []
    if own:
        yield from own
        return
    yield from Inputs(variables, usage.directive, usage.scope).matched()
    for definitions in variables.definitions.values():
        for definition in definitions:
            if definition.kind == "map":
                yield from _of_table(definition.directive, definition.scope)


def _is_entry(usage: Usage) -> bool:
    return usage.scope.kind == "map"


def _of_table(directive: Directive, scope: Scope) -> Iterator[Pattern]:
    table = scope.inner(directive)
    for entry in table.directives:
        yield from patterns_of(entry, table)
