"""nginx text -> tokens, by crossplane's lexer.

crossplane tells each token's line only. It takes its text from an iterable and pulls one item at a time, so how far that
iterable has been drawn when a token comes tells the token's exact place. The items need not be single characters: what it
does with an item is compare it with the special ones, so runs of ordinary characters are given whole, which makes it three
times as fast and leaves `${NAME} next` two words (character by character, 0.5.8 reads them as one).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from operator import length_hint
from typing import Literal, cast

from crossplane.errors import NgxParserBaseException
from crossplane.ext.lua import LuaBlockPlugin
from crossplane.lexer import EXTERNAL_LEXERS, _lex_file_object, register_external_lexer

from serveaudit.formats.nginx.templates import FILLER

MOST_RESTARTS = 20
"""After this many unclosed quotes the rest of a text is not read: each costs another pass."""

LONGEST_COMMENT = 4096
"""Characters of a comment that are read: nginx refuses longer ones, and crossplane joins them in quadratic time."""

_NEWER_LUA = ("exit_worker", "precontent", "proxy_ssl_certificate", "proxy_ssl_verify", "server_rewrite", "ssl_client_hello")
register_external_lexer([f"{name}_by_lua_block" for name in _NEWER_LUA], LuaBlockPlugin().lex)

_ORDINARY = r"""\n+|[^\S\n]+|\\.|\$\{[^}\s]*\}|."""
_CHUNKS = re.compile(rf"""(?<=[\s;{{}}]\#)[^\n"'\\]+|[^\s{{}};"'#$\\]+|{_ORDINARY}""", re.DOTALL)
_LUA_CHUNKS = re.compile(rf"""[^\s{{}};"'#$\\-]+|{_ORDINARY}""", re.DOTALL)
_HUGE_COMMENT = re.compile(rf"(?:^|[;{{}}])[ \t]*#[^\n]{{{LONGEST_COMMENT},}}", re.MULTILINE)
_STATEMENT_END = re.compile(r";[ \t]*\n")

_SPECIAL = frozenset("{};")
_QUOTES = ("'", '"')
_AFTER_QUOTE = ("", ";", "{", "}", ")", FILLER)

Quoting = Literal["", "'", '"', "lua"]


Token = tuple[str, int, int, Quoting]
"""A token as crossplane gives it (quotes taken off), its start and end with the quotes, and how it is quoted. A plain tuple:
there are three for each line of a file."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Where reading broke off, and why."""

    start: int
    end: int
    message: str


def tokenize(text: str) -> tuple[list[Token], list[Stop]]:
    """Every token of the text; after an unclosed quote reading goes on with the next line."""
    text = _without_huge_comments(text)
    tokens: list[Token] = []
    stops: list[Stop] = []
    base = 0
    for _ in range(MOST_RESTARTS):
        found, stop = _lex(text, base)
        tokens += found
        if stop is None:
            return tokens, stops
        while tokens and (tokens[-1][2] > stop.start or not _ends_statement(tokens[-1])):
            tokens.pop()
        stops.append(stop)
        base = text.find("\n", stop.start) + 1
        if not base:
            return tokens, stops
    return tokens, [*stops, Stop(base, len(text), "not read from here on: too many unclosed quotes")]


def _ends_statement(token: Token) -> bool:
    return not token[3] and (token[0] in _SPECIAL or token[0].startswith("#"))


def _without_huge_comments(text: str) -> str:
    if len(text) < LONGEST_COMMENT:
        return text
    return _HUGE_COMMENT.sub(lambda found: found[0][: found[0].index("#")].ljust(len(found[0])), text)


def _lex(text: str, base: int) -> tuple[list[Token], Stop | None]:
    """The tokens from `base` on, up to the end or to where a quote is opened that nothing closes."""
    pattern = _LUA_CHUNKS if "_by_lua_block" in text else _CHUNKS
    chunks = pattern.findall(text, base)
    chunks.append("\n")
    source = iter(chunks)
    ends = list(accumulate(map(len, chunks), initial=base))
    tokens: list[Token] = []
    try:
        _place(tokens, text, source, ends)
    except NgxParserBaseException as error:
        start, end = tokens[-1][1:3] if tokens else (base, len(text))
        return tokens, Stop(start, end, str(error.strerror))
    end = tokens[-1][2] if tokens else base
    rest = text[end:]
    if not rest or rest.isspace():
        return tokens, _glued(text, tokens)
    return tokens, _unclosed(text, tokens, end + len(rest) - len(rest.lstrip()))


def _place(tokens: list[Token], text: str, source: Iterator[str], ends: list[int]) -> None:
    """Adds crossplane's tokens with their places. `ends` holds where each item of `source` starts, and the end of the last."""
    count = len(ends) - 1
    append = tokens.append
    for word, _, quoted in _lex_file_object([source]):
        drawn = count - length_hint(source)
        end = ends[drawn]
        if quoted:
            append(_quoted(word, text, end))
        elif word in _SPECIAL:
            append((word, end - 1, end, ""))
        else:
            end = ends[drawn - 1]
            append((word, end - len(word), end, ""))


def _quoted(word: str, text: str, end: int) -> Token:
    quote = text[end - 1]
    if quote == "}":
        return word, end - 1 - len(word), end - 1, "lua"
    # An escaped quote stands for one character, and no other quote of this kind is inside.
    return word, end - 2 - len(word) - word.count(quote), end, cast(Quoting, quote)


def _unclosed(text: str, tokens: list[Token], start: int) -> Stop:
    """The quote that was forgotten: if an earlier string runs over the end of a statement, it is that one."""
    over = (
        opened for _, opened, closed, quoting in tokens if quoting in _QUOTES and _STATEMENT_END.search(text, opened, closed)
    )
    start = next(over, start)
    name = "quote" if text[start] in _QUOTES else "block"
    return Stop(start, _line_end(text, start), f"unexpected end of file: this {name} is never closed")


def _glued(text: str, tokens: list[Token]) -> Stop | None:
    """A string that something follows without a space, which nginx refuses: mostly its quote was forgotten lines before."""
    for _, start, end, quoting in tokens:
        if quoting in _QUOTES and text[end : end + 1] not in _AFTER_QUOTE and not text[end].isspace():
            if _STATEMENT_END.search(text, start, end):
                return Stop(start, _line_end(text, start), "this quote is not closed in its line")
            return Stop(start, end, f'unexpected "{text[end]}" after a quoted string')
    return None


def _line_end(text: str, start: int) -> int:
    end = text.find("\n", start)
    return end if end >= 0 else len(text)


def block_directive_is_lua(name: str) -> bool:
    """Whether the directive's block is Lua text, not directives."""
    return name in EXTERNAL_LEXERS
