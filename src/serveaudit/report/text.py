"""The report for people."""

from __future__ import annotations

from collections.abc import Sequence

from serveaudit.finding import Finding
from serveaudit.report.frame import Line, Page, message
from serveaudit.report.summary import summary
from serveaudit.result import Result


def render(result: Result, shown: Sequence[Finding], page: Page, verbose: bool = False) -> list[Line]:
    """Each finding in its frame, then the summary."""
    lines: list[Line] = []
    for finding in shown:
        lines += [*message(finding, page), []]
    return lines + [[(line, "text")] for line in summary(result, shown, verbose)]


def plain(lines: Sequence[Line]) -> str:
    """The lines as text without colours, each ended by a newline."""
    return "".join("".join(text for text, _ in line).rstrip() + "\n" for line in lines)
