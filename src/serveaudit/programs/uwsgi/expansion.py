"""What uWSGI puts in place of `%d`, `$(PORT)`, `@(file)` and `%(name)` in its options.

A part of a text that can't be known is a single character from a private plane of Unicode: so the texts can be worked on as
uWSGI works on them, character by character.
"""

from __future__ import annotations

import operator
import posixpath
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from serveaudit.expressions.arithmetic import arithmetic
from serveaudit.source import Piece, SourceFile
from serveaudit.values import Partial, Range, Unknown, Value

Hook = Callable[[str], str | None]
LONGEST = 65536
MOST = 1000
"""Characters, and replacements, in a text: beyond them it contains itself, and uWSGI never ends replacing it."""
_FIRST_HOLE = 0xF0000
_HOLES = 0xFFFD


class Holes:
    """The unknown parts of texts."""

    def __init__(self) -> None:
        self.values: list[Value[Any]] = []

    def put(self, value: Value[Any]) -> str:
        """A character that stands for the value."""
        self.values.append(value)
        return chr(_FIRST_HOLE + (len(self.values) - 1) % _HOLES)

    def at(self, character: str) -> Value[Any] | None:
        """The value that a character stands for."""
        index = ord(character) - _FIRST_HOLE if character else -1
        return self.values[index] if 0 <= index < len(self.values) else None

    def text(self, value: Value[Any]) -> str:
        """A value's text, with holes where it is not known."""
        if isinstance(value.x, Partial):
            return "".join(part if isinstance(part, str) else self.put(Value(part)) for part in value.x.parts)
        return value.x if isinstance(value.x, str) else self.put(value)

    def value(self, text: str) -> Value[Any]:
        """The text as a value: known, partly known, or what its only hole stands for."""
        found = [hole for character in text if (hole := self.at(character))]
        if not found:
            return Value(text)
        if len(text) == 1:
            return found[0]
        parts: list[str | Unknown] = []
        for piece in re.split(f"([{chr(_FIRST_HOLE)}-{chr(_FIRST_HOLE + _HOLES)}])", text):
            hole = self.at(piece) if len(piece) == 1 else None
            if hole is not None:
                parts.append(hole.x if isinstance(hole.x, Unknown) else Unknown("it is not known", ", ".join(hole.depends)))
            elif piece:
                parts.append(piece)
        return Value(Partial(tuple(parts))).also(*found)


_MAGIC = re.compile(r"(?P<gap>\{\{[^\n]*?\}\}|\{%[^\n]*?%\}|\{#[^\n]*?#\})|%(?P<letter>.)", re.DOTALL)


def magic(source: SourceFile, table: Mapping[str, str], holes: Holes) -> SourceFile:
    """The file with each `%x` replaced, as uWSGI does before it looks at lines (core/utils.c, magic_sub): what it does not know
    it removes, even the end of a line. What a template fills in is unknown."""
    texts: list[str] = []
    pieces: list[Piece] = []
    inner = at = 0
    for found in _MAGIC.finditer(source.text):
        new = table.get(found["letter"], "") if found["letter"] else _gap(found["gap"], holes)
        for text, start in ((source.text[at : found.start()], at), (new, found.start())):
            pieces.append(Piece(inner, start, found.end() - start if text is new else len(text)))
            texts.append(text)
            inner += len(text)
        at = found.end()
    if not at:
        return source
    pieces.append(Piece(inner, at, len(source.text) - at))
    return source.view("".join([*texts, source.text[at:]]), [piece for piece in pieces if piece.length])


def _gap(gap: str, holes: Holes) -> str:
    """A template's comment leaves nothing; a statement of its own may put anything there, or leave it out."""
    if gap.startswith("{#"):
        return ""
    return holes.put(Value(Unknown("a template fills it in" if gap.startswith("{{") else "a template decides about it", gap)))


def magic_table(path: str, section: str, cwd: str, holes: Holes) -> dict[str, str]:
    """What `%x` stands for in a file (core/uwsgi.c, config_magic_table_fill). `path` is as given to uWSGI, relative to `cwd`;
    without a known `cwd` only its last part is sure."""
    full = posixpath.normpath(posixpath.join(cwd, path)) if cwd or path.startswith("/") else path

    def unknown(letter: str, why: str) -> str:
        return holes.put(Value(Unknown(why, f"%{letter}")))

    name = posixpath.basename(full)
    stem, dot, extension = name.rpartition(".")
    table = {
        "%": "%",
        "(": "%(",
        "[": "\033",
        "o": path,
        "s": name,
        "n": stem if dot else name,
        "e": extension if dot else "",
        "x": section,
    }
    table["k"] = holes.put(Value(Range(1), depends=("cpus",)))
    if full.startswith("/"):
        directory = posixpath.dirname(full).rstrip("/")
        table |= {"p": full, "d": directory + "/", "c": posixpath.basename(directory)}
        table |= {str(number): part for number, part in enumerate(directory.strip("/").split("/")[:10])}
    else:
        table |= {letter: unknown(letter, f"where {name} lies is not known") for letter in "pdc0123456789"}
    table["v"] = cwd or unknown("v", "the directory in which uWSGI is started is not known")
    for letter, what in _UNTOLD.items():
        table[letter] = unknown(letter, f"{what} is not known")
    return table


def of_the_first(table: Mapping[str, str]) -> dict[str, str]:
    """What the capital letters stand for, once the table of the first file is known."""
    return {letter.upper(): table[letter] for letter in "odspcenxij"}


_UNTOLD = {
    "b": "the path of uWSGI",
    "g": "the group",
    "G": "the group",
    "h": "the host's name",
    "i": "the file's inode",
    "j": "the hash of the file's path",
    "t": "the time of the start",
    "T": "the time of the start",
    "u": "the user",
    "U": "the user",
    "V": "uWSGI's version",
}


def replaced(text: str, symbol: str, hook: Hook, holes: Holes) -> str:
    """The text with each `symbol(key)` replaced by what the hook says of the key, if it says anything (core/utils.c,
    uwsgi_apply_config_pass, state by state: what a replacement brings in is looked at again, but for its first character)."""
    state, depth, start, at, count = 0, 0, 0, 0, 0
    while at < len(text):
        character = text[at]
        if character == symbol:
            state = 1
        elif character == "(" and state == 1:
            state, depth, start = 2, 0, at + 1
        elif state < 2:
            state = 0
        elif character == ")" and depth == 0:
            new = hook(text[start:at]) if at > start else None
            state = 0
            if new is not None:
                text = text[: start - 2] + new + text[at + 1 :]
                count += 1
                if len(text) > LONGEST or count > MOST:
                    return holes.put(Value(Unknown("it contains itself: uWSGI never ends replacing it")))
                at = 0
        else:
            depth += (character == "(") - (character == ")")
        at += 1
    return text


_OPERATORS = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.floordiv}


def placeholder(key: str, lookup: Hook, holes: Holes) -> str | None:
    """What `%(key)` stands for: an option's text, or a sum worked from left to right: `cores * 2` (core/config.c,
    uwsgi_manage_placeholder: options and numbers side by side are joined, `++` and `--` count by one)."""
    if " " not in key:
        return lookup(key)
    current, pending = "", ""
    for token in filter(None, key.split(" ")):
        if token in _OPERATORS:
            pending = token
        elif token in ("++", "--"):
            current, pending = _reckoned(current, token[0], "1", holes) if current else "", ""
        else:
            operand = token if re.fullmatch("[0-9]+", token) or holes.at(token[0]) else lookup(token) or ""
            current = _reckoned(current, pending, operand, holes) if pending else current + operand
            pending = ""
    return current


def _reckoned(left: str, sign: str, right: str, holes: Holes) -> str:
    a, b = whole_number(left, holes), whole_number(right, holes)
    if sign == "/" and b.x == 0:
        return "0"
    result = replace(a.also(b), x=arithmetic(_OPERATORS[sign], a.x, b.x))
    if sign == "/" and isinstance(a.x, int) and isinstance(b.x, int):
        result = replace(result, x=abs(a.x) // abs(b.x) * (1 if (a.x < 0) == (b.x < 0) else -1))  # C cuts off
    return str(result.x) if isinstance(result.x, int) else holes.put(result)


def whole_number(text: str, holes: Holes) -> Value[Any]:
    """What C's atoi makes of a text: the number that it starts with, else 0."""
    text = text.lstrip(" \t\n\v\f\r")
    found = re.match(r"[+-]?[0-9]{1,18}", text)
    at = found.end() if found else 0
    hole = holes.at(text[at : at + 1])
    if hole is None:
        return Value(int(found[0]) if found else 0)
    following = text[at + 1 : at + 2]
    if not found and not following.isdigit() and not holes.at(following):
        return hole.map(lambda known: whole_number(known, holes).x)
    return replace(hole, x=hole.x if isinstance(hole.x, Unknown) else Unknown("only a part of the number is known"))
