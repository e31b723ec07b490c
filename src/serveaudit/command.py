"""A command as it will be started: its words, its directory, its environment and the files it will find."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from serveaudit.source import SourceFile
from serveaudit.values import Place, Unknown, Value


@dataclass(frozen=True, slots=True)
class Environment:
    """What a command is started in, as far as the repository tells: variables, and the releases of programs.

    `complete` is an Unknown where something that was not read may set more variables (a variable file that is not there).
    `releases` are those of the programs of which one is known: program -> release.
    """

    variables: Mapping[str, Value[Any]] = field(default_factory=dict)
    complete: bool | Unknown = True
    releases: Mapping[str, str] = field(default_factory=dict)

    def get(self, name: str) -> Value[Any]:
        """The variable's text; None, on the assumption that nothing sets it; or unknown where something unread may."""
        found = self.variables.get(name)
        if found is not None:
            return replace(found, depends=(*found.depends, f"env:{name}"))
        if isinstance(self.complete, Unknown):
            return Value(replace(self.complete, about=f"${name}"), depends=(f"env:{name}",))
        return Value(None, assumes=(f"${name} is not set",), depends=(f"env:{name}",))

    def over(self, variables: Mapping[str, Value[Any]], complete: bool | Unknown = True) -> Environment:
        """This environment with others put over it."""
        return replace(
            self, variables={**self.variables, **variables}, complete=self.complete if complete is True else complete
        )


class Files(Protocol):
    """The files of one machine or container, as far as the repository tells."""

    def read(self, path: str, cwd: str = "") -> SourceFile | Unknown | None:
        """A file by the path that the program uses: its text, None where there surely is none, or unknown."""

    def module(self, dotted: str, cwd: str = "") -> SourceFile | Unknown | None:
        """A Python module's or package's text by its dotted name, looked up from `cwd`."""

    def matching(self, pattern: str, cwd: str = "") -> list[SourceFile]:
        """The files that a pattern of the shell names."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command: `argv[0]` is the program. Each word is a Value whose place is the word as written."""

    argv: tuple[Value[Any], ...]
    place: Place
    cwd: Value[Any] = field(default_factory=lambda: Value(""))
    env: Environment = field(default_factory=Environment)
    files: Files | None = None

    def word(self, index: int) -> str:
        """The word's plain text; empty where there is none or it is not known."""
        if index < len(self.argv) and isinstance(self.argv[index].x, str):
            return str(self.argv[index].x)
        return ""

    @property
    def directory(self) -> str:
        """Where it is started; empty where that is not known."""
        return self.cwd.x if isinstance(self.cwd.x, str) else ""

    def without(self, count: int) -> Command:
        """The command that a wrapper of `count` words starts: `env A=1 gunicorn …` without its first two."""
        return replace(self, argv=self.argv[count:])


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that a launcher runs: words without a shell (`argv`), or a text for a shell (`script`), never both.

    The words are as written; variables in them are not replaced yet unless the launcher itself replaces them.
    """

    place: Place
    argv: tuple[Value[Any], ...] = ()
    script: SourceFile | None = None
    shell: str = "sh"
    cwd: Value[Any] = field(default_factory=lambda: Value(""))
    env: Environment = field(default_factory=Environment)

    @property
    def text(self) -> str:
        """What is run, as one text."""
        return self.script.text if self.script is not None else " ".join(str(word.x) for word in self.argv)
