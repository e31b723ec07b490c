"""Worlds, and the names that an expression sees in one.

Where a value hangs on a choice made outside of the text, an expression is computed once for each way to make it: a world. So
values that hang on one choice never combine contradictorily.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from serveaudit.values import MOST_WORLDS, Branch, Unknown, Value, unique

Read = tuple[str, Any]
"""A name as written and what stood behind it: a Value, or a subject (which has a `place`)."""
Reads = tuple[Read, ...]
Result = tuple[Any, Reads]
World = Mapping[str, str]
"""The choices made so far: what each hangs on, and the case taken."""
T = TypeVar("T")

STEPS = 20_000
"""Members that the loops of one expression may go through, all together."""


class Fork(Exception):
    """Raised where a choice that is not made yet decides; caught by `worlds`, which makes it in every way."""

    def __init__(self, branch: Branch) -> None:
        self.branch = branch


class TooMuch(Exception):
    """The expression would take more than its share of time, or hangs on more choices than are tried."""


Closure = Callable[["Frame"], Result]
LookUp = Callable[["Frame", str], Result]


class Frame(dict[str, Result]):
    """The names in sight, in one world. A name that is not there yet is looked up, or computed, when first asked for.

    steps   how many members loops may still go through; shared by all frames of one expression
    """

    __slots__ = ("look_up", "steps", "world")

    def __init__(self, names: Mapping[str, Result], world: World, look_up: LookUp, steps: list[float]) -> None:
        super().__init__(names)
        self.world = world
        self.look_up = look_up
        self.steps = steps

    def __missing__(self, name: str) -> Result:
        result = self[name] = self.look_up(self, name)
        return result

    def inner(self) -> Frame:
        """A frame for a loop's body: the same names, to which its variable can be added."""
        return Frame(self, self.world, self.look_up, self.steps)

    def in_world(self, world: World) -> Frame:
        """The same frame in another world; only for a frame whose names hang on no choice, or that are looked up anew."""
        kept = {name: result for name, result in self.items() if not result[1]}
        return Frame(kept, world, self.look_up, self.steps)

    def spend(self, steps: int) -> None:
        self.steps[0] -= steps
        if self.steps[0] < 0:
            raise TooMuch("too many steps")

    def settle(self, value: Value[Any]) -> Value[Any]:
        """The value in this world. Raises Fork where it hangs on a choice that is not made yet."""
        while isinstance(value.x, Branch):
            branch = value.x
            choice = self.world.get(branch.on)
            if choice is None:
                raise Fork(branch)
            case = next((case for label, case in branch.cases if label == choice), None)
            value = (case if case is not None else Value(Unknown(f"no case of it is for: {choice}"))).also(value)
        return value

    def plain(self, member: Any) -> Any:
        """A list's member in this world, without its provenance."""
        return self.settle(member).x if isinstance(member, Value) else member


def worlds(run: Callable[[World], T]) -> list[tuple[World, T]]:
    """What `run` gives in each world that it asks for. Raises TooMuch for more than MOST_WORLDS."""
    found: list[tuple[World, T]] = []
    pending: list[World] = [{}]
    while pending:
        world = pending.pop()
        try:
            found.append((world, run(world)))
        except Fork as fork:
            pending += [{**world, fork.branch.on: label} for label, _ in reversed(fork.branch.cases)]
        if len(found) + len(pending) > MOST_WORLDS:
            raise TooMuch("it depends on too many choices")
    return found


def value_of(x: Any, reads: Reads) -> Value[Any]:
    """A result as a value that rests on all that was read for it."""
    values = [value for _, value in reads if isinstance(value, Value)]
    if len(values) == 1 and values[0].x is x:
        return values[0]
    return Value(
        x,
        unique(*(value.places for value in values)),
        unique(*(value.assumes for value in values)),
        unique(*(value.depends for value in values)),
    )


def read(value: Value[Any], path: str, frame: Frame, before: Reads = ()) -> Result:
    """A value that was come by, in the frame's world, with its read added to those before."""
    if type(value.x) is Branch:
        value = frame.settle(value)
    return value.x, (*before, (path, value))
