"""Reads command lines as argparse, click and getopt read them: options with their words, positional words, what is refused.

A word that is not known and may stand for several (`$ARGS`) ends what is sure: what it might set is unknown, unless it is given
again behind it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile
from typing import Any

from serveaudit.command import Command
from serveaudit.conversion import Cast, convert, from_text
from serveaudit.invocation import arguments_for
from serveaudit.precedence import Layer
from serveaudit.serving import BadFlag, Row, Server, Setting
from serveaudit.source import Span
from serveaudit.tables import Facts, facts
from serveaudit.values import Branch, How, Items, Partial, Place, Unknown, Value

Word = Value[Any]


@dataclass(frozen=True, slots=True)
class Style:
    """How a library reads a command line.

    abbreviates      `--work` is `--workers` where only one option starts so
    dashes_as_words  the word behind an option may start with a dash
    stops            the first positional word ends the options
    joins_optional   the word of an option that may stand alone has to be a part of it: `--chmod-socket=664`, `-C664`
    asks             options that only print something
    status           the exit status of a refusal
    """

    abbreviates: bool = False
    dashes_as_words: bool = False
    stops: bool = False
    joins_optional: bool = False
    asks: tuple[str, ...] = ("--help",)
    status: int = 2


ARGPARSE = Style(abbreviates=True, asks=("-h", "--help"))
CLICK = Style(dashes_as_words=True)
GETOPT = Style(abbreviates=True, dashes_as_words=True, stops=True, status=1)


@dataclass(frozen=True, slots=True)
class Given:
    """An option as a command line gives it.

    spelled  as written, abbreviated or not
    value    the text behind it, or what the flag alone sets; its first place is the option as a whole
    literal  the text behind it alone
    index    the word's number
    """

    row: Row
    spelled: str
    value: Value[Any]
    place: Place
    literal: Span | None
    index: int


@dataclass(slots=True)
class Arguments:
    """What a command line says.

    words   positional words
    unread  a word that may stand for more words, and (`unread_at`) its number
    exits   whether it only asks for help or the version
    """

    given: list[Given] = field(default_factory=list)
    words: list[Word] = field(default_factory=list)
    bad: list[BadFlag] = field(default_factory=list)
    unread: Unknown | None = None
    unread_at: int = -1
    exits: bool = False

    def layer(self, program: str, cast: Cast = from_text) -> Layer:
        """The settings that the options make: of several the last counts, those of a list are collected. An unread word may add
        to a list, and may change any other setting that is not given behind it."""
        grouped: dict[str, list[Given]] = {}
        for given in self.given:
            grouped.setdefault(given.row.name, []).append(given)
        complete = True if self.unread is None else self.unread
        settings = {name: _setting(program, given, cast, complete) for name, given in grouped.items()}
        certain = (name for name, given in grouped.items() if given[-1].index > self.unread_at or given[0].row.type == "list")
        return Layer(settings, self.unread, frozenset(certain))


def read(words: Sequence[Word], facts: Facts, style: Style, place: Place, positional: int | None = 1) -> Arguments:
    """The words behind the program's name; `place` is the command's, for words without one. `positional` is how many positional
    words it takes; None: all of the first run of them, as argparse's `nargs="*"`. Never raises."""
    reader = _Reader(words, facts, style, place)
    reader.run()
    reader.count(positional)
    return reader.found


def started(
    command: Command, program: str, style: Style, names: Collection[str], modules: Collection[str]
) -> tuple[Server, Facts, Arguments] | None:
    """The server that a command starts, as yet without settings, the table of its release, and what the command line says.
    None where it starts something else, or only asks for help or the version."""
    words = arguments_for(command, names, modules)
    if words is None:
        return None
    table = facts(program, command.env.releases)
    line = read(words, table, style, command.place)
    return None if line.exits else (Server(program, command.place, command, bad_flags=line.bad), table, line)


def beginning(word: Word) -> str | None:
    """The text with which a word surely starts; None for one of which nothing is known, and which may be several."""
    if isinstance(word.x, Branch):
        starts = {beginning(case) for _, case in word.x.cases}
        return starts.pop() if len(starts) == 1 else None if any(start is None or _dashed(start) for start in starts) else ""
    if isinstance(word.x, Partial):
        first = word.x.parts[0]
        return first if isinstance(first, str) else ""
    if isinstance(word.x, Unknown):
        return "" if _quoted(word) else None
    return "" if word.x is None else str(word.x)


def firm_words(words: Sequence[Word]) -> list[Word]:
    """Positional words up to one that may be several, or an option, or none: what follows it may belong to it."""
    return list(takewhile(lambda word: beginning(word) is not None, words))


def without(word: Word, count: int) -> Word:
    """The word without its first characters, all of which are known."""
    if not isinstance(word.x, Partial):
        return replace(word, x=str(word.x)[count:])
    first, *rest = word.x.parts
    parts = tuple(part for part in (str(first)[count:], *rest) if part != "")
    return replace(word, x=parts[0] if len(parts) == 1 else Partial(parts))


class _Reader:
    """One pass over the words."""

    def __init__(self, words: Sequence[Word], facts: Facts, style: Style, place: Place) -> None:
        self.words = words
        self.facts = facts
        self.style = style
        self.place = place
        self.found = Arguments()
        self.runs: list[list[Word]] = []
        """Positional words; a run ends at an option."""
        self.loose: set[int] = set()
        """Words behind an unknown option (by id), which may be meant for it."""

    def run(self) -> None:
        at, in_run = 0, False
        while at < len(self.words):
            start = beginning(self.words[at])
            if start == "--" or (self.style.stops and not _dashed(start)):
                self.positional(self.words[at + (start == "--") :], in_run)
                return
            if _dashed(start):
                at, in_run = self.option(at, start or ""), False
            else:
                if start is None:
                    self.open(at)
                self.positional([self.words[at]], in_run)
                at, in_run = at + 1, True

    def positional(self, words: Sequence[Word], in_run: bool) -> None:
        if not in_run:
            self.runs.append([])
        self.runs[-1] += [word for word in words if word.x is not None]

    def count(self, wanted: int | None) -> None:
        """Keeps the words that the program takes and refuses the others."""
        firm = [[word for word in run if id(word) not in self.loose] for run in self.runs]
        runs = [run for run in (firm if any(firm) else self.runs) if run]
        words = [word for run in runs for word in run]
        taken = wanted if wanted is not None else len(runs[0]) if runs else 0
        self.found.words = words[:taken]
        for word in firm_words(words)[taken:]:
            self.refuse(word, str(word.x), "it is one word too many")

    def open(self, at: int) -> None:
        x = self.words[at].x
        about = x.about if isinstance(x, Unknown) else ""
        self.found.unread, self.found.unread_at = Unknown(f"{about or 'a word of the command line'} may set it", about), at

    def option(self, at: int, start: str) -> int:
        """Reads the option at this word; returns where to go on."""
        flag = start.partition("=")[0]
        if flag in self.style.asks:
            self.found.exits = True
            return at + 1
        if not start.startswith("--") and self.facts.flag(start) is None:
            return self.letters(at, start)
        if isinstance(self.words[at].x, Partial) and "=" not in start:
            self.open(at)
            return at + 1
        row, negated = self.recognised(at, flag)
        if row is None:
            return at + 1
        if "=" in start:
            return self.attached(at, row, flag, len(flag) + 1, negated)
        return self.separate(at, row, flag, negated)

    def letters(self, at: int, start: str) -> int:
        """`-w4`, `-Dw4`: options of one letter each, until one that takes a word."""
        for index, letter in enumerate(start[1:], 1):
            flag = f"-{letter}"
            row = self.facts.flag(flag)
            if row is None:
                return self.unknown(at, start if index == 1 and len(start) == 2 else flag)
            if row.takes == "0":
                self.give(at, row, flag, Value(_alone(row)))
            elif index + 1 < len(start) or isinstance(self.words[at].x, Partial):
                return self.attached(at, row, flag, index + 1 + start.startswith("=", index + 1), False)
            else:
                return self.separate(at, row, flag, False)
        return at + 1

    def recognised(self, at: int, spelled: str) -> tuple[Row | None, bool]:
        """The option's row, and whether it says no; what is no option, or could be several, is refused."""
        flag = spelled
        if self.facts.flag(flag) is None and self.style.abbreviates:
            near = sorted(self.facts.abbreviated(spelled), key=len)
            meant = {(self.facts.flags[each].name, self.facts.denies(each)) for each in near}
            if len(meant) > 1:
                self.refuse(self.words[at], spelled, f"it could mean {', '.join(near[:3])}", near[0])
                self.loose.update(id(word) for word in self.words[at + 1 : at + 2])
                return None, False
            flag = near[0] if near else flag
        row = self.facts.flag(flag)
        if row is None:
            self.unknown(at, spelled)
        elif row.name in ("help", "version"):
            self.found.exits = True
        return row, self.facts.denies(flag)

    def separate(self, at: int, row: Row, spelled: str, negated: bool) -> int:
        """An option whose word, if it takes one, follows."""
        alone: Word = Value(_alone(row, negated))
        following = self.words[at + 1] if at + 1 < len(self.words) else None
        if row.takes == "0" or negated or (row.takes == "?" and self.style.joins_optional):
            self.give(at, row, spelled, alone)
        elif following is not None and (self.style.dashes_as_words or not _looks_like_option(following)):
            self.give(at, row, spelled, following, follows=True)
            return at + 2
        elif row.takes == "?":
            self.give(at, row, spelled, alone)
        else:
            self.refuse(self.words[at], spelled, "a word is wanted behind it")
        return at + 1

    def attached(self, at: int, row: Row, spelled: str, length: int, negated: bool) -> int:
        """An option with its word in one: `--workers=4`, `-w4`."""
        if row.takes == "0" or negated:
            self.refuse(self.words[at], spelled, "it takes no word")
        else:
            self.give(at, row, spelled, without(self.words[at], length), cut=length)
        return at + 1

    def give(self, at: int, row: Row, spelled: str, value: Word, follows: bool = False, cut: int = 0) -> None:
        first = self.words[at].places[0].span if self.words[at].places else self.place.span
        behind = value.places[0].span if follows and value.places else None
        place = Place(_joined(first, behind), How.FLAG)
        literal = behind or (_tail(first, str(value.x)) if cut else None)
        self.found.given.append(Given(row, spelled, value.at(place, *value.places[1:]), place, literal, at))

    def unknown(self, at: int, spelled: str) -> int:
        meant = self.facts.instead_of_flag(spelled)
        self.refuse(self.words[at], spelled, meant.because or f"{self.facts.program} has no such option", meant.becomes)
        if "=" not in (beginning(self.words[at]) or ""):
            self.loose.update(id(word) for word in self.words[at + 1 : at + 2])
        return at + 1

    def refuse(self, word: Word, spelled: str, why: str, near: str = "") -> None:
        place = word.places[0] if word.places else self.place
        self.found.bad.append(BadFlag(spelled, place, near, True, f"{why}; it exits with status {self.style.status}"))


def _setting(program: str, given: Sequence[Given], cast: Cast, complete: bool | Unknown) -> Setting:
    row = given[0].row
    made = [_one(program, each, cast) for each in given]
    if row.type != "list":
        return replace(made[-1], overrides=tuple(reversed(made[:-1])))
    places = tuple(place for each in made for place in each.value.places[:1])
    refused = next((each.refused for each in made if each.refused), "")
    return replace(made[-1], value=Value(Items(tuple(each.value for each in made), complete), places), refused=refused)


def _one(program: str, given: Given, cast: Cast) -> Setting:
    value, refused = convert(program, given.row, given.value, cast)
    literal = given.literal
    return Setting(given.row.name, value, "flag", given.place, given.spelled, row=given.row, refused=refused, literal=literal)


def _alone(row: Row, negated: bool = False) -> Any:
    """What an option without a word sets."""
    if negated:
        return False if row.type == "bool" else ""
    return True if row.const is None else row.const


def _dashed(start: str | None) -> bool:
    return start is not None and len(start) > 1 and start.startswith("-")


def _looks_like_option(word: Word) -> bool:
    """As argparse sees it: a negative number, or a text with a space, is no option."""
    start = beginning(word) or ""
    return _dashed(start) and not start[1].isdigit() and " " not in start


def _quoted(word: Word) -> bool:
    """Whether an unknown word is written so that it stays one word."""
    text = word.places[0].span.text if word.places else ""
    return text[:1] in ("'", '"') and text[1:3] != "$@"


def _joined(first: Span, behind: Span | None) -> Span:
    """The option and its word as one span; the word alone where they stand on two lines, or in two texts."""
    if behind is None:
        return first
    if first.source is not behind.source or behind.end < first.start or "\n" in first.source.text[first.start : behind.end]:
        return behind
    return Span(first.source, first.start, behind.end)


def _tail(span: Span, text: str) -> Span | None:
    """Where a text stands at the end of a word."""
    at = span.text.rfind(text) if text else -1
    return Span(span.source, span.start + at, span.start + at + len(text)) if at >= 0 else None
