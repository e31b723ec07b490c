"""The rules that no card can ask, because they are about the audit itself; shown and chosen like the others."""

from __future__ import annotations

from pathlib import Path

from serveaudit.cards import Card
from serveaudit.finding import Certainty, FileReport, Finding, Location, Severity
from serveaudit.source import SourceFile

UNUSED_IGNORE = Card(
    "unused-ignore",
    "validity",
    Path(),
    {
        "summary": "a comment ignores what is not there",
        "severity": "info",
        "why": (
            "A `serveaudit: ignore[…]` that silences nothing is left over from a finding that has gone, or misspelt. It hides\n"
            "the next finding of that rule at this place, which nobody has looked at yet."
        ),
        "unless": {"the rule was not asked, or could not be decided there": ""},
        "examples": [
            {
                "name": "the timeouts agree by now",
                "files": {"nginx.conf": "proxy_read_timeout 130s;  # serveaudit: ignore[proxy-gives-up-first]\n"},
            }
        ],
    },
)

UNREADABLE_FILE = Card(
    "unreadable-file",
    "validity",
    Path(),
    {
        "summary": "a file that belongs to the deployment can't be read",
        "severity": "error",
        "why": (
            "A file that is not understood has not been audited: what is wrong in it goes unseen, and what it says of other\n"
            "files is missing. The program that it is meant for most likely does not read it either. The exit status is 2."
        ),
        "unless": {"the file is a template": "", "only a part of it could not be read": ""},
        "examples": [{"name": "a bracket is not closed", "files": {"nginx.conf": "server {\n    listen 80;\n"}}],
    },
)


def unreadable_file(file: FileReport) -> Finding:
    """The finding for a file that could not be read, at the place that the report names, or at its first line."""
    span = file.span or SourceFile(file.path, "").whole()
    place = Location(span, file.reason, "primary")
    message = f"{file.path} can't be read: {file.reason}"
    return Finding(UNREADABLE_FILE.name, UNREADABLE_FILE.category, Severity.ERROR, Certainty.CERTAIN, message, (place,), "file")


CARDS = (UNUSED_IGNORE, UNREADABLE_FILE)
