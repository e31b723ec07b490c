"""The frame of a finding: lines of the files, marks below them, labels, notes. Made of (text, style) runs; draws nothing.

Styles: error, warning, info (severities, and the primary mark's), title, rule, gutter, context, path, note, text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from textwrap import wrap

from serveaudit.finding import Certainty, Finding, Location
from serveaudit.report.excerpt import Excerpt, excerpt, measure, visible
from serveaudit.source import SourceFile

Run = tuple[str, str]
Line = list[Run]


@dataclass(frozen=True, slots=True)
class Page:
    """What is drawn on. `width` crops lines of files; notes are wrapped at it on a `screen` only, never in a pipe."""

    width: int = 140
    screen: bool = False
    ellipsis: str = "…"


@dataclass(slots=True)
class Mark:
    """A run of a shown line, in columns from 0, and what is said about it."""

    start: int
    end: int
    style: str
    labels: list[str] = field(default_factory=list)

    @property
    def label(self) -> str:
        return "; ".join(dict.fromkeys(label for label in self.labels if label))


@dataclass(frozen=True, slots=True)
class _Place:
    """A location in its file on disk: the line (from 1), the characters of that line (from 0)."""

    source: SourceFile
    line: int
    start: int
    end: int
    label: str
    primary: bool


def message(finding: Finding, page: Page) -> list[Line]:
    """All lines of a finding, without a blank one at the end."""
    style = str(finding.severity)
    files: dict[str, list[_Place]] = {}
    for location in finding.locations:
        place = _place(location)
        files.setdefault(place.source.path, []).append(place)
    gutter = len(str(max(place.line for places in files.values() for place in places)))
    possible = " (possible)" if finding.certainty is Certainty.POSSIBLE else ""
    lines: list[Line] = [[(f"{style}[{finding.rule}]", style), (f": {visible(finding.message)}{possible}", "title")]]
    for number, places in enumerate(files.values()):
        lines += _file(places, number == 0, gutter, style, page)
    return [*lines, *_notes(finding, gutter, page)]


def position(location: Location) -> str:
    """`path:line:column` of a location, on disk."""
    place = _place(location)
    return f"{visible(place.source.path)}:{place.line}:{place.start + 1}"


def marks_below(marks: Iterable[Mark]) -> list[Line]:
    """The rows below a line: the underlines with the rightmost label, then the other labels, hanging, from right to left."""
    ordered = sorted(marks, key=lambda mark: (mark.end, mark.label != "", mark.start))
    inline, hanging = ordered[-1], [mark for mark in ordered[:-1] if mark.label]
    row = _underlines(ordered)
    if inline.label:
        row.append((f" {inline.label}", inline.style))
    hanging.sort(key=lambda mark: mark.start)
    rows = [row]
    if hanging:
        rows.append(_stems(hanging))
    while hanging:
        mark = hanging.pop()
        stems = _stems([other for other in hanging if other.start < mark.start])
        room = mark.start - sum(measure(text) for text, _ in stems)
        rows.append([*stems, (" " * room, "text"), (mark.label, mark.style)])
    return rows


def _place(location: Location) -> _Place:
    span = location.span.outermost
    first, last = span.source.position(span.start), span.source.position(span.end)
    start = first.column - 1
    content = span.source.line_text(first.line)
    end = last.column - 1 if last.line == first.line else max(len(content.rstrip()), start + 1)
    return _Place(span.source, first.line, start, end, visible(location.label), location.role == "primary")


def _file(places: Sequence[_Place], primary: bool, gutter: int, style: str, page: Page) -> Iterator[Line]:
    """The lines of one file: its name, then what is shown of it, in written order."""
    arrow = " " * gutter + "--> " if primary else " " * (gutter + 1) + "::: "
    first = places[0]
    if not primary:
        yield _blank(gutter)
    yield [(arrow, "gutter"), (f"{visible(first.source.path)}:{first.line}:{first.start + 1}", "path")]
    yield _blank(gutter)
    previous = 0
    for line in sorted({place.line for place in places}):
        if previous and line == previous + 2:
            yield _numbered(previous + 1, gutter, _excerpt(first.source, previous + 1, 0, 0, gutter, page))
        elif previous and line > previous + 1:
            yield [("...", "gutter")]
        yield from _marked(first.source, line, [place for place in places if place.line == line], gutter, style, page)
        previous = line


def _marked(source: SourceFile, line: int, places: list[_Place], gutter: int, style: str, page: Page) -> Iterator[Line]:
    """One line of a file and the marks below it."""
    start, end = min(place.start for place in places), max(place.end for place in places)
    if end - start > page.width - gutter - 10:
        leading = next((place for place in places if place.primary), places[0])
        start, end = leading.start, leading.end
    shown = _excerpt(source, line, start, end, gutter, page)
    yield _numbered(line, gutter, shown)
    marks: dict[tuple[int, int], Mark] = {}
    for place in sorted(places, key=lambda place: not place.primary):
        left, right = shown.cell(place.start), shown.cell(place.end)
        mark = marks.setdefault((left, right), Mark(left, max(right, left + 1), style if place.primary else "context"))
        mark.labels.append(place.label)
    for row in marks_below(marks.values()):
        yield [*_blank(gutter), (" ", "text"), *row]


def _excerpt(source: SourceFile, line: int, start: int, end: int, gutter: int, page: Page) -> Excerpt:
    room = max(page.width - gutter - 3, 20)
    return excerpt(source.line_text(line), start, end, room, source.line_text(line - 1), page.ellipsis)


def _underlines(ordered: Sequence[Mark]) -> Line:
    """`----  ^^^^`: the primary marks over the others."""
    cells = [(" ", "text")] * max(mark.end for mark in ordered)
    for mark in sorted(ordered, key=lambda mark: (mark.style != "context", mark.start - mark.end)):
        sign = "-" if mark.style == "context" else "^"
        cells[mark.start : mark.end] = [(sign, mark.style)] * (mark.end - mark.start)
    return _joined(cells)


def _stems(hanging: Iterable[Mark]) -> Line:
    """`|   |`: one under the beginning of each mark whose label is still to come."""
    starts = {mark.start: mark.style for mark in hanging}
    return _joined([("|", starts[at]) if at in starts else (" ", "text") for at in range(max(starts, default=-1) + 1)])


def _joined(cells: Iterable[Run]) -> Line:
    line: Line = []
    for text, style in cells:
        if line and line[-1][1] == style:
            line[-1] = (line[-1][0] + text, style)
        else:
            line.append((text, style))
    return line


def _notes(finding: Finding, gutter: int, page: Page) -> Iterator[Line]:
    """What is said below the frame: conditions, contexts, advice, where to read more."""
    yield _blank(gutter)
    notes = [("note", condition) for condition in finding.conditions]
    if finding.contexts:
        notes.append(("note", "holds in " + ", ".join(finding.contexts)))
    for advice in finding.help:
        notes.append(("note", advice.removeprefix("note: ")) if advice.startswith("note: ") else ("help", advice))
    if finding.fix:
        safe = "--fix" if finding.fix.safe else f"--fix --unsafe; {finding.fix.because}".rstrip("; ")
        notes.append(("help", f"{finding.fix.title} ({safe})"))
    for kind, text in [*notes, ("explain", f"serveaudit explain {finding.rule}")]:
        yield from _note(kind, text, gutter, page)


def _note(kind: str, text: str, gutter: int, page: Page) -> Iterator[Line]:
    head = f"{' ' * (gutter + 1)}= {kind}: "
    room = max(page.width - len(head), 20) if page.screen else 0
    lines = [part for line in text.split("\n") for part in (wrap(visible(line), room) if room else [visible(line)]) or [""]]
    for number, line in enumerate(lines):
        lead: Line = [(" " * len(head), "text")] if number else [(f"{' ' * (gutter + 1)}= ", "gutter"), (f"{kind}: ", "note")]
        yield [*lead, (line, "text")]


def _numbered(line: int, gutter: int, shown: Excerpt) -> Line:
    return [(f"{line:>{gutter}} | ", "gutter"), (shown.text, "text")] if shown.text else [(f"{line:>{gutter}} |", "gutter")]


def _blank(gutter: int) -> Line:
    return [(" " * (gutter + 1) + "|", "gutter")]
