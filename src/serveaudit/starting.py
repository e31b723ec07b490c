"""From a manager's units to the programs that run: follows each step to its commands, and asks what these start."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from serveaudit.command import Command, Step
from serveaudit.following import Followed, follow
from serveaudit.invocation import basename
from serveaudit.launch.supervisor import includes, read_programs
from serveaudit.launching import Machine, Unit
from serveaudit.mapping import MappedFiles
from serveaudit.recognising import Reading, started_by
from serveaudit.source import SourceFile

_SUPERVISOR_FILES = (
    "/etc/supervisor/supervisord.conf",
    "/etc/supervisord.conf",
    "supervisord.conf",
    "etc/supervisord.conf",
    "/etc/supervisor/conf.d/supervisord.conf",
)
_DEEPEST = 4
"""Managers that start managers: supervisord in supervisord makes no sense, but may be written."""


@dataclass(slots=True, eq=False)
class Started:
    """A program that a unit comes to: an application server, as its command reads, or nginx."""

    unit: Unit
    followed: Followed
    reading: Reading | None = None


@dataclass(slots=True, eq=False)
class Starting:
    """What one machine starts. `files` collects what its scripts write; `commands` are all that were come to."""

    machine: Machine
    files: MappedFiles
    started: list[Started] = field(default_factory=list)
    commands: list[Started] = field(default_factory=list)

    def run(self, unit: Unit, depth: int = 0) -> None:
        """Follows a unit's steps, those that come before its main one included."""
        for step in (*unit.before, *unit.steps):
            following = follow(_in(step, self.machine), self.files)
            self.files.written.update(following.written)
            for followed in following.commands:
                self.commands.append(Started(unit, followed))
                self.take(unit, followed, depth)

    def take(self, unit: Unit, followed: Followed, depth: int) -> None:
        """What a command starts: a server, nginx, or a manager of its own whose programs are started in turn."""
        name = basename(followed.command.argv[0]) if followed.command.argv else ""
        if name == "supervisord" and depth < _DEEPEST:
            for program in self._programs(followed.command):
                self.run(program, depth + 1)
        elif name == "nginx":
            if not {"-t", "-T", "-s", "-v", "-V"} & {followed.command.word(at) for at in range(len(followed.command.argv))}:
                self.started.append(Started(unit, followed))
        else:
            for reading in started_by(followed.command):
                self.started.append(Started(unit, followed, reading))

    def _programs(self, command: Command) -> Iterator[Unit]:
        """The programs of a supervisord, from the file that it is given or finds, and the files that this one includes."""
        words = [command.word(at) for at in range(len(command.argv))]
        named = next((words[at + 1] for at, word in enumerate(words[:-1]) if word in ("-c", "--configuration")), "")
        cwd = command.cwd.x if isinstance(command.cwd.x, str) else ""
        for path in (named,) if named else _SUPERVISOR_FILES:
            source = self.files.read(path, cwd)
            if isinstance(source, SourceFile):
                sources = [source, *self._included(source, path)]
                yield from read_programs(sources, command.env, command.cwd)
                return

    def _included(self, source: SourceFile, path: str) -> Iterable[SourceFile]:
        for pattern in includes(source):
            if isinstance(pattern.x, str):
                yield from self.files.matching(posixpath.join(posixpath.dirname(path), pattern.x))


def _in(step: Step, machine: Machine) -> Step:
    """The step in its machine's directory, where it says none of its own."""
    return replace(step, cwd=machine.workdir) if step.cwd.x == "" and machine.workdir.x else step
