"""Python's own functions that make sequences of others: `enumerate`, `zip`, `reversed`, `next`, `dict`, `divmod`.

Arguments and results are as for the other pure functions; of a list that may be longer, what is made of it may be longer too.
"""

from __future__ import annotations

import operator as op
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from serveaudit.expressions.arithmetic import arithmetic
from serveaudit.expressions.comparisons import Plain, members
from serveaudit.values import Items, Table, Unknown, Value


def valued(one: Any) -> Value[Any]:
    """A member as a Value."""
    return one if isinstance(one, Value) else Value(one)


def _pairs(rows: Iterable[Iterable[Any]], complete: bool | Unknown) -> Items:
    return Items(tuple(Value(Items(tuple(map(valued, row)))) for row in rows), complete)


def enumerated(args: Sequence[Any], keywords: Mapping[str, Any], plain: Plain) -> Any:
    inside, complete = members(args[0])
    first = keywords.get("start", args[1] if len(args) > 1 else 0)
    if not isinstance(first, int):
        return Unknown("it is counted from what is not known")
    return _pairs(enumerate(inside, first), complete)


def zipped(args: Sequence[Any], keywords: Mapping[str, Any], plain: Plain) -> Any:
    given = [members(arg) for arg in args]
    complete = next((end for _, end in given if isinstance(end, Unknown)), True)
    return _pairs(zip(*(inside for inside, _ in given), strict=False), complete)


def turned(args: Sequence[Any], keywords: Mapping[str, Any], plain: Plain) -> Any:
    inside, complete = members(args[0])
    return Items(tuple(map(valued, reversed(inside))), complete)


def first(args: Sequence[Any], keywords: Mapping[str, Any], plain: Plain) -> Any:
    """`next(…)` of a list that was just made."""
    inside, complete = members(args[0])
    if isinstance(complete, Unknown):
        return complete
    if inside:
        return plain(inside[0])
    return args[1] if len(args) > 1 else Unknown("next() raises StopIteration")


def table(args: Sequence[Any], keywords: Mapping[str, Any], plain: Plain) -> Any:
    """`dict(…)` of a dictionary or of pairs."""
    given = args[0] if args else Table(())
    if not isinstance(given, Table):
        given = _of_pairs(given, plain)
    if isinstance(given, Unknown):
        return given
    return Table((*given.entries, *((name, valued(x)) for name, x in keywords.items())), given.complete)


def _of_pairs(given: Any, plain: Plain) -> Table | Unknown:
    inside, complete = members(given)
    pairs = [members(plain(one))[0] for one in inside]
    keys = [plain(pair[0]) if len(pair) == 2 else None for pair in pairs]
    if not all(isinstance(key, str | int) for key in keys):
        return Unknown("dict() of what is no dictionary")
    return Table(tuple(zip(keys, (valued(pair[1]) for pair in pairs), strict=True)), complete)


def quotient(args: Sequence[Any], keywords: Mapping[str, Any], plain: Plain) -> Any:
    return Items(tuple(Value(arithmetic(how, *args)) for how in (op.floordiv, op.mod)))
