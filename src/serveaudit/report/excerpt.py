"""How audited text is shown: control characters escaped, secrets left out, tabs expanded, wide characters measured."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from unicodedata import category, combining, east_asian_width

TAB = 4
MASK = "***"
_LONGEST = 4000
"""Characters of a line that are looked at around a place: more than any terminal shows."""

_KEY = (
    r"(?:passwor[dt]|passwd|passphrase|(?<=[_-])pwd|secret(?!s)|token(?!s)|credential"
    r"|(?:api|private|access|auth|signing|encryption|fernet)[_-]?key)"
    r"(?:(?!file|path|dir\b|name|ref\b|header|hasher|validator|age\b|ttl|timeout|expir|length|lifetime)[\w-]){0,40}(?![\w-])"
)
_BARE = r"""(?![$<{%=:])(?!(?:none|null|true|false)\b)[^\s"',;()\[\]{}]++(?![(\[])"""
_VALUE = rf"""(?:[brfu]{{0,2}}(?:"(?P<double>(?:\\.|[^"\\])+)|'(?P<single>(?:\\.|[^'\\])+))|(?P<bare>{_BARE}))"""
_SECRETS = [
    re.compile(text, re.IGNORECASE)
    for text in (
        rf"""{_KEY}["']?\]?[ \t]*(?:=>|:=|==?|:|,)[ \t]*{_VALUE}""",
        rf"""{_KEY}["']?[ \t]*[=:][ \t]*[\[(][ \t]*(?P<bare>[^\])]+)""",
        rf"""(?:(?:--|\$|\bENV[ \t]+|^[ \t]*)[\w-]{{0,40}}?){_KEY}[ \t]+{_VALUE}""",
        r"""://(?P<bare>[^/\s@"'$]{1,200})@""",
        r"""\bauthorization\b["']?[ \t]*[:=,]?[ \t]*["']?(?:basic|bearer|token)[ \t]+(?P<bare>[^\s"'$;][^\s"';]*)""",
    )
]
_NAMED = re.compile(rf"""\bname["']?:[ \t]*["']?[\w-]*?{_KEY}["']?[ \t]*$""", re.IGNORECASE)
_ITS_VALUE = re.compile(rf"""^[ \t]*value:[ \t]*{_VALUE}""", re.IGNORECASE)


def visible(text: str) -> str:
    """The text without what a terminal would obey or would not show as it stands: control characters, changes of direction,
    characters of no width."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escaped(character) for character in text)


def hidden(line: str, before: str = "") -> list[tuple[int, int]]:
    """The parts of a line that look like a secret: values of keys named like one. `before` is the line above."""
    found = [match.span(name) for pattern in _SECRETS for match in pattern.finditer(line) for name in _groups(match)]
    if before and _NAMED.search(before):
        found += [match.span(name) for match in [_ITS_VALUE.match(line)] if match for name in _groups(match)]
    return sorted(found)


def without_secrets(text: str) -> str:
    """The text with `***` in place of what looks like a secret."""
    end, parts = 0, []
    for start, stop in hidden(text):
        if start >= end:
            parts += [text[end:start], MASK]
            end = stop
    return "".join([*parts, text[end:]])


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A line as it is shown. `cells[n]` is the column, from 0, at which the character `offset + n` of the line stands."""

    text: str
    cells: tuple[int, ...]
    offset: int = 0

    def cell(self, column: int) -> int:
        """Where a character (from 0) of the line stands on the screen; the nearest edge for one that is not shown."""
        return self.cells[min(max(column - self.offset, 0), len(self.cells) - 1)]


def excerpt(line: str, start: int, end: int, width: int, before: str = "", ellipsis: str = "…") -> Excerpt:
    """A line for a screen of `width` columns, cropped around the characters from `start` to `end` (from 0)."""
    first = max(0, start - _LONGEST // 4) if len(line) > _LONGEST else 0
    last = min(len(line), first + _LONGEST)
    outer = max(0, first - _LONGEST // 4)
    secrets = [(outer + from_, outer + to) for from_, to in hidden(line[outer:last], before)]
    pieces = list(_pieces(line, first, last, secrets))
    cells = list(accumulate((measure(piece) for piece in pieces), initial=0))
    low, high = _window(cells, start - first, end - first, width, whole=(first == 0, last == len(line)))
    left = ellipsis if low or first else ""
    right = ellipsis if high < len(pieces) or last < len(line) else ""
    shift = measure(left) - cells[low]
    return Excerpt(left + "".join(pieces[low:high]) + right, tuple(cell + shift for cell in cells[low : high + 1]), first + low)


def measure(text: str) -> int:
    """The columns that a text takes on a screen."""
    if text.isascii():
        return len(text)
    return sum(0 if combining(character) else 2 if east_asian_width(character) in "WF" else 1 for character in text)


def _groups(match: re.Match[str]) -> Iterator[str]:
    return (name for name, value in match.groupdict().items() if value)


def _escaped(character: str) -> str:
    kind = category(character)
    if kind[0] != "C" and kind not in ("Zl", "Zp"):
        return character
    return character.encode("unicode_escape").decode()


def _pieces(line: str, first: int, last: int, secrets: list[tuple[int, int]]) -> Iterator[str]:
    """What is shown for each character: nothing, itself, its escape, or the mask."""
    at = 0
    for index in range(first, last):
        inside = next((start for start, end in secrets if start <= index < end), None)
        if inside is not None:
            piece = MASK if index in (inside, first) else ""
        elif line[index] == "\t":
            piece = " " * (TAB - at % TAB)
        else:
            piece = visible(line[index])
        at += measure(piece)
        yield piece


def _window(cells: list[int], start: int, end: int, width: int, whole: tuple[bool, bool]) -> tuple[int, int]:
    """Which characters are shown, from and to: all when they fit, else a run of them that begins a little before `start`."""
    last = len(cells) - 1
    if all(whole) and cells[-1] <= width:
        return 0, last
    start, end = min(max(start, 0), last), min(max(end, 0), last)
    room = max(width - 2, 10)
    low = 0
    if cells[end] > room - 4:
        spare = max(room - (cells[end] - cells[start]), 8) // 2
        low = next(index for index, cell in enumerate(cells) if cell >= max(0, cells[start] - spare))
    high = low
    while high < last and cells[high + 1] - cells[low] <= room:
        high += 1
    return low, high
