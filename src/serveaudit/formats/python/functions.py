"""Python's own functions, and a few of its library's, that say the same wherever they run: JSON, literals, rounding, names of
attributes, and those that call others."""

from __future__ import annotations

import ast
import json
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from serveaudit.formats.python.attributes import attribute_of
from serveaudit.formats.python.environs import Given
from serveaudit.formats.python.module import External, Made, ModuleRef
from serveaudit.values import Items, Range, Table, Unknown, Value

LONGEST = 20_000
"""Characters of a literal or of JSON that is read."""
_TYPES: dict[str, type] = {"str": str, "int": int, "float": float, "bool": bool, "list": Items, "tuple": Items, "dict": Table}


def _read_by(parse: Callable[[str], Any]) -> Callable[[Given], Value[Any] | None]:
    """What a text says as JSON, or as a literal."""

    def read(given: Given) -> Value[Any] | None:
        if len(given.args) != 1 or given.keywords:
            return None
        (arg,) = given.args
        if not isinstance(arg.x, str):
            return arg if isinstance(arg.x, Unknown) else None
        try:
            return _valued(parse(arg.x[:LONGEST])).also(arg)
        except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
            return given.state.session.raises("ValueError", arg, f"{arg.x[:40]!r} is no literal")

    return read


def _valued(x: Any) -> Value[Any]:
    if isinstance(x, dict):
        return Value(Table(tuple((key, _valued(value)) for key, value in x.items())))
    if isinstance(x, list | tuple | set):
        return Value(Items(tuple(map(_valued, x))))
    return Value(x)


def _evaluated(given: Given) -> Value[Any] | None:
    """`eval` of a text that is a literal; of any other, nothing is known."""
    arg = given.args[0] if given.args else Value(None)
    try:
        return _valued(ast.literal_eval(arg.x[:LONGEST])).also(arg) if isinstance(arg.x, str) else None
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return None


def _rounded(function: Callable[[float], float]) -> Callable[[Given], Value[Any] | None]:
    """A function that grows with its argument: of a range, that of its ends."""

    def compute(given: Given) -> Value[Any] | None:
        if len(given.args) != 1:
            return None
        (arg,) = given.args
        try:
            if isinstance(arg.x, Range):
                ends = (end if math.isinf(end) else function(end) for end in (arg.x.low, arg.x.high))
                return replace(arg, x=Range(*ends))
            return replace(arg, x=function(arg.x)) if isinstance(arg.x, int | float) else None
        except (ValueError, OverflowError) as error:
            return given.state.session.raises(type(error).__name__, arg, str(error))

    return compute


def _is_instance(given: Given) -> Value[Any] | None:
    x, kinds = given.args if len(given.args) == 2 else (Value(None), Value(None))
    names = [each.x.dotted for each in _members(kinds) if isinstance(each.x, External)]
    if not x.known or not names or not all(name in _TYPES for name in names):
        return None
    return replace(x, x=isinstance(x.x, tuple(_TYPES[name] for name in names)))


def _members(value: Value[Any]) -> tuple[Any, ...]:
    return value.x.members if isinstance(value.x, Items) else (value,)


def _attribute(given: Given) -> Value[Any] | None:
    """`getattr(x, "name", default)`, where it is known whether there is one."""
    base, name = given.get(0), given.get(1)
    if base is None or name is None or not isinstance(name.x, str):
        return None
    if isinstance(base.x, ModuleRef) and base.x.module.complete is True and name.x not in base.x.module.bindings:
        return given.get(2)
    return attribute_of(given.state, base, name.x)


def _mapped(given: Given) -> Value[Any] | None:
    """`map(int, texts)`"""
    if len(given.args) != 2 or not isinstance(given.args[1].x, Items):
        return None
    function, over = given.args
    made = [given.call(function, (each,), {}) for each in over.x.members]
    return replace(over, x=Items(tuple(each for each in made if each is not None), over.x.complete)) if all(made) else None


def _partial(given: Given) -> Value[Any] | None:
    """What a function gives that `functools.partial` has given some arguments to."""
    made = given.base.x if given.base is not None else None
    if not isinstance(made, Made) or made.call is None or not made.call.args or made.call.complete is not True:
        return None
    function, *first = made.call.args
    return given.call(function, (*first, *given.args), {**made.call.named, **given.keywords})


FUNCTIONS: dict[str, Callable[[Given], Value[Any] | None]] = {
    "json.loads": _read_by(json.loads),
    "ast.literal_eval": _read_by(ast.literal_eval),
    "eval": _evaluated,
    "isinstance": _is_instance,
    "getattr": _attribute,
    "map": _mapped,
    "functools.partial.__call__": _partial,
    "math.ceil": _rounded(math.ceil),
    "math.floor": _rounded(math.floor),
    "math.trunc": _rounded(math.trunc),
    "math.sqrt": _rounded(math.sqrt),
    "math.log2": _rounded(math.log2),
}
"""By the full name of what is called."""
