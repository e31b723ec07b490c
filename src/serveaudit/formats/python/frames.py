"""The names at one point of a program, and how two ways to reach that point are put together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from serveaudit.formats.python.module import Made
from serveaudit.source import Span
from serveaudit.values import MOST_WORLDS, Branch, How, Items, Place, Table, Unknown, Value, absent

_DEEPEST = 6
"""How deep a changed list or dict is looked for inside of others."""


@dataclass(slots=True, eq=False)
class Frame:
    """The names of a module, of a class body, or of one call of a function. `outer` is what its text sees beyond them."""

    kind: Literal["module", "class", "function"]
    outer: Frame | None = None
    qualname: str = ""
    names: dict[str, Value[Any]] = field(default_factory=dict)
    elsewhere: dict[str, Frame] = field(default_factory=dict)
    """Names declared `global` or `nonlocal`, and where they live."""
    returned: Value[Any] = field(default_factory=lambda: Value(None))
    pending: list[Callable[[Value[Any]], Value[Any]]] = field(default_factory=list)
    """Returns under undecided choices: each gives the function's result from what the rest of it returns."""

    @property
    def module(self) -> Frame:
        frame = self
        while frame.outer is not None:
            frame = frame.outer
        return frame

    def seen(self) -> Iterator[Frame]:
        """The frames in which a name is looked up; a function does not see the names of the class around it."""
        frame: Frame | None = self
        while frame is not None:
            if frame is self or frame.kind != "class":
                yield frame
            frame = frame.outer

    def find(self, name: str) -> Value[Any] | None:
        return next((frame.names[name] for frame in self.seen() if name in frame.names), None)

    def home_of(self, name: str) -> Frame:
        """The frame in which a binding of the name lands."""
        return self.elsewhere.get(name, self)


Names = tuple[dict[str, Value[Any]], ...]


def taken(frames: list[Frame]) -> Names:
    """A copy of the names of these frames, to come back to."""
    return tuple(dict(frame.names) for frame in frames)


def put(frames: list[Frame], names: Names) -> None:
    for frame, saved in zip(frames, names, strict=True):
        frame.names = dict(saved)


def folded(pending: list[Callable[[Value[Any]], Value[Any]]], result: Value[Any]) -> Value[Any]:
    """What a function returns whose last statement gives `result`."""
    for earlier in reversed(pending):
        result = earlier(result)
    return result


@dataclass(frozen=True, slots=True)
class Fork:
    """A choice made outside of the text. `shape` is a Branch (of Branches) with True and False at its ends: by which choices
    the first of two ways is taken. `usual`: the first way is what is expected, and no condition."""

    shape: Value[bool]
    usual: bool = False

    @classmethod
    def between(cls, on: str, yes: str, no: str) -> Fork:
        return cls(Value(Branch(on, ((yes, Value(True)), (no, Value(False))))), usual=True)

    def join(self, yes: Value[Any], no: Value[Any]) -> Value[Any]:
        """One value for both ways."""
        if yes is no:
            return yes
        if yes == no:
            return yes.also(no).whatever(*(label for labels, _ in self.shape.worlds() for label in labels))
        joined = _filled(self.shape, yes, no)
        return joined if _worlds(joined) <= MOST_WORLDS else replace(joined, x=Unknown("it depends on too many choices"))

    def join_names(self, yes: Names, no: Names, place: Span) -> Names:
        """The names after the choice. One that only one way binds is absent in the other."""
        nothing = absent(Place(place, How.ABSENT))
        joined = []
        for mine, other in zip(yes, no, strict=True):
            every = dict.fromkeys([*mine, *other])
            joined.append({name: self.join(mine.get(name, nothing), other.get(name, nothing)) for name in every})
        return tuple(joined)

    def choices(self, way: bool) -> dict[str, str]:
        """The choice that the way tells for sure: its name and its outcome in words."""
        if not isinstance(self.shape.x, Branch):
            return {}
        labels = [label for label, case in self.shape.x.cases if case.x is not (not way)]
        return {self.shape.x.on: labels[0]} if len(labels) == 1 else {}

    def words(self, way: bool) -> str:
        """When the way is taken; empty for what is no condition."""
        if self.usual and way:
            return ""
        told = [" and ".join(labels) for labels, end in self.shape.worlds() if end.x is way]
        return " or ".join(told)


def _worlds(value: Value[Any]) -> int:
    """How many ways there are to choose."""
    return sum(_worlds(case) for _, case in value.x.cases) if isinstance(value.x, Branch) else 1


def _filled(shape: Value[bool], yes: Value[Any], no: Value[Any]) -> Value[Any]:
    if isinstance(shape.x, Branch):
        cases = tuple((label, _filled(case, yes, no)) for label, case in shape.x.cases)
        return Value(Branch(shape.x.on, cases), (), shape.assumes, shape.depends)
    end = yes if shape.x is True else no if shape.x is False else shape
    return end.also(shape.at())


def chosen(value: Value[Any], choices: Mapping[str, str]) -> Value[Any]:
    """The value under choices that are already made."""
    while isinstance(value.x, Branch) and value.x.on in choices:
        cases = dict(value.x.cases)
        if choices[value.x.on] not in cases:
            break
        value = cases[choices[value.x.on]]
    return value


def replaced(value: Value[Any], old: object, new: Any, deep: int = _DEEPEST) -> Value[Any]:
    """The value with one object in it exchanged for another: a list or dict that was changed in place is changed under every
    name that it goes by. The same value where it is not in it."""
    x = value.x
    if x is old:
        return replace(value, x=new)
    if deep == 0:
        return value
    if isinstance(x, Table):
        entries = tuple((key, replaced(each, old, new, deep - 1)) for key, each in x.entries)
        same = all(a[1] is b[1] for a, b in zip(entries, x.entries, strict=True))
        return value if same else replace(value, x=replace(x, entries=entries))
    if isinstance(x, Items):
        listed = tuple(replaced(each, old, new, deep - 1) if isinstance(each, Value) else each for each in x.members)
        return (
            value
            if all(a is b for a, b in zip(listed, x.members, strict=True))
            else replace(value, x=replace(x, members=listed))
        )
    if isinstance(x, Branch):
        cases = tuple((label, replaced(each, old, new, deep)) for label, each in x.cases)
        same = all(a[1] is b[1] for a, b in zip(cases, x.cases, strict=True))
        return value if same else replace(value, x=Branch(x.on, cases))
    if isinstance(x, Made):
        given = {key: replaced(each, old, new, deep - 1) for key, each in x.attributes.items()}
        return (
            value if all(given[key] is x.attributes[key] for key in given) else replace(value, x=replace(x, attributes=given))
        )
    return value
