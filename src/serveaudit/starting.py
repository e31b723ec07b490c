"""From a manager's units to the programs that run: follows each step to its commands, and asks what these start."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from serveaudit.command import Command, Step
from serveaudit.following import Followed, Link, follow
from serveaudit.invocation import basename
from serveaudit.launch.python import read_spawns
from serveaudit.launching import Machine, Unit
from serveaudit.mapping import MappedFiles
from serveaudit.recognising import Reading, python_file, started_by
from serveaudit.supervision import MAKES, made, supervised
from serveaudit.values import Place, Value

_DEVELOPMENT_SERVERS = ("django", "flask", "werkzeug")
_DEEPEST = 4
"""Managers that start managers: supervisord in supervisord makes no sense, but may be written."""


@dataclass(slots=True, eq=False)
class Started:
    """A program that a unit comes to: an application server, as its command reads, or nginx."""

    unit: Unit
    followed: Followed
    reading: Reading | None = None

    @property
    def restarts_on_change(self) -> bool:
        """Whether it surely is a development server, or one that watches the code."""
        server = self.reading.server if self.reading else None
        return server is not None and (server.program in _DEVELOPMENT_SERVERS or server.reload.x is True)


@dataclass(slots=True, eq=False)
class Starting:
    """What one machine starts. `files` collects what its scripts write; `commands` are all that were come to."""

    machine: Machine
    files: MappedFiles
    started: list[Started] = field(default_factory=list)
    commands: list[Started] = field(default_factory=list)

    def build(self) -> None:
        """Goes through what was run while the machine's image was built, for the files that it wrote; what was copied over them
        later counts instead. A script that the build only changes is not one that it starts."""
        used = set(self.files.used)
        for step in self.machine.runs:
            for path, text in follow(step, self.files).written.items():
                if not self._copied_behind(step, path):
                    self.files.written[path] = text
        self.files.used.intersection_update(used)

    def _copied_behind(self, step: Step, path: str) -> bool:
        later = [mount for mount in self.machine.mounts if mount.kind == "copy" and _behind(mount.place, step.place)]
        return any(self.files.repository.exists(each) for each in replace(self.files, mounts=later).mounted(path))

    def run(self, unit: Unit, depth: int = 0) -> None:
        """Follows a unit's steps, those that come before its main one included."""
        for step in (*unit.before, *unit.steps):
            self.come_to(unit, self._follow(_in(step, self.machine)), depth)

    def _follow(self, step: Step) -> list[Followed]:
        following = follow(step, self.files)
        self.files.written.update(following.written)
        return following.commands

    def come_to(self, unit: Unit, commands: Iterable[Followed], depth: int) -> None:
        for followed in commands:
            self.commands.append(Started(unit, followed))
            self.take(unit, followed, depth)

    def take(self, unit: Unit, followed: Followed, depth: int) -> None:
        """What a command starts: a server, nginx, or a manager of its own whose programs are started in turn."""
        name = basename(followed.command.argv[0]) if followed.command.argv else ""
        for program in supervised(followed.command, self.files) if depth < _DEEPEST else ():
            self.run(program, depth + 1)
        if name == "nginx":
            if not {"-t", "-T", "-s", "-v", "-V"} & {followed.command.word(at) for at in range(len(followed.command.argv))}:
                self.started.append(Started(unit, followed))
        else:
            readings = started_by(followed.command)
            self.started += [Started(unit, followed, reading) for reading in readings]
            managing = any(reading.server.program == "django" for reading in readings)  # manage.py only hands its words on
            if depth < _DEEPEST and not managing:
                self.come_to(unit, self._made(followed) if name in MAKES else self._spawned(followed), depth + 1)

    def run_by_python(self, unit: Unit, path: str) -> None:
        """What a Python file of the repository starts, where nothing is known to start that file."""
        words: tuple[Value[str], ...] = (Value("python", (unit.place,)), Value(path, (unit.place,)))
        self.come_to(unit, self._spawned(Followed(Command(words, unit.place, files=self.files), last=True)), depth=1)

    def _spawned(self, followed: Followed) -> Iterator[Followed]:
        """What the Python file that a command runs starts in turn."""
        found = python_file(followed.command)
        if found is None:
            return
        module, script = found
        spawns = read_spawns(module, script.words, followed.command.cwd)
        for number, spawn in enumerate(spawns, 1):
            link = Link("wrapper", script.path or script.module, followed.command.place, execs=spawn.becomes)
            for inner in self._follow(spawn.step):
                yield inner.inside(followed, link, spawn.conditions, last=number == len(spawns))

    def _made(self, followed: Followed) -> Iterator[Followed]:
        """What the targets of a Makefile start that a `make` is told to make."""
        for step in made(followed.command, self.files):
            for inner in self._follow(step):
                yield inner.inside(followed)


def _behind(later: Place, earlier: Place) -> bool:
    return later.span.source is earlier.span.source and later.span.start > earlier.span.start


def _in(step: Step, machine: Machine) -> Step:
    """The step in its machine's directory, where it says none of its own."""
    return replace(step, cwd=machine.workdir) if step.cwd.x == "" and machine.workdir.x else step
