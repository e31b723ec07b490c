"""TOML: the standard library reads the values, a scan of the text finds where each of them stands."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from serveaudit.source import Problem, SourceFile, Span
from serveaudit.values import Items, Place, Value, absent


@dataclass(frozen=True, slots=True)
class Table:
    """A table: a header's, an inline one, or one that a dotted key makes.

    items   values (an array is a Value of Items), tables, and lists of tables, in written order
    keys    where each key is written; for a dotted key, its part
    head    the header, or the key that makes the table
    """

    head: Span
    items: dict[str, Value[Any] | Table | list[Table]] = field(default_factory=dict)
    keys: dict[str, Span] = field(default_factory=dict)

    def value(self, *path: str) -> Value[Any]:
        """The value at the path of keys; absent, at the head of the last table that is there."""
        table = self
        for name in path[:-1]:
            inner = table.items.get(name)
            if not isinstance(inner, Table):
                return absent(Place(table.head))
            table = inner
        found = table.items.get(path[-1])
        return found if isinstance(found, Value) else absent(Place(table.head))

    def table(self, *path: str) -> Table | None:
        """The table at the path of keys."""
        table = self
        for name in path:
            inner = table.items.get(name)
            if not isinstance(inner, Table):
                return None
            table = inner
        return table

    def tables(self, name: str) -> list[Table]:
        """The tables of an array of tables; empty where there is none."""
        found = self.items.get(name)
        return found if isinstance(found, list) else []


@dataclass(frozen=True, slots=True)
class Toml:
    """The whole file as a table. With a problem, nothing of it was read: TOML has no partial reading."""

    source: SourceFile
    root: Table
    problems: tuple[Problem, ...] = ()


def parse(source: SourceFile) -> Toml:
    """The file's tables. What is not TOML is a problem, never an exception."""
    empty = Table(source.span(0, 0))
    try:
        tomllib.loads(source.text)
        root = Table(source.span(0, 0))
        _Scan(source).document(root)
    except RecursionError:
        return Toml(source, empty, (Problem(source.line_span(1), "nested too deeply"),))
    except ValueError as error:  # TOMLDecodeError, and int() for a number of more than 4,300 digits
        return Toml(source, empty, (_problem(source, str(error)),))
    return Toml(source, root)


def _problem(source: SourceFile, message: str) -> Problem:
    """tomllib tells the line in words: "Invalid value (at line 2, column 16)", "… (at end of document)"."""
    place = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)$", message)
    line = int(place[1]) if place and place[1] else source.text.count("\n") + 1 if place else 1
    return Problem(source.line_span(line), message[: place.start()] if place else message)


_BLANK = re.compile(r"(?:\s+|#[^\n]*)*")
_DOT = re.compile(r"[ \t]*\.[ \t]*")
_KEY = re.compile(r"""[A-Za-z0-9_-]+|"(?:\\.|[^"\\\n])*"|'[^'\n]*'""")
_SCALAR = re.compile(
    r'''"""(?:\\.|[^\\])*?"{3,5}|\'\'\'.*?'{3,5}|"(?:\\.|[^"\\\n])*"|'[^'\n]*\''''
    r"|\d{4}-\d\d-\d\d \d\d:[^\s,\]}\#]+|[^\s,\]}\#]+",
    re.DOTALL,
)


class _Scan:
    """Walks a text that tomllib has accepted, so that nothing here has to be checked."""

    def __init__(self, source: SourceFile) -> None:
        self.source = source
        self.at = 0

    def document(self, root: Table) -> None:
        """Puts every key of the text into the root table."""
        table = root
        while self.blank():
            if self.source.text[self.at] == "[":
                table = self.header(root)
            else:
                self.pair(table)

    def blank(self) -> bool:
        """Passes white space and comments; whether something follows."""
        self.at = self.match(_BLANK).end
        return self.at < len(self.source.text)

    def match(self, pattern: re.Pattern[str]) -> Span:
        found = pattern.match(self.source.text, self.at)
        return self.source.span(self.at, found.end() if found else self.at)

    def skip(self, character: str) -> bool:
        """Passes the character if it is the next one after blanks."""
        self.blank()
        here = self.source.text.startswith(character, self.at)
        self.at += len(character) if here else 0
        return here

    def keys(self) -> Iterator[tuple[str, Span]]:
        """The parts of a dotted key."""
        while True:
            span = self.match(_KEY)
            self.at = span.end
            yield _plain(span.text) if span.text[0] in "'\"" else span.text, span
            dot = self.match(_DOT)
            if dot.start == dot.end:
                return
            self.at = dot.end

    def header(self, root: Table) -> Table:
        start = self.at
        many = self.skip("[[")
        if not many:
            self.skip("[")
        self.blank()
        *parents, (name, key) = self.keys()
        self.skip("]]" if many else "]")
        head = self.source.span(start, self.at)
        table = _descend(root, parents, head)
        table.keys.setdefault(name, key)
        if many:
            tables = table.items.setdefault(name, [])
            if isinstance(tables, list):
                tables.append(Table(head))
            return _descend(table, [(name, key)], head)
        if isinstance(found := table.items.get(name), Table):  # made before, by a header below it
            table.items[name] = Table(head, found.items, found.keys)
        return _descend(table, [(name, key)], head)

    def pair(self, table: Table) -> None:
        *parents, (name, key) = self.keys()
        self.skip("=")
        for parent, span in parents:
            table = _descend(table, [(parent, span)], span)
        table.keys[name] = key
        self.blank()
        table.items[name] = self.value(key)

    def value(self, key: Span) -> Value[Any] | Table:
        """The value that starts here; `key` heads an inline table."""
        start = self.at
        if self.skip("{"):
            table = Table(key)
            while not self.skip("}"):
                self.pair(table)
                self.skip(",")
            return table
        if not self.skip("["):
            scalar = self.match(_SCALAR)
            self.at = scalar.end
            return Value(_plain(scalar.text), (Place(scalar),))
        members: list[Value[Any] | Table] = []
        while not self.skip("]"):
            members.append(self.value(self.source.span(self.at, self.at + 1)))
            self.skip(",")
        return Value(Items(tuple(members)), (Place(self.source.span(start, self.at)),))


def _plain(text: str) -> Any:
    """What the standard library makes of a key or a scalar."""
    if text[0] in "'\"" and text[1:2] != text[0] and "\\" not in text:
        return text[1:-1]
    return tomllib.loads(f"x={text}")["x"]


def _descend(table: Table, path: list[tuple[str, Span]], head: Span) -> Table:
    """The table at the path, made where it is missing; of an array of tables, the last one."""
    for name, key in path:
        table.keys.setdefault(name, key)
        inner = table.items.setdefault(name, Table(head))
        if isinstance(inner, list):
            inner = inner[-1]
        if not isinstance(inner, Table):  # tomllib refuses this
            raise ValueError(f"{name} is no table")
        table = inner
    return table
