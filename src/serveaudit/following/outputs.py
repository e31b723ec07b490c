"""What `$(…)` prints and `$((…))` gives, where that can be told without running anything."""

from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from keyword import iskeyword
from typing import Any

from serveaudit.command import Files
from serveaudit.expressions import Scope, evaluate
from serveaudit.following.expansion import Expander
from serveaudit.following.state import State
from serveaudit.following.texts import joined
from serveaudit.formats.shell.tree import AndOr, Arithmetic, Output, Pipeline, Simple, Statement, Variable
from serveaudit.source import SourceFile
from serveaudit.values import Place, Range, Unknown, Value

_CPUS: Value[Any] = Value(Range(1), depends=("cpus",))
_COUNTS_CPUS = re.compile(r"\b(?:\w+\.)?cpu_count\(\)")


@dataclass(frozen=True, slots=True)
class Outputs:
    """Reads substitutions; `files` are those that `$(cat …)` may read."""

    files: Files | None

    def __call__(self, state: State, part: Output | Arithmetic) -> Value[Any]:
        if isinstance(part, Arithmetic):
            return self.number(state, part)
        found = self.printed(state, part.body)
        if found is not None:
            return found
        text = " ".join(part.span.text.split())
        why = Unknown(f"{text[:60]} is only known when it runs", text[:60])
        return Value(why, (Place(part.span),), depends=("cpus",) if _asks_for_cpus(text) else ())

    def number(self, state: State, part: Arithmetic) -> Value[Any]:
        """The sum, as Python's evaluator has it: whole numbers, with ranges where a number is not known."""
        names: dict[str, Value[Any]] = {}
        spelled: list[str] = []
        expander = Expander(state, self)
        for token in part.tokens:
            if isinstance(token, str) and not token.isidentifier():
                spelled.append(token)
                continue
            value = expander.plain(token) if isinstance(token, str) else expander.part(token)
            name = token if isinstance(token, str) else token.name if isinstance(token, Variable) else ""
            spelled.append(name if name.isidentifier() and not iskeyword(name) else f"_{len(names)}")
            names[spelled[-1]] = value.map(_whole) if value.x is not None else Value(0).also(value)
        try:
            source = " ".join("//" if token == "/" else token for token in _conditional(spelled))
            tree = ast.parse(source, mode="eval").body if len(source) < 1000 else None
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            tree = None
        return (
            evaluate(tree, Scope(names)).map(_spelled)
            if tree
            else Value(Unknown("arithmetic that can't be read", part.span.text[:60]))
        )

    def printed(self, state: State, body: Sequence[Statement]) -> Value[Any] | None:
        """What the commands print, without the line end; None where it can't be told."""
        if len(body) != 1:
            return None
        statement = body[0]
        if isinstance(statement, AndOr):
            return self.in_directory(state, statement)
        if isinstance(statement, Pipeline):
            return self.through(state, statement)
        if not isinstance(statement, Simple) or not statement.words:
            return self.read_file(state, statement) if isinstance(statement, Simple) else None
        expander = Expander(state, self)
        words = expander.many([word for word in statement.words if not re.match(r"-[\w-]+$", word.literal or "")])
        asked = statement.word(1)
        if not words or not isinstance(words[0].x, str) or expander.split:
            return None
        reader = _PRINTS.get(posixpath.basename(words[0].x))
        return reader(self, state, words[1:], asked) if reader else None

    def in_directory(self, state: State, statement: AndOr) -> Value[Any] | None:
        """`cd "$(dirname "$0")" && pwd`."""
        first = statement.first
        if not isinstance(first, Simple) or first.word(0) != "cd" or len(statement.rest) != 1 or len(first.words) < 2:
            return None
        inner = state.copy()
        inner.cwd = below(state.cwd, Expander(state, self).one(first.words[-1]))
        return self.printed(inner, (statement.rest[0][1],))

    def through(self, state: State, statement: Pipeline) -> Value[Any] | None:
        """`echo … | xargs`, `cat … | tr -d '\\n'`: the filter leaves a text of one line as it is."""
        filters = [stage.words[0].literal for stage in statement.stages[1:] if isinstance(stage, Simple) and stage.words]
        known = len(filters) == len(statement.stages) - 1 and all(name == "xargs" for name in filters)
        return self.printed(state, statement.stages[:1]) if known else None

    def read_file(self, state: State, statement: Simple) -> Value[Any] | None:
        """`$(< file)`."""
        reads = [redirect for redirect in statement.redirects if redirect.operator == "<"]
        return self.cat(state, [Expander(state, self).one(reads[0].target)], "") if reads else None

    # Commands

    def cat(self, state: State, words: Sequence[Value[Any]], asked: str) -> Value[Any] | None:
        """A file's text. What `.env` and secrets hold is for `export $(…)`, or not known."""
        path = words[0].x if len(words) == 1 else None
        if not isinstance(path, str) or not isinstance(state.cwd.x, str) or self.files is None:
            return None
        found = self.files.read(path, state.cwd.x)
        if not isinstance(found, SourceFile) or len(found.text) > 1000:
            return None
        return Value(found.text.rstrip("\n"), (Place(found.whole()),))

    def echo(self, state: State, words: Sequence[Value[Any]], asked: str) -> Value[Any]:
        return joined([each for word in words for each in (Value(" "), word)][1:])

    def pwd(self, state: State, words: Sequence[Value[Any]], asked: str) -> Value[Any]:
        return state.cwd

    def dirname(self, state: State, words: Sequence[Value[Any]], asked: str) -> Value[Any] | None:
        return words[0].map(lambda path: posixpath.dirname(path) or ".") if len(words) == 1 else None

    def basename(self, state: State, words: Sequence[Value[Any]], asked: str) -> Value[Any] | None:
        return words[0].map(posixpath.basename) if len(words) == 1 else None

    def realpath(self, state: State, words: Sequence[Value[Any]], asked: str) -> Value[Any] | None:
        return below(state.cwd, words[0]) if len(words) == 1 else None

    def which(self, state: State, words: Sequence[Value[Any]], asked: str) -> Value[Any] | None:
        return words[0] if len(words) == 1 else None

    def command(self, state: State, words: Sequence[Value[Any]], asked: str) -> Value[Any] | None:
        return self.which(state, words, asked) if asked == "-v" else None

    def nproc(self, state: State, words: Sequence[Value[Any]], asked: str) -> Value[Any]:
        return _CPUS

    def getconf(self, state: State, words: Sequence[Value[Any]], asked: str) -> Value[Any] | None:
        return _CPUS if words and words[0].x == "_NPROCESSORS_ONLN" else None

    def python(self, state: State, words: Sequence[Value[Any]], asked: str) -> Value[Any] | None:
        """`python -c "import os; print(os.cpu_count() * 2 + 1)"`."""
        code = words[0].x if asked == "-c" and len(words) == 1 else None
        found = re.search(r"print\s*\((.*)\)\s*;?\s*$", code, re.DOTALL) if isinstance(code, str) and len(code) < 500 else None
        if not found or not _COUNTS_CPUS.search(found[1]):
            return None
        try:
            tree = ast.parse(_COUNTS_CPUS.sub("_cpus", found[1]), mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None
        return evaluate(tree, Scope({"_cpus": _CPUS})).map(_spelled)


_Reader = Callable[[Outputs, State, Sequence[Value[Any]], str], Value[Any] | None]
_PRINTS: dict[str, _Reader] = {
    "cat": Outputs.cat,
    "echo": Outputs.echo,
    "pwd": Outputs.pwd,
    "dirname": Outputs.dirname,
    "basename": Outputs.basename,
    "realpath": Outputs.realpath,
    "readlink": Outputs.realpath,
    "which": Outputs.which,
    "command": Outputs.command,
    "type": Outputs.which,
    "nproc": Outputs.nproc,
    "getconf": Outputs.getconf,
    "python": Outputs.python,
    "python3": Outputs.python,
}


def below(directory: Value[Any], path: Value[Any]) -> Value[Any]:
    """The path, taken from the directory if it is relative."""
    if isinstance(path.x, str) and path.x.startswith("/"):
        return path.map(posixpath.normpath)
    if not isinstance(directory.x, str):
        return directory if isinstance(path.x, str) else path
    return path.map(lambda relative: posixpath.normpath(posixpath.join(directory.x, relative))).also(directory)


def _conditional(tokens: list[str]) -> list[str]:
    """`test ? yes : no` as Python has it."""
    if "?" not in tokens or ":" not in tokens:
        return tokens
    at, colon = tokens.index("?"), tokens.index(":")
    return ["(", *tokens[at + 1 : colon], ")", "if", "(", *tokens[:at], ")", "else", "(", *tokens[colon + 1 :], ")"]


def _whole(text: Any) -> Any:
    if isinstance(text, int):
        return text
    return int(text) if re.fullmatch(r"\s*-?\d{1,18}\s*", str(text)) else Unknown(f"{str(text)[:40]} is no number")


def _spelled(number: Any) -> Any:
    return str(int(number)) if isinstance(number, int | float) else number


def _asks_for_cpus(text: str) -> bool:
    return "cpu" in text or "nproc" in text.lower()
