"""INI files in the dialects of the programs that read them: sections and entries with their places.

What differs is what a comment is, what continues a line, and what separates a key from its value:

    uwsgi       comments are whole lines, nothing continues a line, the first `=` separates; a line without `=` is a bare key;
                only blanks, tabs and carriage returns are white space (uWSGI: core/ini.c)
    supervisor  Python's configparser with inline comments (` ;` and ` #`), values continued by indentation, `=` or `:`
                (supervisor/options.py, UnhosedConfigParser)
    systemd     a backslash continues a line, comment lines inside are skipped, keys repeat (systemd.syntax(7))
    plain       Python's configparser as it comes: whole-line comments, continued by indentation, `=` or `:`
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import takewhile
from typing import Literal

from serveaudit.source import Piece, Problem, SourceFile, Span

Dialect = Literal["uwsgi", "supervisor", "systemd", "plain"]


@dataclass(frozen=True, slots=True)
class Entry:
    """A key and its value. `name` is the key as the program compares it. `value` is a span of the file or, for a value that
    goes over several lines, of a view that holds them joined; `line` is everything, from the key to the value's end."""

    name: str
    key: Span
    value: Span
    line: Span


@dataclass(frozen=True, slots=True)
class Section:
    """A section as it stands in the file; the one named "" holds what comes before the first head."""

    name: str
    head: Span
    entries: list[Entry] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Ini:
    """Sections in written order, also those of the same name, and what could not be read."""

    source: SourceFile
    sections: tuple[Section, ...]
    problems: tuple[Problem, ...] = ()

    def entries(self, section: str) -> list[Entry]:
        """The entries of every section of that name."""
        return [entry for each in self.sections if each.name == section for entry in each.entries]


Run = tuple[int, int]
_EQUALS = re.compile("=")
_EQUALS_OR_COLON = re.compile("[=:]")
_BLANK = " \t\r"
"""What uWSGI takes for white space."""


def parse(source: SourceFile, dialect: Dialect = "plain") -> Ini:
    """The file's sections. A broken line is a problem, never an exception."""
    sections: list[Section] = []
    problems: list[Problem] = []
    for runs in _LINES[dialect](source.text):
        start, end = runs[0]
        if source.text[start] == "[":
            sections.append(_section(source, runs[0], dialect, problems))
            continue
        if not sections:
            sections.append(Section("", source.span(0, 0)))
            if dialect != "uwsgi":
                problems.append(Problem(source.span(start, end), "stands before the first [section]"))
        entry = _entry(source, runs, dialect)
        if entry is None:
            problems.append(Problem(source.span(start, end), "neither a [section] nor a key with a value"))
        else:
            sections[-1].entries.append(entry)
    return Ini(source, tuple(sections), tuple(problems))


def _section(source: SourceFile, run: Run, dialect: Dialect, problems: list[Problem]) -> Section:
    head = source.span(*run)
    if dialect == "uwsgi" or head.text.endswith("]"):  # uWSGI drops the last character, whatever it is
        name = head.text[1:-1]
    else:
        name = head.text[1:].rpartition("]")[0] or head.text[1:]
    if not head.text.endswith("]") and (dialect in ("uwsgi", "systemd") or "]" not in head.text):
        problems.append(Problem(head, "the section's head does not end with ]"))
    return Section(name, head)


def _entry(source: SourceFile, runs: Sequence[Run], dialect: Dialect) -> Entry | None:
    start, end = runs[0]
    line = source.span(start, max(runs[-1][1], end))
    separator = (_EQUALS if dialect in ("uwsgi", "systemd") else _EQUALS_OR_COLON).search(source.text, start, end)
    if separator is None:
        bare = source.span(start, end)
        return Entry(bare.text, bare, source.span(end, end), line) if dialect == "uwsgi" else None
    blank = _BLANK if dialect == "uwsgi" else None
    key = source.span(*_stripped(source.text, start, separator.start(), blank))
    if not key.text and dialect != "uwsgi":
        return None
    name = key.text.lower() if dialect in ("supervisor", "plain") else key.text
    value = [_stripped(source.text, separator.end(), end, blank), *runs[1:]]
    return Entry(name, key, _joined(source, value, " " if dialect == "systemd" else "\n"), line)


def _joined(source: SourceFile, runs: Sequence[Run], glue: str) -> Span:
    """The runs as one span: of the source itself where there is one, else of a view."""
    if len(runs) == 1:
        return source.span(*runs[0])
    pieces, inner = [], 0
    for start, end in runs:
        pieces.append(Piece(inner, start, end - start))
        inner += end - start + len(glue)
    return source.view(glue.join(source.text[start:end] for start, end in runs), pieces).whole()


def _physical(text: str) -> Iterator[Run]:
    """Each line without its newline."""
    start = 0
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        yield start, end
        start = end + 1


def _stripped(text: str, start: int, end: int, blank: str | None = None) -> Run:
    content = text[start:end]
    start += len(content) - len(content.lstrip(blank))
    return start, max(start, start + len(content.strip(blank)))


def _single(text: str) -> Iterator[list[Run]]:
    """uWSGI: every line stands for itself."""
    for line in _physical(text):
        start, end = _stripped(text, *line, _BLANK)
        if start < end and text[start] not in ";#":
            yield [(start, end)]


def _by_backslash(text: str) -> Iterator[list[Run]]:
    """systemd: a backslash at the end is a blank, and the next line that is no comment follows."""
    runs: list[Run] = []
    for line in _physical(text):
        start, end = _stripped(text, *line)
        if text[start:end].startswith(("#", ";")):
            continue
        slashes = len(list(takewhile(lambda char: char == "\\", reversed(text[start : line[1]]))))
        runs.append(_stripped(text, start, line[1] - slashes % 2))
        if slashes % 2:
            continue
        if runs[0][0] < runs[0][1]:
            yield runs
        runs = []
    if runs and runs[0][0] < runs[0][1]:
        yield runs


def _by_indent(text: str, inline: bool = False) -> Iterator[list[Run]]:
    """configparser: a line that is indented deeper than the key continues its value."""
    runs: list[Run] = []
    indent = 0
    for line in _physical(text):
        start, end = _without_comment(text, *line, inline)
        if start == end:
            if runs and not text[slice(*line)].strip():
                runs.append((start, end))
            continue
        depth = start - line[0]
        if runs and depth > indent and text[runs[0][0]] != "[":
            runs.append((start, end))
            continue
        if runs:
            yield _without_blank_end(runs)
        runs, indent = [(start, end)], depth
    if runs:
        yield _without_blank_end(runs)


def _without_blank_end(runs: list[Run]) -> list[Run]:
    while runs[-1][0] == runs[-1][1]:
        runs.pop()
    return runs


def _without_comment(text: str, start: int, end: int, inline: bool) -> Run:
    content = text[start:end]
    if content.lstrip().startswith(("#", ";")):
        return start, start
    comment = re.search(r"(?<!\S)[;#]", content) if inline else None
    return _stripped(text, start, start + comment.start() if comment else end)


_LINES: dict[Dialect, Callable[[str], Iterator[list[Run]]]] = {
    "uwsgi": _single,
    "systemd": _by_backslash,
    "supervisor": partial(_by_indent, inline=True),
    "plain": _by_indent,
}
