"""Files of variables: `.env`, compose's `env_file`, systemd's `EnvironmentFile`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from serveaudit.source import Piece, SourceFile, Span

_LINE = re.compile(
    r"""^[ \t]*(?:export[ \t]+)?(?P<name>[\w.-]+)[ \t]*[=:][ \t]*
        (?:'(?P<single>[^']*)'|"(?P<double>(?:\\.|[^"\\])*)"|(?P<plain>[^\n]*))""",
    re.MULTILINE | re.VERBOSE | re.DOTALL,
)
_BARE = re.compile(r"^[ \t]*(?:export[ \t]+)?(?P<name>[A-Za-z_]\w*)[ \t]*$", re.MULTILINE)
_COMMENT = re.compile(r"(?:^|\s)#.*|\s+$")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable's name and its text: a view without quotes, escapes and comments. `quote` is ' or " or empty."""

    name: str
    key: Span
    text: SourceFile
    quote: str = ""


def parse(source: SourceFile) -> list[Variable]:
    """The variables in written order; lines that set none are passed over, as every reader of such files does."""
    found, at = [], 0
    while match := _LINE.search(source.text, at):
        at = max(match.end(), at + 1)
        key = source.span(*match.span("name"))
        if match["single"] is not None:
            found.append(Variable(match["name"], key, source.slice(*match.span("single")), "'"))
        elif match["double"] is not None:
            found.append(Variable(match["name"], key, _unescaped(source, *match.span("double")), '"'))
        else:
            start, end = match.span("plain")
            comment = _COMMENT.search(match["plain"])
            found.append(Variable(match["name"], key, source.slice(start, start + comment.start() if comment else end)))
    return found


def bare(source: SourceFile) -> list[Span]:
    """Names without a value, which compose takes from the shell that runs it."""
    return [source.span(*match.span("name")) for match in _BARE.finditer(source.text)]


def _unescaped(source: SourceFile, start: int, end: int) -> SourceFile:
    """The text between double quotes, its escapes replaced."""
    text, pieces, at = "", [], start
    for escape in _ESCAPE.finditer(source.text, start, end):
        pieces += [Piece(len(text), at, escape.start() - at)]
        text += source.text[at : escape.start()]
        pieces += [Piece(len(text), escape.start(), 2)]
        text += _ESCAPES.get(escape[1], escape[1] if escape[1] in "\"\\$'\n" else escape[0])
        at = escape.end()
    return source.view(text + source.text[at:end], [*pieces, Piece(len(text), at, end - at)])
