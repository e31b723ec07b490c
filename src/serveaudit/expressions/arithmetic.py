"""What `+ - * / // % **` do to values: once, for configurations as for rules.

Operands are as in comparisons: plain values, None, ranges, texts with gaps, lists, unknowns. Results are bounded in size; what
Python would refuse, and what is too large, is Unknown.
"""

from __future__ import annotations

import math
import operator as op
from collections.abc import Callable, Iterable
from typing import Any

from serveaudit.expressions.comparisons import LONGEST, TOO_LARGE, Binary, ends, members, numeric, only
from serveaudit.expressions.texts import text
from serveaudit.values import Items, Partial, Range, Table, Unknown

WIDEST = 4096
"""Bits of an integer."""


def arithmetic(operator: Binary, a: Any, b: Any) -> Any:
    """`a + b`, … . With None it is None; text with gaps, ranges and lists keep what is known of them."""
    if type(a) in (int, float) and type(b) in (int, float):
        return _numbers(operator, a, b)
    if a is None or b is None:
        return None
    if isinstance(a, Items) or isinstance(b, Items):
        return _lists(operator, a, b)
    if operator is op.add and (isinstance(a, str | Partial) or isinstance(b, str | Partial)):
        return text([a, b]) if all(isinstance(x, str | Partial | Unknown) for x in (a, b)) else _refused(a, b)
    for x in (a, b):
        if isinstance(x, Unknown | Partial):
            return x if isinstance(x, Unknown) else x.unknown
    if isinstance(a, Range) or isinstance(b, Range):
        return _ranges(operator, a, b)
    return _others(operator, a, b)


def _refused(a: Any, b: Any) -> Unknown:
    known = next((x for x in (a, b) if isinstance(x, Unknown)), None)
    return Unknown(f"{type(a).__name__} and {type(b).__name__} don't go together") if known is None else known


def _numbers(operator: Binary, a: Any, b: Any) -> Any:
    if operator in (op.pow, op.lshift) and not _small_power(operator, a, b):
        return TOO_LARGE
    if operator is op.mul and isinstance(a, int) and isinstance(b, int) and a.bit_length() + b.bit_length() > WIDEST:
        return TOO_LARGE
    try:
        result = operator(a, b)
    except (ArithmeticError, TypeError, ValueError) as error:
        return Unknown(str(error))
    return Unknown("a complex number") if isinstance(result, complex) else result


def _small_power(operator: Binary, a: Any, b: Any) -> bool:
    if isinstance(a, float) or isinstance(b, float) or b < 0:
        return True
    return bool((a.bit_length() + b if operator is op.lshift else a.bit_length() * b) <= WIDEST)


def _others(operator: Binary, a: Any, b: Any) -> Any:
    """Numbers with a unit, paths, and text times a number."""
    if isinstance(a, int | float) and isinstance(b, int | float):
        return _numbers(operator, a, b)
    if isinstance(a, str) or isinstance(b, str):
        string, count = (a, b) if isinstance(a, str) else (b, a)
        if operator is op.mul and isinstance(count, int):
            return string * count if len(string) * count <= LONGEST else TOO_LARGE
    if isinstance(a, Table) and isinstance(b, Table) and operator is op.or_:
        return Table(a.entries + b.entries, _both(a.complete, b.complete))
    try:
        return operator(a, b)
    except (ArithmeticError, TypeError, ValueError):
        return _refused(a, b)


def _lists(operator: Binary, a: Any, b: Any) -> Any:
    if operator in (op.add, op.or_):
        (ours, complete), (theirs, whole) = members(a), members(b)
        joined = (*ours, *theirs)
        if not isinstance(a, Items | Unknown) or not isinstance(b, Items | Unknown):
            return _refused(a, b)
        return Items(joined, _both(complete, whole)) if len(joined) <= LONGEST else TOO_LARGE
    if operator is op.mul and isinstance(a, Items) and isinstance(b, int):
        return Items(a.members * b, a.complete) if len(a.members) * b <= LONGEST else TOO_LARGE
    return _refused(a, b)


def _both(one: bool | Unknown, other: bool | Unknown) -> bool | Unknown:
    return one if isinstance(one, Unknown) else other


def _ranges(operator: Binary, a: Any, b: Any) -> Any:
    if operator not in (op.add, op.sub, op.mul, op.truediv, op.floordiv) or not (numeric(a) and numeric(b)):
        return only(a if isinstance(a, Range) else b)
    if operator in (op.truediv, op.floordiv) and ends(b)[0] <= 0 <= ends(b)[1]:
        return Unknown("it may be divided by zero")
    corners = [_corner(operator, p, q) for p in ends(a) for q in ends(b)]
    known = [corner for corner in corners if not math.isnan(corner)]
    return between(min(known), max(known))


def _corner(operator: Binary, p: float, q: float) -> float:
    """One end of a range computed with another's; infinity stays infinite where Python's `//` would make it NaN."""
    try:
        return float(math.copysign(math.inf, p * q)) if operator is op.floordiv and math.isinf(p) else operator(p, q)
    except OverflowError:
        return math.inf


def between(low: float, high: float) -> Any:
    """A Range, or the number itself where there is but one."""
    return low if low == high else Range(low, high)


def least(numbers: Iterable[Any]) -> Any:
    """`min()` of numbers; an unknown one leaves a range."""
    return _extreme(numbers, min)


def greatest(numbers: Iterable[Any]) -> Any:
    """`max()` of numbers; an unknown one leaves a range."""
    return _extreme(numbers, max)


def _extreme(numbers: Iterable[Any], pick: Callable[..., Any]) -> Any:
    given = list(numbers)
    unknown = next((x for x in given if isinstance(x, Unknown)), None)
    known = [x for x in given if not isinstance(x, Unknown)]
    if not known or not all(map(numeric, known)):
        return Unknown("there are no numbers to choose from") if unknown is None else unknown
    low, high = pick(ends(x)[0] for x in known), pick(ends(x)[1] for x in known)
    if unknown is None:
        return between(low, high)
    return Range(low) if pick is max else Range(-math.inf, high)


def negative(x: Any) -> Any:
    """`-x`"""
    if isinstance(x, Range):
        return Range(-x.high, -x.low)
    if x is None or isinstance(x, Unknown):
        return x
    return -x if isinstance(x, int | float) else Unknown("only a number has a negative")
