"""Text and text with gaps: putting together, formatting, and the pure methods of `str`.

The same for configurations and for rules. Results are bounded in size; what can't be told of a text with gaps is Unknown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from string import Formatter
from typing import Any

from serveaudit.expressions.comparisons import LONGEST, TOO_LARGE, Plain, bare, members, only
from serveaudit.values import Items, Partial, Range, Table, Unknown, Value

Text = str | Partial | Unknown


def text(parts: Iterable[str | Partial | Unknown]) -> str | Partial | Unknown:
    """Parts of a text put together: text, or text with gaps where some are unknown."""
    flat: list[str | Unknown] = []
    for part in parts:
        flat += part.parts if isinstance(part, Partial) else (part,)
    if sum(len(part) for part in flat if isinstance(part, str)) > LONGEST:
        return TOO_LARGE
    joined: list[str | Unknown] = []
    for one in flat:
        last = joined[-1] if joined else None
        if isinstance(one, str) and isinstance(last, str):
            joined[-1] = last + one
        elif one != "":
            joined.append(one)
    if all(isinstance(part, str) for part in joined):
        return "".join(part for part in joined if isinstance(part, str))
    return Partial(tuple(joined))


CONVERSIONS: dict[str, Callable[[Any], str]] = {"r": repr, "a": ascii, "s": str}


def formatted(x: Any, spec: str = "", conversion: str = "") -> Text:
    """`f"{x!conversion:spec}"`."""
    if isinstance(x, Unknown) or (isinstance(x, Partial) and not spec and conversion in ("", "s")):
        return x
    if isinstance(x, Partial):
        return x.unknown
    if isinstance(x, Range):
        return only(x)
    if isinstance(x, Items | Table) or _wide(spec):
        return Unknown("a list in a text" if isinstance(x, Items | Table) else TOO_LARGE.why)
    try:
        return format(CONVERSIONS[conversion](x) if conversion else x, spec)
    except (ValueError, TypeError, KeyError) as error:
        return Unknown(str(error))


def _wide(spec: str) -> bool:
    """Whether a format asks for a text too long to be meant."""
    return any(len(number) > 3 for number in re.findall(r"\d+", spec))


def format_text(template: str, args: Sequence[Any], named: Callable[[str], Any]) -> Text:
    """`template.format(*args, **named)`."""
    try:
        fields = list(Formatter().parse(template))
    except ValueError as error:
        return Unknown(str(error))
    parts: list[Text] = []
    for position, (literal, name, spec, conversion) in enumerate(fields):
        parts.append(literal)
        if name is not None:
            number = int(name) if name.isdecimal() and len(name) < 4 else _automatic(fields, position) if name == "" else None
            x = named(name) if number is None else args[number] if number < len(args) else Unknown("too few values to format")
            parts.append(Unknown("a format in a format") if "{" in (spec or "") else formatted(x, spec or "", conversion or ""))
    return text(parts)


def _automatic(fields: Sequence[tuple[str, str | None, str | None, str | None]], position: int) -> int:
    """The number of an empty `{}`: how many stand before it."""
    return sum(name == "" for _, name, _, _ in fields[:position])


_PERCENT = re.compile(r"%(?:\((\w*)\))?([#0\- +]*\d*(?:\.\d*)?)[hlL]?([diouxXeEfFgGcrsa%])")


def percent(template: str, args: Sequence[Any], named: Callable[[str], Any]) -> Text:
    """`template % args`, `template % {…}`."""
    parts: list[Text] = []
    at = used = 0
    for found in _PERCENT.finditer(template):
        parts.append(template[at : found.start()])
        at = found.end()
        key, flags, kind = found.groups()
        if kind == "%":
            parts.append("%")
        else:
            x = named(key) if key is not None else args[used] if used < len(args) else Unknown("too few values to format")
            used += key is None
            parts.append(_percent_part(x, flags, kind))
    parts.append(template[at:])
    stray = any("%" in part for part in parts if isinstance(part, str) and part != "%")
    return Unknown(f"{template!r:.60} is no format for these values") if stray or 0 < used < len(args) else text(parts)


def _percent_part(x: Any, flags: str, kind: str) -> Text:
    if (kind == "s" and not flags) or not isinstance(x, str | int | float):
        return formatted(x)
    try:
        return TOO_LARGE if _wide(flags) else f"%{flags}{kind}" % x
    except (ValueError, TypeError, OverflowError) as error:
        return Unknown(str(error))


def call_method(name: str, x: Any, args: Sequence[Any], plain: Plain = bare) -> Any:
    """A pure method of a text. None has none of them: its tests are False, all else is None.
    Returns NotImplemented for what is no method that is known here."""
    if name not in METHODS:
        return NotImplemented
    if x is None:
        return False if name in TESTS else None
    known = [_plain_arguments(arg, plain) for arg in args]
    unknown = next((one for one in (x, *known) if isinstance(one, Unknown)), None)
    if unknown is not None:
        return unknown
    if name == "join":
        return _joined(x, known, args, plain)
    if isinstance(x, Partial):
        return _of_gaps(name, x, known)
    if any(isinstance(arg, Partial | Range | Items | Table) for arg in known):
        return Unknown(f"{name}() of a value that is not wholly known")
    return _bounded(name, x, known)


TESTS = frozenset(
    {"startswith", "endswith", "isdigit", "isdecimal", "isnumeric", "isalpha", "isalnum", "isupper", "islower", "isspace"}
)
METHODS = TESTS | frozenset(
    "lower upper casefold title capitalize swapcase strip lstrip rstrip removeprefix removesuffix replace split rsplit "
    "splitlines partition rpartition join find rfind index count zfill ljust rjust center expandtabs".split()
)


def _plain_arguments(arg: Any, plain: Plain) -> Any:
    """An argument as the method takes it: a list of texts as a tuple (`startswith(("a", "b"))`)."""
    if not isinstance(arg, Items):
        return arg
    found = tuple(plain(member) for member in arg.members)
    if isinstance(arg.complete, Unknown) or not all(isinstance(one, str) for one in found):
        return arg
    return found


def _bounded(name: str, x: str, args: Sequence[Any]) -> Any:
    """The method itself, unless its result could be too long; lists of texts become Items of Values."""
    if name in ("zfill", "ljust", "rjust", "center", "expandtabs") and any(isinstance(arg, int) and arg > 1000 for arg in args):
        return TOO_LARGE
    if name == "replace" and len(args) > 1 and isinstance(args[1], str) and (len(x) + 1) * (len(args[1]) + 1) > 100 * LONGEST:
        return TOO_LARGE
    try:
        result = getattr(x, name)(*args)
    except (ValueError, TypeError, OverflowError) as error:
        return Unknown(str(error))
    if isinstance(result, list | tuple):
        return Items(tuple(Value(part) for part in result))
    return TOO_LARGE if isinstance(result, str) and len(result) > LONGEST else result


def _of_gaps(name: str, x: Partial, args: Sequence[Any]) -> Any:
    """A method of a text with gaps, as far as its known parts tell."""
    first, last = x.parts[0], x.parts[-1]
    if name in ("startswith", "endswith"):
        wanted = args[0] if args and isinstance(args[0], tuple) else args[:1]
        end = first if name == "startswith" else last
        return _ends_with_gap(name, end if isinstance(end, str) else "", wanted, x)
    if name in ("lower", "upper", "casefold"):
        return text([getattr(part, name)() if isinstance(part, str) else part for part in x.parts])
    if name in ("strip", "lstrip", "rstrip"):
        parts: list[Text] = list(x.parts)
        if isinstance(first, str) and name != "rstrip":
            parts[0] = first.lstrip(*args)
        if isinstance(last, str) and name != "lstrip":
            parts[-1] = last.rstrip(*args)
        return text(parts)
    return x.unknown


def _ends_with_gap(name: str, known: str, wanted: Sequence[Any], x: Partial) -> bool | Unknown:
    if not all(isinstance(one, str) for one in wanted):
        return x.unknown
    if any(getattr(known, name)(one) for one in wanted):
        return True
    possible = any(getattr(one, name)(known) for one in wanted)
    return x.unknown if possible else False


def _joined(x: str | Partial, known: Sequence[Any], args: Sequence[Any], plain: Plain) -> Text:
    if len(args) != 1:
        return Unknown("join() takes one list")
    inside, complete = members(args[0])
    parts: list[Text] = []
    for member in inside:
        one = plain(member)
        parts += [x, one if isinstance(one, str | Partial | Unknown) else Unknown("join() of what is no text")]
    return text([*parts[1:], *([complete] if isinstance(complete, Unknown) else [])])
