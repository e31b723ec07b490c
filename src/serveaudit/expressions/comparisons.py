"""Whether values are true, alike, ordered, or in one another: once, for configurations as for rules.

Operands are what a Value holds in one world: plain Python values, None, Range, Partial, Items, Table, Unknown; never a Branch.
Nothing here raises on odd operands, and nothing takes unbounded time or memory: what Python would refuse, and what is too
large, is Unknown. `plain` turns a member of a list into such an operand.
"""

from __future__ import annotations

import operator as op
from collections.abc import Callable
from typing import Any

from serveaudit.values import Items, Partial, Range, Table, Unknown

LONGEST = 20_000
"""Characters of a text and members of a list: no configuration needs more."""

Binary = Callable[[Any, Any], Any]
Plain = Callable[[Any], Any]

ORDERINGS: frozenset[Binary] = frozenset({op.lt, op.le, op.gt, op.ge})
SCALARS = frozenset({str, int, float, bool})
TOO_LARGE = Unknown("too large to be computed")


def bare(member: Any) -> Any:
    """A list's member without its provenance."""
    return getattr(member, "x", member)


def truth(x: Any) -> bool | Unknown:
    kind = type(x)
    if kind is bool:
        return x is True
    if isinstance(x, Unknown):
        return x
    if kind is Items or kind is Table:
        return True if (x.members if kind is Items else x.entries) else _not_more(x)
    if kind is Range:
        return True if x.low > 0 or x.high < 0 else only(x)
    if kind is Partial:
        return True if any(part for part in x.parts if isinstance(part, str)) else x.unknown
    return bool(x)


def only(x: Range) -> Unknown:
    """What is said where a range does not decide."""
    return Unknown(f"known only to be {x}")


def _not_more(x: Items | Table) -> bool | Unknown:
    """False, for a list that surely has no more members than those looked at."""
    return x.complete if isinstance(x.complete, Unknown) else False


def negation(x: Any) -> bool | Unknown:
    """`not x`"""
    result = truth(x)
    return result if isinstance(result, Unknown) else not result


def compare(operator: Binary, a: Any, b: Any, plain: Plain = bare) -> bool | Unknown:
    """`a < b`, `a == b`, … . Ordering against None is False: what there is none of is neither less nor more."""
    if isinstance(a, Unknown):
        return a
    if isinstance(b, Unknown):
        return b
    if operator in ORDERINGS:
        return _ordered(operator, a, b, plain)
    same = equal(a, b, plain)
    return same if isinstance(same, Unknown) or operator is op.eq else not same


def _ordered(operator: Binary, a: Any, b: Any, plain: Plain) -> bool | Unknown:
    if a is None or b is None:
        return False
    if type(a) is Range or type(b) is Range:
        return _ordered_ranges(operator, a, b)
    if isinstance(a, Items) and isinstance(b, Items):
        return _ordered_lists(operator, a, b, plain)
    if isinstance(a, Partial | Items | Table) or isinstance(b, Partial | Items | Table):
        return next((x.unknown for x in (a, b) if isinstance(x, Partial)), Unknown("lists can't be ordered here"))
    try:
        return bool(operator(a, b))
    except TypeError as error:
        return Unknown(str(error))


def _ordered_lists(operator: Binary, a: Items, b: Items, plain: Plain) -> bool | Unknown:
    """As far as the first members that differ tell: `sys.version_info >= (3, 9)`."""
    for one, other in zip(map(plain, a.members), map(plain, b.members), strict=False):
        same = equal(one, other, plain)
        if same is not True:
            return _ordered(operator, one, other, plain)
    if len(a.members) > len(b.members):
        return bool(operator(1, 0))
    return Unknown("lists can't be ordered here")


def _ordered_ranges(operator: Binary, a: Any, b: Any) -> bool | Unknown:
    if not (numeric(a) and numeric(b)):
        return Unknown("a number can't be ordered against something else")
    (al, ah), (bl, bh) = ends(a), ends(b)
    low, high = ((ah, bl), (al, bh)) if operator in (op.lt, op.le) else ((al, bh), (ah, bl))
    if operator(*low):
        return True
    return False if not operator(*high) else only(a if type(a) is Range else b)


def equal(a: Any, b: Any, plain: Plain = bare) -> bool | Unknown:
    """`a == b`; text with gaps is surely unlike a text that its known parts exclude."""
    kinds = {type(a), type(b)}
    if kinds <= SCALARS:
        return bool(a == b)
    if isinstance(a, Unknown) or isinstance(b, Unknown):
        return a if isinstance(a, Unknown) else b
    if Range in kinds:
        return _equal_ranges(a, b)
    if Partial in kinds:
        return _equal_texts(a, b)
    if Items in kinds or Table in kinds:
        return _equal_lists(a, b, plain)
    return bool(a == b)


def _equal_ranges(a: Any, b: Any) -> bool | Unknown:
    if not (numeric(a) and numeric(b)):
        return False
    (al, ah), (bl, bh) = ends(a), ends(b)
    return False if ah < bl or bh < al else only(a if type(a) is Range else b)


def _equal_texts(a: Any, b: Any) -> bool | Unknown:
    gaps, other = (a, b) if isinstance(a, Partial) else (b, a)
    if isinstance(other, Partial):
        return gaps.unknown
    return gaps.unknown if isinstance(other, str) and may_be(gaps, other) else False


def may_be(gaps: Partial, text: str) -> bool:
    """Whether the text can stand for the one with gaps: its known parts are in it, in order, at its ends where they end it."""
    first, last = gaps.parts[0], gaps.parts[-1]
    if (isinstance(first, str) and not text.startswith(first)) or (isinstance(last, str) and not text.endswith(last)):
        return False
    at = 0
    for part in gaps.parts:
        if isinstance(part, str):
            at = text.find(part, at)
            if at < 0:
                return False
            at += len(part)
    return True


def _equal_lists(a: Any, b: Any, plain: Plain) -> bool | Unknown:
    if not (isinstance(a, Items | tuple | list) and isinstance(b, Items | tuple | list)):
        return Unknown("mappings are not compared") if type(a) is type(b) else False
    (ours, complete), (theirs, whole) = members(a), members(b)
    undecided = next((known for known in (complete, whole) if isinstance(known, Unknown)), None)
    if len(ours) != len(theirs):
        return False if undecided is None else undecided
    for one, other in zip(ours, theirs, strict=True):
        same = equal(plain(one), plain(other), plain)
        if same is False and undecided is None:
            return False
        if isinstance(same, Unknown):
            undecided = undecided if undecided is not None else same
    return True if undecided is None else undecided


def contains(a: Any, b: Any, plain: Plain = bare) -> bool | Unknown:
    """`a in b`. A sure member beats unknown ones; nothing is in None."""
    if isinstance(a, Unknown):
        return a
    if isinstance(b, Unknown):
        return b
    if isinstance(b, Items | Table | tuple | list):
        return _among(a, b, plain)
    if isinstance(b, str | Partial):
        return _inside(a, b)
    if b is None:
        return False
    try:
        return a in b
    except TypeError as error:
        return Unknown(str(error))


def _among(a: Any, b: Any, plain: Plain) -> bool | Unknown:
    if type(b) is tuple and type(a) in SCALARS:
        return a in b
    inside, complete = members(b)
    undecided = None
    for member in inside:
        same = equal(a, plain(member), plain)
        if same is True:
            return True
        if isinstance(same, Unknown) and undecided is None:
            undecided = same
    if undecided is not None:
        return undecided
    return complete if isinstance(complete, Unknown) else False


def _inside(a: Any, b: str | Partial) -> bool | Unknown:
    if isinstance(a, Partial):
        possible = isinstance(b, Partial) or all(part in b for part in a.parts if isinstance(part, str))
        return a.unknown if possible else False
    if not isinstance(a, str):
        return False if a is None else Unknown("only text can be looked for in text")
    if isinstance(b, str):
        return a in b
    return True if any(a in part for part in b.parts if isinstance(part, str)) else b.unknown


def ends(x: Any) -> tuple[Any, Any]:
    """The least and the greatest that a number may be."""
    return (x.low, x.high) if type(x) is Range else (x, x)


def numeric(x: Any) -> bool:
    """Whether it is a number, if only a range of it is known."""
    return isinstance(x, int | float | Range)


def members(x: Any) -> tuple[tuple[Any, ...], bool | Unknown]:
    """What a loop over it goes through, and whether that is all; nothing for None."""
    if isinstance(x, Items):
        return x.members, x.complete
    if isinstance(x, Table):
        return tuple(dict.fromkeys(key for key, _ in x.entries)), x.complete
    if isinstance(x, str | tuple | list):
        return tuple(x), True
    if x is None:
        return (), True
    if isinstance(x, Unknown):
        return (), x
    return (), x.unknown if isinstance(x, Partial) else Unknown(f"{type(x).__name__} is no list")


def item(x: Any, key: Any) -> Any:
    """`x[key]`: a member, a Value, or text. Raises LookupError where there surely is no such member."""
    if isinstance(x, Unknown) or isinstance(key, Unknown):
        return x if isinstance(x, Unknown) else key
    if isinstance(x, Table):
        return _entry(x, key)
    inside, complete = (x, True) if isinstance(x, str) else members(x)
    if isinstance(complete, Unknown):
        return complete
    if isinstance(key, slice):
        return _slice(x, inside, key)
    if not isinstance(key, int):
        return Unknown(f"{key!r:.40} is no index")
    return inside[key]


def _entry(x: Table, key: Any) -> Any:
    undecided = None
    for known, value in reversed(x.entries):
        same = equal(known, key)
        if same is True:
            return value if undecided is None else undecided
        if isinstance(same, Unknown):
            undecided = same
    missing = undecided if undecided is not None else x.complete
    if isinstance(missing, Unknown):
        return missing
    raise KeyError(key)


def _slice(x: Any, inside: Any, key: slice) -> Any:
    try:
        part = inside[key]
    except (TypeError, ValueError):
        return Unknown("it is sliced by what is no number")
    return part if isinstance(x, str) else Items(tuple(part))
