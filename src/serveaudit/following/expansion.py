"""What the words of a shell script are once its variables are put in. Source: POSIX, "Word Expansions"."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import translate
from typing import Any

from serveaudit.following.state import State
from serveaudit.following.texts import MOST_PLACES, chosen, fields, joined
from serveaudit.formats.shell.tree import Arithmetic, Opaque, Output, Part, Text, Variable, Word
from serveaudit.values import Branch, Items, Partial, Place, Unknown, Value, unique

Outputs = Callable[[State, Output | Arithmetic], Value[Any]]
"""What `$(…)` and `$((…))` give."""

MOST_WORDS = 1000

_GLOB = re.compile(r"[*?\[]")
_OWN = ("@", "*", "#", "?", "$", "!", "-", "0")


@dataclass(slots=True)
class Expander:
    """Expands words in a state, under `choices`; `:=` changes the state.

    split    a branch whose cases are different words: the caller expands again under each of them, unless it is not to be
             split any further (`whole`): then the word is not known
    assumes  what was taken for granted for words that are not there
    """

    state: State
    outputs: Outputs
    choices: dict[str, str] = field(default_factory=dict)
    whole: bool = False
    split: Branch | None = None
    assumes: tuple[str, ...] = ()

    def one(self, word: Word) -> Value[Any]:
        """The word as one text: in an assignment, in quotes, behind a redirection. Its first place is where it is written."""
        return self.placed(joined([self.part(part) for part in word.parts]), word)

    def placed(self, value: Value[Any], word: Word) -> Value[Any]:
        """The value with the word in first place: without its quotes where the word is nothing but text."""
        span = word.parts[0].span if len(word.parts) == 1 and isinstance(word.parts[0], Text) else word.span
        return replace(value, places=unique((Place(span),), value.places)[:MOST_PLACES])

    def many(self, words: Sequence[Word]) -> list[Value[Any]]:
        """All the words that these become."""
        found = [value for word in words[: MOST_WORDS + 1] for value in self.words(word)]
        if len(found) > MOST_WORDS:
            return [*found[:1], Value(Unknown(f"more than {MOST_WORDS} words"))]
        return found

    def words(self, word: Word) -> list[Value[Any]]:
        """The words that one becomes: quotes keep a text together, and a variable without them is split at its blanks."""
        if any(self.is_list(part) for part in word.parts):
            return self.listed(word)
        values = [self.part(part) for part in word.parts]
        loose = [value for part, value in zip(word.parts, values, strict=True) if not _is_fixed(part)]
        forking = next((value.x for value in loose if isinstance(value.x, Branch) and _forks(value)), None)
        if forking and self.whole:
            return [Value(Unknown("it depends on too many choices"), (Place(word.span),))]
        if forking:
            self.split = self.split or forking
            return []
        value = self.placed(joined(values), word)
        if not loose or not isinstance(value.x, str):
            return [self.several(value) if loose and len(word.parts) == 1 else self.globbed(word, value)]
        if len(loose) < len(values):
            return fields(value) if any(re.search(r"\s", str(each.x)) for each in loose) else [value]
        if not value.x:
            self.assumes = unique(self.assumes, value.assumes)
        return self.split_up(value)

    def split_up(self, value: Value[Any]) -> list[Value[Any]]:
        """The words of a variable's text: each points at where it was written, then at where it is used."""
        used, written = value.places[:1], value.places[1:]
        return [
            replace(each, places=unique(each.places[:1], used, each.places)) for each in fields(replace(value, places=written))
        ]

    def several(self, value: Value[Any]) -> Value[Any]:
        """An unknown variable without quotes: any number of words."""
        if not isinstance(value.x, Unknown):
            return value
        return replace(value, x=replace(value.x, why=f"{value.x.why}; it may be several words, or none"))

    def globbed(self, word: Word, value: Value[Any]) -> Value[Any]:
        """A pattern stands for the files that match; one that begins like an option, or is a program's path, for itself."""
        loose = "".join(part.text for part in word.parts if isinstance(part, Text) and not part.quoted)
        if _GLOB.search(loose) and isinstance(value.x, str) and not re.match(r"-|\w+=", value.x) and "/bin/" not in value.x:
            return replace(value, x=Unknown(f"the files that match {value.x}", value.x))
        home = self.state.get("HOME").x
        if loose.startswith(("~/", "~ ")) and isinstance(value.x, str) and word.literal:
            known = posixpath.join(home, value.x[2:]) if isinstance(home, str) else None
            return replace(value, x=known or Partial((Unknown("the home directory is not known", "$HOME"), value.x[1:])))
        return value

    # Lists

    def is_list(self, part: Part) -> bool:
        if not isinstance(part, Variable):
            return False
        if part.name == "@" and part.op == ":":
            return True
        return (part.name == "@" or (part.name == "*" and not part.quoted) or part.op == "all") and not part.operand

    def listed(self, word: Word) -> list[Value[Any]]:
        """`"$@"`, `"${ARRAY[@]}"`: each member is a word of its own."""
        part = next(part for part in word.parts if self.is_list(part))
        assert isinstance(part, Variable)
        members = [each for member in self.members(part, word) for each in self.of_branch(member)]
        if len(word.parts) > 1:
            return [self.placed(joined([self.part(each) for each in word.parts]), word)]
        return members if part.quoted else [each for member in members for each in self.unquoted(member)]

    def members(self, part: Variable, word: Word) -> Sequence[Value[Any]]:
        if part.name in "@*":
            arguments = self.state.arguments
            return _part_of(arguments, self.one(part.operand).x) if part.operand else arguments
        if part.name in self.state.arrays:
            return self.state.arrays[part.name]
        return [self.several(self.placed(joined([self.state.get(part.name)]), word))]

    def of_branch(self, member: Value[Any]) -> Sequence[Value[Any]]:
        """Arguments that were set in several ways: those of the way that is chosen."""
        member = chosen(member, {**self.state.choices, **self.choices})
        if isinstance(member.x, Items):
            return member.x.members
        if not isinstance(member.x, Branch) or not isinstance(member.x.cases[0][1].x, Items):
            return (member,)
        if self.whole:
            return (Value(Unknown("the arguments depend on choices made before", "$@")),)
        self.split = self.split or member.x
        return ()

    def unquoted(self, member: Value[Any]) -> list[Value[Any]]:
        return fields(member) if isinstance(member.x, str) else [member]

    # Parts

    def part(self, part: Part) -> Value[Any]:
        """What a part stands for: text, None for a variable that is not set, or unknown."""
        if isinstance(part, Text):
            return Value(part.text)
        if isinstance(part, Variable):
            return chosen(self.variable(part), {**self.state.choices, **self.choices})
        if isinstance(part, Opaque):
            return Value(
                Unknown(f"{part.what[:60]} is filled in before the script is used", part.what[:60]), (Place(part.span),)
            )
        return chosen(self.outputs(self.state, part), {**self.state.choices, **self.choices})

    def variable(self, part: Variable) -> Value[Any]:
        value = chosen(self.plain(part.name), {**self.state.choices, **self.choices})
        if part.op in ("", "all", "?", ":?") or part.name == "BASH_SOURCE":
            return value
        if part.op in ("-", ":-", "=", ":=", "+", ":+"):
            return self.defaulted(part, value)
        return self.changed(part, value)

    def plain(self, name: str) -> Value[Any]:
        state = self.state
        if name.isdigit() and name != "0":
            return _argument(state.arguments, int(name) - 1)
        if name in ("@", "*"):
            return joined([each for argument in state.arguments for each in (Value(" "), argument)][1:])
        if name == "#":
            return Value(
                Unknown("the number of arguments", "$#") if _any_unknown(state.arguments) else str(len(state.arguments))
            )
        if name == "0" or name == "BASH_SOURCE":
            return state.name
        if name == "PWD" and name not in state.variables:
            return state.cwd
        if name in _OWN or not name or name in state.arrays:
            return Value(Unknown(f"${name} is only known when the script runs", f"${name}"))
        return state.get(name)

    def arguments(self) -> Sequence[Value[Any]]:
        quiet = replace(self, whole=True)
        return [each for argument in self.state.arguments for each in quiet.of_branch(argument)]

    def defaulted(self, part: Variable, value: Value[Any]) -> Value[Any]:
        """`${NAME:-word}`, `${NAME:=word}`, `${NAME:+word}`; the colon counts an empty text as not set."""
        if isinstance(value.x, Branch):
            return replace(value, x=Branch(value.x.on, tuple((on, self.defaulted(part, case)) for on, case in value.x.cases)))
        other = self.one(part.operand) if part.operand and part.operand.parts else Value("")
        missing = value.x is None or (value.x == "" and part.op.startswith(":"))
        if isinstance(value.x, Unknown) and value.x.about == f"${part.name}" and value.depends:
            return self.undecided(part, value, other)
        if part.op.endswith("+"):
            return replace(Value("") if missing else other, assumes=unique(other.assumes, value.assumes), depends=value.depends)
        if missing and part.op.endswith("=") and part.name.isidentifier():
            self.state.assign(part.name, other.also(value))
        return other.also(value) if missing else value

    def undecided(self, part: Variable, value: Value[Any], other: Value[Any]) -> Value[Any]:
        """The variable may be set by something that was not read."""
        name = f"${part.name}"
        unset = other.also(Value(None, (), (f"{name} is not set",), value.depends))
        yes, no = (other, Value("")) if part.op.endswith("+") else (value, unset)
        return Value(Branch(f"{name} is set", ((f"{name} is set", yes), (f"{name} is not set", no))), value.places)

    def changed(self, part: Variable, value: Value[Any]) -> Value[Any]:
        """`${NAME%suffix}`, `${NAME##*/}`, `${NAME,,}`, `${#NAME}`; any other change is not followed."""
        operand = self.one(part.operand).x if part.operand else ""
        change = _CHANGES.get(part.op)
        if change and isinstance(operand, str):
            return value.map(lambda text: change(text, operand) if isinstance(text, str) else text)
        if value.x is None:
            return value
        return replace(value, x=Unknown(f"{part.span.text[:60]} is only known when the script runs", f"${part.name}"))


def _is_fixed(part: Part) -> bool:
    return isinstance(part, Text) or part.quoted


def _forks(value: Value[Any]) -> bool:
    """Whether the cases of a branch are different numbers of words."""
    texts = [case.x for _, case in value.worlds()]
    return any(isinstance(text, str) and len(text.split()) != 1 for text in texts)


def _any_unknown(arguments: Sequence[Value[Any]]) -> bool:
    return any(isinstance(argument.x, Unknown) for argument in arguments)


def _argument(arguments: Sequence[Value[Any]], index: int) -> Value[Any]:
    if _any_unknown(arguments[: index + 1]):
        return Value(Unknown("an argument that is not known", f"${index + 1}"))
    return arguments[index] if index < len(arguments) else Value(None)


def _part_of(arguments: Sequence[Value[Any]], bounds: object) -> Sequence[Value[Any]]:
    """`"${@:start:length}"`; the first argument is number 1."""
    found = re.fullmatch(r"\s*([1-9]\d{,3})\s*(?::\s*(\d{1,4})\s*)?", str(bounds))
    if not found or _any_unknown(arguments) or any(isinstance(each.x, Branch) for each in arguments):
        return (Value(Unknown("a part of the arguments", "$@")),)
    rest = arguments[int(found[1]) - 1 :]
    return rest[: int(found[2])] if found[2] else rest


def _prefix(text: str, pattern: str, longest: bool) -> str:
    ends = range(len(text), -1, -1) if longest else range(len(text) + 1)
    return next((text[end:] for end in ends if _matches(text[:end], pattern)), text)


def _suffix(text: str, pattern: str, longest: bool) -> str:
    starts = range(len(text) + 1) if longest else range(len(text), -1, -1)
    return next((text[:start] for start in starts if _matches(text[start:], pattern)), text)


def _matches(text: str, pattern: str) -> bool:
    return len(text) < 1000 and re.fullmatch(translate(pattern), text) is not None


def _slice(text: str, bounds: str) -> str | Unknown:
    """`${NAME:start:length}`."""
    found = re.fullmatch(r"\s*(-?\d{1,6})\s*(?::\s*(\d{1,6})\s*)?", bounds)
    if not found:
        return Unknown("a part of a text")
    rest = text[int(found[1]) :]
    return rest[: int(found[2])] if found[2] else rest


def _replaced(text: str, operand: str, everywhere: bool) -> str | Unknown:
    """`${NAME/old/new}`, where `old` is no pattern."""
    old, _, new = operand.partition("/")
    if not old or _GLOB.search(old) or old[0] in "#%":
        return Unknown("a replacement by a pattern")
    return text.replace(old, new, -1 if everywhere else 1)


_CHANGES: dict[str, Callable[[str, str], str | Unknown]] = {
    ":": _slice,
    "/": lambda text, operand: _replaced(text, operand, everywhere=False),
    "//": lambda text, operand: _replaced(text, operand, everywhere=True),
    "#": lambda text, pattern: _prefix(text, pattern, longest=False),
    "##": lambda text, pattern: _prefix(text, pattern, longest=True),
    "%": lambda text, pattern: _suffix(text, pattern, longest=False),
    "%%": lambda text, pattern: _suffix(text, pattern, longest=True),
    ",,": lambda text, _: text.lower(),
    "^^": lambda text, _: text.upper(),
    "length": lambda text, _: str(len(text)),
}
