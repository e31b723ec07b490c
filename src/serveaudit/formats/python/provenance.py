"""What becomes of a value on its way: where it is told, whether it is too large, whether something in it is not known."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from serveaudit.formats.python.module import NAMES
from serveaudit.source import Span
from serveaudit.values import Branch, How, Items, Partial, Place, Table, Unknown, Value, unique

LONGEST_TEXT = 100_000
MOST_MEMBERS = 10_000
_MOST_PLACES = 4


def may_raise(value: Any) -> bool:
    """Whether something in a value is not known: what would have given it may have raised instead."""
    match value.x if isinstance(value, Value) else value:
        case Branch(cases=cases):
            return any(may_raise(case) for _, case in cases)
        case Items(members=members):
            return any(map(may_raise, members))
        case Table(entries=entries):
            return any(may_raise(each) for _, each in entries)
        case x:
            return isinstance(x, Unknown | Partial) and not isinstance(x, NAMES)


def bounded(value: Value[Any]) -> Value[Any]:
    """The value; unknown where it has become larger than any configuration is."""
    x = value.x
    if isinstance(x, str | bytes) and len(x) > LONGEST_TEXT:
        return replace(value, x=Unknown("a very long text"))
    if isinstance(x, int) and x.bit_length() > LONGEST_TEXT:
        return replace(value, x=Unknown("a very large number"))
    if len(x.members if isinstance(x, Items) else x.entries if isinstance(x, Table) else ()) > MOST_MEMBERS:
        return replace(value, x=Unknown("a very long list"))
    return value


def spoken_for(value: Value[Any], span: Span) -> Value[Any]:
    """The value, spoken for by its assigned text first, then by what it was read from elsewhere."""
    if isinstance(value.x, Branch):
        cases = tuple((label, spoken_for(case, span)) for label, case in value.x.cases)
        return replace(value, x=Branch(value.x.on, cases), places=(Place(span),))
    others = [place for place in value.places if not _within(place.span, span)]
    others.sort(key=lambda place: place.how is not How.ENVIRONMENT)
    return value.at(*unique((Place(span),), tuple(others))[:_MOST_PLACES])


def without_places_in(value: Value[Any], span: Span) -> Value[Any]:
    """The value without the places inside of a function that was followed for it."""
    return value.at(*(place for place in value.places if not _within(place.span, span)))


def _within(inner: Span, outer: Span) -> bool:
    return inner.source is outer.source and outer.start <= inner.start and inner.end <= outer.end
