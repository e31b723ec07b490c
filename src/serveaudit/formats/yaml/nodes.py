"""The nodes of a YAML file: they keep their places, their text as written, and what their aliases share.

Nothing is constructed, so `off` stays `off`, unknown tags (`!reset`, `!Ref`) are words like any other, and a bomb of aliases is
a handful of shared nodes. No function here calls itself: deep nesting is no danger.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from serveaudit.formats.yaml.pieces import pieces
from serveaudit.source import Piece, SourceFile, Span
from serveaudit.values import Place, Unknown, Value

_INTEGER, _NUMBER = re.compile(r"[-+]?\d+"), re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_CORE = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_NULLS = ("", "~", "null", "Null", "NULL")


@dataclass(eq=False)
class Scalar:
    """A text. `span` is as written, with its quotes or its block's head; `text` is what YAML reads; `style` is one of
    "" (plain) ' " | > ; `origins` are values that it was made of before it was YAML."""

    span: Span
    text: str
    style: str = ""
    tag: str = ""
    origins: tuple[Value[Any], ...] = ()

    @property
    def null(self) -> bool:
        return not self.style and self.text in _NULLS

    @property
    def template(self) -> bool:
        """Whether a template's engine (Helm, Jinja) has yet to fill it in."""
        return "{{" in self.text or "{%" in self.text

    @cached_property
    def view(self) -> SourceFile:
        """The text as a source of its own: without quotes, escapes and a block's indentation, for what is embedded in it."""
        written, start = self.span.text, self.span.start
        found = pieces(written, self.text, self.style) or [Piece(0, 0, len(written))]
        return self.span.source.view(self.text, [Piece(p.inner, start + p.outer, p.length) for p in found])

    @property
    def place(self) -> Place:
        """The text's place: a span of the view, so that its `text` is exactly this text."""
        return Place(self.view.whole())

    def value(self) -> Value[Any]:
        """The text as a value; unknown where a template fills it in; None for a plain null."""
        if self.template:
            return Value(Unknown("a template fills it in", about=self.text), (self.place,)).also(*self.origins)
        return Value(None if self.null else self.text, (self.place,)).also(*self.origins)

    def typed(self) -> Value[Any]:
        """The value as YAML 1.2's core schema has it: numbers and true and false when plain, else text. `off` is text."""
        value = self.value()
        if self.style or not isinstance(value.x, str) or self.tag == "!!str":
            return value
        return value.map(_core)


def _core(text: str) -> bool | int | float | str:
    if text in _CORE:
        return _CORE[text]
    if len(text) > 300:
        return text
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _NUMBER.fullmatch(text) else text


@dataclass(eq=False)
class Sequence:
    """A list of nodes."""

    span: Span
    items: list[Node] = field(default_factory=list)
    tag: str = ""

    def __iter__(self) -> Iterator[Node]:
        return iter(self.items)

    @property
    def mappings(self) -> list[Mapping]:
        return [item for item in self.items if isinstance(item, Mapping)]

    @property
    def scalars(self) -> list[Scalar]:
        return [item for item in self.items if isinstance(item, Scalar)]


@dataclass(eq=False)
class Mapping:
    """Keys and their nodes, as written: `entries` has every key, also one that is given twice, and `<<`."""

    span: Span
    entries: list[tuple[Scalar, Node]] = field(default_factory=list)
    tag: str = ""

    @cached_property
    def own(self) -> dict[str, tuple[Scalar, Node]]:
        """What is written here; of a key that is given twice the last one, as every reader has it."""
        return {key.text: (key, node) for key, node in self.entries if not _is_merge(key)}

    def get(self, key: str) -> Node | None:
        """A key's node, also by way of `<<`."""
        return next((mapping.own[key][1] for mapping in self._merged() if key in mapping.own), None)

    def items(self) -> Iterator[tuple[Scalar, Node]]:
        """Every key once, merged ones last."""
        seen: set[str] = set()
        for mapping in self._merged():
            for name, entry in mapping.own.items():
                if name not in seen:
                    seen.add(name)
                    yield entry

    def mapping(self, key: str) -> Mapping | None:
        node = self.get(key)
        return node if isinstance(node, Mapping) else None

    def sequence(self, key: str) -> Sequence | None:
        node = self.get(key)
        return node if isinstance(node, Sequence) else None

    def scalar(self, key: str) -> Scalar | None:
        node = self.get(key)
        return node if isinstance(node, Scalar) else None

    def text(self, key: str) -> str:
        """A key's text; empty where there is none, or no text."""
        found = self.scalar(key)
        return found.text if found and not found.null else ""

    def at(self, *path: str) -> Node | None:
        """The node at a path of keys."""
        node: Node | None = self
        for key in path:
            node = node.get(key) if isinstance(node, Mapping) else None
        return node

    @property
    def head(self) -> Span:
        """Where a key would stand that is not there: the first key."""
        return self.entries[0][0].span if self.entries else self.span

    def _merged(self) -> Iterator[Mapping]:
        """This mapping and those that it merges, the strongest first, each once."""
        waiting: list[Mapping] = [self]
        seen: set[int] = set()
        while waiting:
            mapping = waiting.pop()
            if id(mapping) in seen:
                continue
            seen.add(id(mapping))
            yield mapping
            waiting += reversed(mapping._sources)

    @cached_property
    def _sources(self) -> list[Mapping]:
        found: list[Mapping] = []
        for key, node in self.entries:
            if _is_merge(key):
                found += [node] if isinstance(node, Mapping) else node.mappings if isinstance(node, Sequence) else []
        return found


Node = Scalar | Sequence | Mapping


def _is_merge(key: Scalar) -> bool:
    return key.text == "<<" and not key.style


def walk(node: Node) -> Iterator[Node]:
    """The node and every one below it, in written order, each once however often it is shared."""
    waiting, seen = [node], set[int]()
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        yield node
        if isinstance(node, Sequence):
            waiting += reversed(node.items)
        elif isinstance(node, Mapping):
            waiting += [child for key, value in reversed(node.entries) for child in (value, key)]
