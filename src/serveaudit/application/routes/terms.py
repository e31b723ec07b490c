"""A path that an application answers, and how frameworks write it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from serveaudit.formats.python import Module
from serveaudit.values import Items, Place, Unknown, Value, unique

Kind = Literal["http", "websocket"]
Open = Callable[[str], Module | Unknown | None]


@dataclass(frozen=True, slots=True)
class Route:
    """One path, or all paths with one beginning, that an application answers.

    prefix   the literal beginning of these paths, with its slash: `/ws/chat/`; unknown where it is computed. Its first place is
             the text of the path
    written  the whole path as the framework's text has it: `/ws/chat/<str:room>/`, `/ws/chat/(?P<room>\\w+)/$`
    exact    whether the prefix is the only path that it answers
    view     the full dotted name of what answers; empty where that is not known
    streams  "events": the answer is an event stream (text/event-stream); "body": it is sent piece by piece
    """

    prefix: Value[str]
    written: str
    place: Place
    kind: Kind = "http"
    exact: bool = True
    view: str = ""
    streams: Literal["", "body", "events"] = ""

    @property
    def key(self) -> tuple[str, str, str, int]:
        """What tells it from other routes."""
        return (self.kind, str(self.prefix.x), self.place.span.source.path, self.place.span.start)

    def when(self, *conditions: str) -> Route:
        """The route, on these conditions."""
        return replace(self, prefix=self.prefix.also(Value(None, (), conditions))) if conditions else self


@dataclass(slots=True)
class Found:
    """Routes, and whether there may be more."""

    routes: list[Route] = field(default_factory=list)
    complete: bool | Unknown = True

    def add(self, other: Found) -> None:
        """The other's routes too; one that is there already is not told twice."""
        there = {route.key for route in self.routes}
        self.routes += [route for route in other.routes if route.key not in there]
        self.complete = self.complete if self.complete is not True else other.complete

    def of_kind(self, kind: Kind) -> Value[Items]:
        """Their prefixes as a list, which is incomplete where there may be more routes."""
        return Value(Items(tuple(route.prefix for route in self.routes if route.kind == kind), self.complete))


def alternatives(cases: list[tuple[str, Found]]) -> Found:
    """The routes of one of several cases: those that not every case has rest on theirs."""
    always = set.intersection(*({route.key for route in found.routes} for _, found in cases))
    together = Found()
    for label, found in cases:
        together.add(Found([route if route.key in always else route.when(label) for route in found.routes], found.complete))
    return together


@dataclass(frozen=True, slots=True)
class Prefix:
    """What stands before a path: of an `include`, a mount, a router. An unknown part makes what follows unknown."""

    text: str = ""
    exact: bool = True
    unknown: Unknown | None = None
    replaces: bool = False
    """It stands instead of the prefix that a blueprint has of its own."""
    assumes: tuple[str, ...] = ()

    def then(self, value: Value[Any] | None, literal: Callable[[str], tuple[str, bool]]) -> Prefix:
        """With another piece of path behind it. `literal` gives a piece's literal beginning, and whether that is all of it."""
        if value is None or value.x is None:
            return self
        if not isinstance(value.x, str):
            return replace(self, exact=False, unknown=Unknown(value.why or "the path is computed", "path"))
        if not self.exact:
            return self
        text, whole = literal(value.x)
        return replace(self, text=joined(self.text, text), exact=whole, assumes=unique(self.assumes, value.assumes))

    def route(self, written: str, place: Place, kind: Kind, view: str = "", streams: Any = "") -> Route:
        text = self.text if self.text.startswith("/") else f"/{self.text}"
        prefix: Value[str] = Value(text if self.unknown is None else self.unknown, (place,), self.assumes)
        return Route(prefix, written if written.startswith("/") else f"/{written}", place, kind, self.exact, view, streams)


def joined(before: str, after: str) -> str:
    """Two pieces of a path with one slash where both have one."""
    return before + after.lstrip("/") if before.endswith("/") else before + after


def template(text: str) -> tuple[str, bool]:
    """The literal beginning of `/items/{id}` or `/items/<int:id>`, and whether that is all of it."""
    end = re.search(r"[{<]", text)
    return (text[: end.start()], False) if end else (text, True)


def pattern(text: str) -> tuple[str, bool]:
    """The literal beginning of a regular expression, and whether it matches nothing else: `^ws/chat/(?P<room>\\w+)/$`."""
    text = text.removeprefix("^").removeprefix("\\A")
    literal, at = "", 0
    while at < len(text):
        char = text[at]
        step = 2 if char == "\\" else 1
        if (
            (char == "\\" and text[at + 1 : at + 2].isalnum())
            or char in ".[({|*+?$"
            or text[at + step : at + step + 1] in tuple("*?{")
        ):
            rest = text[at:]
            if "|" in rest and "(" not in rest.partition("|")[0]:
                return "", False
            return literal, rest in ("$", "\\Z")
        literal += text[at + step - 1 : at + step]
        at += step
    return literal, False
