"""Patterns that can take exponential time: a text can be matched in very many ways, and all are tried before a match fails.

The positions of a pattern's characters make an automaton, of which each transition is counted as often as there are ways to
come to it. A pattern is ambiguous without bound where two different ways lead from a position back to itself over the same text
(Weber and Seidl, "On the degree of ambiguity of finite automata", 1991). It hurts only where something has to follow.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from serveaudit.programs.nginx import regexes
from serveaudit.programs.nginx.alphabets import admits

MOST = 60
"""Characters of a pattern that are looked at; of a longer one nothing is said."""
_SAMPLES = "aeAE09_-./ %~=&:@\n"
_COPIES = 3
_END: tuple[str, Any] = ("END", None)
_REPEATED_GROUP = re.compile(r"\)(?:[*+]|\{\d+,)")
"""Without one a pattern has nothing to be ambiguous about without bound."""


class _TooMuch(Exception):
    """A pattern that is not judged."""


@dataclass(slots=True)
class _Part:
    """A piece of a pattern: its first and last positions, each with the number of ways to it, and whether it may be empty."""

    first: dict[int, int] = field(default_factory=dict)
    last: dict[int, int] = field(default_factory=dict)
    empty: bool = True


@dataclass(slots=True)
class _Automaton:
    atoms: list[Any] = field(default_factory=list)
    follow: dict[int, dict[int, int]] = field(default_factory=lambda: defaultdict(dict))

    def sequence(self, nodes: Any) -> _Part:
        whole = _Part()
        for operator, argument in nodes:
            whole = self._then(whole, self._node(str(operator), argument))
        return whole

    def _node(self, operator: str, argument: Any) -> _Part:
        if operator in ("LITERAL", "NOT_LITERAL", "ANY", "IN"):
            return self._atom((operator, argument))
        if operator == "AT":
            return self._atom(_END) if "END" in str(argument) else _Part()
        if operator == "SUBPATTERN":
            return self.sequence(argument[3])
        if operator == "BRANCH":
            return _either([self.sequence(branch) for branch in argument[1]])
        if operator in ("MAX_REPEAT", "MIN_REPEAT"):
            return self._repeat(*argument)
        raise _TooMuch

    def _atom(self, atom: Any) -> _Part:
        if len(self.atoms) >= MOST:
            raise _TooMuch
        self.atoms.append(atom)
        position = len(self.atoms) - 1
        return _Part({position: 1}, {position: 1}, False)

    def _repeat(self, low: int, high: Any, inside: Any) -> _Part:
        if high is regexes.ENDLESS:
            part = self.sequence(inside)
            self._join(part.last, part.first)
            return _Part(part.first, part.last, part.empty or low == 0)
        whole = _Part()
        for copy in range(min(int(high), _COPIES)):
            part = self.sequence(inside)
            whole = self._then(whole, _Part(part.first, part.last, part.empty or copy >= low))
        return whole

    def _then(self, one: _Part, other: _Part) -> _Part:
        self._join(one.last, other.first)
        first = _added(one.first, other.first) if one.empty else one.first
        last = _added(other.last, one.last) if other.empty else other.last
        return _Part(first, last, one.empty and other.empty)

    def _join(self, sources: dict[int, int], targets: dict[int, int]) -> None:
        for source, ways in sources.items():
            self.follow[source] = _added(self.follow[source], {target: ways * more for target, more in targets.items()})


def _added(one: dict[int, int], other: dict[int, int]) -> dict[int, int]:
    return {at: min(one.get(at, 0) + other.get(at, 0), 9) for at in {**one, **other}}


def _either(parts: list[_Part]) -> _Part:
    whole = _Part(empty=any(part.empty for part in parts))
    for part in parts:
        whole.first, whole.last = _added(whole.first, part.first), _added(whole.last, part.last)
    return whole


def exponential(pattern: str) -> bool:
    """Whether a text can be found for which matching takes exponential time. False also for what can't be judged: lookarounds,
    back references, very long patterns."""
    if not _REPEATED_GROUP.search(pattern):
        return False
    tree = regexes.parsed(pattern)
    automaton = _Automaton()
    try:
        whole = automaton.sequence(tree) if tree is not None else _Part()
    except (_TooMuch, RecursionError):
        return False
    samples = _SAMPLES + "".join(map(_own, automaton.atoms))
    letters = [_admitted(atom, samples) for atom in automaton.atoms]
    circling = _reaching(automaton.follow, len(letters))
    return any(
        at not in whole.last and _doubled(at, automaton.follow, letters, circling)
        for at in range(len(letters))
        if at in circling[at]
    )


def _admitted(atom: Any, samples: str) -> frozenset[str]:
    return frozenset() if atom == _END else frozenset(char for char in samples if admits(atom, char))


def _own(atom: Any) -> str:
    """The characters that an atom names."""
    operator, argument = atom
    if operator == "LITERAL":
        return chr(argument)
    return "".join(chr(value) for kind, value in argument if str(kind) == "LITERAL") if operator == "IN" else ""


def _reaching(follow: dict[int, dict[int, int]], count: int) -> list[set[int]]:
    """For each position the positions that come after it."""
    reached = [set(follow.get(at, ())) for at in range(count)]
    for through in range(count):
        for at in range(count):
            if through in reached[at]:
                reached[at] |= reached[through]
    return reached


def _doubled(start: int, follow: dict[int, dict[int, int]], letters: list[frozenset[str]], reach: list[set[int]]) -> bool:
    """Whether two ways over the same text lead from a position back to it."""
    circle = {at for at in reach[start] if start in reach[at]}
    if any(ways > 1 for at in circle for target, ways in follow[at].items() if target in circle):
        return True
    seen: set[tuple[int, int, bool]] = set()
    waiting = [(start, start, False)]
    while waiting:
        one, other, apart = waiting.pop()
        for left in circle.intersection(follow[one]):
            for right in circle.intersection(follow[other]):
                state = (left, right, apart or left != right)
                if state in seen or letters[left].isdisjoint(letters[right]):
                    continue
                if state == (start, start, True):
                    return True
                seen.add(state)
                waiting.append(state)
    return False
