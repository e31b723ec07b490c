"""What the audit says: findings with their places and their mends."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Literal

from serveaudit.source import Span


class Severity(IntEnum):
    """error: fails, or is open to attack; warning: will hurt; info: worth knowing, never fails a build by default."""

    INFO = 0
    WARNING = 1
    ERROR = 2

    def __str__(self) -> str:
        return self.name.lower()


class Certainty(StrEnum):
    """certain: true in every known alternative; possible: true in some, or unless something unknown excuses it."""

    CERTAIN = "certain"
    POSSIBLE = "possible"


@dataclass(frozen=True, slots=True)
class Location:
    """A place of a finding, with a phrase that says what it has to do with it."""

    span: Span
    label: str = ""
    role: Literal["primary", "related"] = "related"


@dataclass(frozen=True, slots=True)
class Edit:
    """A span and the text that takes its place."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Fix:
    """Edits that are applied whole or not at all. `because` says why an unsafe one needs a person's decision."""

    title: str
    edits: tuple[Edit, ...]
    safe: bool
    because: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, with the lines that prove it; the first location is the primary one.

    conditions   what the finding rests on, in words: "unless $TIMEOUT is set"
    symbol       the symbolic place of the primary location, which survives moved lines: `http/server[example.com]/listen`
    contexts     the names of the deployments in which it holds
    help         one advice each; one that starts with "note: " is a remark; further lines of an entry are shown below its first
    fingerprint  names the finding across runs, made without line numbers; put in by fingerprint.stamp
    """

    rule: str
    category: str
    severity: Severity
    certainty: Certainty
    message: str
    locations: tuple[Location, ...]
    symbol: str
    conditions: tuple[str, ...] = ()
    help: tuple[str, ...] = ()
    contexts: tuple[str, ...] = ()
    fix: Fix | None = None
    fingerprint: str = ""

    @property
    def primary(self) -> Location:
        return self.locations[0]


@dataclass(frozen=True, slots=True)
class Undecided:
    """A rule that could not be answered, and what would have to be known."""

    rule: str
    span: Span
    why: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class FileReport:
    """What became of a file: read, read in part, not readable, or a template."""

    path: str
    kind: str
    status: Literal["read", "partly", "unreadable", "template"]
    reason: str = ""
    span: Span | None = None
