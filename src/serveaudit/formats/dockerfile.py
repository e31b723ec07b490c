"""Dockerfiles as instructions: continued lines joined, comments inside of them dropped, heredocs taken out.

Follows BuildKit's frontend/dockerfile/parser. Never raises: what is no instruction becomes a problem.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from serveaudit.source import Piece, Problem, SourceFile, Span

INSTRUCTIONS = frozenset(
    """ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL MAINTAINER ONBUILD RUN SHELL STOPSIGNAL USER VOLUME
    WORKDIR""".split()
)
_DIRECTIVE = re.compile(r"#\s*([A-Za-z]\w*)\s*=\s*(.+?)\s*$")
_KEYWORD = re.compile(r"\s*(\S+)\s*")
_FLAG = re.compile(r"\s*--([a-zA-Z][\w-]*)(?:=(\"[^\"]*\"|\S*))?(?:\s+|$)")
_HEREDOC = re.compile(r"""(?<!\S)\d*<<(?P<tabs>-?)(?P<quote>["']?)(?P<name>[^\s<>"'&|;]+)(?P=quote)""")
_STRING = re.compile(r'"(?:\\.|[^"\\])*"', re.DOTALL)
_ESCAPE = re.compile(r"\\(?:u[0-9a-fA-F]{4}|.)", re.DOTALL)
_TAKES_HEREDOCS = ("RUN", "COPY", "ADD")


@dataclass(frozen=True, slots=True)
class Heredoc:
    """A file that stands in the Dockerfile itself. `literal`: its variables are not replaced."""

    name: str
    view: SourceFile
    literal: bool


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction.

    name      in upper case
    span      all of it, its continued lines included
    flags     `--from=build` and its like; a flag without a value has an empty text
    rest      what follows keyword and flags, on one line
    words     the words of the JSON form; None for the shell form
    heredocs  the files that follow it
    script    what a shell gets to read: the rest, with its heredocs or made of nothing but one
    """

    name: str
    span: Span
    rest: SourceFile
    script: SourceFile
    flags: Mapping[str, SourceFile] = field(default_factory=dict)
    words: tuple[SourceFile, ...] | None = None
    heredocs: tuple[Heredoc, ...] = ()


@dataclass(frozen=True, slots=True)
class Dockerfile:
    """The instructions in written order, and what could not be read. `template`: "Jinja" where it has yet to be filled in; its
    control lines are no problems then, and the branches of a choice all stand in it."""

    source: SourceFile
    instructions: tuple[Instruction, ...]
    problems: tuple[Problem, ...] = ()
    escape: str = "\\"
    template: str = ""


def parse(source: SourceFile) -> Dockerfile:
    """The file's instructions."""
    reader = _Reader(source)
    found: list[Instruction] = []
    problems: list[Problem] = []
    template = ""
    for instruction in reader.instructions():
        if instruction.name in INSTRUCTIONS:
            found.append(instruction)
        elif instruction.name.startswith(("{%", "{{", "{#")):
            template = "Jinja"
        else:
            problems.append(Problem(instruction.span, f"{instruction.name[:40]} is no instruction of a Dockerfile"))
    return Dockerfile(source, tuple(found), tuple(problems), reader.escape, template)


def exec_words(view: SourceFile) -> tuple[SourceFile, ...] | None:
    """The words of a JSON list of strings; None for everything else, which Docker gives to a shell."""
    text = view.text.strip()
    if not text.startswith("["):
        return None
    try:
        words = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        return None
    spans = [match.span() for match in _STRING.finditer(view.text)]
    return tuple(_json_string(view, start, end, word) for (start, end), word in zip(spans, words, strict=False))


def _json_string(view: SourceFile, start: int, end: int, word: str) -> SourceFile:
    """A string's text as a view on what stands between its quotes."""
    pieces, inner, at = [], 0, start + 1
    for escape in _ESCAPE.finditer(view.text, start + 1, end - 1):
        pieces += [Piece(inner, at, escape.start() - at), Piece(inner + escape.start() - at, escape.start(), len(escape[0]))]
        inner += escape.start() - at + 1
        at = escape.end()
    return view.view(word, [*pieces, Piece(inner, at, end - 1 - at)])


class _Reader:
    """Goes through the lines once."""

    def __init__(self, source: SourceFile) -> None:
        self.source = source
        self.lines = source.text.split("\n")
        self.starts = [0]
        for line in self.lines:
            self.starts.append(self.starts[-1] + len(line) + 1)
        self.last = {line.lstrip("\t"): number for number, line in enumerate(self.lines)}
        self.at = 0
        self.escape = self._escape()
        token = re.escape(self.escape)
        self.continued = re.compile(rf"(?:^|(?<!{token})){token}[ \t]*$")

    def instructions(self) -> Iterator[Instruction]:
        while self.at < len(self.lines):
            line = self.lines[self.at].strip()
            if not line or line.startswith("#"):
                self.at += 1
            else:
                yield self._instruction()

    def _escape(self) -> str:
        """What continues a line: the `escape` directive may say that it is a backtick."""
        for line in self.lines:
            directive = _DIRECTIVE.match(line)
            if directive is None:
                break
            if directive[1].lower() == "escape" and directive[2] in ("`", "\\"):
                return directive[2]
        return "\\"

    def _instruction(self) -> Instruction:
        first = self.at
        runs = list(self._runs())
        text, pieces = "", []
        for start, end in runs:
            pieces.append(Piece(len(text), start, end - start))
            text += self.source.text[start:end]
        joined = self.source.view(text, pieces)
        keyword = _KEYWORD.match(text)
        name, at = (keyword[1].upper(), keyword.end()) if keyword else ("", len(text))
        flags, at = _flags(joined, at)
        rest = joined.slice(at, max(len(text.rstrip()), at))
        words = exec_words(rest)
        heredocs = tuple(self._heredocs(rest.text)) if name in _TAKES_HEREDOCS and words is None else ()
        start = self.starts[first] + len(self.lines[first]) - len(self.lines[first].lstrip())
        end = max(runs[-1][1], self.starts[self.at] - 1 if heredocs else 0)
        script = rest
        if heredocs and _HEREDOC.fullmatch(rest.text):
            script = heredocs[0].view
        elif heredocs:
            script = self.source.slice(next(p.outer + at - p.inner for p in reversed(pieces) if p.inner <= at), end)
        return Instruction(name, self.source.span(start, max(start, end)), rest, script, flags, words, heredocs)

    def _runs(self) -> Iterator[tuple[int, int]]:
        """The parts of the lines that make up one instruction."""
        inside = False
        while self.at < len(self.lines):
            line, start = self.lines[self.at], self.starts[self.at]
            self.at += 1
            if inside and (not line.strip() or line.lstrip().startswith("#")):
                continue
            inside = True
            more = self.continued.search(line)
            yield start, start + (more.start() if more else len(line))
            if not more:
                return

    def _heredocs(self, rest: str) -> Iterator[Heredoc]:
        """The files that the instruction announces; what never ends was none (`$((1 <<2))`)."""
        for found in _HEREDOC.finditer(rest):
            begun, runs = self.at, list[tuple[int, int]]()
            if self.last.get(found["name"], -1) < begun:
                continue
            for line in self.lines[begun:]:
                tabs = len(line) - len(line.lstrip("\t")) if found["tabs"] else 0
                if line[tabs:] == found["name"]:
                    self.at += 1
                    yield Heredoc(found["name"], self.source.lines_view(runs), bool(found["quote"]))
                    break
                runs.append((self.starts[self.at] + tabs, self.starts[self.at] + len(line)))
                self.at += 1
            else:
                self.at = begun


def _flags(joined: SourceFile, at: int) -> tuple[dict[str, SourceFile], int]:
    """The flags that start at an offset, and where they end."""
    flags: dict[str, SourceFile] = {}
    while found := _FLAG.match(joined.text, at):
        start, end = found.span(2) if found[2] is not None else (found.end(1), found.end(1))
        quoted = int(end - start > 1 and joined.text[start] == '"')
        flags[found[1]] = joined.slice(start + quoted, end - quoted)
        at = found.end()
    return flags, at
