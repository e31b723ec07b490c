"""Reads the expressions of Python configurations into values, without running anything.

Of each expression only what it must be is told: what can't be known stays unknown, with its reason, and what is known in part
stays a range, a text with gaps, a list that may be longer, or one value for each outside choice.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from serveaudit.expressions.calls import Reader
from serveaudit.expressions.closures import applied
from serveaudit.expressions.comparisons import truth
from serveaudit.expressions.frames import STEPS, Closure, Frame, Result, TooMuch, World, read, value_of, worlds
from serveaudit.expressions.scope import Scope, placed, shown
from serveaudit.values import Branch, Unknown, Value


def evaluate(node: ast.expr, scope: Scope) -> Value[Any]:
    """What the expression gives: never raises, takes bounded time and memory. Lists, tuples and sets are Items of Values,
    dictionaries are Tables; provenance (places, assumes, depends) is that of everything that was read for it."""
    named = scope.name(node.id) if isinstance(node, ast.Name) else None
    return named if named is not None else _result(node, scope, Reader.closure)


def evaluate_test(node: ast.expr, scope: Scope) -> Value[bool]:
    """Whether the expression is true: True, False, Unknown, or a Branch of these. `unknown or True` is true."""
    return _result(node, scope, lambda reader, node: applied(truth, reader.test(node)))


def _result(node: ast.expr, scope: Scope, build: Callable[[Reader, ast.expr], Closure]) -> Value[Any]:
    """What the closure built from the node gives in every world that it asks for, put together."""
    steps: list[float] = [STEPS]

    def in_world(world: World) -> Value[Any]:
        x, reads = closure(Frame({}, world, look_up, steps))
        return placed(value_of(x, reads), node, scope)

    def look_up(frame: Frame, name: str) -> Result:
        value = scope.name(name)
        if value is None:
            value = scope.dotted(name)
        return (Unknown(f"{name} is not known here", name), ()) if value is None else read(value, name, frame)

    try:
        closure = build(Reader(scope), node)
        return _joined(worlds(in_world))
    except TooMuch as limit:
        return placed(Value(Unknown(f"{shown(node)}: {limit}")), node, scope)
    except (RecursionError, MemoryError):
        return placed(Value(Unknown("an expression that is nested too deeply")), node, scope)


def _joined(found: list[tuple[World, Value[Any]]]) -> Value[Any]:
    """The values of all worlds as one: a Branch on the first choice, whose cases are joined in the same way."""
    first, value = found[0]
    if not first:
        return value
    on = next(iter(first))
    cases: dict[str, list[tuple[World, Value[Any]]]] = {}
    for world, case in found:
        cases.setdefault(world[on], []).append(({name: label for name, label in world.items() if name != on}, case))
    joined = {label: _joined(group) for label, group in cases.items()}
    if all(case == value for case in joined.values()):
        return value.also(*joined.values()).whatever(*joined)
    return Value(Branch(on, tuple(joined.items())))
