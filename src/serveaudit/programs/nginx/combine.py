"""Values computed from several others, each choice made once for all of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from serveaudit.values import MOST_WORLDS, Branch, Partial, Range, Unknown, Value


def combine(function: Callable[..., Any], *values: Value[Any]) -> Value[Any]:
    """The function of the plain values (None among them), resting on all of them; unknown as soon as one is. Where one is a
    choice, the result is one too unless every case comes to the same; values with the same choice are chosen together."""
    return _combine(function, list(values), MOST_WORLDS)


def _combine(function: Callable[..., Any], values: list[Value[Any]], budget: int) -> Value[Any]:
    choosing = next((value for value in values if isinstance(value.x, Branch)), None)
    if choosing is not None:
        branch: Branch = choosing.x
        if len(branch.cases) > budget:
            return Value(Unknown("it depends on too many choices")).also(*values)
        share = budget // len(branch.cases)
        cases = [
            (label, _combine(function, [_taking(value, branch, label) for value in values], share)) for label, _ in branch.cases
        ]
        if all(case == cases[0][1] for _, case in cases):
            return Value(cases[0][1].x).also(*values)
        return Value(Branch(branch.on, tuple(cases))).also(*values)
    for value in values:
        if isinstance(value.x, Unknown):
            return Value(value.x).also(*values)
        if isinstance(value.x, Partial | Range):
            return Value(value.x.unknown if isinstance(value.x, Partial) else Unknown(str(value.x))).also(*values)
    return Value(function(*(value.x for value in values))).also(*values)


def _taking(value: Value[Any], branch: Branch, label: str) -> Value[Any]:
    """The value when this case of the choice is taken; itself where it does not hang on it."""
    if not isinstance(value.x, Branch) or value.x.on != branch.on:
        return value
    return next((case.also(Value(None, value.places, value.assumes)) for known, case in value.x.cases if known == label), value)
