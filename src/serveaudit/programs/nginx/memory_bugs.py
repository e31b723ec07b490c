"""Shapes of a configuration by which published faults of nginx are reached: reading and writing past the end of a buffer.

CVE-2026-42945 (mended in 1.30.1 and 1.31.0): a rewrite whose replacement has a `?` and an unnamed group, and another directive
of the rewrite module after it. CVE-2026-9256 (1.30.2, 1.31.1): a redirecting rewrite with a group inside of another, both used.
CVE-2026-42533 (1.30.4, 1.31.3): a group of a map's pattern that stands before the map's variable in one text.
Source: nginx.org/en/security_advisories.html.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from serveaudit.formats.nginx import Directive, Word
from serveaudit.programs.nginx import regexes, texts, versions
from serveaudit.programs.nginx.alphabets import branches
from serveaudit.programs.nginx.inputs import redirects
from serveaudit.programs.nginx.scopes import Scope, written
from serveaudit.programs.nginx.variables import Variables
from serveaudit.source import Span
from serveaudit.values import Place, Value

_SCRIPTED = ("rewrite", "if", "set")
_GROUP = re.compile(r"\$(?:[1-9]|\{[1-9]\})")


@dataclass(frozen=True, slots=True)
class Fault:
    """A published fault, by its name, and the releases that mend it: one of each branch."""

    name: str
    mended: tuple[str, ...]

    def open_in(self, version: Value[str]) -> Value[bool]:
        """Whether a release of nginx has the fault; a choice where the release is not known."""
        stable, mainline = self.mended
        branch = f"{mainline.rpartition('.')[0]}.0"
        again = () if branch == mainline else ((branch, True), (mainline, False))
        return versions.by_version(version, (("", True), (stable, False), *again))


REWRITE = Fault("CVE-2026-42945", ("1.30.1", "1.31.0"))
OVERLAP = Fault("CVE-2026-9256", ("1.30.2", "1.31.1"))
MAP = Fault("CVE-2026-42533", ("1.30.4", "1.31.3"))


@dataclass(frozen=True, slots=True)
class Shape:
    """A place where a fault is reached, and the line that completes it."""

    fault: Fault
    directive: Directive
    scope: Scope
    span: Span
    other: Place | None = None


def shapes(scope: Scope, variables: Variables) -> Iterator[Shape]:
    """Every one in a block and inside of it."""
    for inner in scope.walk():
        for at, directive in enumerate(inner.directives):
            if directive.name == "rewrite" and len(directive.args) > 1:
                yield from _rewrite(directive, inner, inner.directives[at + 1 :])
    yield from _maps(scope, variables)


def _rewrite(directive: Directive, scope: Scope, after: list[Directive]) -> Iterator[Shape]:
    pattern, replacement = directive.args[:2]
    used = {int(found.strip("${}")) for found in _GROUP.findall(replacement.text)}
    follower = next((other for other in after if other.name in _SCRIPTED), None)
    if used and "?" in replacement.text and follower is not None:
        yield Shape(REWRITE, directive, scope, directive.head, written(follower))
    elif redirects(directive) and any(inner in used and outer in used for outer, inner in _nested(pattern)):
        yield Shape(OVERLAP, directive, scope, directive.head)


def _nested(pattern: Word) -> list[tuple[int, int]]:
    """(a group, one that stands inside of it) of a pattern."""
    tree = regexes.parsed(pattern.text)
    found: list[tuple[int, int]] = []

    def visit(nodes: Any, around: tuple[int, ...]) -> None:
        for operator, argument in nodes:
            here = around
            if str(operator) == "SUBPATTERN" and argument[0]:
                found.extend((outer, argument[0]) for outer in around)
                here = (*around, argument[0])
            for inner in branches(str(operator), argument):
                visit(inner, here)

    visit(tree or (), ())
    return found


def _maps(scope: Scope, variables: Variables) -> Iterator[Shape]:
    """Texts in which a group stands before the variable of a map that has patterns with such groups."""
    groups = dict(_groups_of_maps(variables))
    for usage in variables.usages:
        if usage.name.lower() in groups and usage.scope.kind != "map":
            names = groups[usage.name.lower()]
            before = [use.name for use in texts.uses(usage.word.text)]
            if any(name in names for name in before[: before.index(usage.name)]):
                yield Shape(MAP, usage.directive, usage.scope, usage.span, names.get(before[0]))


def _groups_of_maps(variables: Variables) -> Iterator[tuple[str, dict[str, Place]]]:
    for name, definitions in variables.definitions.items():
        for definition in definitions:
            if definition.kind == "map":
                table = definition.scope.inner(definition.directive)
                found: dict[str, Place] = {}
                for entry in table.directives:
                    if entry.name.startswith("~"):
                        count = regexes.group_count(entry.name.lstrip("~*")) or 0
                        found |= dict.fromkeys(
                            [*map(str, range(1, count + 1)), *regexes.group_names(entry.name)], written(entry)
                        )
                if found:
                    yield name, found
