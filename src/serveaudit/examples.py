"""The examples of a rule's card, run: each is a small repository, audited like any other.

`# finding` at the end of a line says that a finding has its primary place there, `# related` that one shows the line as well.
These remarks are taken out before the audit: not every syntax has comments behind its values.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from serveaudit.cards import Card
from serveaudit.finding import Certainty, Finding, Location
from serveaudit.suggest import hint

Audit = Callable[[Path], list[Finding]]
Line = tuple[str, int]
"""A file, relative to the example's directory, and a line in it."""

_REMARK = re.compile(r"[ \t]*(?:#|;|//|<!--)[ \t]*(finding|related)[ \t]*(?:-->)?[ \t]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Marked:
    """An example's files without their remarks, and the lines that these stood on."""

    files: Mapping[str, str]
    findings: frozenset[Line]
    related: frozenset[Line]


def complaints(card: Card, audit: Audit) -> Iterator[str]:
    """What is wrong with a card's examples, in words for its author: those that don't come out as they say, guards that no
    example shows. `audit` gives the findings of a directory."""
    guards = list(card.fields.get("unless", {}))
    shown = [example["silent"] for example in card.examples if "silent" in example]
    for guard in guards:
        if guard not in shown:
            yield f"no example is silent because {guard}"
    for reason in shown:
        if reason and reason not in guards:
            yield f"'{reason}' is no sentence under 'unless'{hint(reason, guards)}"
    if all("silent" in example for example in card.examples):
        yield "no example has a finding"
    for example in card.examples:
        for complaint in _example(card, example, audit):
            yield f"{example['name']}: {complaint}"


def marked(files: Mapping[str, str]) -> Marked:
    """An example's files, with the remarks taken out."""
    lines: dict[str, set[Line]] = {"finding": set(), "related": set()}
    for path, text in files.items():
        for remark in _REMARK.finditer(text):
            lines[remark[1]].add((path, text.count("\n", 0, remark.start()) + 1))
    plain = {path: _REMARK.sub("", text) for path, text in files.items()}
    return Marked(plain, frozenset(lines["finding"]), frozenset(lines["related"]))


def _example(card: Card, example: Mapping[str, Any], audit: Audit) -> Iterator[str]:
    found = marked(example["files"])
    findings, lines = _run(card, found.files, audit)
    if "silent" in example:
        yield from (f"finds '{finding.message}', and should be silent" for finding in findings)
        return
    wanted = Certainty(example.get("certainty", "certain"))
    if not findings:
        yield "nothing is found"
    for finding in findings:
        if finding.certainty is not wanted:
            yield f"'{finding.message}' is {finding.certainty}, not {wanted}"
    yield from _misplaced(found, lines)
    if "fixed" in example:
        still, _ = _run(card, {**found.files, **example["fixed"]}, audit)
        yield from (f"the fixed files still have '{finding.message}'" for finding in still)


def _misplaced(found: Marked, lines: list[list[Line]]) -> Iterator[str]:
    """Findings that are not where the remarks say. `lines` are those of each finding, the primary one first."""
    primary = {places[0] for places in lines}
    everywhere = {place for places in lines for place in places}
    if found.findings and lines:
        yield from (f"no finding at {path}:{line}" for path, line in sorted(found.findings - primary))
        yield from (f"a finding at {path}:{line}, which is not marked" for path, line in sorted(primary - found.findings))
    if lines:
        yield from (f"{path}:{line} is not shown" for path, line in sorted(found.related - everywhere))


def _run(card: Card, files: Mapping[str, str], audit: Audit) -> tuple[list[Finding], list[list[Line]]]:
    """The rule's findings in a directory with these files, and the lines of each, read while the directory is there."""
    with tempfile.TemporaryDirectory(prefix="serveaudit-") as name:
        directory = Path(name).resolve()
        for path, text in files.items():
            target = directory / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, "utf-8")
        findings = [finding for finding in audit(directory) if finding.rule == card.name]
        return findings, [[_line(location, directory) for location in finding.locations] for finding in findings]


def _line(location: Location, directory: Path) -> Line:
    path = Path(location.span.path).resolve()
    return (path.relative_to(directory) if path.is_relative_to(directory) else path).as_posix(), location.span.line
