"""Directives and blocks with their places."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from serveaudit.formats.nginx.templates import Arm, Kind, expressions
from serveaudit.source import Problem, SourceFile, Span

_ESCAPE = re.compile(r"""\\(["'\\trn])""")
_ESCAPED = {"t": "\t", "r": "\r", "n": "\n"}


@dataclass(slots=True, eq=False)
class Word:
    """A word as nginx takes it: quotes off and escapes resolved (`\\.` stays, as in nginx). The span includes the quotes."""

    text: str
    source: SourceFile
    start: int
    end: int
    quoted: bool = False

    @property
    def span(self) -> Span:
        return Span(self.source, self.start, self.end)

    @property
    def expressions(self) -> list[tuple[int, int]]:
        """Where `text` holds expressions of a template."""
        return expressions(self.text)

    def __repr__(self) -> str:
        return repr(self.text)


@dataclass(slots=True, eq=False)
class Directive:
    """A directive, or an entry of a `map`, `geo` or `types` block, whose key is then the name.

    words     the name and its arguments; a Lua block is the last argument
    block     the directives inside its braces; None: it has none
    head_end  where the last word ends; `end` includes the `;` or the `}`
    branch    the arms of a template's choices that it stands in
    torn      control lines of a template stand between its words: some of them may not be there
    """

    name: str
    words: tuple[Word, ...]
    source: SourceFile
    start: int
    head_end: int
    end: int
    block: list[Directive] | None = None
    branch: tuple[Arm, ...] = ()
    torn: bool = False

    @property
    def args(self) -> tuple[Word, ...]:
        return self.words[1:]

    @property
    def texts(self) -> list[str]:
        """The arguments' texts."""
        return [word.text for word in self.words[1:]]

    @property
    def span(self) -> Span:
        """The whole directive with its `;` or its block."""
        return Span(self.source, self.start, self.end)

    @property
    def head(self) -> Span:
        """From the name to the last argument."""
        return Span(self.source, self.start, self.head_end)

    @property
    def inserted(self) -> bool:
        """Whether this is no directive, but a place where a template puts in some that can't be known."""
        return self.name.startswith(("{{", "{%", "<%"))

    def excludes(self, other: Directive) -> bool:
        """Whether the two stand in different arms of one choice, so that never both are there."""
        mine = {arm.choice: arm.label for arm in self.branch}
        return any(mine.get(arm.choice, arm.label) != arm.label for arm in other.branch)

    def __repr__(self) -> str:
        return f"<{' '.join(word.text for word in self.words)}{' {…}' if self.block is not None else ''}>"


@dataclass(slots=True, eq=False)
class Tree:
    """A file's directives. `template` names the template language; empty for a plain file."""

    source: SourceFile
    directives: list[Directive]
    problems: list[Problem] = field(default_factory=list)
    template: Kind = ""

    def walk(self) -> Iterator[Directive]:
        """Every directive in the order of the text, blocks before what is inside them."""
        return walk(self.directives)


def walk(directives: Sequence[Directive]) -> Iterator[Directive]:
    """Every directive of the list and inside of it, in order; however deep the blocks go."""
    stack = list(reversed(directives))
    while stack:
        directive = stack.pop()
        yield directive
        if directive.block:
            stack.extend(reversed(directive.block))


def unescaped(raw: str) -> str:
    """A word's text as nginx makes it of the characters between its quotes. Source: ngx_conf_read_token in ngx_conf_file.c."""
    return _ESCAPE.sub(lambda found: _ESCAPED.get(found[1], found[1]), raw)
