"""Text that was read, and places in it.

The only code that knows encodings, byte-order marks and line endings: everywhere else a text is a `str` with `\\n`.
"""

from __future__ import annotations

import codecs
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

LARGEST = 8 * 1024 * 1024
"""Bytes: a larger file is no configuration that a person wrote, and some parsers are quadratic in a token's length."""


T = TypeVar("T")


class Unreadable(Exception):
    """A file that can't be decoded into text. `reason` says why, in words for the user."""

    def __init__(self, reason: str, line: int = 1) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A line and a column, both from 1; a column counts characters."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of a view's text and where it stands in the outer text. `length` counts the outer characters: where it differs
    from the inner length (an escape, say), every place inside maps to the run as a whole."""

    inner: int
    outer: int
    length: int


def standing_for(inner: int, length: int, start: int, end: int) -> list[Piece]:
    """The pieces of what is put in for a run of the outer text: every character of it stands for the run as a whole."""
    if length < end - start:
        return [Piece(inner, start, end - start)]
    return [Piece(inner + index, start, end - start) for index in range(length)]


@dataclass(frozen=True, eq=False)
class SourceFile:
    """A file's text, or a view on a part of another one (a fence, a heredoc, a YAML scalar).

    `path` is relative to the working directory, with `/`. `outer` and `pieces` are set for a view only.
    """

    path: str
    text: str
    outer: SourceFile | None = None
    pieces: tuple[Piece, ...] = ()
    bom: bytes = b""
    encoding: str = "utf-8"
    carriage_returns: frozenset[int] | None = field(default=frozenset(), repr=False)
    """Lines (from 1) that end with `\\r\\n`; None: all of them."""
    _made: dict[Callable[..., Any], Any] = field(default_factory=dict, init=False, repr=False)

    @classmethod
    def decode(cls, path: str, data: bytes) -> SourceFile:
        """The text of a file's bytes. Raises Unreadable for what is no text, or too large to be a configuration."""
        if len(data) > LARGEST:
            raise Unreadable(f"larger than {LARGEST // 1024 // 1024} MiB")
        bom, encoding = _encoding(data)
        try:
            text = data[len(bom) :].decode(encoding)
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            raise Unreadable(f"not valid {encoding.upper()}: byte 0x{data[error.start]:02x} in line {line}", line) from None
        if "\0" in text:
            raise Unreadable("binary, not text", text.count("\n", 0, text.index("\0")) + 1)
        if "\r\n" not in text:
            return cls(path, text, bom=bom, encoding=encoding)
        ends = text.split("\n")[:-1]
        returns = frozenset(number for number, line in enumerate(ends, 1) if line.endswith("\r"))
        crlf = None if len(returns) == len(ends) else returns
        return cls(path, text.replace("\r\n", "\n"), bom=bom, encoding=encoding, carriage_returns=crlf)

    def encode(self, edits: Iterable[tuple[int, int, str]] = ()) -> bytes:
        """The file's bytes with (start, end, new text) put in; every byte outside of the edits stays as it was."""
        parts: list[str] = []
        cursor = 0
        for start, end, new in sorted(edits):
            ending = "\r\n" if self._ends_with_return(self.position(start).line) else "\n"
            parts += [self._raw(cursor, start), new.replace("\n", ending)]
            cursor = end
        parts.append(self._raw(cursor, len(self.text)))
        return self.bom + "".join(parts).encode(self.encoding)

    def once(self, read: Callable[[SourceFile], T]) -> T:
        """What `read` makes of the text: made when it is first asked for, and shared from then on. For what depends on nothing
        but the text, and is never changed."""
        if read not in self._made:
            self._made[read] = read(self)
        made: T = self._made[read]
        return made

    def span(self, start: int, end: int) -> Span:
        return Span(self, start, end)

    def whole(self) -> Span:
        return Span(self, 0, len(self.text))

    def line_span(self, line: int) -> Span:
        """The text of a line (from 1) without the white space around it; the last line when there are fewer."""
        line = max(1, min(line, len(self._starts)))
        start = self._starts[line - 1]
        end = self._starts[line] - 1 if line < len(self._starts) else len(self.text)
        content = self.text[start:end]
        start += len(content) - len(content.lstrip())
        return Span(self, start, max(start, start + len(content.strip())))

    def line_text(self, line: int) -> str:
        """A line's text (from 1) without its newline; empty past the end."""
        if not 1 <= line <= len(self._starts):
            return ""
        end = self._starts[line] - 1 if line < len(self._starts) else len(self.text)
        return self.text[self._starts[line - 1] : end]

    def offset(self, line: int, column: int = 1) -> int:
        """The offset of a line and column (from 1), held inside the text."""
        if line > len(self._starts):
            return len(self.text)
        return min(self._starts[max(line, 1) - 1] + column - 1, len(self.text))

    def position(self, offset: int) -> Position:
        line = bisect_right(self._starts, offset)
        return Position(line, offset - self._starts[line - 1] + 1)

    def view(self, text: str, pieces: Sequence[Piece], path: str = "") -> SourceFile:
        """A text that stands inside this one. `path` names it for messages; places are always told in the outer file."""
        return SourceFile(path or self.path, text, outer=self, pieces=tuple(pieces))

    def slice(self, start: int, end: int) -> SourceFile:
        """A view on a part that stands here word for word."""
        return self.view(self.text[start:end], [Piece(0, start, end - start)])

    def lines_view(self, lines: Iterable[tuple[int, int]]) -> SourceFile:
        """A view made of (start, end) runs of this text, each a line of the new one: an indented block without its indent."""
        text, pieces, inner = [], [], 0
        for start, end in lines:
            pieces.append(Piece(inner, start, end - start))
            text.append(self.text[start:end])
            inner += end - start + 1
        return self.view("\n".join(text) + ("\n" if text else ""), pieces)

    @cached_property
    def _starts(self) -> list[int]:
        starts, at = [0], self.text.find("\n")
        while at >= 0:
            starts.append(at + 1)
            at = self.text.find("\n", at + 1)
        return starts

    def _outer_offset(self, offset: int, closing: bool) -> int:
        at = max(bisect_right(self._inner_starts, offset - (1 if closing and offset else 0)) - 1, 0)
        if not self.pieces:
            return 0
        piece = self.pieces[at]
        following = self.pieces[at + 1].inner if at + 1 < len(self.pieces) else len(self.text)
        if following - piece.inner < piece.length:
            return piece.outer + (piece.length if closing else 0)
        return piece.outer + min(offset - piece.inner, piece.length)

    @cached_property
    def _inner_starts(self) -> list[int]:
        return [piece.inner for piece in self.pieces]

    def _ends_with_return(self, line: int) -> bool:
        return self.carriage_returns is None or line in self.carriage_returns

    def _raw(self, start: int, end: int) -> str:
        """A run of the text with its line endings as they stand in the file."""
        text = self.text[start:end]
        if self.carriage_returns == frozenset():
            return text
        first = self.position(start).line
        lines = text.split("\n")
        ended = [line + ("\r" if self._ends_with_return(first + n) else "") for n, line in enumerate(lines[:-1])]
        return "\n".join([*ended, lines[-1]])


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open run of characters in a source. Lines and columns are computed, never stored."""

    source: SourceFile
    start: int
    end: int

    @property
    def text(self) -> str:
        return self.source.text[self.start : self.end]

    @property
    def outermost(self) -> Span:
        """The same place in the file on disk."""
        return self.within(None)

    def within(self, source: SourceFile | None) -> Span:
        """The same place in a text further out, of which this one's text is a view, or a view on a view."""
        span = self
        while span.source is not source and span.source.outer is not None:
            view = span.source
            start = view._outer_offset(span.start, closing=False)
            end = view._outer_offset(span.end, closing=span.end > span.start)
            span = Span(span.source.outer, start, max(start, end))
        return span

    @property
    def path(self) -> str:
        return self.outermost.source.path

    @property
    def line(self) -> int:
        """The line in the file on disk, from 1."""
        span = self.outermost
        return span.source.position(span.start).line

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in a text that its format's reader could not read. The rest of the text may have been read."""

    span: Span
    message: str


def _encoding(data: bytes) -> tuple[bytes, str]:
    """The byte-order mark, as written, and the encoding that it tells."""
    for bom, encoding in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if data.startswith(bom):
            return bom, encoding
    return b"", "utf-8"
