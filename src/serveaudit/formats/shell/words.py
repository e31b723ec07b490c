"""The words of a shell script: quotes, escapes and expansions, as parts with exact places."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from serveaudit.formats.shell.documents import PLACEHOLDER, closing_brace
from serveaudit.formats.shell.tree import Arithmetic, Opaque, Output, Part, Statement, Text, Variable, Word
from serveaudit.source import SourceFile, Span

DEEPEST = 8
"""Substitutions that are nested deeper are not read; Python's own stack is the limit."""

_ESCAPES = {
    "n": "\n",
    "t": "\t",
    "r": "\r",
    "\\": "\\",
    "'": "'",
    '"': '"',
    "a": "\a",
    "b": "\b",
    "e": "\x1b",
    "f": "\f",
    "v": "\v",
}
_NAME = re.compile(r"\$([A-Za-z_]\w*|[0-9@*#?$!-])")
_BRACED = re.compile(r"\$\{([#!]?)([A-Za-z_]\w*|\d+|[@*#?$!-])(?:\[([^\]]*)\])?")
_OPERATOR = re.compile(r":[-=?+]|[-=?+]|##?|%%?|//?|\^\^?|,,?|:|@|\*")
_STOPS = {"": re.compile(r"[\\'\"$`{<>]"), '"': re.compile(r"[\\$`\"{]"), "<<": re.compile(r"[\\$`{]")}
_QUOTED = re.compile(r"'[^']*'|\"(?:\\.|[^\"\\])*\"|\\.|[()]", re.DOTALL)


class WordReader:
    """Reads words in a source; `commands` reads the statements of a substitution's text."""

    def __init__(self, source: SourceFile, commands: Callable[[SourceFile], tuple[Statement, ...]]) -> None:
        self.source = source
        self.text = source.text
        self.commands = commands
        self.depth = 0

    def word(self, start: int, end: int) -> Word:
        """The word that stands there."""
        return Word(self.hole(start, end) or tuple(self.parts(start, end, "")), self.source.span(start, end))

    def hole(self, start: int, end: int) -> tuple[Part, ...]:
        """The statement of a template inside of which a word was put for the grammar: a condition that is not known."""
        opened = self.text.rfind("{%", self.text.rfind("\n", 0, start) + 1, start)
        found = PLACEHOLDER.match(self.text, opened) if opened >= 0 else None
        return (Opaque(found[0], self.span(found)),) if found and found.end() >= end else ()

    def document(self, start: int, end: int) -> Word:
        """A here-document in which variables are replaced."""
        return Word(tuple(self.parts(start, end, "<<")), self.source.span(start, end))

    def parts(self, start: int, end: int, quote: str) -> Iterator[Part]:
        """`quote` is what the text stands in: `"`, `<<` (a here-document), or nothing."""
        self.depth += 1
        begin = at = start
        while at < end and self.depth <= DEEPEST:
            special = _STOPS[quote].search(self.text, at, end)
            if special is None:
                break
            at = special.start()
            if self.text[at] == "\\":
                at += 2
                continue
            stop, found = self.special(at, end, quote)
            if stop > at:
                yield from self.literal(begin, at, quote)
                yield from found
                begin = stop
            at = max(stop, at + 1)
        yield from self.literal(begin, end, quote)
        self.depth -= 1

    def special(self, at: int, end: int, quote: str) -> tuple[int, list[Part]]:
        """The part that begins here and where it ends; an end that is no further on where none begins."""
        character, following = self.text[at], self.text[at + 1 : at + 2]
        if character == "'" or (character == "$" and following == "'" and not quote):
            return self.single(at + (character == "$"), end)
        if character == '"' or (character == "$" and following == '"' and not quote):
            return self.double(at + (character == "$"), end)
        if character == "{":
            hole = PLACEHOLDER.match(self.text, at, end)
            return (hole.end(), [Opaque(hole[0], self.span(hole), bool(quote))]) if hole else (at, [])
        if character in "<>":
            stop = self.closing(at + 2, end) if following == "(" else at
            return stop, [Opaque(self.text[at:stop], self.source.span(at, stop))]
        if character == "`":
            stop = _backtick(self.text, at + 1, end)
            return stop, [self.output(at, stop, at + 1, stop - 1, bool(quote))]
        return self.expansion(at, end, bool(quote))

    def single(self, at: int, end: int) -> tuple[int, list[Part]]:
        """`'…'`; after a `$` its escapes are those of C."""
        ansi = at > 0 and self.text[at - 1] == "$"
        stop = at + 1
        while stop < end and self.text[stop] != "'":
            stop += 2 if ansi and self.text[stop] == "\\" else 1
        text, span = self.text[at + 1 : stop], self.source.span(at + 1, max(at + 1, min(stop, end)))
        return min(stop + 1, end), [Text(_ansi(text) if ansi else text, span, True)]

    def double(self, at: int, end: int) -> tuple[int, list[Part]]:
        stop = self.closing_quote(at + 1, end)
        found = list(self.parts(at + 1, stop, '"')) or [Text("", self.source.span(at + 1, at + 1), True)]
        return min(stop + 1, end), found

    def closing_quote(self, at: int, end: int) -> int:
        while at < end and self.text[at] != '"':
            if self.text[at] == "\\":
                at += 2
            elif self.text.startswith("$(", at):
                at = self.closing(at + 2, end)
            elif self.text.startswith("${", at):
                at = max(closing_brace(self.text, at + 2, end), at + 1) + 1
            elif self.text[at] == "`":
                at = _backtick(self.text, at + 1, end)
            else:
                at += 1
        return min(at, end)

    def expansion(self, at: int, end: int, quoted: bool) -> tuple[int, list[Part]]:
        if self.text.startswith("$((", at):
            stop = self.closing(at + 2, end)
            if self.text[stop - 2 : stop] == "))":
                return stop, [Arithmetic(tuple(self.tokens(at + 3, stop - 2)), self.source.span(at, stop), quoted)]
        if self.text.startswith("$(", at):
            stop = self.closing(at + 2, end)
            return stop, [self.output(at, stop, at + 2, stop - 1, quoted)]
        if self.text.startswith("${", at):
            return self.braced(at, end, quoted)
        name = _NAME.match(self.text, at, end)
        return (name.end(), [Variable(name[1], self.span(name), quoted)]) if name else (at, [])

    def braced(self, at: int, end: int, quoted: bool) -> tuple[int, list[Part]]:
        """`${NAME}`, `${NAME op operand}`. Source: Bash's manual, "Shell Parameter Expansion"."""
        close, head = closing_brace(self.text, at + 2, end), _BRACED.match(self.text, at, end)
        if close < 0 or head is None or head.end() > close:
            return at, []
        span = self.source.span(at, close + 1)
        op = {"#": "length", "!": "indirect"}.get(head[1], "")
        if head[3] is not None:
            op = op or ("all" if head[3] in ("@", "*") else "index")
        operator = _OPERATOR.match(self.text, head.end(), close)
        if operator is None:
            return close + 1, [Variable(head[2], span, quoted, op)]
        inside = tuple(self.parts(operator.end(), close, '"' if quoted else ""))
        operand = Word(inside, self.source.span(operator.end(), close))
        return close + 1, [Variable(head[2], span, quoted, op or operator[0], operand)]

    def output(self, start: int, end: int, first: int, last: int, quoted: bool) -> Part:
        span = self.source.span(start, end)
        if self.depth > DEEPEST:
            return Opaque(span.text, span, quoted)
        return Output(self.commands(self.source.slice(first, max(first, last))), span, quoted)

    def tokens(self, start: int, end: int) -> Iterator[str | Part]:
        """The numbers, names and operators of a sum, and the expansions in it."""
        for part in self.parts(start, end, '"'):
            if isinstance(part, Text):
                yield from re.findall(r"\w+|[<>=!]=|&&|\|\||\*\*|<<|>>|[^\s\w]", part.text)
            else:
                yield part

    def closing(self, at: int, end: int) -> int:
        """Behind the `)` that closes what was opened before; the end where there is none."""
        depth = 1
        for token in _QUOTED.finditer(self.text, at, end):
            depth += {"(": 1, ")": -1}.get(token[0], 0)
            if depth == 0:
                return token.end()
        return end

    def literal(self, start: int, end: int, quote: str) -> Iterator[Text]:
        if start < end:
            yield Text(_unescaped(self.text[start:end], quote), self.source.span(start, end), bool(quote))

    def span(self, match: re.Match[str]) -> Span:
        return self.source.span(*match.span())


_ESCAPED = {"": r"\\(.)", '"': r'\\([$`"\\])', "<<": r"\\([$`\\])"}


def _unescaped(text: str, quote: str) -> str:
    r"""In double quotes `\` protects only `$`, a backtick, `"`, `\` and the end of the line."""
    if "\\" not in text:
        return text
    return re.sub(_ESCAPED[quote], r"\1", text.replace("\\\n", ""), flags=re.DOTALL)


def _backtick(text: str, at: int, end: int) -> int:
    while at < end and text[at] != "`":
        at += 2 if text[at] == "\\" else 1
    return min(at + 1, end)


def _ansi(text: str) -> str:
    return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[0]), text, flags=re.DOTALL)
