"""How wide a text is in a picture, and where it breaks.

Measured with Helvetica's widths (Adobe's font metrics), and a margin for the wider faces that a reader may have instead.
"""

from __future__ import annotations

from collections.abc import Iterator
from unicodedata import combining, east_asian_width

_MARGIN = 1.12
"""DejaVu Sans and Verdana, the widest that browsers fall back to, take up to an eighth more than Helvetica."""
_BOLD = 1.07
_GROUPS = {
    222: "ijl'",
    278: " !,./:;I[\\]ft|",
    333: "()-`r{}",
    389: '*"^',
    500: "Jckszxvy",
    556: "#$?0123456789abdeghnopquL_",
    584: "+<=>~",
    611: "FTZ",
    667: "&ABEKPSVXY",
    722: "CDHNRUw",
    778: "GOQ",
    833: "Mm",
    889: "%",
    944: "W",
    1015: "@",
}
_WIDTHS = {char: width for width, chars in _GROUPS.items() for char in chars}


def width(text: str, size: float, bold: bool = False) -> float:
    """The width of a text in the units of `size`, at most."""
    thousandths = sum(_width(char) for char in text)
    return thousandths / 1000 * size * _MARGIN * (_BOLD if bold else 1)


def _width(char: str) -> int:
    if combining(char):
        return 0
    return _WIDTHS.get(char) or (1000 if east_asian_width(char) in "WF" or ord(char) > 0x2FF else 611)


def broken(text: str, size: float, room: float, bold: bool = False, most: int = 3) -> list[str]:
    """The text in lines that fit into the room: broken at spaces, else after a sign, else anywhere; what is left over after
    the last of `most` lines is cut off with an ellipsis."""
    lines: list[str] = []
    for line in _lines(text, size, room, bold):
        if len(lines) == most:
            lines[-1] = _cut(lines[-1], size, room, bold)
            break
        lines.append(line)
    return lines


def _lines(text: str, size: float, room: float, bold: bool) -> Iterator[str]:
    while text and width(text, size, bold) > room:
        fits = next(number for number in range(len(text), 0, -1) if number == 1 or width(text[:number], size, bold) <= room)
        at = _break(text, fits)
        yield text[:at].rstrip()
        text = text[at:].lstrip()
    if text:
        yield text


def _break(text: str, fits: int) -> int:
    """After how many of the characters that fit a line ends best."""
    space = text.rfind(" ", 0, fits + 1)
    if space > 0:
        return space
    sign = max(text.rfind(sign, 0, fits) for sign in "/.,:-_|")
    return sign + 1 if sign > fits // 2 else fits


def _cut(line: str, size: float, room: float, bold: bool) -> str:
    while line and width(line + "…", size, bold) > room:
        line = line[:-1]
    return line.rstrip() + "…"
