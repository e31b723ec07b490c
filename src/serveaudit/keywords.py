"""Settings that are arguments of a call: `uvicorn.run(app, port=80)`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from serveaudit.conversion import Cast, convert
from serveaudit.precedence import Layer
from serveaudit.serving import Origin, Row, Setting
from serveaudit.tables import Facts
from serveaudit.values import Place, Table, Unknown, Value


class Called(Protocol):
    """A call as formats/python reads it: keywords are name -> (value, place of `name=value`)."""

    @property
    def place(self) -> Place: ...

    @property
    def args(self) -> Sequence[Value[Any]]: ...

    @property
    def keywords(self) -> Mapping[str, tuple[Value[Any], Place]]: ...

    @property
    def complete(self) -> bool | Unknown: ...


def from_call(facts: Facts, call: Called, positions: Sequence[str], cast: Cast) -> tuple[Layer, list[Setting]]:
    """The settings that a call makes, by the names of its positional parameters and by keywords, and the keywords that are no
    setting. `**kwargs` may set what is not given."""
    first = zip(positions, call.args, strict=False)
    given = {name: (value, value.places[0] if value.places else call.place) for name, value in first}
    made = [_setting(facts, name, *each, cast) for name, each in {**given, **call.keywords}.items()]
    return _sorted(made, call.complete)


def from_mapping(facts: Facts, table: Table, cast: Cast) -> tuple[Layer, list[Setting]]:
    """The same for a dictionary: `CONFIG_KWARGS`, `Config.from_mapping({...})`."""
    entries = {str(name): value for name, value in table.entries}
    made = [_setting(facts, name, value, value.places[0], cast) for name, value in entries.items() if value.places]
    return _sorted(made, table.complete)


def _sorted(made: Sequence[Setting], complete: bool | Unknown) -> tuple[Layer, list[Setting]]:
    known = {each.name: each for each in made if each.row}
    unread = complete if isinstance(complete, Unknown) else None
    return Layer(known, unread, frozenset(known)), [each for each in made if each.row is None]


def _setting(facts: Facts, name: str, value: Value[Any], place: Place, cast: Cast) -> Setting:
    row = facts.row(name)
    literal = value.places[0].span if value.places else None
    told = value.at(place, *value.places[1:])
    if row is None:
        return Setting(name, told, "written", place, name, "key", literal=literal)
    converted, refused = convert(facts.program, row, told, cast)
    return Setting(row.name, converted, "written", place, name, "key", row=row, refused=refused, literal=literal)


def with_word(layer: Layer, row: Row | None, word: Value[Any] | None, origin: Origin = "flag") -> Layer:
    """The layer of a command line with a positional word as one of its settings."""
    if row is None or word is None or not word.places:
        return layer
    place = word.places[0]
    setting = Setting(row.name, word, origin, place, row=row, literal=place.span)
    return replace(layer, settings={**layer.settings, row.name: setting}, certain=layer.certain | {row.name})
