"""The ways on from a condition, and where they meet again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from serveaudit.following.decisions import Decision
from serveaudit.following.state import Leaving, State, merged

MOST_WAYS = 16


@dataclass(frozen=True, slots=True)
class Way:
    """A state in which a condition came out as `truth`. `aside`: not as expected; it is gone through for the commands on it,
    and what it changes counts only if nothing else goes on."""

    state: State
    truth: bool = True
    aside: bool = False


def forked(way: Way, decision: Decision) -> Iterator[Way]:
    """The ways on: one where the answer is certain, else two."""
    state = way.state
    if decision.truth is not None and decision.certain:
        yield Way(state, decision.truth, way.aside)
        return
    for truth, label in ((True, decision.yes), (False, decision.no)):
        if decision.truth is truth:
            expected = state.assuming(decision.assumes)
            expected.choices[decision.on] = label
            yield Way(expected, truth, way.aside)
        else:
            other = state.on(decision.on, label).doubting(decision.assumes)
            yield Way(other, truth, way.aside or decision.truth is not None)


def gathered(ways: list[Way]) -> list[Way]:
    """The ways, those that go on alike made one where there are many."""
    if len(ways) <= MOST_WAYS:
        return ways
    alike: dict[tuple[bool, bool, str], list[State]] = {}
    for way in ways:
        alike.setdefault((way.truth, way.aside, way.state.leaving), []).append(way.state)
    return [Way(merged(states), truth, aside) for (truth, aside, _), states in alike.items()]


@dataclass(slots=True, eq=False)
class Meeting:
    """Where ways meet. `parked` are states that left a function or a loop before its end."""

    parked: list[State] = field(default_factory=list)

    def state(self, ways: Sequence[Way]) -> State:
        """The state in which it goes on; one that is left where all ways were. A way that ends in `exit 1` is not expected:
        that it is not taken need not be said."""
        expected = [way.state for way in ways if not way.aside]
        aside = [way.state for way in ways if way.aside and not way.state.leaving]
        live = [state for state in expected if not state.leaving] or aside
        early = [state for state in expected if state.leaving not in ("", "exit")]
        if not live:
            self.parked += early[1:]
            return next(iter([*early, *(state for state in expected if not state.failed), *expected]))
        self.parked += early
        for failed in (way.state for way in ways if way.state.failed):
            for other in live:
                other.forget(failed)
        state = merged(live)
        for other in aside:
            state.assumes = tuple(each for each in state.assumes if each in other.assumes)
            state.choices = {on: label for on, label in state.choices.items() if other.choices.get(on) == label}
        return state

    def rejoined(self, state: State, kind: Leaving) -> State:
        """The state behind what was left by `return`, `break` or `continue`."""
        live = [state] if state.leaving in ("", kind) else []
        live += [each for each in self.parked if each.leaving == kind]
        self.parked = [each for each in self.parked if each.leaving != kind]
        for each in live:
            each.leaving = ""
        return merged(live) if live else state
