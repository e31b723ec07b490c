"""Two ways through a program: which of them is taken, and what holds after either."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from serveaudit.formats.python.frames import Fork, Names, folded, put, taken
from serveaudit.formats.python.state import Escaped, Lost, Outcome, State
from serveaudit.values import Value

Way = Callable[[], Outcome]


@dataclass(frozen=True, slots=True)
class _Followed:
    """What one way led to. `outcome` is None where it ends with an exception."""

    outcome: Outcome | None
    names: Names
    pending: list[Callable[[Value[Any]], Value[Any]]]
    returned: Value[Any]

    def result(self, rest: Value[Any]) -> Value[Any]:
        """What the function returns this way, when the text after the choice gives `rest`."""
        return folded(self.pending, self.returned if self.outcome is Outcome.RETURNS else rest)


def either(state: State, fork: Fork, node: ast.AST, yes: Way, no: Way, needed: Callable[[], bool] = lambda: True) -> Outcome:
    """Follows both ways and joins what holds after them. `needed` tells, after the first way, whether there is a second.
    Raises Escaped where both end with an exception, Lost where they leave a loop differently."""
    before, pending = taken(state.session.live), state.frame.pending
    try:
        first = _follow(state, fork, True, yes)
        if first.outcome is not None and not needed():
            state.frame.pending = [*pending, *first.pending]
            return first.outcome
        put(state.session.live, before)
        raised, state.session.raised = state.session.raised, None
        second = _follow(state, fork, False, no)
        if first.outcome is None and second.outcome is None:
            put(state.session.live, first.names)
            state.session.raised = raised or state.session.raised
            raise Escaped
        if first.outcome is None or second.outcome is None:
            state.session.raised = None
            return _only(state, second if first.outcome is None else first, pending, doubtful=not fork.usual)
        return _joined(state, fork, node, first, second, pending)
    except Lost:
        state.frame.pending = pending
        raise


def _follow(state: State, fork: Fork, way: bool, follow: Way) -> _Followed:
    state.frame.pending = []
    outcome: Outcome | None = None
    try:
        with state.session.within(fork, way), state.under(fork.words(way)):
            outcome = follow()
    except Escaped:
        pass
    return _Followed(outcome, taken(state.session.live), state.frame.pending, state.frame.returned)


def _only(state: State, way: _Followed, pending: list[Callable[[Value[Any]], Value[Any]]], doubtful: bool) -> Outcome:
    """The other way ends with an exception: a `try` around it may go on with its handler."""
    put(state.session.live, way.names)
    state.frame.pending = [*pending, *way.pending]
    state.frame.returned = way.returned
    state.session.doubts += 1 if doubtful else 0
    return way.outcome or Outcome.GOES_ON


def _joined(
    state: State,
    fork: Fork,
    node: ast.AST,
    first: _Followed,
    second: _Followed,
    pending: list[Callable[[Value[Any]], Value[Any]]],
) -> Outcome:
    ends = {first.outcome, second.outcome}
    if len(ends) > 1 and ends & {Outcome.BREAKS, Outcome.CONTINUES}:
        raise Lost
    if ends == {Outcome.RETURNS}:
        state.frame.pending = pending
        state.frame.returned = fork.join(first.result(first.returned), second.result(second.returned))
        return Outcome.RETURNS
    if Outcome.RETURNS in ends or first.pending or second.pending:
        pending = [*pending, lambda rest: fork.join(first.result(rest), second.result(rest))]
    state.frame.pending = pending
    if first.outcome is Outcome.RETURNS:
        put(state.session.live, second.names)
    elif second.outcome is Outcome.RETURNS:
        put(state.session.live, first.names)
    else:
        put(state.session.live, fork.join_names(first.names, second.names, state.spans.of(node)))
    return (ends - {Outcome.RETURNS}).pop() or Outcome.GOES_ON
