"""Types of the words of cards, as text: seconds, str, list[route], … . Which of them can be compared, ordered, added."""

from __future__ import annotations

import re

NUMBERS = frozenset({"int", "float", "seconds", "bytes"})
PLAIN = NUMBERS | {"str", "bool", "none"}
ANY = "object"


def element(kind: str) -> str | None:
    """What a loop over it gives; None for what is no list."""
    if found := re.fullmatch(r"(?:list|set)\[(.*)\]|dict\[([^,]*),.*\]", kind):
        return found[1] or found[2]
    return ANY if kind in (ANY, "list", "dict") else None


def entry(kind: str) -> str | None:
    """What subscripting it gives; None for what is neither list nor mapping."""
    if found := re.fullmatch(r"dict\[[^,]*,(.*)\]", kind):
        return found[1]
    return None if kind.startswith("set") else element(kind)


def joined(kinds: list[str]) -> str:
    """The one type of several values, None left aside; object where there is no such."""
    given = dict.fromkeys(kind for kind in kinds if kind != "none")
    if len(given) == 1:
        return next(iter(given))
    return "float" if given and given.keys() <= {"int", "float"} else ANY


def comparable(one: str, other: str) -> bool:
    """Whether `==` of the two can be true at all. Only plain types are told apart."""
    if one == other or not {one, other} <= PLAIN or "none" in (one, other):
        return True
    return one in NUMBERS and other in NUMBERS and same_unit(one, other)


def same_unit(one: str, other: str) -> bool:
    """Whether two numbers go together: seconds and bytes don't."""
    return {one, other} != {"seconds", "bytes"}


def orderable(one: str, other: str) -> bool:
    """Whether `<` between the two makes sense."""
    return {one, other} <= NUMBERS | {ANY} and same_unit(one, other)


def computed(one: str, other: str, adds: bool) -> str | None:
    """The type of `one + other` and the like; None where there is none. Only `+` joins text and lists."""
    if ANY in (one, other):
        return other if one == ANY else one
    if {one, other} <= NUMBERS and same_unit(one, other):
        return next((unit for unit in ("seconds", "bytes", "float") if unit in (one, other)), "int")
    if adds and element(one) and element(other):
        return one
    return "str" if adds and one == other == "str" else None


def fits(given: str, wanted: str) -> bool:
    """Whether an argument can be passed for a parameter, as far as plain types tell."""
    return ANY in (given, wanted) or not {given, wanted} <= PLAIN or comparable(given, wanted)
