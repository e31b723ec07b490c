"""Texts inside of texts: what a quoted word says to another shell, what a here-document puts into a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from serveaudit.source import Piece, SourceFile, Span
from serveaudit.values import Value

_ESCAPES = {"n": "\n", "t": "\t"}

Run = tuple[int, int, int, int]
"""A run of a text: where it begins there, where as written, and its length in both."""


def composed(parts: Sequence[tuple[str, Span]]) -> SourceFile:
    """A text made of parts, each with the place that it comes from; all of them must be in one file on disk."""
    sources = {id(span.source): span.source for _, span in parts}
    near = next(iter(sources.values())) if len(sources) == 1 else None
    text, pieces = "", list[Piece]()
    for content, span in parts:
        for inner, raw, length, written in _by_line(content, aligned(span.text, content)):
            own = span.source.span(span.start + raw, span.start + raw + written)
            own = own if near else own.outermost
            pieces += _standing_for(len(text) + inner, length, own.start, own.end)
        text += content
    outer = near or (parts[0][1].outermost.source if parts else SourceFile("", ""))
    return outer.view(text, pieces)


def _by_line(text: str, runs: Sequence[Run]) -> Iterator[Run]:
    """The runs, cut after each line: in an outer text its lines may be indented."""
    for inner, raw, length, written in runs:
        end = inner + length
        while length == written and (cut := text.find("\n", inner, end) + 1) and cut < end:
            yield inner, raw, cut - inner, cut - inner
            inner, raw = cut, raw + cut - inner
        yield inner, raw, end - inner, written if length != written else end - inner


def _standing_for(inner: int, length: int, start: int, end: int) -> list[Piece]:
    """A run that is written otherwise than it reads stands for what is written as a whole, each of its characters does."""
    if length <= end - start:
        return [Piece(inner, start, end - start)]
    return [Piece(inner + index, start, end - start) for index in range(length)]


def aligned(raw: str, text: str) -> list[Run]:
    """Which part of the text is which part of what is written, whose quotes, escapes and indents the text lacks. One run for
    all of it where the two can't be brought together."""
    if raw == text:
        return [(0, 0, len(text), len(text))]
    at, runs = 0, list[Run]()
    for inner, character in enumerate(text):
        while at < len(raw) and not _reads(raw, at, character, len(raw) - at > len(text) - inner):
            if raw[at] not in "\\\"'" and not raw[at].isspace():
                return [(0, 0, len(text), len(raw))]
            at += 1
        if at == len(raw):
            return [(0, 0, len(text), len(raw))]
        written = 2 if raw[at] == "\\" and character != "\\" else 1
        if runs and written == 1 and runs[-1][2] == runs[-1][3] and runs[-1][1] + runs[-1][3] == at:
            runs[-1] = (runs[-1][0], runs[-1][1], runs[-1][2] + 1, runs[-1][3] + 1)
        else:
            runs.append((inner, at, 1, written))
        at += written
    return runs


def _reads(raw: str, at: int, character: str, longer: bool) -> bool:
    """Whether the character is what stands there."""
    following = raw[at + 1 : at + 2]
    if raw[at] == "\\" and following and longer:
        return character in (following, _ESCAPES.get(following)) if following != "\n" else False
    return raw[at] == character or (raw[at] == "\n" and character == " ")


def inner_script(value: Value[Any]) -> tuple[SourceFile, bool] | None:
    """The text that a word gives to another shell, and whether variables in it are for that shell still to be put in by the
    outer one. None where it is not known."""
    if isinstance(value.x, str):
        for place in value.places:
            runs = aligned(place.span.text, value.x)
            if len(runs) > 1 or place.span.text == value.x or (runs and runs[0][3] == len(value.x)):
                return composed([(value.x, place.span)]), False
        return (composed([(value.x, value.places[0].span)]), False) if value.places else (SourceFile("", value.x), False)
    raw = value.places[0].span.text if value.places else ""
    if len(raw) < 2 or not (raw[0] == raw[-1] == '"'):
        return None
    span = value.places[0].span
    text = _without_escapes(raw[1:-1])
    return composed([(text, span.source.span(span.start + 1, span.end - 1))]), True


def _without_escapes(raw: str) -> str:
    text, at = "", 0
    while at < len(raw):
        escape = raw[at] == "\\" and raw[at + 1 : at + 2] in ("$", '"', "`", "\\")
        text += raw[at + escape : at + escape + 1]
        at += 1 + escape
    return text
