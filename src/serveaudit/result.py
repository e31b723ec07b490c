"""What an audit hands over: to the reports, to the baseline, to the exit status."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from serveaudit.finding import FileReport, Finding, Undecided
from serveaudit.serving import Server
from serveaudit.values import Place


@dataclass(frozen=True, slots=True)
class MapNode:
    """One line of the map and what hangs on it.

    label    what it is: `nginx :443`, `gunicorn sync x9`
    detail   what else to say of it, set apart
    place    where it is written
    dashed   it belongs here by assumption, not by proof
    """

    label: str
    detail: str = ""
    place: Place | None = None
    children: tuple[MapNode, ...] = ()
    dashed: bool = False


@dataclass(slots=True)
class Result:
    """Everything that one audit found out.

    findings    all of them, possible ones included, most important first, each with its fingerprint
    suppressed  how many were silenced: inline, baseline, config
    mended      how many entries of the baseline no longer occur
    servers     every server as it will run, for `settings`
    map         who listens where and who talks to whom: one tree for each deployment
    """

    findings: list[Finding] = field(default_factory=list)
    undecided: list[Undecided] = field(default_factory=list)
    files: list[FileReport] = field(default_factory=list)
    suppressed: Counter[str] = field(default_factory=Counter)
    mended: int = 0
    servers: list[Server] = field(default_factory=list)
    map: list[MapNode] = field(default_factory=list)
