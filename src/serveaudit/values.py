"""A value that knows where it came from.

Nothing that was read is a bare Python object: it is a `Value`, which may be known, a range, partly known, unknown with its
reason, absent, a list that may be incomplete, or one of several by a choice made outside of the text.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import chain
from typing import Any, Generic, NoReturn, TypeVar

from serveaudit.source import Span

T = TypeVar("T")
MOST_WORLDS = 32
"""More combinations of choices than this are not tried: the question stays undecided."""


class How(StrEnum):
    """In which way a place speaks for a value."""

    WRITTEN = "written"
    FLAG = "flag"
    ENVIRONMENT = "environment"
    DEFAULT = "default"
    ABSENT = "absent"
    EDGE = "edge"


@dataclass(frozen=True, slots=True)
class Place:
    """A span that speaks for a value. For a default or an absent thing it is the head of the block or the command in which
    the thing would stand, and `note` says what holds instead ("gunicorn's default is 30 s")."""

    span: Span
    how: How = How.WRITTEN
    note: str = ""


@dataclass(frozen=True, slots=True)
class Unknown:
    """Not to be known from the text. `about` names what would have to be known, to group what waits for the same thing."""

    why: str
    about: str = ""

    def __bool__(self) -> NoReturn:
        raise TypeError(f"an unknown has no truth: {self.why}")


@dataclass(frozen=True, slots=True)
class Range:
    """A number between `low` and `high`, both included."""

    low: float
    high: float = math.inf

    def __str__(self) -> str:
        return f"at least {self.low:g}" if self.high == math.inf else f"{self.low:g} to {self.high:g}"


@dataclass(frozen=True, slots=True)
class Partial:
    """Text of which some parts are unknown: `0.0.0.0:$PORT`."""

    parts: tuple[str | Unknown, ...]

    @property
    def unknown(self) -> Unknown:
        return next(part for part in self.parts if isinstance(part, Unknown))

    def __str__(self) -> str:
        return "".join(part if isinstance(part, str) else f"<{part.about or 'unknown'}>" for part in self.parts)


@dataclass(frozen=True, slots=True)
class Items:
    """A list. `complete` is an Unknown where there may be more members than these. A member is a Value or a subject."""

    members: tuple[Any, ...]
    complete: bool | Unknown = True

    def __iter__(self) -> Iterator[Any]:
        return iter(self.members)

    @property
    def plain(self) -> list[Any]:
        """The members without their provenance."""
        return [getattr(member, "x", member) for member in self.members]


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping, in the order written; of two entries with one key the last counts. `complete` is as for Items."""

    entries: tuple[tuple[Any, Value[Any]], ...]
    complete: bool | Unknown = True

    def get(self, key: Any) -> Value[Any]:
        """The key's value; None where there surely is none, unknown where an unread part may hold it."""
        absent: Value[Any] = Value(self.complete if isinstance(self.complete, Unknown) else None)
        return next((value for known, value in reversed(self.entries) if known == key), absent)


@dataclass(frozen=True, slots=True)
class Branch:
    """One of several values, by a choice made outside of the text. `on` names the choice; two values with the same `on`
    are chosen together. A case is (the choice in words, its value)."""

    on: str
    cases: tuple[tuple[str, Value[Any]], ...]


@dataclass(frozen=True, slots=True)
class Value(Generic[T]):
    """What was read, and from where. `x` is a plain Python value, None (there is none), or one of the kinds above.

    assumes   conditions on which the value rests, in words: "$TIMEOUT is not set"
    depends   what it was computed from: "env:TIMEOUT", "cpus"
    Equality ignores where a value came from.
    """

    x: Any
    places: tuple[Place, ...] = field(default=(), compare=False)
    assumes: tuple[str, ...] = field(default=(), compare=False)
    depends: tuple[str, ...] = field(default=(), compare=False)

    @property
    def known(self) -> bool:
        """Whether `x` is one plain value (None, for an absent thing, is one)."""
        return not isinstance(self.x, Unknown | Range | Partial | Branch)

    @property
    def why(self) -> str:
        """Why the value is not known; empty for a known one."""
        if isinstance(self.x, Unknown):
            return self.x.why
        if isinstance(self.x, Partial):
            return self.x.unknown.why
        return ""

    def at(self, *places: Place) -> Value[T]:
        """The same value, spoken for by these places."""
        return replace(self, places=places)

    def also(self, *others: Value[Any]) -> Value[T]:
        """The same value, resting on what the others rest on too."""
        return Value(
            self.x,
            unique(self.places, *(other.places for other in others)),
            unique(self.assumes, *(other.assumes for other in others)),
            unique(self.depends, *(other.depends for other in others)),
        )

    def whatever(self, *choices: str) -> Value[T]:
        """The same value, which these choices do not change: it rests on none of them."""
        return replace(self, assumes=tuple(each for each in self.assumes if each not in choices))

    def map(self, function: Callable[[Any], Any]) -> Value[Any]:
        """The function of the plain value; None, unknown and partial values stay as they are; branches are mapped case by case.
        The function may return a plain value or one of the kinds above."""
        if isinstance(self.x, Branch):
            return replace(self, x=Branch(self.x.on, tuple((label, case.map(function)) for label, case in self.x.cases)))
        if self.x is None or isinstance(self.x, Unknown | Partial | Range):
            return self
        return replace(self, x=function(self.x))

    def case_by_case(self, ask: Callable[[Value[Any]], Value[Any]]) -> Value[Any]:
        """What is asked of the value; of a choice in each of its cases."""
        if not isinstance(self.x, Branch):
            return ask(self)
        return replace(self, x=Branch(self.x.on, tuple((label, case.case_by_case(ask)) for label, case in self.x.cases)))

    def worlds(self) -> list[tuple[tuple[str, ...], Value[T]]]:
        """Every (choices in words, value without branches); an unknown one alone where there are too many."""
        if not isinstance(self.x, Branch):
            return [((), self)]
        found: list[tuple[tuple[str, ...], Value[T]]] = []
        for label, case in self.x.cases:
            found += [((label, *choices), value) for choices, value in case.worlds()]
        if len(found) > MOST_WORLDS:
            return [((), replace(self, x=Unknown("it depends on too many choices")))]
        return found


def unknown(why: str, *places: Place, about: str = "") -> Value[Any]:
    return Value(Unknown(why, about), places)


def absent(place: Place | None = None) -> Value[Any]:
    """There is none. The place is the head of the block or command in which it would stand."""
    return Value(None, (place,) if place else ())


def unique(*groups: tuple[Any, ...]) -> tuple[Any, ...]:
    """All members in order, each once."""
    return tuple(dict.fromkeys(chain.from_iterable(groups)))


def unless(assumption: str) -> str:
    """An assumption as a condition: `$TIMEOUT is not set` is `unless $TIMEOUT is set`."""
    if " is not " in assumption:
        return "unless " + assumption.replace(" is not ", " is ", 1)
    found = re.fullmatch(r"(.*) does not (\w+)(.*)", assumption)
    return f"unless {found[1]} {found[2]}s{found[3]}" if found else f"if {assumption}"
