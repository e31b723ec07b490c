"""Python's own pure functions over values, as configurations call them: `int`, `len`, `max`, `sorted`, `range`, …

Arguments are plain operands, as in comparisons; results are bounded, and what Python would refuse is Unknown.
"""

from __future__ import annotations

import math
import operator as op
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from serveaudit.expressions import sequences
from serveaudit.expressions.arithmetic import arithmetic, between, greatest, least, negative
from serveaudit.expressions.comparisons import TOO_LARGE, Plain, bare, compare, ends, members, only, truth
from serveaudit.expressions.texts import formatted
from serveaudit.values import Items, Partial, Range, Table, Unknown, Value

Pure = Callable[[Sequence[Any], Mapping[str, Any], Plain], Any]

LONGEST_RANGE = 5_000
"""Members of a `range()`."""


def call_pure(name: str, args: Sequence[Any], keywords: Mapping[str, Any], plain: Plain = bare) -> Any:
    """The function's result. Returns NotImplemented for what is no function that is known here."""
    function = FUNCTIONS.get(name)
    if function is None:
        return NotImplemented
    try:
        return function(args, keywords, plain)
    except (ArithmeticError, TypeError, ValueError, IndexError) as error:
        return Unknown(f"{name}(): {error}")


def _number(kind: type[int] | type[float]) -> Pure:
    def convert(args: Sequence[Any], keywords: Mapping[str, Any], plain: Plain) -> Any:
        x = args[0] if args else 0
        if isinstance(x, Unknown | Partial):
            return x if isinstance(x, Unknown) else x.unknown
        if isinstance(x, Range):
            return between(*(end if math.isinf(end) else kind(end) for end in ends(x)))
        return kind(x, *args[1:])

    return convert


def _text(args: Sequence[Any], keywords: Mapping[str, Any], plain: Plain) -> Any:
    return formatted(args[0]) if len(args) == 1 else Unknown("str() of what is not one value")


def _bool(args: Sequence[Any], keywords: Mapping[str, Any], plain: Plain) -> Any:
    return truth(args[0]) if args else False


def size(x: Any) -> Any:
    """`len(x)`: a range where only some members or parts are known."""
    if isinstance(x, str):
        return len(x)
    if isinstance(x, Partial):
        return Range(sum(len(part) for part in x.parts if isinstance(part, str)))
    inside, complete = members(x)
    if isinstance(x, Items | Table | tuple):
        return len(inside) if complete is True else Range(len(inside))
    return complete if isinstance(complete, Unknown) else Unknown(f"{type(x).__name__} has no length")


def _size(args: Sequence[Any], keywords: Mapping[str, Any], plain: Plain) -> Any:
    return size(args[0])


def _extreme(pick: Callable[[Sequence[Any]], Any]) -> Pure:
    def choose(args: Sequence[Any], keywords: Mapping[str, Any], plain: Plain) -> Any:
        if keywords:
            return Unknown("min() or max() with a key")
        given, complete = (args, True) if len(args) > 1 else members(args[0])
        known = [plain(one) for one in given]
        if known and complete is True and all(isinstance(one, str) for one in known):
            return min(known) if pick is least else max(known)
        return pick([*known, *([complete] if isinstance(complete, Unknown) else [])])

    return choose


def _round(args: Sequence[Any], keywords: Mapping[str, Any], plain: Plain) -> Any:
    x, *digits = args
    if isinstance(x, Range):
        return between(*(end if math.isinf(end) else round(end, *digits) for end in ends(x)))
    return x if isinstance(x, Unknown) else round(x, *digits)


def _abs(args: Sequence[Any], keywords: Mapping[str, Any], plain: Plain) -> Any:
    (x,) = args
    below = compare(op.lt, x, 0)
    if isinstance(below, Unknown):
        return only(x) if isinstance(x, Range) else below
    return negative(x) if below else x


def _sum(args: Sequence[Any], keywords: Mapping[str, Any], plain: Plain) -> Any:
    inside, complete = members(args[0])
    total: Any = args[1] if len(args) > 1 else 0
    for member in inside:
        total = arithmetic(op.add, total, plain(member))
    return total if complete is True else complete


def _quantifier(stop: bool) -> Pure:
    def quantify(args: Sequence[Any], keywords: Mapping[str, Any], plain: Plain) -> Any:
        inside, complete = members(args[0])
        truths = [truth(plain(member)) for member in inside]
        if any(one is stop for one in truths):
            return stop
        undecided = next((one for one in (*truths, complete) if isinstance(one, Unknown)), None)
        return undecided if undecided is not None else not stop

    return quantify


def _list(args: Sequence[Any], keywords: Mapping[str, Any], plain: Plain) -> Any:
    inside, complete = members(args[0]) if args else ((), True)
    return Items(tuple(map(sequences.valued, inside)), complete)


def _sorted(args: Sequence[Any], keywords: Mapping[str, Any], plain: Plain) -> Any:
    """The members in order; where the order can't be known the list is one that may have more members, which has no order."""
    listed = _list(args, {}, plain)
    known = [plain(member) for member in listed.members]
    kinds = {type(one) for one in known}
    undecided = next((one for one in (*known, listed.complete) if isinstance(one, Unknown)), None)
    if undecided is None and (len(kinds) > 1 or not kinds <= {str, int, float} or "key" in keywords):
        undecided = Unknown("it is sorted in an order that is not known")
    if undecided is not None:
        return Items(listed.members, undecided)
    ordered = sorted(zip(known, listed.members, strict=True), key=op.itemgetter(0), reverse=keywords.get("reverse") is True)
    return Items(tuple(member for _, member in ordered))


def _range(args: Sequence[Any], keywords: Mapping[str, Any], plain: Plain) -> Any:
    if not all(isinstance(arg, int) for arg in args):
        return next((arg for arg in args if isinstance(arg, Unknown)), Unknown("range() of what is not known"))
    numbers = range(*args)
    return Items(tuple(map(Value, numbers))) if len(numbers) <= LONGEST_RANGE else TOO_LARGE


FUNCTIONS: Mapping[str, Pure] = {
    "int": _number(int),
    "float": _number(float),
    "str": _text,
    "bool": _bool,
    "len": _size,
    "min": _extreme(least),
    "max": _extreme(greatest),
    "round": _round,
    "abs": _abs,
    "sum": _sum,
    "any": _quantifier(True),
    "all": _quantifier(False),
    "list": _list,
    "tuple": _list,
    "set": _list,
    "frozenset": _list,
    "sorted": _sorted,
    "range": _range,
    "dict": sequences.table,
    "enumerate": sequences.enumerated,
    "zip": sequences.zipped,
    "reversed": sequences.turned,
    "next": sequences.first,
    "divmod": sequences.quotient,
    "pow": lambda args, keywords, plain: arithmetic(op.pow, *args),
}
