"""The report for programs: one JSON object, of which the shape is documented and has a version."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from serveaudit import __version__
from serveaudit.finding import FileReport, Finding, Fix, Location, Undecided
from serveaudit.result import Result
from serveaudit.source import Position, Span

VERSION = 1


def render(result: Result, shown: Sequence[Finding], pages: Mapping[str, str] | None = None) -> str:
    """The report. `pages` tells where to read more about a rule."""
    return json.dumps(report(result, shown, pages or {}), indent=2) + "\n"


def report(result: Result, shown: Sequence[Finding], pages: Mapping[str, str]) -> dict[str, Any]:
    """The report as plain data."""
    return {
        "version": VERSION,
        "tool": {"name": "serveaudit", "version": __version__},
        "findings": [_finding(finding, pages.get(finding.rule, "")) for finding in shown],
        "files": [_file(file) for file in result.files],
        "undecided": [_undecided(question) for question in result.undecided],
        "suppressed": {name: result.suppressed[name] for name in ("inline", "baseline", "config")},
    }


def _finding(finding: Finding, url: str) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "category": finding.category,
        "severity": str(finding.severity),
        "certainty": str(finding.certainty),
        "message": finding.message,
        "conditions": list(finding.conditions),
        "contexts": list(finding.contexts),
        "url": url,
        "fingerprint": finding.fingerprint,
        "locations": [_location(location) for location in finding.locations],
        "fix": _fix(finding.fix) if finding.fix else None,
    }


def _location(location: Location) -> dict[str, Any]:
    return {"path": location.span.path, "role": location.role, "label": location.label, **_span(location.span)}


def _fix(fix: Fix) -> dict[str, Any]:
    edits = [{"path": edit.span.path, **_span(edit.span), "text": edit.text} for edit in fix.edits]
    return {"title": fix.title, "safety": "safe" if fix.safe else "unsafe", "because": fix.because, "edits": edits}


def _span(span: Span) -> dict[str, Any]:
    place = span.outermost
    return {"start": _position(place.source.position(place.start)), "end": _position(place.source.position(place.end))}


def _position(position: Position) -> dict[str, int]:
    return {"line": position.line, "column": position.column}


def _file(file: FileReport) -> dict[str, str]:
    return {"path": file.path, "kind": file.kind, "status": file.status, "reason": file.reason}


def _undecided(question: Undecided) -> dict[str, Any]:
    return {"rule": question.rule, "path": question.span.path, "line": question.span.line, "why": question.why}
