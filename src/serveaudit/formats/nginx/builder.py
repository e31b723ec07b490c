"""Tokens -> directives; what does not fit becomes a problem, and the rest is still read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache

from crossplane import analyzer

from serveaudit.formats.nginx.templates import FILLER, Choices, Event, Masked
from serveaudit.formats.nginx.tokens import Stop, Token
from serveaudit.formats.nginx.tree import Directive, Tree, Word, unescaped, walk
from serveaudit.source import Problem, SourceFile

MOST_PROBLEMS = 20
"""A text with more is told by its first ones."""


def build(source: SourceFile, masked: Masked, tokens: Sequence[Token], stops: Sequence[Stop]) -> Tree:
    """The tree of a text's tokens."""
    builder = _Builder(source, masked)
    builder.read(_without_controls(tokens, masked) if masked.kind else tokens)
    tree = builder.tree
    tree.problems += [Problem(source.span(stop.start, stop.end), stop.message) for stop in stops]
    tree.problems.sort(key=lambda problem: problem.span.start)
    del tree.problems[MOST_PROBLEMS:]
    return tree


class _Builder:
    def __init__(self, source: SourceFile, masked: Masked) -> None:
        self.source = source
        self.tree = Tree(source, [], template=masked.kind)
        self.block = self.tree.directives
        self.open: list[Directive] = []
        self.choices = Choices(masked.events) if masked.events else None

    def read(self, tokens: Sequence[Token]) -> None:
        words: list[Token] = []
        for token in tokens:
            word = token[0]
            if token[3]:
                words.append(token)
            elif word == ";":
                self._end(words, token)
                words = []
            elif word == "{":
                self._begin(words, token)
                words = []
            elif word == "}":
                self._close(words, token)
                words = []
            elif not word.startswith("#"):
                words.append(token)
        if words:
            self._unterminated(words)
        if self.open:
            self._never_closed()

    def _end(self, words: list[Token], token: Token) -> None:
        if not words:
            self._problem(token, 'unexpected ";"')
        else:
            self._add(words, token[2])

    def _begin(self, words: list[Token], token: Token) -> None:
        if not words:
            self._problem(token, 'unexpected "{"')
            words = [("", token[1], token[1], "")]
        directive = self._add(words, token[2], opens=True)
        directive.block = []
        self.open.append(directive)
        self.block = directive.block

    def _close(self, words: list[Token], token: Token) -> None:
        if words:
            self._unterminated(words)
        if not self.open:
            self._problem(token, 'unexpected "}"')
            return
        self.open.pop().end = token[2]
        outer = self.open[-1].block if self.open else None
        self.block = self.tree.directives if outer is None else outer

    def _unterminated(self, words: list[Token]) -> None:
        directive = self._add(words, words[-1][2])
        self._missing_semicolon(directive)

    def _add(self, tokens: list[Token], end: int, opens: bool = False) -> Directive:
        if len(tokens) > 1 and "\n" in self.source.text[tokens[0][2] : tokens[-1][1]]:
            tokens = self._split(tokens, opens)
        directive = self._directive(tokens, end)
        self.block.append(directive)
        return directive

    def _directive(self, tokens: list[Token], end: int) -> Directive:
        source = self.source
        words = tuple([Word(self._text(token), source, token[1], token[2], token[3] != "") for token in tokens])
        directive = Directive(words[0].text, words, source, tokens[0][1], tokens[-1][2], end)
        if self.choices:
            self.choices.until(directive.start)
            directive.branch = self.choices.arms()
            directive.torn = bool(self.choices.until(directive.head_end))
        return directive

    def _text(self, token: Token) -> str:
        word, start, end, quoting = token
        if "\\" not in word and FILLER not in word:
            return word
        if quoting == "lua":
            return word
        return unescaped(self.source.text[start + 1 : end - 1] if quoting else self.source.text[start:end])

    def _split(self, tokens: list[Token], opens: bool) -> list[Token]:
        """The last of the directives that a missing `;` made one; those before it are added to the block."""
        begin = 0
        for at in range(1, len(tokens)):
            word, start, _, quoting = tokens[at]
            if quoting or word not in analyzer.DIRECTIVES or not self._first_in_line(start):
                continue
            if _too_much(tokens[begin][0], len(tokens) - begin - 1, opens):
                directive = self._directive(tokens[begin:at], tokens[at - 1][2])
                self.block.append(directive)
                self._missing_semicolon(directive)
                begin = at
        return tokens[begin:]

    def _first_in_line(self, offset: int) -> bool:
        line = self.source.text[self.source.text.rfind("\n", 0, offset) + 1 : offset]
        return not line or line.isspace()

    def _missing_semicolon(self, directive: Directive) -> None:
        message = f'directive "{directive.name[:60]}" is not terminated by ";"'
        self.tree.problems.append(Problem(directive.head, message))

    def _never_closed(self) -> None:
        end = self.open[-1].block[-1].end if self.open[-1].block else self.open[-1].head_end
        for directive in self.open:
            directive.end = end
        head = (self._wrongly_closed() or self.open[0]).head
        self.tree.problems.append(Problem(head, 'unexpected end of file, expecting "}": this block is never closed'))

    def _wrongly_closed(self) -> Directive | None:
        """The first block whose closing brace stands further left than its head: by its looks another block's brace."""
        still_open = {id(directive) for directive in self.open}
        closed = [found for found in walk(self.tree.directives) if found.block is not None and id(found) not in still_open]
        wrong = filter(self._closed_further_left, closed)
        return min(wrong, key=lambda found: found.end, default=None)

    def _closed_further_left(self, directive: Directive) -> bool:
        brace = directive.end - 1
        return self._first_in_line(brace) and self._indent(brace) < self._indent(directive.start)

    def _indent(self, offset: int) -> int:
        line = self.source.text[self.source.text.rfind("\n", 0, offset) + 1 : offset + 1]
        return len(line) - len(line.lstrip())

    def _problem(self, token: Token, message: str) -> None:
        self.tree.problems.append(Problem(self.source.span(token[1], token[2]), message))


def _too_much(name: str, arguments: int, opens: bool) -> bool:
    """Whether crossplane's table says that the directive takes fewer arguments than these, or no block."""
    most, block = _takes(name)
    return arguments > most or (opens and not block)


@cache
def _takes(name: str) -> tuple[float, bool]:
    """The most arguments that a directive takes, and whether it can have a block; no limit for what the table lacks."""
    masks = analyzer.DIRECTIVES.get(name)
    if not masks:
        return float("inf"), True
    endless = analyzer.NGX_CONF_ANY | analyzer.NGX_CONF_1MORE | analyzer.NGX_CONF_2MORE
    counts = [float("inf") if mask & endless else _highest(mask) for mask in masks]
    return max(counts), any(mask & analyzer.NGX_CONF_BLOCK for mask in masks)


def _highest(mask: int) -> int:
    if mask & analyzer.NGX_CONF_FLAG:
        return 1
    return max((count for count in range(8) if mask >> count & 1), default=0)


def _without_controls(tokens: Sequence[Token], masked: Masked) -> list[Token]:
    """A template's tokens: what it puts in as whole statements stands as a directive of its own, and the further arms of a
    choice whose first one opens or closes blocks are left out."""
    return _apart(list(_even(tokens, masked)), masked.text)


def _even(tokens: Sequence[Token], masked: Masked) -> Iterator[Token]:
    choices = Choices(masked.events)
    depths: list[int] = []
    depth = skipping = 0
    for token in tokens:
        for event in choices.until(token[1]):
            if event.kind == "open":
                depths.append(depth)
            elif event.kind == "close" and depths:
                depths.pop()
                skipping = 0 if len(depths) < skipping else skipping
            elif event.kind == "arm" and depths and depth != depths[-1] and not skipping:
                skipping = len(depths)
                yield from _statement(event)
            elif event.kind == "insert" and not skipping:
                yield from _statement(event)
        if skipping:
            continue
        if not token[3]:
            depth += (token[0] == "{") - (token[0] == "}")
        yield token


def _statement(event: Event) -> Iterator[Token]:
    yield FILLER, event.start, event.end, ""
    yield ";", event.end, event.end, ""


def _apart(tokens: list[Token], text: str) -> list[Token]:
    """Ends a statement after expressions that stand alone on their line, where a statement may begin."""
    result: list[Token] = []
    alone: list[Token] = []
    fresh = True
    for token in tokens:
        if alone and ("\n" in text[alone[-1][2] : token[1]] or token[0] == ";" or token[0] == "}"):
            result += [part for word in alone for part in (word, (";", word[2], word[2], ""))]
            alone, fresh = [], True
            if token[0] == ";" and not token[3]:
                continue
        if fresh and not token[3] and token[0].strip(FILLER) == "" and token[0]:
            alone.append(token)
            continue
        result += [*alone, token]
        alone = []
        fresh = not token[3] and (token[0] in ("{", "}", ";") or (fresh and token[0].startswith("#")))
    return result + [part for word in alone for part in (word, (";", word[2], word[2], ""))]
