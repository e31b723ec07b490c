"""What each server will really run with, and where each value comes from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from textwrap import wrap
from typing import NamedTuple

from serveaudit.report.excerpt import measure, visible, without_secrets
from serveaudit.report.frame import Line, Page
from serveaudit.report.wording import cases, given
from serveaudit.result import Launched
from serveaudit.serving import Server, Setting
from serveaudit.source import Span
from serveaudit.values import Unknown, unless

NARROWEST = 24
"""Columns for values: where fewer are left beside the places, these stand below."""
LONGEST = 4
"""Lines that one value may take."""


class Row(NamedTuple):
    """One line of a table before it is wrapped; what belongs to the row above has no name."""

    name: str
    value: str
    origin: str = ""


class Sheet(NamedTuple):
    """What is told of one server."""

    title: str
    place: str
    journey: tuple[Row, ...]
    settings: tuple[Row, ...]
    rest: str


def render(launched: Iterable[Launched], page: Page, everything: bool = False) -> list[Line]:
    """A sheet for each server, of what differs from its defaults or, with `everything`, of all settings. Equal sheets, of
    contexts that share all of their files, are told once."""
    lines: list[Line] = []
    for sheet in dict.fromkeys(_sheet(each, everything) for each in launched):
        lines += [[], *_drawn(sheet, page)]
    return lines[1:] or [[("No server was found.", "text")]]


def _sheet(launched: Launched, everything: bool) -> Sheet:
    server = launched.server
    told = [setting for _, setting in sorted(server.settings.items()) if everything or setting.origin != "default"]
    rows = [row for setting in told for row in _setting(setting, launched)]
    left = len(server.settings) - len(told)
    return Sheet(
        _title(server),
        _at(server.place.span),
        tuple(_journey(launched)),
        (*rows, *_ignored(server)),
        f"{left} more at the program's defaults (--all lists them)" if left else "",
    )


def _title(server: Server) -> str:
    """`gunicorn 23.0.0 (requirements.txt:3)`, `gunicorn (gunicorn>=21, requirements.txt:3)`."""
    version, known = server.version, isinstance(server.version.x, str)
    said = [] if known or not server.asked else [server.asked]
    said += [str(place.span) for place in version.places[:1] if known or said]
    release = f" {version.x}" if known else ""
    return visible(server.program + release + (f" ({', '.join(said)})" if said else ""))


def _journey(launched: Launched) -> Iterator[Row]:
    """From the description through scripts to the command, then the files and the variables that it reads."""
    if launched.server.command is None:
        yield Row("started by", "nothing that was read")
    for number, stage in enumerate(launched.stages):
        yield Row("runs" if number else "started by", visible(without_secrets(stage.text)), _at(stage.place.span))
    for condition in launched.conditions:
        yield Row("", f"if {visible(condition)}")
    for place in launched.reads:
        yield Row("reads", visible(place.span.path.rpartition("/")[2]), _at(place.span))
    for name, value in launched.variables.items():
        places = list(dict.fromkeys(_at(place.span) for place in value.places))
        yield Row(f"${name}", " or ".join(cases(name, value)), *places[:1])
        yield from (Row("", "", place) for place in places[1:])


def _setting(setting: Setting, launched: Launched) -> Iterator[Row]:
    """Its value, the variables and assumptions behind it, and what it replaces."""
    origin = "default" if setting.origin == "default" else _at(setting.place.span)
    for number, text in enumerate(_told(setting)):
        yield Row("" if number else setting.name, text, "" if number else origin)
    for name in given(setting):
        places = launched.variables[name].places[:1] if name in launched.variables else ()
        if places:
            at = _at(places[0].span)
            yield Row("", f"from ${name}", at if at != origin else "")
    for assumption in dict.fromkeys(setting.value.assumes):
        yield Row("", visible(unless(assumption)))
    for other in filter(partial(_replaced, setting), setting.overrides):
        yield Row("", f"instead of {' or '.join(_told(other))}", _at(other.place.span))


def _told(setting: Setting) -> list[str]:
    """The value in words; a mode or mask as it is written for chmod."""
    octal = setting.row is not None and setting.row.type == "octal"
    value = setting.value.map(lambda x: f"{x:04o}" if isinstance(x, int) else x) if octal else setting.value
    return cases(setting.name, value)


def _replaced(setting: Setting, other: Setting) -> bool:
    """Whether something else would hold without it. What a file of variables that was not read may say is not told."""
    perhaps = other.origin == "environment" and isinstance(other.value.x, Unknown)
    return other.origin != "default" and other.value != setting.value and not perhaps


def _ignored(server: Server) -> Iterator[Row]:
    """Names and words that the program does not know."""
    for setting in server.strange:
        yield Row(setting.spelled or setting.name, " or ".join(cases(setting.name, setting.value)), _at(setting.place.span))
        yield Row("", f"{server.program} has no such setting")
    for bad in server.bad_flags:
        yield Row(bad.word, "refused" if bad.refused else "without effect", _at(bad.place.span))


def _at(span: Span) -> str:
    return visible(str(span))


def _drawn(sheet: Sheet, page: Page) -> Iterator[Line]:
    yield [(sheet.title, "title"), (f"  {sheet.place}", "path")]
    rows = (*sheet.journey, *sheet.settings)
    columns = _Columns.of(rows, page)
    for row in sheet.journey:
        yield from columns.lines(row, "gutter")
    if sheet.journey and sheet.settings:
        yield []
    for row in sheet.settings:
        yield from columns.lines(row, "note")
    if sheet.rest:
        yield [(f"  {sheet.rest}", "gutter")]


class _Columns(NamedTuple):
    """The widths of names and values, and what ends a value that is cut. Places stand below where `below` says so."""

    name: int
    value: int
    below: bool
    ellipsis: str

    @classmethod
    def of(cls, rows: Sequence[Row], page: Page) -> _Columns:
        name, value, origin = (max((measure(row[column]) for row in rows), default=0) for column in range(3))
        beside = page.width - name - origin - 6
        below = beside < min(value, NARROWEST)
        return cls(name, max(min(value, page.width - name - 4 if below else beside), NARROWEST), below, page.ellipsis)

    def lines(self, row: Row, style: str) -> Iterator[Line]:
        name, origin = visible(row.name), "" if self.below else row.origin
        for value in self._wrapped(row.value):
            yield [
                (f"  {name}{' ' * (self.name - measure(name))}  ", style),
                (f"{value}{' ' * (self.value - measure(value))}  ", "text"),
                (origin, "path"),
            ]
            name = origin = ""
        if self.below and row.origin:
            yield [(" " * (self.name + 4), style), (row.origin, "path")]

    def _wrapped(self, text: str) -> list[str]:
        lines = wrap(text, self.value, break_on_hyphens=False) or ([] if self.below else [""])
        if len(lines) > LONGEST:
            lines[LONGEST - 1] = lines[LONGEST - 1][: self.value - len(self.ellipsis)] + self.ellipsis
        return lines[:LONGEST]
