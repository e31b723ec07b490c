"""From what is written to what a program takes: the text of a flag or of a variable, the value in a configuration file."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from serveaudit.serving import Row
from serveaudit.units import Bytes, Seconds
from serveaudit.values import Branch, How, Items, Partial, Range, Table, Unknown, Value

Cast = Callable[[Row, Any], Any]
"""What the program makes of a plain value; raises Refused for one with which it does not start."""


class Refused(Exception):
    """The program does not start with this value; the text says what it wants instead."""


def convert(program: str, row: Row, value: Value[Any], cast: Cast) -> tuple[Value[Any], str]:
    """The value as the program takes it, and why it does not take it: then the value is unknown. A choice is converted case by
    case, and only refused if every case is."""
    if isinstance(value.x, Branch):
        cases = [(label, *convert(program, row, case, cast)) for label, case in value.x.cases]
        branch = Branch(value.x.on, tuple((label, converted) for label, converted, _ in cases))
        return replace(value, x=branch), cases[0][2] if all(refused for *_, refused in cases) else ""
    if isinstance(value.x, Partial):
        return (value if row.type in TEXTS else replace(value, x=value.x.unknown)), ""
    if isinstance(value.x, Unknown | Range) or unbound(value):
        return value, ""
    try:
        return replace(value, x=with_unit(row, cast(row, value.x))), ""
    except Refused as refused:
        return replace(value, x=Unknown(f"{program} does not take {said(value.x)} for {row.name}: {refused}")), str(refused)


def unbound(value: Value[Any]) -> bool:
    """Whether nothing is set here: what a weaker source says holds. A written None is something else."""
    return value.x is None and any(place.how is How.ABSENT for place in value.places)


def none_as_absent(value: Value[Any]) -> Value[Any]:
    """The value, with None taken for nothing set."""
    return value.at(*(replace(place, how=How.ABSENT) for place in value.places)) if value.x is None else value


TEXTS = ("str", "class", "choice", "csv", "list", "words", "user", "callable", "address")
"""Types whose values are texts: one with gaps tells something."""


def with_unit(row: Row, x: Any) -> Any:
    """A number in the type of its unit."""
    if isinstance(x, bool) or not isinstance(x, int | float):
        return x
    return {"s": Seconds, "bytes": Bytes}.get(row.unit, lambda number: number)(x)


def said(x: Any) -> str:
    """A plain value in words."""
    if isinstance(x, bool):
        return "on" if x else "off"
    if isinstance(x, Items):
        return ", ".join(map(str, x.plain)) or "an empty list"
    if isinstance(x, Table):
        return "a dictionary"
    return str(x) if x not in ("", None) else "nothing"


def from_text(row: Row, text: Any) -> Any:
    """What a flag's word or a variable's text gives, as argparse and click convert it: type, bounds and choices of the row."""
    if not isinstance(text, str):
        return text
    return bounded(row, CASTS.get(row.type, _as_it_is)(row, text))


def as_given(row: Row, x: Any) -> Any:
    """The value of a call's argument where nothing is checked; a text of members between commas is split."""
    return listed(row, x) if row.type == "csv" and isinstance(x, str) else x


def bounded(row: Row, x: Any) -> Any:
    """The number, held against the row's bounds."""
    if not isinstance(x, int | float) or isinstance(x, bool):
        return x
    if row.low is not None and x < row.low:
        raise Refused(f"at least {row.low:g} is wanted")
    if row.high is not None and x > row.high:
        raise Refused(f"at most {row.high:g} is wanted")
    return x


def whole(row: Row, text: str) -> int:
    """As Python's int(): sign, digits, underscores."""
    try:
        return int(text)
    except ValueError:
        raise Refused("a whole number is wanted") from None


def number(row: Row, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise Refused("a number is wanted") from None


def boolean(row: Row, text: str) -> bool:
    """As click converts it."""
    if text.strip().lower() in ("1", "true", "t", "yes", "y", "on"):
        return True
    if text.strip().lower() in ("0", "false", "f", "no", "n", "off"):
        return False
    raise Refused("true or false is wanted")


def choice(row: Row, text: str) -> str:
    """One of the row's words, in its own spelling."""
    if text in row.choices:
        return text
    raise Refused(f"one of {', '.join(row.choices)} is wanted")


def any_case(row: Row, text: str) -> str:
    """One of the row's words, in upper or lower case."""
    return choice(row, text.strip().lower())


def octal(row: Row, text: str) -> int:
    """Octal digits, whatever they start with."""
    try:
        return int(text, 8)
    except ValueError:
        raise Refused("an octal number is wanted") from None


def octal_by_zero(row: Row, text: str) -> int:
    """Octal if it starts with 0, else decimal."""
    return octal(row, text) if text.startswith("0") else whole(row, text)


def duration(row: Row, text: str) -> int:
    """`90`, `6m`, `1h30m`: whole seconds (granian/cli.py, Duration)."""
    found = re.fullmatch(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?", text)
    if text.isdecimal():
        return int(text)
    if not found or not text:
        raise Refused("a duration is wanted: seconds, or 1h30m")
    return sum(int(n or 0) * seconds for n, seconds in zip(found.groups(), (86400, 3600, 60, 1), strict=True))


def listed(row: Row, text: str) -> Items:
    """Members between commas."""
    return Items(tuple(Value(member.strip()) for member in text.split(",") if member.strip()))


def _as_it_is(row: Row, text: str) -> str:
    return text


CASTS: Mapping[str, Callable[[Row, str], Any]] = {
    "int": whole,
    "float": number,
    "bool": boolean,
    "choice": choice,
    "octal": octal_by_zero,
    "duration": duration,
    "csv": listed,
}
