"""Goes through a script as a shell would, every way that it may take, and tells the commands that it comes to.

Nothing is run: a variable is what the script and the environment say of it, and a condition that can't be answered is taken
both ways, each with what must hold for it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from serveaudit.following import builtins, disk
from serveaudit.following.loops import Loops
from serveaudit.formats.shell.tree import (
    AndOr,
    Background,
    Case,
    Function,
    Group,
    If,
    Loop,
    Not,
    Pipeline,
    Script,
    Simple,
    Statement,
)


class Walk(Loops):
    """Goes through a script."""

    __slots__ = ()

    def run(self, script: Script, text: bool) -> None:
        """`text`: the shell was given the script as a text (`-c`)."""
        if text and self.own.shell in ("bash", "zsh"):
            self.becomes = last_simple(script.body)
        self.statements(script.body, self.around.last)

    def statements(self, body: Sequence[Statement], last: bool = False) -> None:
        end = max((n for n, statement in enumerate(body) if not _passes(statement)), default=-1)
        for number, statement in enumerate(body):
            if self.state.leaving:
                return
            self.statement(statement, last and number >= end)

    def statement(self, statement: Statement, last: bool) -> None:
        if not self.journal.enter(statement.span):
            return
        self.journal.depth += 1
        _GOES_THROUGH[type(statement)](self, statement, last)
        self.journal.depth -= 1

    def negated(self, statement: Not, last: bool) -> None:
        self.statement(statement.body, last)

    def background(self, statement: Background, last: bool) -> None:
        with self.in_child(background=True, last=False):
            self.statement(statement.body, False)

    def function(self, statement: Function, last: bool) -> None:
        self.state.functions[statement.name] = statement.body

    def group(self, group: Group, last: bool) -> None:
        if group.redirects and disk.write_group(self, group):
            return
        if not group.subshell:
            self.statements(group.body, last)
            return
        with self.in_child():
            self.statements(group.body, last)

    def pipeline(self, pipeline: Pipeline, last: bool) -> None:
        if disk.write_by_tee(self, pipeline):
            return
        for number, stage in enumerate(pipeline.stages, 1):
            with self.in_child(piped=self.around.piped or number < len(pipeline.stages)):
                self.statement(stage, last)


_GOES_THROUGH: dict[type[Any], Callable[[Walk, Any, bool], None]] = {
    Simple: Walk.simple,
    Pipeline: Walk.pipeline,
    AndOr: Walk.and_or,
    Not: Walk.negated,
    Background: Walk.background,
    Group: Walk.group,
    If: Walk.branches,
    Case: Walk.case,
    Loop: Walk.loop,
    Function: Walk.function,
}


def last_simple(body: Sequence[Statement]) -> Statement | None:
    """The command that bash becomes at the end of a text that it is given by `-c`. (Measured with bash 5.2: the last simple
    command, also behind && or ||, if it has no redirection and, for a list, begins its line.)"""
    last = body[-1] if body else None
    if isinstance(last, AndOr):
        alone = len(body) == 1 or body[-2].span.line != last.span.line
        last = last.rest[-1][1] if alone else None
    return last if isinstance(last, Simple) and not last.redirects else None


def _passes(statement: Statement) -> bool:
    """Whether nothing that takes long can come of it: `echo done` behind the server."""
    if isinstance(statement, Background):
        return True
    return isinstance(statement, Simple) and (not statement.words or statement.word(0) in _PASSING)


_PASSING = builtins.SILENT | {"exit", "return", "trap", "set", "unset", "export", "cd"}
