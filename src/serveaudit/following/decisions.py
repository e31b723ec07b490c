"""Whether a condition of a script holds, and how to say so. Sources: POSIX, "test"; Bash's manual, "Conditional Constructs"."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from fnmatch import translate
from typing import Any

from serveaudit.following.expansion import Expander
from serveaudit.formats.shell.tree import AndOr, Group, Not, Opaque, Simple, Statement, Text, Variable, Word
from serveaudit.source import SourceFile
from serveaudit.values import Partial, Unknown, Value, unique

LONGEST = 60
DEEPEST = 40

Exists = Callable[[Value[Any]], SourceFile | Unknown | None]
"""A file by its path: its text, None where the repository has none, or unknown."""


@dataclass(frozen=True, slots=True)
class Decision:
    """`truth` is None where it is not known. `yes` and `no` say in words what holds if it is and if it is not true;
    `assumes` is what an answer rests on; `usual`: it is what everybody expects, and no condition (a command succeeds)."""

    truth: bool | None
    yes: str
    no: str
    assumes: tuple[str, ...] = ()
    usual: bool = False

    @property
    def certain(self) -> bool:
        return self.truth is not None and not self.assumes and not self.usual

    def negated(self) -> Decision:
        return Decision(None if self.truth is None else not self.truth, self.no, self.yes, self.assumes, self.usual)

    @property
    def on(self) -> str:
        """The name of the choice: the same for a question and for its opposite."""
        return min(self.yes, self.no, key=lambda text: (len(text), text))


def is_question(statement: Statement) -> bool:
    """Whether a command is one that is called for its exit status: it may as well fail as succeed."""
    if isinstance(statement, Not):
        return is_question(statement.body)
    if not isinstance(statement, Simple):
        return False
    name = statement.word(0)
    asks = name in (
        "[",
        "[[",
        "((",
        "test",
        "true",
        ":",
        "false",
        "which",
        "type",
        "hash",
        "grep",
        "egrep",
        "pgrep",
        "pidof",
        "mountpoint",
    )
    return asks or (name == "command" and statement.word(1) in ("-v", "-V"))


@dataclass(slots=True)
class Judge:
    """Answers conditions in the expander's state."""

    expander: Expander
    exists: Exists

    def decide(self, statement: Statement) -> Decision:
        if isinstance(statement, Not):
            return self.decide(statement.body).negated()
        if isinstance(statement, AndOr):
            decision = self.decide(statement.first)
            for connector, following in statement.rest:
                decision = (
                    _both(decision, self.decide(following)) if connector == "&&" else _either(decision, self.decide(following))
                )
            return decision
        if isinstance(statement, Group) and len(statement.body) == 1:
            return self.decide(statement.body[0])
        if isinstance(statement, Simple) and statement.word(0) in ("[", "[[", "test"):
            return self.test(statement)
        if isinstance(statement, Simple) and statement.word(0) in ("true", ":", "false"):
            said = f"`{statement.word(0)}`"
            return Decision(statement.word(0) != "false", said, f"not {said}")
        return self.unknown(statement)

    def unknown(self, statement: Statement) -> Decision:
        asked = statement.words[0].parts if isinstance(statement, Simple) and statement.words else ()
        if asked and isinstance(asked[0], Opaque):
            return self.settled(Decision(None, asked[0].what, f"not {asked[0].what}"))
        text = re.sub(r"\s*[0-9&]?>+\s*(&\d|/dev/null)", "", " ".join(statement.span.text.split()))
        said = f"`{text if len(text) <= LONGEST else text[: LONGEST - 1] + '…'}`"
        return self.settled(Decision(None, f"{said} succeeds", f"{said} fails"))

    def test(self, statement: Simple) -> Decision:
        words = statement.words[1:-1] if statement.word(0) != "test" else statement.words[1:]
        decision = _Test(self, list(words), statement.word(0) == "[[").either()
        return self.settled(decision)

    def settled(self, decision: Decision) -> Decision:
        """The decision, as it came out before on this way."""
        label = self.expander.state.choices.get(decision.on)
        if label is None:
            return decision
        if label in (decision.yes, decision.no):
            return replace(decision, truth=label == decision.yes, assumes=())
        return replace(decision, truth=decision.yes != decision.on, assumes=())

    # Single tests

    def is_set(self, word: Word, negative: bool) -> Decision:
        """`-n word`, `-z word`, `word`."""
        single = word.parts[0] if len(word.parts) == 1 else None
        yes, no = f"{shown(word)} is not empty", f"{shown(word)} is empty"
        if isinstance(single, Variable) and single.op != "indirect":
            yes, no = f"${single.name} is set", f"${single.name} is not set"
        value = self.expander.part(single) if single else self.expander.one(word)
        truth = True if isinstance(value.x, Partial) else bool(value.x) if value.x is None or isinstance(value.x, str) else None
        decision = Decision(truth, yes, no, value.assumes)
        return decision.negated() if negative else decision

    def is_file(self, word: Word, kind: str) -> Decision:
        said = shown(word)
        found = self.exists(self.expander.one(word)) if kind in "efsrx" else Unknown("not looked up")
        yes, no = f"{said} exists", f"{said} does not exist"
        if isinstance(found, SourceFile):
            return Decision(True, yes, no)
        return Decision(False, yes, no, (no,)) if found is None else Decision(None, yes, no)

    def compared(self, left: Word, sign: str, right: Word, patterns: bool) -> Decision:
        one, other = self.expander.one(left), self.expander.one(right)
        said, wanted = shown(left), shown(right)
        assumes = unique(one.assumes, other.assumes)
        yes, no = f"{said} {_SPELLED.get(sign, sign)} {wanted}", f"{said} {_OPPOSITE.get(sign, 'not ' + sign)} {wanted}"
        if not isinstance(one.x, str) or not isinstance(other.x, str) or (assumes and "" in (one.x, other.x)):
            return Decision(None, yes, no)  # a variable that is compared with something is meant to be set by somebody
        if sign in _NUMBERS:
            numbers = [int(x) if re.fullmatch(r"\s*-?\d{1,18}\s*", x) else None for x in (one.x, other.x)]
            return Decision(None if None in numbers else _NUMBERS[sign](*numbers), yes, no, assumes)
        if sign not in ("=", "==", "!="):
            return Decision(None, yes, no)
        pattern = patterns and any(isinstance(part, Text) and not part.quoted for part in right.parts)
        same = matches(one.x, other.x) if pattern else one.x == other.x
        return Decision(same != (sign == "!="), yes, no, assumes)


@dataclass(slots=True)
class _Test:
    """Reads the words of a test: `[[ a && ! b || ( c ) ]]`, `[ a -a b -o c ]`."""

    judge: Judge
    words: list[Word]
    double: bool
    at: int = 0
    depth: int = 0

    def peek(self, offset: int = 0) -> str:
        at = self.at + offset
        word = self.words[at] if at < len(self.words) else None
        bare = word and all(isinstance(part, Text) and not part.quoted for part in word.parts)
        return (word.literal or "") if word and bare else ""

    def either(self) -> Decision:
        decision = self.both()
        while self.peek() in ("||", "-o") and self.at + 1 < len(self.words):
            self.at += 1
            decision = _either(decision, self.both())
        return decision

    def both(self) -> Decision:
        decision = self.single()
        while self.peek() in ("&&", "-a") and self.at + 1 < len(self.words):
            self.at += 1
            decision = _both(decision, self.single())
        return decision

    def single(self) -> Decision:
        left = len(self.words) - self.at
        if left <= 0:
            return Decision(False, "an empty test", "not an empty test")
        if self.depth > DEEPEST:
            self.at = len(self.words)
            return Decision(None, "a long test holds", "a long test does not hold")
        if (self.peek() == "!" and left > 1) or self.peek() in ("(", r"\("):
            return self.nested()
        if left > 2 and self.peek(1) in _SIGNS:
            self.at += 3
            return self.judge.compared(self.words[self.at - 3], self.peek(-2), self.words[self.at - 1], self.double)
        if left > 1 and re.fullmatch(r"-\w", self.peek()) and self.peek(1) not in ("-a", "-o", "&&", "||"):
            self.at += 2
            return self.unary(self.peek(-2)[1], self.words[self.at - 1])
        self.at += 1
        return self.judge.is_set(self.words[self.at - 1], negative=False)

    def nested(self) -> Decision:
        """`! test`, `( test )`."""
        negative = self.peek() == "!"
        self.at += 1
        self.depth += 1
        decision = self.single().negated() if negative else self.either()
        self.depth -= 1
        self.at += 0 if negative else 1
        return decision

    def unary(self, kind: str, word: Word) -> Decision:
        if kind in "nz":
            return self.judge.is_set(word, negative=kind == "z")
        if kind in "efdsrwxLhSpbcO":
            return self.judge.is_file(word, kind)
        return Decision(None, f"-{kind} {shown(word)}", f"not -{kind} {shown(word)}")


_NUMBERS: dict[str, Callable[[Any, Any], bool]] = {
    "-eq": operator.eq,
    "-ne": operator.ne,
    "-lt": operator.lt,
    "-le": operator.le,
    "-gt": operator.gt,
    "-ge": operator.ge,
}
_SIGNS = {"=", "==", "!=", "=~", "<", ">", "-nt", "-ot", "-ef", *_NUMBERS}
_SPELLED = {"==": "=", "-eq": "=", "-ne": "!=", "-lt": "<", "-le": "<=", "-gt": ">", "-ge": ">=", "=~": "matches"}
_OPPOSITE = {"=": "!=", "==": "!=", "!=": "=", "-eq": "!=", "-ne": "=", "-lt": ">=", "-le": ">", "-gt": "<=", "-ge": "<"}
_OPPOSITE["=~"] = "does not match"


def matches(text: str, pattern: str) -> bool:
    return len(text) < 1000 and re.fullmatch(translate(pattern), text) is not None


def shown(word: Word) -> str:
    """A word as a reader would say it: without its quotes, shortened."""
    text = "".join(part.text if isinstance(part, Text) else part.span.text for part in word.parts)
    text = re.sub(r"\$\{(\w+)(:?[-=].*)?\}", r"$\1", " ".join(text.split()))
    return (text if len(text) <= LONGEST else text[: LONGEST - 1] + "…") or "''"


def _said(one: str, word: str, other: str) -> str:
    if one.endswith(" …") or len(one) + len(other) > 4 * LONGEST:
        return one if one.endswith(" …") else f"{one} {word} …"
    return f"{one} {word} {other}"


def _both(one: Decision, other: Decision) -> Decision:
    yes, no = _said(one.yes, "and", other.yes), _said(one.no, "or", other.no)
    if one.truth is False or (other.truth is False and one.truth is not None):
        return Decision(False, yes, no, one.assumes if one.truth is False else other.assumes)
    if other.truth is False:
        return Decision(False, yes, no, other.assumes)
    if one.truth and other.truth:
        return Decision(True, yes, no, unique(one.assumes, other.assumes))
    if one.truth is None and other.truth is None:
        return Decision(None, yes, no)
    known, open_ = (one, other) if one.truth else (other, one)
    return replace(open_, assumes=known.assumes)  # what is known to hold need not be said


def _either(one: Decision, other: Decision) -> Decision:
    return _both(one.negated(), other.negated()).negated()
