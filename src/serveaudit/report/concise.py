"""One line for each finding, for editors and grep: `path:line:column: severity[rule] message (other.py:7 label)`."""

from __future__ import annotations

from collections.abc import Iterable

from serveaudit.finding import Certainty, Finding, Location
from serveaudit.report.excerpt import visible
from serveaudit.report.frame import position


def render(shown: Iterable[Finding]) -> str:
    """A line for each finding; empty for none."""
    return "".join(_line(finding) + "\n" for finding in shown)


def _line(finding: Finding) -> str:
    possible = " (possible)" if finding.certainty is Certainty.POSSIBLE else ""
    others = "; ".join(_other(location) for location in finding.locations[1:])
    head = f"{position(finding.primary)}: {finding.severity}[{finding.rule}] {visible(finding.message)}{possible}"
    return f"{head} ({others})" if others else head


def _other(location: Location) -> str:
    span = location.span.outermost
    return f"{visible(span.path)}:{span.line} {visible(location.label)}".rstrip()
