"""A shell script as a tree: what it runs, in which order and on which condition.

Terms are those of POSIX, "Shell Command Language".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from serveaudit.source import Problem, SourceFile, Span


@dataclass(frozen=True, slots=True)
class Text:
    """Literal text with quotes and escapes removed; `span` covers it as written, without the quotes around it."""

    text: str
    span: Span
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Variable:
    """`$NAME`, `${NAME}`, `$1`, `$@`. `op` and `operand` are those of `${NAME:-operand}`, as written (`:-`, `:=`, `%`, …);
    `${#NAME}` has the op `length`, `${NAME[@]}` the op `all`, any other index the op `index`, `${!NAME}` the op `indirect`."""

    name: str
    span: Span
    quoted: bool = False
    op: str = ""
    operand: Word | None = None


@dataclass(frozen=True, slots=True)
class Output:
    """What commands print: `$(…)` or backticks."""

    body: tuple[Statement, ...]
    span: Span
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """`$((…))`: operators, numbers and names as text, expansions as parts."""

    tokens: tuple[str | Part, ...]
    span: Span
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Opaque:
    """Something whose text can't be told from the script: a template's placeholder, a process substitution."""

    what: str
    span: Span
    quoted: bool = False


Part: TypeAlias = Text | Variable | Output | Arithmetic | Opaque


@dataclass(frozen=True, slots=True)
class Word:
    """Parts that are joined without a gap. The span is the word as written, its quotes included."""

    parts: tuple[Part, ...]
    span: Span

    @property
    def literal(self) -> str | None:
        """The word's text, if nothing in it is expanded."""
        return "".join(part.text for part in self.parts if isinstance(part, Text)) if self.is_literal else None

    @property
    def is_literal(self) -> bool:
        return all(isinstance(part, Text) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Assignment:
    """`NAME=value`, `NAME+=value`, `NAME=(a b c)`. `index` is set for `NAME[index]=value`, of which nothing more is read."""

    name: str
    value: Word | None
    span: Span
    array: tuple[Word, ...] | None = None
    append: bool = False
    index: bool = False


@dataclass(frozen=True, slots=True)
class Redirect:
    """`2>> target`. For a here-document `target` is its body, whose text is as it stands in the script unless it is expanded;
    for a here-string it is the string."""

    operator: str
    target: Word
    span: Span
    descriptor: str = ""


@dataclass(frozen=True, slots=True)
class Simple:
    """A simple command; `[ … ]`, `[[ … ]]` and `(( … ))` are simple commands of that name."""

    words: tuple[Word, ...]
    span: Span
    assignments: tuple[Assignment, ...] = ()
    redirects: tuple[Redirect, ...] = ()

    def word(self, index: int) -> str:
        """The literal text of a word; empty where there is none or it is expanded."""
        return (self.words[index].literal or "") if index < len(self.words) else ""


@dataclass(frozen=True, slots=True)
class Pipeline:
    stages: tuple[Statement, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class AndOr:
    """`first && a || b`: each further statement with the operator before it, from left to right."""

    first: Statement
    rest: tuple[tuple[Literal["&&", "||"], Statement], ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Not:
    body: Statement
    span: Span


@dataclass(frozen=True, slots=True)
class Background:
    """A statement that is followed by `&`."""

    body: Statement
    span: Span


@dataclass(frozen=True, slots=True)
class Group:
    """`{ …; }` or, as a process of its own, `( … )`; also any compound command with redirections."""

    body: tuple[Statement, ...]
    span: Span
    subshell: bool = False
    redirects: tuple[Redirect, ...] = ()


@dataclass(frozen=True, slots=True)
class If:
    """Each (condition, body) of `if` and `elif`, and the body of `else`."""

    branches: tuple[tuple[tuple[Statement, ...], tuple[Statement, ...]], ...]
    otherwise: tuple[Statement, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Arm:
    patterns: tuple[Word, ...]
    body: tuple[Statement, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Case:
    subject: Word
    arms: tuple[Arm, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Loop:
    """`words` is None for `for NAME; do`, which goes through the arguments; `for ((…))` and `select` have the kind `other`."""

    kind: Literal["for", "while", "until", "other"]
    body: tuple[Statement, ...]
    span: Span
    name: str = ""
    words: tuple[Word, ...] | None = ()
    condition: tuple[Statement, ...] = ()


@dataclass(frozen=True, slots=True)
class Function:
    name: str
    body: tuple[Statement, ...]
    span: Span


Statement: TypeAlias = Simple | Pipeline | AndOr | Not | Background | Group | If | Case | Loop | Function


@dataclass(frozen=True, slots=True)
class Script:
    """A text's statements. `interpreter` is the shell's name from the first line (`bash`); empty without one."""

    source: SourceFile
    body: tuple[Statement, ...]
    problems: tuple[Problem, ...] = ()
    interpreter: str = ""
