"""One command line without a shell, as compose files, supervisord and Procfiles have it: only quotes and escapes count."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from serveaudit.source import Problem, SourceFile
from serveaudit.values import Place, Value

_PLAIN = re.compile(r"[^\s'\"\\]+")


@dataclass(slots=True)
class _Line:
    source: SourceFile
    at: int = 0
    problems: list[Problem] = field(default_factory=list)

    @property
    def rest(self) -> str:
        return self.source.text[self.at : self.at + 1]

    def word(self) -> Value[Any]:
        start, parts = self.at, list[str]()
        while self.rest and not self.rest.isspace():
            parts.append(self.part())
        return Value("".join(parts), (Place(self.source.span(start, self.at)),))

    def part(self) -> str:
        if self.rest == "'":
            return self.quoted("'", "")
        if self.rest == '"':
            return self.quoted('"', '\\"')
        if self.rest == "\\":
            self.at += 2
            return self.source.text[self.at - 1 : self.at].replace("\n", "")
        plain = _PLAIN.match(self.source.text, self.at)
        self.at = plain.end() if plain else self.at + 1
        return plain[0] if plain else ""

    def quoted(self, quote: str, escapable: str) -> str:
        start, found = self.at, list[str]()
        self.at += 1
        while self.rest and self.rest != quote:
            following = self.source.text[self.at + 1 : self.at + 2]
            escaped = self.rest == "\\" and following != "" and following in escapable
            run = None if escaped else re.compile(rf"\\|[^\\{quote}]+").match(self.source.text, self.at)
            found.append(run[0] if run else following)
            self.at += len(run[0]) if run else 2
        if not self.rest:
            self.problems.append(
                Problem(self.source.span(start, self.at), f"the quotation that begins with {quote} never ends")
            )
        self.at = min(self.at + 1, len(self.source.text))
        return "".join(found)


def split_words(source: SourceFile) -> tuple[list[Value[Any]], list[Problem]]:
    """The words of a command line, as Python's `shlex.split` has them, each with its place, quotes included. A quotation that
    never ends is a problem; its word is what there is."""
    line, words = _Line(source), list[Value[Any]]()
    while line.rest:
        if line.rest.isspace():
            line.at += 1
        elif line.rest == "\\" and source.text[line.at + 1 : line.at + 2] == "\n":
            line.at += 2
        else:
            words.append(line.word())
    return words, line.problems
