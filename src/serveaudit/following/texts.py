"""Values of text: joined from parts, chosen among branches, split into words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import prod
from typing import Any

from serveaudit.expressions.texts import text
from serveaudit.values import MOST_WORLDS, Branch, Partial, Place, Range, Unknown, Value

MOST_PLACES = 4
MOST_PARTS = 100


def chosen(value: Value[Any], choices: Mapping[str, str]) -> Value[Any]:
    """The value under choices that are already made."""
    while isinstance(value.x, Branch) and value.x.on in choices:
        cases = dict(value.x.cases)
        if choices[value.x.on] not in cases:
            return value
        value = cases[choices[value.x.on]]
    return value


def first_branch(values: Sequence[Value[Any]]) -> Branch | None:
    return next((value.x for value in values if isinstance(value.x, Branch)), None)


def joined(values: Sequence[Value[Any]]) -> Value[Any]:
    """The texts put together, world by world. A variable that is not set is unknown if it is only assumed not to be."""
    branch = first_branch(values)
    if len(values) == 1 and isinstance(values[0].x, Range):
        return values[0]
    if branch is None:
        parts = [_text(value) for value in values]
        x = parts[0] if len(parts) == 1 else text(parts)
        long = isinstance(x, Partial) and len(x.parts) > MOST_PARTS
        return _resting_on(Value(Unknown("a text of too many unknown parts") if long else x), values)
    if prod(leaves(value) for value in values) > MOST_WORLDS:
        return _resting_on(Value(Unknown("it depends on too many choices")), values)
    cases = ((label, joined([chosen(value, {branch.on: label}) for value in values])) for label, _ in branch.cases)
    return Value(Branch(branch.on, tuple(cases)))


def _resting_on(value: Value[Any], values: Sequence[Value[Any]]) -> Value[Any]:
    """The value with what the others rest on; that a variable is not set is no assumption of a text that lacks it."""
    found = value.also(*(replace(other, assumes=()) if other.x is None else other for other in values))
    return replace(found, places=found.places[:MOST_PLACES])


def _text(value: Value[Any]) -> str | Partial | Unknown:
    if value.x is None:
        return Unknown(f"{_missing(value)} by anything that was read", _missing(value).split(" ")[0]) if value.assumes else ""
    if isinstance(value.x, Unknown | Partial):
        return value.x
    if isinstance(value.x, Range):
        return Unknown(f"a number, {value.x}", "cpus" if "cpus" in value.depends else "")
    return str(value.x)


def _missing(value: Value[Any]) -> str:
    return value.assumes[-1]


def leaves(value: Value[Any]) -> int:
    """How many values a value may turn out to be."""
    return sum(leaves(case) for _, case in value.x.cases) if isinstance(value.x, Branch) else 1


def fields(value: Value[Any]) -> list[Value[Any]]:
    """The words into which a shell splits a plain text. Each points at itself where the text was written, if it was written
    in one piece, and then at what the text's own places are."""
    place = next((place for place in value.places if place.span.text == value.x), None)
    found = []
    for word in re.finditer(r"\S+", value.x):
        own: tuple[Place, ...] = ()
        if place:
            span = place.span
            own = (replace(place, span=span.source.span(span.start + word.start(), span.start + word.end())),)
        found.append(replace(value, x=word[0], places=(*own, *value.places)[:MOST_PLACES]))
    return found
