"""From a launcher's step, through its wrappers, shells and scripts, to the commands that it comes to."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field, replace
from typing import Any

from serveaudit.command import Command, Files, Step
from serveaudit.following.journal import Journal, Overlay
from serveaudit.following.outputs import below
from serveaudit.following.results import Followed, Following, Kind, Link, Write
from serveaudit.following.shells import SHELLS, Invoked, invoked_shell, is_python
from serveaudit.following.state import State
from serveaudit.following.unwrapping import MOST_LINKS, behind_wrappers, place_of
from serveaudit.following.views import inner_script
from serveaudit.following.walk import Walk
from serveaudit.following.wrappers import wrapper_of
from serveaudit.formats.shell import interpreter
from serveaudit.invocation import basename
from serveaudit.source import Problem, SourceFile
from serveaudit.values import Unknown, Value

_MANAGERS: dict[str, Kind] = {
    "supervisord": "supervisord",
    "honcho": "procfile",
    "foreman": "procfile",
    "overmind": "procfile",
    "hivemind": "procfile",
    "goreman": "procfile",
    "make": "make",
    "gmake": "make",
}
_DISTRIBUTION = ("/usr/sbin", "/usr/bin", "/sbin", "/bin")
_PATH = ("/usr/local/sbin", "/usr/local/bin", *_DISTRIBUTION)


def follow(step: Step, files: Files | None, written: tuple[Write, ...] = ()) -> Following:
    """Every command that a step comes to, in order, and what it writes.

    Never raises; nothing is run. `written` are files that earlier steps of the same machine wrote. An argument of a step
    that is Unknown may stand for any number of words: a script whose arguments are not known gets one.
    """
    journal = Journal(files, Following(writes=list(written)))
    command = Command(step.argv, step.place, step.cwd, step.env, Overlay(files, journal.following))
    start = Followed(command, last=True)
    try:
        _Tracer(journal).step(step, start)
    except RecursionError:
        journal.following.problems.append(Problem(step.place.span, "nested too deeply to be followed"))
    return journal.following


@dataclass(frozen=True, slots=True)
class _Run:
    """A script as a shell is to go through it. `text`: it was given as a text; `variables` are those that it sees besides the
    environment's."""

    source: SourceFile
    link: Link
    name: Value[Any]
    arguments: tuple[Value[Any], ...] = ()
    text: bool = False
    variables: dict[str, Value[Any]] = field(default_factory=dict)
    outer: State | None = None


@dataclass(frozen=True, slots=True)
class _Tracer:
    journal: Journal

    def step(self, step: Step, start: Followed) -> None:
        shell = posixpath.basename(step.shell)
        if step.script is None:
            self.start(start)
        elif shell not in SHELLS:
            self.journal.add(replace(start, unread=Unknown(f"a text for {shell}")))
        else:
            link = Link("shell", step.shell, step.place, shell=shell)
            self.run(start, _Run(step.script, link, Value(step.shell), text=True))

    def start(self, followed: Followed, outer: State | None = None) -> None:
        """Follows a command; `outer` is the state of the script that starts it."""
        followed, script = behind_wrappers(followed)
        command = followed.command
        if not command.argv:
            return
        invoked = Invoked("sh", text=script) if script is not None else invoked_shell(command)
        if invoked is not None:
            self.start_shell(followed, invoked, outer)
        elif (manager := _MANAGERS.get(basename(command.argv[0]))) is not None:
            link = Link(manager, command.word(0), place_of(command))
            self.journal.add(replace(followed, links=(*followed.links, link)))
        else:
            self.start_program(followed, outer)

    def start_shell(self, followed: Followed, invoked: Invoked, outer: State | None) -> None:
        command = followed.command
        if invoked.text is not None:
            self.start_text(followed, invoked.text, invoked, outer)
        elif invoked.file is not None:
            found = self.journal.read(invoked.file, command.cwd)
            if isinstance(found, SourceFile):
                place = next(iter(invoked.file.places), command.place)
                link = Link("script", str(invoked.file.x), place, shell=invoked.shell)
                self.run(followed, _Run(found, link, invoked.file, invoked.arguments, outer=outer))
            else:
                self.journal.add(replace(followed, unread=_unread(invoked.file, found)))
        elif isinstance(followed.stdin, SourceFile):
            link = Link("shell", command.word(0), place_of(command), shell=invoked.shell)
            self.run(replace(followed, stdin=None), _Run(followed.stdin, link, command.argv[0]))
        else:
            self.journal.add(replace(followed, unread=Unknown("a shell without a script")))

    def start_text(self, followed: Followed, text: Value[Any], invoked: Invoked, outer: State | None) -> None:
        """`sh -c "…"`. What the outer shell would have put in and can't be known is looked up again inside."""
        inner = inner_script(text)
        if inner is None:
            why = text.why or "what the shell is given depends on choices"
            self.journal.add(replace(followed, unread=Unknown(why)))
            return
        source, open_ = inner
        link = Link("shell", invoked.shell, next(iter(text.places), followed.command.place), shell=invoked.shell)
        run = _Run(source, link, invoked.name or Value(invoked.shell), invoked.arguments, text=True)
        if open_ and outer is not None:
            run = replace(run, variables=outer.variables, arguments=run.arguments or outer.arguments)
        self.run(followed, run)

    def start_program(self, followed: Followed, outer: State | None) -> None:
        """A script that is started by its path, or any other program: that is what the step comes to."""
        command = followed.command
        path, found = self.script_of(command)
        shell = interpreter(found.text) if isinstance(found, SourceFile) else ""
        bare = isinstance(found, SourceFile) and not shell and command.word(0).endswith(".sh")
        if isinstance(found, SourceFile) and (shell in SHELLS or bare):
            link = Link("script", command.word(0), place_of(command), shell=shell or "sh")
            self.run(followed, _Run(found, link, path, command.argv[1:], outer=outer))
        elif shell == "execlineb":
            self.journal.add(replace(followed, unread=Unknown(f"{command.word(0)} is a script for execline")))
        elif not isinstance(found, SourceFile) and wrapper_of(command) is None and re.search(r"\.(ba)?sh$", command.word(0)):
            self.journal.add(replace(followed, unread=_unread(command.argv[0], found)))
        else:
            self.journal.add(followed)

    def script_of(self, command: Command) -> tuple[Value[Any], SourceFile | Unknown | None]:
        """The path and the text of a program that is a script."""
        name = command.argv[0]
        if not isinstance(name.x, str) or wrapper_of(command) is not None or is_python(command):
            return name, None
        if "/" in name.x:
            found = self.journal.read(name, command.cwd)
            itself = isinstance(found, SourceFile) and self.journal.times_open(found) > 0
            return name, None if itself and posixpath.dirname(name.x) in _DISTRIBUTION else found  # a packaged program is meant
        given = command.env.variables.get("PATH", Value(None)).x
        directories = given.split(":") if isinstance(given, str) else _PATH
        for directory in [*directories, *(("",) if name.x.endswith(".sh") else ())]:
            path = replace(name, x=posixpath.join(directory, name.x))
            found = self.journal.read(path, command.cwd)
            if isinstance(found, SourceFile) and not self.journal.times_open(found):  # none of that name starts itself by it
                return path, found
        return name, None

    def run(self, followed: Followed, run: _Run) -> None:
        """Goes through a script. One that starts itself, as another user or with other arguments, is gone through twice."""
        if self.journal.times_open(run.source) > 1:
            return
        if len(followed.links) > MOST_LINKS or not self.journal.enter(run.source.span(0, 0)):
            self.journal.add(replace(followed, unread=Unknown("scripts that start each other without end")))
            return
        waits = re.search(r"(^|[\s;&|({])wait\b", run.source.text) is not None
        command = followed.command
        name = below(command.cwd, run.name) if run.link.kind == "script" else run.name
        state = State(command.env, name, run.arguments, command.cwd, dict(run.variables))
        if followed.user is not None and run.outer is not None:
            state.choices = _as_other_user(run.outer)
        with self.journal.opened(run.source):
            walk = Walk(self.journal, self.start, state, followed, replace(run.link, waits=waits))
            walk.run(self.journal.script(run.source), run.text)


def _as_other_user(outer: State) -> dict[str, str]:
    """A script that starts itself again as another user asked for the user before: now the answer is the opposite."""
    asked = {on: label for on, label in outer.choices.items() if re.search(r"(?i)\bid -u|\bwhoami\b|uid\b|user_?id\b", on)}
    return {on: "the opposite" if label == on else on for on, label in asked.items()}


def _unread(path: Value[Any], found: Unknown | None) -> Unknown:
    if isinstance(found, Unknown):
        return found
    return Unknown(f"{path.x if isinstance(path.x, str) else 'the script'} is not in the repository")
