"""What is found while a step is followed, and the limits that end it."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from serveaudit.command import Files
from serveaudit.following.outputs import below
from serveaudit.following.results import Followed, Following, Write
from serveaudit.formats.shell import parse
from serveaudit.formats.shell.tree import Script
from serveaudit.source import Problem, SourceFile, Span
from serveaudit.values import Place, Unknown, Value

MOST_STATEMENTS = 20_000
MOST_COMMANDS = 500
DEEPEST = 60
"""Statements within statements, functions and scripts; Python's own stack is the limit."""


@dataclass(slots=True, eq=False)
class Journal:
    """`files` are those of the machine; `left` is how many statements may still be gone through, `depth` how many
    are begun, `open` are the scripts that are."""

    files: Files | None
    following: Following = field(default_factory=Following)
    left: int = MOST_STATEMENTS
    depth: int = 0
    stopped: bool = False
    open: list[str] = field(default_factory=list)
    scripts: dict[int, Script] = field(default_factory=dict)

    def add(self, followed: Followed) -> None:
        if len(self.following.commands) < MOST_COMMANDS:
            self.following.commands.append(followed)
        else:
            self.left = 0

    def enter(self, span: Span) -> bool:
        """Whether a statement may still be gone through."""
        self.left -= 1
        if self.left > 0 and self.depth < DEEPEST:
            return True
        if not self.stopped:
            self.following.problems.append(Problem(span, "not followed any further: too long, or nested too deeply"))
            self.stopped = True
        return False

    def times_open(self, source: SourceFile) -> int:
        return self.open.count(_named(source))

    @contextmanager
    def opened(self, source: SourceFile) -> Iterator[None]:
        """While a script is gone through."""
        self.depth += 1
        self.open.append(_named(source))
        yield
        self.open.pop()
        self.depth -= 1

    def script(self, source: SourceFile) -> Script:
        """A script, read once."""
        known = self.scripts.get(id(source))
        if known is None:
            known = self.scripts[id(source)] = parse(source)
            self.following.problems += known.problems
        return known

    def read(self, path: Value[Any], cwd: Value[Any]) -> SourceFile | Unknown | None:
        """A file by its path, also one that was written on the way; None where the repository has none."""
        full = below(cwd, path)
        if not isinstance(full.x, str):
            return full.x if isinstance(full.x, Unknown) else Unknown(full.why or "a path that depends on choices")
        return Overlay(self.files, self.following).read(full.x)

    def write(self, path: Value[Any], cwd: Value[Any], text: SourceFile | Unknown, conditions: tuple[str, ...]) -> None:
        full = below(cwd, path)
        if isinstance(full.x, str) and not full.x.startswith("/dev/"):
            self.following.changed.pop(full.x, None)
            self.following.writes.append(
                Write(full.x, text, path.places[0] if path.places else Place(_nowhere(text)), conditions)
            )

    def change(self, path: Value[Any], cwd: Value[Any], why: str) -> None:
        full = below(cwd, path)
        if isinstance(full.x, str):
            self.following.changed[full.x] = Unknown(why)


def _named(source: SourceFile) -> str:
    """The same for two readings of one script, and not for two texts in one file."""
    return f"{source.path}:{source.pieces[0].outer if source.pieces else 0}:{len(source.text)}"


def _nowhere(text: SourceFile | Unknown) -> Span:
    return text.span(0, 0) if isinstance(text, SourceFile) else SourceFile("", "").span(0, 0)


@dataclass(frozen=True, slots=True)
class Overlay:
    """A machine's files with those over them that a step has written."""

    files: Files | None
    following: Following

    def read(self, path: str, cwd: str = "") -> SourceFile | Unknown | None:
        full = posixpath.normpath(posixpath.join(cwd, path))
        last = next((write.text for write in reversed(self.following.writes) if write.path == full), None)
        if last is not None:
            return last
        return self.files.read(path, cwd) if self.files else Unknown("the files of this machine are not known")

    def module(self, dotted: str, cwd: str = "") -> SourceFile | Unknown | None:
        return self.files.module(dotted, cwd) if self.files else Unknown("the files of this machine are not known")

    def matching(self, pattern: str, cwd: str = "") -> list[SourceFile]:
        return self.files.matching(pattern, cwd) if self.files else []
