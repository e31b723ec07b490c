"""Which characters the parts of a pattern can match, as far as these matter: newlines, and what ends a host or a path."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from serveaudit.programs.nginx import regexes

Letters = frozenset[str]
ALL: Letters = frozenset("\n\r /?#%.:@")
"""The telling characters. A group that holds none of them is a word without a dot."""
WORD = "\x00"
"""Stands for letters and digits in what `of_group` gives: the group may be a word of the client's choice."""

_WORDS = "azAZ09"
_CATEGORIES: dict[str, Callable[[str], bool]] = {
    "CATEGORY_DIGIT": str.isdigit,
    "CATEGORY_NOT_DIGIT": lambda char: not char.isdigit(),
    "CATEGORY_SPACE": str.isspace,
    "CATEGORY_NOT_SPACE": lambda char: not char.isspace(),
    "CATEGORY_WORD": lambda char: char.isalnum() or char == "_",
    "CATEGORY_NOT_WORD": lambda char: not (char.isalnum() or char == "_"),
}


def of_group(pattern: str, group: int | str, ignore_case: bool = False) -> Letters | None:
    """The telling characters that a group may hold, and WORD where it may be any of many words; None for a group that is not
    there, or a pattern that can't be judged. A choice of fixed words holds none of them."""
    parsed = regexes.parsed(pattern)
    inside = None if parsed is None else _find(parsed, group)
    if inside is None:
        return None
    found = frozenset(char for char in ALL if any(admits(one, char) for one in _atoms(inside)))
    free = any(repeated and any(admits(one, char) for char in _WORDS) for one, repeated in _repeated(inside))
    return found | {WORD} if free else found


def begins_with(pattern: str, group: int | str, char: str) -> bool:
    """Whether whatever a group matches begins with this character."""
    parsed = regexes.parsed(pattern)
    inside = None if parsed is None else _find(parsed, group)
    first = next(iter(inside), None) if inside is not None else None
    return first is not None and str(first[0]) == "LITERAL" and chr(first[1]) == char


def _find(parsed: Any, group: int | str) -> Any | None:
    """What stands in a group, by number or name; 0 is the whole pattern."""
    if group == 0:
        return parsed
    number = parsed.state.groupdict.get(group) if isinstance(group, str) else group
    for operator, argument in _nodes(parsed):
        if operator == "SUBPATTERN" and argument[0] == number:
            return argument[3]
    return None


def _nodes(parsed: Any) -> Iterator[tuple[str, Any]]:
    """Every node of a parsed pattern, outer ones first."""
    for operator, argument in parsed:
        yield str(operator), argument
        for inner in branches(str(operator), argument):
            yield from _nodes(inner)


def branches(operator: str, argument: Any) -> list[Any]:
    """The parsed patterns inside of a node, lookarounds left out."""
    if operator in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
        return [argument[2]]
    if operator == "SUBPATTERN":
        return [argument[3]]
    if operator == "BRANCH":
        return list(argument[1])
    return [argument] if operator == "ATOMIC_GROUP" else []


def _atoms(parsed: Any) -> Iterator[tuple[str, Any]]:
    return ((operator, argument) for operator, argument in _nodes(parsed) if operator in ATOMS)


def _repeated(parsed: Any, inside: bool = False) -> Iterator[tuple[tuple[str, Any], bool]]:
    """The atoms, each with whether it is repeated without a small bound."""
    for operator, argument in parsed:
        name = str(operator)
        if name in ATOMS:
            yield (name, argument), inside
        endless = name.endswith("REPEAT") and (argument[1] is regexes.ENDLESS or argument[1] > 3)
        for inner in branches(name, argument):
            yield from _repeated(inner, inside or endless)


ATOMS = ("LITERAL", "NOT_LITERAL", "ANY", "IN")


def admits(atom: tuple[str, Any], char: str) -> bool:
    """Whether an atom of a pattern can match this character."""
    operator, argument = atom
    if operator == "ANY":
        return char != "\n"
    if operator in ("LITERAL", "NOT_LITERAL"):
        return bool(ord(char) == argument) == (operator == "LITERAL")
    negated = str(argument[0][0]) == "NEGATE"
    return any(_member(str(kind), value, char) for kind, value in argument if str(kind) != "NEGATE") != negated


def _member(kind: str, value: Any, char: str) -> bool:
    if kind == "LITERAL":
        return bool(ord(char) == value)
    if kind == "RANGE":
        return bool(value[0] <= ord(char) <= value[1])
    category = _CATEGORIES.get(str(value))
    return category is not None and category(char)


def escaped(pattern: str, literal: str) -> int | None:
    """How many characters of a pattern spell a literal text at its beginning; None where they don't."""
    at = 0
    for char in literal:
        if pattern[at : at + 1] == "\\" and pattern[at + 1 : at + 2] == char:
            at += 2
        elif pattern[at : at + 1] == char:
            at += 1
        else:
            return None
    return at
