"""Loops: turn by turn where it can be told how many there are, else one turn that stands for all."""

from __future__ import annotations

from collections.abc import Sequence

from serveaudit.following.conditions import Conditions
from serveaudit.following.state import State, widened
from serveaudit.formats.shell.tree import Loop, Statement
from serveaudit.values import Unknown, Value

MOST_TURNS = 20


class Loops(Conditions):
    """Goes through loops."""

    __slots__ = ()

    def loop(self, loop: Loop, last: bool) -> None:
        before = self.state
        if loop.kind == "for":
            self.each(loop)
        elif loop.kind == "other":
            self.turn(loop.body)
            self.state = widened(before, self.state)
        else:
            self.repeat(loop)
        self.state = self.meeting.rejoined(self.state, "break")
        self.state.conditions, self.state.choices, self.state.assumes = before.conditions, dict(before.choices), before.assumes

    def turn(self, body: Sequence[Statement]) -> None:
        self.state = self.state.copy()
        self.statements(body)
        self.state = self.meeting.rejoined(self.state, "continue")

    def each(self, loop: Loop) -> None:
        """`for NAME in words`: one turn for each word, or a single one where they are not known."""
        words = list(self.state.arguments) if loop.words is None else self.expander(whole=True).many(loop.words)
        before = self.state
        if len(words) > MOST_TURNS or any(not isinstance(word.x, str) for word in words):
            self.state = before.copy()
            self.state.assign(loop.name, Value(Unknown(f"${loop.name} is one word after the other", f"${loop.name}")))
            self.turn(loop.body)
            self.state = widened(before, self.state)
            return
        for word in words:
            if not self.state.leaving:
                self.state = self.state.copy()
                self.state.assign(loop.name, word)
                self.turn(loop.body)

    def repeat(self, loop: Loop) -> None:
        """`while`, `until`: turn by turn as long as the condition is known to hold."""
        for _ in range(MOST_TURNS):
            self.statements(loop.condition[:-1])
            if self.state.leaving or not loop.condition:
                return
            decision = self.decided(loop.condition[-1])
            decision = decision.negated() if loop.kind == "until" else decision
            if decision.truth is False:
                return
            before = self.state
            if decision.truth is None:
                self.state = before.on(decision.on, decision.yes)
            self.turn(loop.body)
            if decision.truth is None or self.state.leaving:
                self.state = widened(before, before if self.state.leaving == "exit" else self.state)
                return
            if not _differ(before, self.state):
                self.state.leaving = "exit"  # it never ends but by `break`
                return
        self.state = widened(before, self.state)


def _differ(one: State, other: State) -> bool:
    return (one.variables, one.env.variables, one.arguments, one.arrays, one.cwd) != (
        other.variables,
        other.env.variables,
        other.arguments,
        other.arrays,
        other.cwd,
    )
