"""Messages, labels and replacement texts of rule cards: text in which braces hold a condition's expression."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from serveaudit.expressions.conditions import Conditions
from serveaudit.expressions.frames import Closure, Fork, Frame, Result, World
from serveaudit.values import Items, Unknown, Value

MOST_SHOWN = 6
"""Members of a list that a message names."""
_BRACES = re.compile(r"(\{\{|\}\}|\{[^{}]*\})")


@dataclass(frozen=True, slots=True)
class Template:
    """Text, and closures whose results stand between it."""

    parts: tuple[str | Closure, ...]

    def fill(self, frame: Frame, unit: bool = True) -> str:
        """The text in the frame's world; numbers with their unit, or as a configuration has them."""
        return "".join(part if isinstance(part, str) else show(ask(part, frame)[0], unit) for part in self.parts)


def template(text: str, conditions: Conditions) -> Template:
    """Raises ConditionError for what stands in braces and is no condition; `{{` and `}}` are braces."""
    parts: list[str | Closure] = []
    for part in filter(None, _BRACES.split(text)):
        if part in ("{{", "}}"):
            parts.append(part[0])
        elif part.startswith("{"):
            parts.append(conditions.compile(part[1:-1]).run)
        else:
            parts.append(part)
    return Template(tuple(parts))


def ask(closure: Closure, frame: Frame) -> Result:
    """A closure's result in the frame's world; a choice that this world leaves open is made by its first case."""
    world: World = frame.world
    while True:
        try:
            return closure(frame)
        except Fork as fork:
            world = {**world, fork.branch.on: fork.branch.cases[0][0]}
            frame = frame.in_world(world)


def show(x: Any, unit: bool = True) -> str:
    """A value as a sentence names it."""
    if isinstance(x, Value):
        return show(x.x, unit)
    if isinstance(x, Items | tuple | list):
        shown = [show(member, unit) for member in x]
        more = f" and {len(shown) - MOST_SHOWN} more" if len(shown) > MOST_SHOWN else ""
        return ", ".join(shown[:MOST_SHOWN]) + more if unit else " ".join(shown)
    if isinstance(x, Unknown):
        return x.about or "something unknown"
    if x is None:
        return "none"
    if isinstance(x, bool):
        return "yes" if x else "no"
    if isinstance(x, float) and (not unit or type(x) is float):
        return str(int(x)) if x.is_integer() else f"{float(x):g}"
    return str(x if unit or not isinstance(x, int) else int(x))


def labelled(text: str, x: Any) -> str:
    """A word's phrase with `{it}` replaced by the value."""
    return text.replace("{it}", show(x)) if "{it}" in text else text
