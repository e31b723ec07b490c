"""What an audit hands over: to the reports, to the baseline, to the exit status."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from serveaudit.finding import FileReport, Finding, Undecided
from serveaudit.graph import Graph
from serveaudit.serving import Server
from serveaudit.values import Place, Value


@dataclass(frozen=True, slots=True)
class Stage:
    """A place on the way to a running server, and what stands there: `service web`, `./start.sh`, the command itself."""

    text: str
    place: Place


@dataclass(frozen=True, slots=True)
class Launched:
    """A server as it will run, and how it comes to that.

    context     the deployment that it belongs to
    stages      from the description that names it to the command itself; none where nothing starts it
    conditions  what must hold for it to be started at all, in words: `$ENV = dev`
    reads       the configuration files that it reads, each at its beginning
    variables   those of its environment that its settings rest on, by name
    """

    server: Server
    context: str = ""
    stages: tuple[Stage, ...] = ()
    conditions: tuple[str, ...] = ()
    reads: tuple[Place, ...] = ()
    variables: Mapping[str, Value[str]] = field(default_factory=dict)


@dataclass(slots=True)
class Result:
    """Everything that one audit found out.

    findings    all of them, possible ones included, most important first, each with its fingerprint
    suppressed  how many were silenced: inline, baseline, config
    mended      how many entries of the baseline no longer occur
    launched    every server as it will run, for `settings`
    map         who listens where and who talks to whom: one graph for each context
    """

    findings: list[Finding] = field(default_factory=list)
    undecided: list[Undecided] = field(default_factory=list)
    files: list[FileReport] = field(default_factory=list)
    suppressed: Counter[str] = field(default_factory=Counter)
    mended: int = 0
    launched: list[Launched] = field(default_factory=list)
    map: list[Graph] = field(default_factory=list)
