"""Where the characters of a YAML scalar's text stand in what is written: quotes, escapes, folded lines, blocks."""

from __future__ import annotations

import re

from serveaudit.source import Piece

_HEADER = re.compile(r"[|>][-+0-9]*[ \t]*(?:#.*)?\n?")
_SINGLE = re.compile(r"''|[ \t]*\n\s*|[^'\n \t]+|[ \t]+|.")
_DOUBLE = re.compile(r'\\(?:x..|u.{4}|U.{8}|\n[ \t]*|.)|[ \t]*\n\s*|[^"\\\n \t]+|[ \t]+|.', re.DOTALL)


def pieces(raw: str, text: str, style: str) -> list[Piece]:
    """Which runs of the text stand where in what is written; nothing where that can't be told."""
    if style in ("|", ">"):
        return _block(raw, text)
    inside = 1 if style in ("'", '"') else 0
    if raw[inside : len(raw) - inside] == text:
        return [Piece(0, inside, len(text))]
    return _flow(raw[: len(raw) - inside], inside, text, _DOUBLE if style == '"' else _SINGLE)


def _flow(raw: str, start: int, text: str, tokens: re.Pattern[str]) -> list[Piece]:
    found, inner = [], 0
    for match in tokens.finditer(raw, start):
        token, breaks = match[0], match[0].count("\n")
        if token.startswith("\\"):
            made = 0 if breaks else 1
        elif breaks:
            made = max(breaks - 1, 1)
        else:
            made = 1 if token == "''" else len(token)
        found.append(Piece(inner, match.start(), len(token)))
        inner += made
    return found if inner == len(text) else []


def _block(raw: str, text: str) -> list[Piece]:
    """The lines of a block scalar, which stand in its text word for word but for their indentation."""
    head = _HEADER.match(raw)
    lines = raw[head.end() :].split("\n") if head else []
    depth = min((len(line) - len(line.lstrip(" ")) for line in lines if line.strip(" ")), default=0)
    found, inner, outer = [], 0, head.end() if head else 0
    for line in lines:
        content = line[depth:]
        at = text.find(content, inner) if content.strip() else -1
        if at >= 0:
            found.append(Piece(at, outer + depth, len(content)))
            inner = at + len(content)
        outer += len(line) + 1
    return found
