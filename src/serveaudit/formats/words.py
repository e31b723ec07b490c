"""Lines that no shell reads: their variables and words, as compose, Docker, systemd, supervisor and Kubernetes see them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from serveaudit.source import Piece, SourceFile, standing_for
from serveaudit.values import Partial, Place, Unknown, Value

Lookup = Callable[[str], Value[Any]]
"""A variable's value: text; None where it is not set; or unknown."""

_HOLE = "\ue000"
_DEEPEST = 8
_LONGEST = 128 * 1024
"""Characters: the kernel takes no longer word (execve(2), MAX_ARG_STRLEN)."""
_LONGEST_OPERAND = 1000
_TOKEN = re.compile(r"""\s+|'[^']*'?|"(?:\\.|[^"\\])*"?|\\.|[^\s'"\\]+|\\""", re.DOTALL)
_BRACE, _ESCAPE = re.compile(r"\$\{|\}"), re.compile(r'\\["\\$]')
_OPERATOR = re.compile(r":?[-?+]")


@dataclass(frozen=True, slots=True)
class Syntax:
    """How variables are written. The pattern's groups: `name` a variable; `open` one whose `}` and operator are still to
    come; `literal` an escape, which stands for its last character; nothing of them: kept as it is.

    required   a variable that is not set makes the text unknown, instead of being empty
    atomic     what a variable holds is never split into words, and its quotes are text
    unquotes   the quotes of a default (`${NAME:-"x"}`) are none of its text
    """

    pattern: re.Pattern[str]
    required: bool = False
    atomic: bool = False
    unquotes: bool = False


COMPOSE = Syntax(re.compile(r"(?P<literal>\$\$)|\$\{(?P<open>\w+)|\$(?P<name>[A-Za-z_]\w*)"), required=True)
"""Compose specification, "Interpolation"."""
DOCKERFILE = Syntax(
    re.compile(r"(?P<literal>\\\$)|'[^']*'|\$\{(?P<open>\w+)|\$(?P<name>[A-Za-z_]\w*)"), atomic=True, unquotes=True
)
"""Dockerfile reference, "Environment replacement"."""
HEREDOC = Syntax(re.compile(r"(?P<literal>\\\$)|\$\{(?P<open>\w+)|\$(?P<name>[A-Za-z_]\w*)"))
"""Dockerfile reference, "Here-Documents": in a file that COPY writes, quotes are text."""
SYSTEMD = Syntax(re.compile(r"(?P<literal>\$\$)|\$\{(?P<name>[A-Za-z_]\w*)\}"), atomic=True)
"""systemd.service(5), "Command lines"; `$NAME` as a word of its own is up to the caller."""
SPECIFIERS = Syntax(re.compile(r"(?P<literal>%%)|%(?P<name>[A-Za-z])"))
"""systemd.unit(5), "Specifiers"."""
SUPERVISOR = Syntax(re.compile(r"(?P<literal>%%)|%\((?P<name>\w+\)\d*[sd])"))
"""Supervisor's manual, "[program:x] Section Values": Python's `%` formatting. A variable's name has its format behind it:
`process_num)02d`."""
PLACEHOLDER = Syntax(re.compile(r"(?P<name>\{\{.{,300}?\}\}|\{%.{,300}?%\})", re.DOTALL), atomic=True)
"""What Jinja and Helm fill in."""
KUBERNETES = Syntax(re.compile(r"(?P<literal>\$\$)|\$\((?P<name>[\w.-]+)\)"), atomic=True)
"""Kubernetes' manual, "Define a Command and Arguments for a Container"."""

Used = tuple[int, int, Value[Any]]


@dataclass(frozen=True, slots=True)
class Filled:
    """A text in which variables have been replaced; `used` tells where each came in. A part that can't be known, or must not
    be split, is one character there."""

    view: SourceFile
    used: tuple[Used, ...] = ()

    def value(self) -> Value[Any]:
        """The text: plain, partial, or unknown; its first place is itself, then come those of the variables."""
        parts: list[str | Unknown] = []
        at = 0
        for start, end, value in self.used:
            parts.append(self.view.text[at:start])
            parts += _parts(value, self.view.text[start:end])
            at = end
        parts.append(self.view.text[at:])
        place = Place(self.view.whole())
        return Value(_joined(parts), (place,)).also(*(value for _, _, value in self.used))

    def fill(self, syntax: Syntax, lookup: Lookup) -> Filled:
        """The text with further variables replaced."""
        return _fill(self.view, syntax, lookup, 0, self.used)

    def after(self, start: int) -> Filled:
        """The text from an offset on."""
        return self.between(start, len(self.view.text))

    def between(self, start: int, end: int) -> Filled:
        """The part between two offsets, without the blanks around it."""
        part = self.view.text[start:end]
        start += len(part) - len(part.lstrip())
        return self._word([(start, start + len(part.strip()), 0, 0)])

    def words(self) -> list[Value[Any]]:
        """The words, without their quotes, as Python's shlex splits them."""
        return [self._word(runs).value() for runs in _words(self.view.text)]

    def raw_words(self) -> list[Filled]:
        """The words with their quotes."""
        return [self._word([(runs[0][2], runs[-1][3], 0, 0)]) for runs in _words(self.view.text)]

    def unquoted(self) -> Filled:
        """The text as one word: its blanks are kept, its quotes and escapes are not."""
        runs = [run for token in _TOKEN.finditer(self.view.text) for run in _kept(token)]
        return self._word(runs or [(0, 0, 0, 0)])

    def _word(self, runs: list[Run]) -> Filled:
        """The runs as one text, with the variables that came in there."""
        pieces, used, text, inner = [], [], "", 0
        for start, end, *_ in runs:
            pieces.append(Piece(inner, start, end - start))
            text += self.view.text[start:end]
            used += [(s - start + inner, e - start + inner, value) for s, e, value in self.used if start <= s and e <= end]
            inner += end - start
        return Filled(self.view.view(text, pieces), tuple(dict.fromkeys(used)))


Run = tuple[int, int, int, int]
"""Where a part of a word stands without its quotes, and with them."""


def fill(view: SourceFile, syntax: Syntax, lookup: Lookup) -> Filled:
    """The text with its variables replaced."""
    return _fill(view, syntax, lookup, 0, ())


def placeholders(view: SourceFile) -> Filled:
    """The text in which everything that a template's engine has yet to fill in is unknown."""
    return fill(view, PLACEHOLDER, lambda name: Value(Unknown("a template fills it in", about=name)))


def _fill(view: SourceFile, syntax: Syntax, lookup: Lookup, depth: int, earlier: tuple[Used, ...]) -> Filled:
    if len(view.text) > _LONGEST:
        why: Value[Any] = Value(Unknown(f"longer than {_LONGEST} characters"))
        return Filled(view.view(_HOLE, [Piece(0, 0, len(view.text))]), ((0, 1, why),))
    text, pieces, used, at = "", [], list[Used](), 0
    for start, end, value in [*_variables(view, syntax, lookup, depth), (len(view.text), len(view.text), "")]:
        pieces.append(Piece(len(text), at, start - at))
        used += [(s - at + len(text), e - at + len(text), old) for s, e, old in earlier if at <= s and e <= start]
        text += view.text[at:start]
        shown = value if isinstance(value, str) else _shown(value, syntax)
        pieces += standing_for(len(text), len(shown), start, end)
        if not isinstance(value, str):
            used.append((len(text), len(text) + len(shown), value))
        text += shown
        at = end
    return Filled(view.view(text, [piece for piece in pieces if piece.length]), tuple(used))


def _shown(value: Value[Any], syntax: Syntax) -> str:
    """What stands in the filled text for a variable's value."""
    plain = isinstance(value.x, str) and not (syntax.atomic and value.x)
    return str(value.x) if plain else _HOLE


def _variables(view: SourceFile, syntax: Syntax, lookup: Lookup, depth: int) -> Iterator[tuple[int, int, str | Value[Any]]]:
    """Every variable and escape: where it stands, and the value or the text that takes its place."""
    at = 0
    while found := syntax.pattern.search(view.text, at):
        groups = found.groupdict()
        at = found.end()
        if groups.get("literal"):
            yield found.start(), at, groups["literal"][-1]
        elif groups.get("open"):
            close = _closing(view.text, at)
            if close >= 0:
                yield found.start(), close + 1, _operated(view, at, close, syntax, lookup, groups["open"], depth)
                at = close + 1
        elif groups["name"]:
            yield found.start(), at, _set(lookup(groups["name"]), groups["name"], syntax)


def _set(value: Value[Any], name: str, syntax: Syntax) -> Value[Any]:
    """What a variable holds, where nothing is said for the case that it is not set."""
    if value.x is not None:
        return value
    if syntax.required:
        return Value(Unknown(f"${name} is set nowhere in the repository", about=f"${name}"), value.places, (), value.depends)
    return Value("", value.places, value.assumes, value.depends)


def _operated(view: SourceFile, start: int, close: int, syntax: Syntax, lookup: Lookup, name: str, depth: int) -> Value[Any]:
    """`${NAME:-default}`, `${NAME-default}`, `${NAME:+alternative}`, `${NAME:?message}`."""
    value = lookup(name)
    operator = _OPERATOR.match(view.text, start, close)
    if operator is None or isinstance(value.x, Unknown | Partial):
        return _set(value, name, syntax)
    kind = operator[0][-1]
    there = value.x is not None and not (operator[0][0] == ":" and value.x == "")
    if there != (kind == "+"):
        return value if there else Value("", (), value.assumes, value.depends) if kind == "+" else value
    if kind == "?" or depth >= _DEEPEST:
        return _set(Value(None, value.places, value.assumes, value.depends), name, Syntax(syntax.pattern, required=True))
    filled = _fill(view.slice(operator.end(), close), syntax, lookup, depth + 1, ())
    operand = (filled.unquoted() if syntax.unquotes else filled).value()
    places = (*value.places, *operand.places[1:])  # the operand itself stands in the text that is being filled
    return Value(operand.x, places, value.assumes, value.depends).also(Value(None, (), operand.assumes, operand.depends))


def _closing(text: str, at: int) -> int:
    """Where the `}` stands that ends what was opened before; -1 where there is none."""
    depth = 1
    for found in _BRACE.finditer(text, at, at + _LONGEST_OPERAND):
        depth += 1 if found[0] == "${" else -1
        if depth == 0:
            return found.start()
    return -1


def _words(text: str) -> Iterator[list[Run]]:
    """The runs of each word."""
    runs: list[Run] = []
    for token in _TOKEN.finditer(text):
        if not token[0].isspace():
            runs += _kept(token)
        elif runs:
            yield runs
            runs = []
    if runs:
        yield runs


def _kept(token: re.Match[str]) -> Iterator[Run]:
    """What of a token is text, without quotes and escapes."""
    start, end = token.span()
    first = token[0][0]
    if first == "\\" and end - start == 2:
        yield start + 1, end, start, end
    elif first not in "'\"":
        yield start, end, start, end
    else:
        closed = end - 1 if token[0].endswith(first) and end - start > 1 else end
        at = start + 1
        for escape in _ESCAPE.finditer(token.string, at, closed) if first == '"' else ():
            yield at, escape.start(), start, end
            at = escape.start() + 1
        yield at, closed, start, end


def _parts(value: Value[Any], shown: str) -> list[str | Unknown]:
    if isinstance(value.x, str):
        return [value.x if shown == _HOLE else shown]
    if isinstance(value.x, Partial):
        return list(value.x.parts)
    return [value.x if isinstance(value.x, Unknown) else Unknown("not a plain text")]


def _joined(parts: list[str | Unknown]) -> str | Partial | Unknown:
    """The parts as plain text, one unknown, or both."""
    merged: list[str | Unknown] = []
    for part in parts:
        if isinstance(part, str) and merged and isinstance(merged[-1], str):
            merged[-1] += part
        elif part != "":
            merged.append(part)
    if not merged:
        return ""
    if len(merged) == 1:
        return merged[0]
    return Partial(tuple(merged))
