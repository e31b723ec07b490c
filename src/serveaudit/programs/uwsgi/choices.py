"""Values that hang on choices made outside of the configuration."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from serveaudit.programs.uwsgi.conditions import Guard
from serveaudit.values import Branch, How, Items, Place, Unknown, Value, unique


class Gathering:
    """A list that is gathered member by member, some under outside choices. `start` tells where an empty one is missing."""

    def __init__(self, start: Value[Any]) -> None:
        self.start = start
        self.base: Value[Any] = replace(start, places=())
        self.members: list[Any] = []
        self.places: list[Place] = [place for place in start.places if place.how is not How.DEFAULT]

    def add(self, member: Any, place: Place, guards: tuple[Guard, ...]) -> None:
        """One member more, behind the others."""
        self.places.append(place)
        if not guards:
            self.members.append(member)
            return
        self._settle()
        self.base = guarded(guards, self.base.map(lambda items: Items((*items.members, member), items.complete)), self.base)

    def open(self, why: Unknown) -> None:
        """There may be more members."""
        self._settle()
        self.base = self.base.map(lambda items: Items(items.members, why))

    def _settle(self) -> None:
        if self.members:
            more = tuple(self.members)
            self.base = self.base.map(lambda items: Items(items.members + more, items.complete))
            self.members = []

    def value(self) -> Value[Any]:
        """The list, told at its members; at the start, where it has none."""
        self._settle()
        return replace(self.base, places=unique(tuple(self.places)) or self.start.places)


def guarded(guards: tuple[Guard, ...], yes: Value[Any], no: Value[Any]) -> Value[Any]:
    """A value that holds where all guards do, over the one that holds else."""
    for guard in reversed(guards):
        yes = _chosen(guard.on, guard.label, yes)
        no_here = _chosen(guard.on, guard.other, no)
        yes = Value(Branch(guard.on, ((guard.label, yes), (guard.other, no_here)))).also(
            replace(yes, x=None), replace(no_here, x=None)
        )
    return yes


def _chosen(on: str, label: str, value: Value[Any]) -> Value[Any]:
    """What is left of a value once a choice is made."""
    if not isinstance(value.x, Branch):
        return value
    cases = tuple((name, _chosen(on, label, case)) for name, case in value.x.cases)
    if value.x.on == on:
        return next((case for name, case in cases if name == label), value)
    return replace(value, x=Branch(value.x.on, cases))
