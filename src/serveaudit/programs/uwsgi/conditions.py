"""uWSGI's options for options: `if-env`, `for`, … and what they make of the option behind them (core/config.c).

There is no else and no nesting; each option behind is asked by itself, up to `endif`, `endfor` or `end`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from serveaudit.command import Environment
from serveaudit.programs.uwsgi.expansion import Holes, whole_number
from serveaudit.source import SourceFile
from serveaudit.values import Unknown, Value

ENDS = ("end", "endif", "end-if", "endfor", "end-for")
MOST_TURNS = 1000
"""A loop goes on longer only by mistake."""


@dataclass(frozen=True, slots=True)
class Guard:
    """An option counts only where the choice `on` is `label`; in words, the other case is `other`."""

    on: str
    label: str
    other: str


@dataclass(frozen=True, slots=True)
class Turn:
    """One time that an option is taken: `%(_)` is `item` (None: left as it is).

    guard  on which outside choice that hangs
    rests  what it was decided from
    more   why there may be more of them
    """

    item: str | None = None
    guard: Guard | None = None
    rests: Value[Any] | None = None
    more: Unknown | None = None


@dataclass(frozen=True, slots=True)
class World:
    """What conditions may ask: the environment, files, and the options so far (text, None for no such option, or unknown)."""

    env: Environment
    holes: Holes
    file: Callable[[str], SourceFile | Unknown | None]
    option: Callable[[str], str | Unknown | None]


@dataclass(frozen=True, slots=True)
class Skipped:
    """An option that is not taken, and what that was decided from."""

    rests: Value[Any] | None = None


def turns(name: str, argument: str, world: World) -> list[Turn] | Skipped:
    """How often, and under which conditions, the option behind `name = argument` is taken."""
    if name.startswith("for"):
        return _loop(name, argument, world)
    negated = name.startswith("if-not-")
    subject = name.removeprefix("if-").removeprefix("not-").removeprefix("if")
    ask = _QUESTIONS.get(subject, _unknowable)
    answer = ask(subject, argument, world)
    if isinstance(answer.holds, Guard):
        guard = answer.holds
        return [Turn(answer.item, Guard(guard.on, guard.other, guard.label) if negated else guard)]
    if answer.holds == negated:
        return Skipped(answer.rests)
    return [Turn(answer.item, rests=answer.rests)]


def _loop(name: str, argument: str, world: World) -> list[Turn]:
    items = _items(name, argument, world)
    if items is not None:
        return [Turn(item) for item in items[:MOST_TURNS]]
    why = Unknown(f"{name} = {world.holes.value(argument).x} is only known when uWSGI starts")
    return [Turn(world.holes.put(Value(why)), more=why)]


def _items(name: str, argument: str, world: World) -> list[str] | None:
    """What a loop goes over; None where that is not known."""
    if any(map(world.holes.at, argument)):
        return None
    if name == "for":
        return [item for item in argument.split(" ") if item]
    if name == "for-times":
        return [str(number) for number in range(1, min(whole_number(argument, world.holes).x, MOST_TURNS) + 1)]
    found = world.file(argument)
    if isinstance(found, Unknown) or (found is None and name == "for-glob" and re.search(r"[*?[]", argument)):
        return None
    if name == "for-glob":
        return [argument]
    return found.text.removesuffix("\n").split("\n") if found and found.text else []


@dataclass(frozen=True, slots=True)
class _Answer:
    holds: bool | Guard
    item: str | None = None
    rests: Value[Any] | None = None


def _env(subject: str, argument: str, world: World) -> _Answer:
    name, equals, wanted = argument.partition("=")
    value = world.env.get(name)
    given = value.x is not None and name in world.env.variables
    if value.x is None:
        return _Answer(False, rests=value)
    if isinstance(value.x, str):
        return _Answer(not equals or value.x == wanted, value.x, value)
    if given and not equals:
        return _Answer(True, world.holes.text(value), value)
    item = world.holes.put(Value(Unknown(f"${name} is not known", f"${name}")))
    told = f"${name} is {wanted!r}" if equals else f"${name} is set"
    return _Answer(Guard(f"env:{argument}", told, told.replace(" is ", " is not ")), item)


def _option(subject: str, argument: str, world: World) -> _Answer:
    name, equals, wanted = argument.partition("=")
    text = world.option(name)
    if isinstance(text, Unknown) or (text and equals and any(map(world.holes.at, text))):
        return _Answer(Guard(f"option:{argument}", f"{argument} is given", f"{argument} is not given"))
    if text is None:
        return _Answer(False)
    return _Answer(not equals or text == wanted, text)


def _file(subject: str, argument: str, world: World) -> _Answer:
    if isinstance(world.file(argument), SourceFile):
        return _Answer(True, argument)
    return _unknowable(subject, argument, world)


def _reload(subject: str, argument: str, world: World) -> _Answer:
    return _Answer(False)  # the first start is none


def _unknowable(subject: str, argument: str, world: World) -> _Answer:
    shown = str(world.holes.value(argument).x)
    verb = "exists" if subject in _PATHS else "is this one"
    other = "does not exist" if subject in _PATHS else "is another one"
    return _Answer(Guard(f"{subject}:{shown}", f"{shown} {verb}", f"{shown} {other}"), argument)


_PATHS = ("exists", "file", "dir", "directory")
_QUESTIONS: dict[str, Callable[[str, str, World], _Answer]] = {
    "env": _env,
    "opt": _option,
    "exists": _file,
    "file": _file,
    "reload": _reload,
}
