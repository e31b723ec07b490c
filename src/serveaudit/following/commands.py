"""Simple commands: builtins, functions, sourced files, and programs that the shell starts or becomes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from serveaudit.command import Command
from serveaudit.following import builtins, disk
from serveaudit.following.forks import Meeting, Way
from serveaudit.following.journal import Overlay
from serveaudit.following.process import Process
from serveaudit.following.views import composed, inner_script
from serveaudit.formats.shell.tree import Simple, Statement, Word
from serveaudit.source import SourceFile
from serveaudit.values import Place, Unknown, Value, unique

MOST_CHOICES = 5

_HARMLESS = re.compile(r"(^|/)(activate|conda\.sh|\.?bashrc|\.?profile|\.bash_profile|nvm\.sh|functions)$")
"""Files that are sourced for the sake of PATH and the like."""


class Commands(Process):
    """Goes through simple commands."""

    __slots__ = ()

    def simple(self, command: Simple, last: bool) -> None:
        if command.word(0) in builtins.DECLARATIONS:
            builtins.declare(self.state, command, self.expander(), self.read)
        elif not command.words:
            for assignment in command.assignments:
                builtins.assign(self.state, assignment, self.expander())
            disk.write_output(self, command, ())
        else:
            self.in_every_world(command, last)

    def in_every_world(self, command: Simple, last: bool) -> None:
        """A variable that is one word on one way and none on another makes two commands."""
        worlds = list(self.worlds(command.words, {}))
        ways = []
        before = self.state
        for choices, argv, assumes in worlds:
            self.state = before.assuming(assumes) if assumes or len(worlds) > 1 else before
            for on, label in choices.items():
                self.state = self.state.on(on, label)
            self.command(command, argv, last)
            self.state.assumes = before.assumes
            ways.append(Way(self.state))
        self.state = self.meeting.state(ways)

    def worlds(
        self, words: Sequence[Word], choices: dict[str, str]
    ) -> Iterator[tuple[dict[str, str], list[Value[Any]], tuple[str, ...]]]:
        expander = self.expander(choices, whole=len(choices) >= MOST_CHOICES)
        argv = expander.many(words)
        if expander.split is None:
            yield choices, argv, expander.assumes
            return
        for label, _ in expander.split.cases:
            yield from self.worlds(words, {**choices, expander.split.on: label})

    def command(self, command: Simple, argv: list[Value[Any]], last: bool) -> None:
        name = argv[0].x if argv and isinstance(argv[0].x, str) else ""
        if name in self.state.functions:
            self.call_function(name, argv[1:], last)
        elif name == "exec":
            self.replace_shell(command, argv, last)
        elif name in (".", "source"):
            self.source(argv, last)
        elif name == "eval":
            self.evaluate(argv, last)
        elif name == "command" and len(argv) > 1:
            self.command(command, argv[1:], last) if not str(argv[1].x).startswith("-") else None
        elif name in builtins.BUILTINS:
            builtins.BUILTINS[name](self.state, argv)
        elif name in builtins.SILENT:
            disk.write_output(self, command, argv)
        elif argv:
            self.external(command, argv, last)

    def call_function(self, name: str, arguments: Sequence[Value[Any]], last: bool) -> None:
        """A function that calls itself is gone through twice."""
        if self.calls.count(name) < 2:
            self.calls.append(name)
            hidden, self.state.hidden = self.state.hidden, {}
            self.call(self.state.functions[name], arguments, last)
            self.state.unhide()
            self.state.hidden = hidden
            self.calls.pop()

    def call(self, body: Sequence[Statement], arguments: Sequence[Value[Any]], last: bool) -> None:
        """A function, or a script that is sourced."""
        saved, meeting = self.state.arguments, self.meeting
        self.meeting = Meeting()
        self.state.set_arguments(arguments)
        self.statements(body, last)
        self.state = self.meeting.rejoined(self.state, "return")
        self.state.set_arguments(saved)
        self.meeting = meeting

    def replace_shell(self, command: Simple, argv: list[Value[Any]], last: bool) -> None:
        at = 1
        while at < len(argv) and isinstance(argv[at].x, str) and re.fullmatch(r"-[acl]+|--", argv[at].x):
            at += 2 if argv[at].x == "-a" else 1
        if argv[at:]:
            self.external(command, argv[at:], not self.child or last, replaces=True)
            self.state.leaving = "exit"

    def source(self, argv: Sequence[Value[Any]], last: bool) -> None:
        """`. file`: its statements as if they stood here. One that is not there may set any variable."""
        if len(argv) < 2:
            return
        found = self.read(argv[1])
        if not isinstance(found, SourceFile):
            path = argv[1].x if isinstance(argv[1].x, str) else shown(argv[1])
            if not _HARMLESS.search(path):
                self.state.forget_environment(Unknown(f"{path} is not in the repository, and may set it"))
        elif not self.journal.times_open(found):
            with self.journal.opened(found):
                self.call(self.journal.script(found).body, argv[2:] or self.state.arguments, last)

    def evaluate(self, argv: Sequence[Value[Any]], last: bool) -> None:
        """`eval`: its words are read once more."""
        inner = inner_script(argv[1]) if len(argv) == 2 else None
        text = inner[0] if inner else None
        if len(argv) > 2 and all(isinstance(word.x, str) and word.places for word in argv[1:]):
            gap = argv[1].places[0].span
            chunks = [each for word in argv[1:] for each in ((" ", gap), (word.x, word.places[0].span))]
            text = composed(chunks[1:])
        if text is None or (len(argv) == 2 and isinstance(argv[1].x, Unknown)):
            self.state.forget_environment(Unknown("what eval is given is not known, and may set variables"))
        else:
            self.statements(self.journal.script(text).body, last)

    def external(self, command: Simple, argv: Sequence[Value[Any]], last: bool, replaces: bool = False) -> None:
        """A program that the shell starts, or becomes."""
        env = self.state.environment()
        for assignment in command.assignments:
            env = env.over({assignment.name: self.expander().one(assignment.value) if assignment.value else Value("")})
        overlay = Overlay(self.journal.files, self.journal.following)
        becomes = replaces or (command is self.becomes and not self.state.traps)
        handles = "TERM" in self.state.traps and self.around.background and self.own.waits
        link = replace(self.own, execs=becomes and not self.child, traps=self.state.traps, forwards=handles)
        followed = replace(
            self.around,
            command=Command(tuple(argv), Place(command.span), self.state.cwd, env, overlay),
            links=(*self.around.links, link),
            conditions=self.conditions,
            assumes=unique(self.around.assumes, self.state.assumes),
            last=last and self.around.last,
            stdin=disk.stdin(self, command),
            output=disk.output(self, command),
            umask=self.state.umask or self.around.umask,
        )
        disk.write_output(self, command, argv)
        disk.copy_files(self, argv)
        self.start(followed, self.state)


def shown(word: Value[Any]) -> str:
    """A word as it is written."""
    return word.places[0].span.text.strip("\"'") if word.places else "a file"
