"""XML: elements with their attributes, texts and places.

Entities that a document declares itself are refused: a few lines of them can stand for gigabytes. Nothing outside of the
document is read.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NoReturn
from xml.parsers import expat

from serveaudit.source import Piece, Problem, SourceFile, Span


@dataclass(slots=True)
class Text:
    """Characters between tags: references are replaced, white space is kept."""

    text: str
    span: Span


@dataclass(slots=True)
class Element:
    """An element. `span` is its start tag up to where its end tag begins."""

    name: str
    attributes: dict[str, str]
    span: Span
    content: list[Element | Text] = field(default_factory=list)

    @property
    def elements(self) -> list[Element]:
        return [each for each in self.content if isinstance(each, Element)]


@dataclass(frozen=True, slots=True)
class Document:
    """The outermost element; None, with a problem, where the text is no XML."""

    root: Element | None
    problems: tuple[Problem, ...] = ()


def parse(source: SourceFile) -> Document:
    """The document. What is not well formed is a problem, never an exception."""
    reader = _Reader(source)
    try:
        reader.read()
    except expat.ExpatError as error:
        message = expat.errors.messages[error.code]
        return Document(None, (Problem(source.line_span(error.lineno), f"no XML: {message}"),))
    except _Declared as declared:
        return Document(None, (Problem(source.line_span(declared.line), "entities of its own are not read"),))
    return Document(reader.root)


class _Declared(Exception):
    """A document declares an entity."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


class _Reader:
    """One pass over the text."""

    def __init__(self, source: SourceFile) -> None:
        self.source = source
        self.data = source.text.encode("utf-8", "surrogatepass")
        self.root: Element | None = None
        self.open: list[Element] = []
        self.chunks: list[str] = []
        self.text_start = 0
        self.seen = (0, 0)
        self.parser = expat.ParserCreate("utf-8")

    def read(self) -> None:
        parser = self.parser
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.EntityDeclHandler = self._declared
        parser.Parse(self.data, True)

    def _at(self) -> int:
        """Where the parser is, in characters: it goes forward only."""
        byte = self.parser.CurrentByteIndex
        seen_byte, seen = self.seen
        self.seen = byte, seen + len(self.data[seen_byte:byte].decode("utf-8", "replace"))
        return self.seen[1]

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        at = self._at()
        self._settle(at)
        element = Element(name, attributes, self.source.span(at, at))
        if self.open:
            self.open[-1].content.append(element)
        else:
            self.root = element
        self.open.append(element)

    def _end(self, name: str) -> None:
        at = self._at()
        self._settle(at)
        element = self.open.pop()
        element.span = self.source.span(element.span.start, max(at, element.span.start))

    def _characters(self, text: str) -> None:
        at = self._at()
        if not self.chunks:
            self.text_start = at
        self.chunks.append(text)

    def _settle(self, end: int) -> None:
        """Puts the text before a tag into the element around it."""
        if self.chunks and self.open:
            text, raw = "".join(self.chunks), self.source.span(self.text_start, end)
            if text != raw.text:
                raw = self.source.view(text, [Piece(0, raw.start, end - raw.start)]).whole()
            self.open[-1].content.append(Text(text, raw))
        self.chunks = []

    def _declared(self, *_: object) -> NoReturn:
        raise _Declared(self.parser.CurrentLineNumber)
