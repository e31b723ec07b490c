"""Which source of a setting wins: the effective settings of a server, each with what it overrides."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from serveaudit.conversion import said, unbound, with_unit
from serveaudit.serving import Row, Setting
from serveaudit.values import How, Items, Place, Table, Unknown, Value


@dataclass(frozen=True, slots=True)
class Layer:
    """One source of settings.

    unread   why it may hold more than these, or others: a file that was not found, `$ARGS`
    certain  names that hold in spite of it: given after `$ARGS`
    assumes  on what its silence rests: "$UVICORN_PORT is not set"
    """

    settings: Mapping[str, Setting] = field(default_factory=dict)
    unread: Unknown | None = None
    certain: frozenset[str] = frozenset()
    assumes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def settles(self, name: str) -> bool:
        return name in self.settings and (self.unread is None or name in self.certain)


def effective(rows: Iterable[Row], layers: Sequence[Layer], default: Callable[[Row], Setting]) -> dict[str, Setting]:
    """Every setting by name; the strongest layer comes first. `default` gives what holds where no layer speaks."""
    return {row.name: _effective(row.name, layers, default(row)) for row in rows}


def _effective(name: str, layers: Sequence[Layer], default: Setting) -> Setting:
    """The strongest layer's setting, over those below it, over the default."""
    found = default
    for layer in reversed(layers):
        if layer.settles(name):
            found = over(layer.settings[name], found)
        elif layer.unread is not None:
            here = layer.settings.get(name, found)
            found = replace(here, value=Value(layer.unread, here.value.places), overrides=(here, *here.overrides), refused="")
        elif name in layer.assumes:
            found = replace(found, value=found.value.also(Value(None, assumes=layer.assumes[name])))
    return found


def over(setting: Setting, weaker: Setting) -> Setting:
    """The setting put over a weaker one, which still holds where the stronger is absent by an outside choice."""
    beneath = () if weaker.origin == "default" else (weaker, *weaker.overrides)
    value = _filled(setting.value, weaker.value)
    if value is weaker.value:
        return weaker
    return replace(setting, value=value, overrides=(*setting.overrides, *beneath))


def _filled(value: Value[Any], weaker: Value[Any]) -> Value[Any]:
    """The value, with the weaker one in the cases in which nothing is bound."""
    return value.case_by_case(lambda case: weaker.also(Value(None, assumes=case.assumes)) if unbound(case) else case)


def from_table(program: str, head: Place) -> Callable[[Row], Setting]:
    """The defaults as the table has them, told at the head of the command or the file."""

    def default(row: Row) -> Setting:
        return default_of(program, row, plain(row), head)

    return default


def default_of(program: str, row: Row, x: Any, head: Place) -> Setting:
    """A setting that nobody set."""
    place = Place(head.span, How.DEFAULT, f"{program}'s default is {row.default_note if x is None else said(x)}")
    if x is None and not row.default_note:
        place = replace(place, note=f"{program} sets no {row.name} by default")
    if isinstance(x, Items):
        x = replace(x, members=tuple(member.at(place) for member in x))
    return Setting(row.name, Value(x, (place,)), "default", place, row=row)


def plain(row: Row) -> Any:
    """The row's default in the types of values: Items for lists, units for durations and sizes."""
    if row.type == "csv" and isinstance(row.default, str):
        return Items(tuple(Value(member.strip()) for member in row.default.split(",") if member.strip()))
    if row.type in ("list", "csv", "words"):
        return Items(tuple(map(Value, row.default or ())))
    if isinstance(row.default, dict):
        return Table(tuple((key, Value(x)) for key, x in row.default.items()))
    return with_unit(row, row.default)
