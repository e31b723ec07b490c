"""Settings that are names of a Python file, told at their assignments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from serveaudit.serving import Row, Setting
from serveaudit.source import Span
from serveaudit.values import Branch, Place, Value


class Assigned(Protocol):
    """One statement that binds a name."""

    @property
    def value(self) -> Value[Any]: ...

    @property
    def place(self) -> Place: ...

    @property
    def by(self) -> str: ...


class Bound(Protocol):
    """A name of a module, as formats/python reads it: the value's first place is the assigned text, `place` the name."""

    @property
    def name(self) -> str: ...

    @property
    def value(self) -> Value[Any]: ...

    @property
    def place(self) -> Place: ...

    @property
    def by(self) -> str: ...

    @property
    def read_again(self) -> bool: ...

    @property
    def assigned(self) -> Sequence[Assigned]: ...


def setting_of(binding: Bound, row: Row | None) -> Setting:
    """The setting that a name makes, its value not yet converted; without a row, of a name that is no setting."""
    value = told(binding)
    assigned = binding.by == "assign" and bool(binding.value.places)
    place = value.places[0] if assigned else binding.place
    literal = binding.value.places[0].span if assigned else None
    name = row.name if row else binding.name
    return Setting(name, value, "written", place, binding.name, binding.by, binding.read_again, row=row, literal=literal)


def told(binding: Bound) -> Value[Any]:
    """The name's value, told at whole assignments (`timeout = 120`) instead of at their right sides."""
    whole = {}
    for assigned in binding.assigned:
        if assigned.by == "assign" and assigned.value.places:
            right = assigned.value.places[0].span
            whole[right] = _joined(assigned.place.span, right)
    value = _retold(binding.value, whole)
    return value if value.places else value.at(binding.place)


def _joined(name: Span, right: Span) -> Span:
    joined = name.source is right.source and name.start <= right.start
    return Span(name.source, name.start, right.end) if joined else right


def _retold(value: Value[Any], whole: Mapping[Span, Span]) -> Value[Any]:
    places = tuple(replace(place, span=whole.get(place.span, place.span)) for place in value.places)
    if isinstance(value.x, Branch):
        cases = tuple((label, _retold(case, whole)) for label, case in value.x.cases)
        return replace(value, x=Branch(value.x.on, cases), places=places)
    return value.at(*places)
