"""What following a launcher's step gives: the commands that it comes to, and what stands between."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from serveaudit.command import Command
from serveaudit.source import Problem, SourceFile
from serveaudit.values import Place, Unknown, Value, unique

Kind = Literal["shell", "script", "wrapper", "supervisord", "procfile", "make"]


@dataclass(frozen=True, slots=True)
class Link:
    """Something between a launcher and a program.

    kind      shell: a text that a shell is given; script: a file that a shell reads; wrapper: a program whose task is to start
              another; supervisord, procfile, make: managers of their own, whose configuration is not followed here
    name      as it was called: `sh`, `/app/start.sh`, `tini`
    execs     it becomes what it starts (exec): no process of its own is left
    forwards  it stays, and hands a TERM on to what it started
    group     it sends signals to the whole process group
    shell     of a shell or script: bash, sh, dash, …
    traps     signals (without SIG) for which the shell has a handler
    waits     the script calls `wait`
    """

    kind: Kind
    name: str
    place: Place
    execs: bool = False
    forwards: bool = False
    group: bool = False
    shell: str = ""
    traps: tuple[str, ...] = ()
    waits: bool = False

    @property
    def keeps_signals(self) -> bool:
        """Whether a TERM that it gets never reaches what it started."""
        return not (self.execs or self.forwards or self.group)


@dataclass(frozen=True, slots=True)
class Followed:
    """A command that a step comes to, its wrappers taken away.

    links       outermost first
    conditions  all that must hold for it to be started, in words: `$ENV = dev`, `$1 is none of web, worker`
    assumes     what is taken for granted for want of a sign of the opposite: `$PORT is not set`
    background  it is started with `&`; piped: its output goes into another program
    last        nothing that takes long comes after it: it is what keeps the step running
    stdin       the text that it is given to read: a here-document, a file
    output      the path that its standard output is written to
    user        whom wrappers make it run as; umask: what the shell set
    reloads     a wrapper starts it anew when files change
    unread      it stands for a script that could not be followed, for this reason
    """

    command: Command
    links: tuple[Link, ...] = ()
    conditions: tuple[str, ...] = ()
    assumes: tuple[str, ...] = ()
    background: bool = False
    piped: bool = False
    last: bool = False
    stdin: SourceFile | Unknown | None = None
    output: Value[str] | None = None
    user: Value[str] | None = None
    umask: Value[str] | None = None
    reloads: bool = False
    unread: Unknown | None = None

    def inside(
        self, outer: Followed, link: Link | None = None, conditions: tuple[str, ...] = (), last: bool = True
    ) -> Followed:
        """The command as one that another program starts, for which a link stands."""
        return replace(
            self,
            links=(*outer.links, *((link,) if link else ()), *self.links),
            conditions=unique(outer.conditions, conditions, self.conditions),
            assumes=unique(outer.assumes, self.assumes),
            background=self.background or outer.background,
            piped=self.piped or outer.piped,
            last=self.last and outer.last and last,
            output=self.output or outer.output,
            user=self.user or outer.user,
            umask=self.umask or outer.umask,
            reloads=self.reloads or outer.reloads,
        )


@dataclass(frozen=True, slots=True)
class Write:
    """A file that a step writes, and on which conditions. Its text is a view on the script, in which variables that are known
    are replaced and others stay as written; or unknown."""

    path: str
    text: SourceFile | Unknown
    place: Place
    conditions: tuple[str, ...] = ()


@dataclass(slots=True)
class Following:
    """What a step comes to: its commands in order, and the files that it writes on the way. `changed` are files that a command
    changes in place in a way that can't be told (`sed -i`), by their path."""

    commands: list[Followed] = field(default_factory=list)
    writes: list[Write] = field(default_factory=list)
    changed: dict[str, Unknown] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    @property
    def written(self) -> dict[str, SourceFile | Unknown]:
        """Every file that is written or changed, with its text as it was written last."""
        return {write.path: write.text for write in self.writes} | self.changed
