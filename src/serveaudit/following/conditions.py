"""Conditions: `&&` and `||`, `if`, `case`. What can't be answered is taken both ways."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from serveaudit.following.commands import Commands
from serveaudit.following.decisions import Decision, is_question, matches, shown
from serveaudit.following.forks import Way, forked, gathered
from serveaudit.formats.shell.tree import AndOr, Arm, Case, If, Statement, Word


class Conditions(Commands):
    """Goes through what depends on conditions."""

    __slots__ = ()

    def decided(self, statement: Statement) -> Decision:
        """Goes through a condition, and tells whether it holds."""
        decision = self.judge().decide(statement)
        if not _only_asks(statement):
            self.statement(statement, False)
        return decision

    def and_or(self, chain: AndOr, last: bool) -> None:
        """`first && a || b`. A command that is no question is expected to succeed."""
        ways = list(self.attempted(Way(self.state), chain.first, last=False))
        for number, (connector, statement) in enumerate(chain.rest, 1):
            ends = last and number == len(chain.rest)
            if self.journal.left <= 0:
                break
            before, ways = gathered(ways), []
            for way in before:
                goes_on = way.truth == (connector == "&&") and not way.state.leaving
                ways += self.attempted(way, statement, ends) if goes_on else [way]
        self.state = self.meeting.state(ways)

    def attempted(self, way: Way, statement: Statement, last: bool) -> Iterator[Way]:
        """The ways on behind a statement, by whether it succeeded."""
        self.state = way.state
        decision = self.judge().decide(statement)
        if not is_question(statement):
            decision = replace(decision, truth=True, assumes=(), usual=True)
        if not _only_asks(statement):
            self.statement(statement, last)
        yield from forked(replace(way, state=self.state), decision)

    def branches(self, statement: If, last: bool) -> None:
        ways: list[Way] = []
        rest: Way | None = Way(self.state)
        for condition, body in statement.branches:
            if rest is None:
                break
            self.state = rest.state
            self.statements(condition[:-1])
            decision = self.decided(condition[-1]) if condition else Decision(None, "it holds", "it does not hold")
            rest = self.taken(replace(rest, state=self.state), decision, body, last, ways)
        if rest is not None:
            self.state = rest.state
            self.statements(statement.otherwise, last)
            ways.append(replace(rest, state=self.state))
        self.state = self.meeting.state(ways)

    def taken(self, way: Way, decision: Decision, body: Sequence[Statement], last: bool, ways: list[Way]) -> Way | None:
        """Goes through the body if the condition may hold; gives the way on which it does not, if there may be one."""
        rest = None
        for each in forked(way, decision):
            if each.truth:
                self.state = each.state
                self.statements(body, last)
                ways.append(replace(each, state=self.state))
            else:
                rest = each
        return rest

    def case(self, statement: Case, last: bool) -> None:
        ways: list[Way] = []
        rest: Way | None = Way(self.state)
        for arm in statement.arms:
            if rest is not None:
                self.state = rest.state
                rest = self.taken(rest, self.matched(statement.subject, arm), arm.body, last, ways)
        self.state = self.meeting.state([*ways, rest] if rest is not None else ways)

    def matched(self, subject: Word, arm: Arm) -> Decision:
        patterns = [shown(pattern) for pattern in arm.patterns]
        if "*" in patterns:
            return Decision(True, "", "")
        said, either = shown(subject), " or ".join(patterns)
        yes, no = f"{said} = {either}", f"{said} != {either}"
        value = self.expander().one(subject)
        if not isinstance(value.x, str) or (not value.x and value.assumes):
            return self.judge().settled(Decision(None, yes, no))
        return self.judge().settled(Decision(any(matches(value.x, each) for each in patterns), yes, no, value.assumes))


def _only_asks(statement: Statement) -> bool:
    return is_question(statement) or (isinstance(statement, AndOr) and all(map(is_question, _links(statement))))


def _links(chain: AndOr) -> list[Statement]:
    return [chain.first, *(statement for _, statement in chain.rest)]
