"""Directives that nginx would refuse where they stand, by its own table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from serveaudit.formats.nginx import Directive
from serveaudit.programs.nginx import texts
from serveaudit.programs.nginx.facts import Known, facts
from serveaudit.programs.nginx.scopes import Scope
from serveaudit.programs.nginx.versions import at_least
from serveaudit.values import Value

_CONTEXTS = frozenset(
    "main events http server location server/if location/if limit_except upstream stream stream/server stream/upstream mail "
    "mail/server".split()
)


@dataclass(frozen=True, slots=True)
class Misuse:
    """A directive that is wrong in its block.

    kind   context: it may not stand there; count: so many arguments are not allowed; block: it lacks its braces, or has some;
           twice: `other` says it already in the same block; unknown: nginx's own modules have none of this name;
           later: this release does not have it yet
    """

    directive: Directive
    scope: Scope
    kind: Literal["context", "count", "block", "twice", "unknown", "later"]
    other: Directive | None = None


def misuses(scope: Scope, version: Value[str]) -> Iterator[Misuse]:
    """Everything that a release refuses in a block and inside of it, in the order of the text. A fragment's own top level is
    not judged: what encloses it was not read."""
    for inner in scope.walk():
        if inner.kind in _CONTEXTS and not (inner.unseen and inner.directive is None):
            yield from _in_block(inner, version)


def _in_block(scope: Scope, version: Value[str]) -> Iterator[Misuse]:
    seen: dict[str, list[Directive]] = {}
    for directive in scope.directives:
        known = facts().directives.get(directive.name)
        if known is None:
            yield Misuse(directive, scope, "unknown")
            continue
        wrong = _wrong(directive, known, scope, version)
        if wrong:
            yield wrong
        elif all(each.once for each in known.at(version)):
            before = next((other for other in seen.get(directive.name, ()) if not directive.excludes(other)), None)
            if before is not None:
                yield Misuse(directive, scope, "twice", before)
            seen.setdefault(directive.name, []).append(directive)


def _wrong(directive: Directive, known: Known, scope: Scope, version: Value[str]) -> Misuse | None:
    if at_least(version, known.since) is False:
        return Misuse(directive, scope, "later")
    forms = [form for each in known.at(version) for form in each.forms if scope.kind in form.contexts or "any" in form.contexts]
    if not forms:
        return Misuse(directive, scope, "context")
    forms = [form for form in forms if form.block == (directive.block is not None)]
    if not forms:
        return Misuse(directive, scope, "block")
    filled_in = directive.torn or any(_holes(word.text) for word in directive.args)
    if filled_in or any(form.fits(len(directive.args)) for form in forms):
        return None
    return Misuse(directive, scope, "count")


def _holes(text: str) -> bool:
    return bool(texts.filled_in(text)) or texts.is_placeholder(text)
