"""One shell process: what it knows, what it is part of, what it reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from serveaudit.following.decisions import Judge
from serveaudit.following.expansion import Expander
from serveaudit.following.forks import Meeting
from serveaudit.following.journal import Journal, Overlay
from serveaudit.following.outputs import Outputs
from serveaudit.following.results import Followed, Link
from serveaudit.following.state import State
from serveaudit.formats.shell.tree import Statement
from serveaudit.source import SourceFile
from serveaudit.values import Unknown, Value, unique

Start = Callable[[Followed, State], None]
"""Follows a command that the script starts, from the state in which it does."""


@dataclass(slots=True, eq=False)
class Process:
    """A shell on its way through a script.

    around     what holds for all that it starts: the links before it, conditions, the user
    own        the shell itself as a link
    child      the statement at hand runs in a process of its own: a subshell, a part of a pipeline, in the background
    becomes    the command that the shell turns into without being told to
    calls      the functions that are being gone through
    """

    journal: Journal
    start: Start
    state: State
    around: Followed
    own: Link
    child: bool = False
    becomes: Statement | None = None
    meeting: Meeting = field(default_factory=Meeting)
    calls: list[str] = field(default_factory=list)

    def statements(self, body: Sequence[Statement], last: bool = False) -> None:
        """Goes through statements in order. `last`: nothing comes after them."""
        raise NotImplementedError

    def statement(self, statement: Statement, last: bool) -> None:
        raise NotImplementedError

    @property
    def conditions(self) -> tuple[str, ...]:
        return unique(self.around.conditions, self.state.conditions)

    def expander(self, choices: dict[str, str] | None = None, whole: bool = False) -> Expander:
        files = Overlay(self.journal.files, self.journal.following)
        return Expander(self.state, Outputs(files), choices or {}, whole)

    def judge(self) -> Judge:
        return Judge(self.expander(), self.read)

    def read(self, path: Value[Any]) -> SourceFile | Unknown | None:
        return self.journal.read(path, self.state.cwd)

    def matching(self, pattern: str) -> list[SourceFile]:
        """The files of the machine that a pattern names, as they lay there before the step."""
        files, cwd = self.journal.files, self.state.cwd.x
        return files.matching(pattern, cwd if isinstance(cwd, str) else "") if files else []

    @contextmanager
    def in_child(self, **around: Any) -> Iterator[None]:
        """What a process of its own does leaves no trace in this one."""
        saved = self.state, self.child, self.around, self.meeting
        self.state, self.child, self.meeting = self.state.copy(), True, Meeting()
        self.around = replace(self.around, **around)
        yield
        self.state, self.child, self.around, self.meeting = saved
