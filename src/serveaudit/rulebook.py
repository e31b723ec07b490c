"""The rules: cards, compiled against the vocabulary."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from serveaudit.card_fields import VERBS, Keys
from serveaudit.cards import Card, CardError, card_files, read_card
from serveaudit.expressions.closures import kleene
from serveaudit.expressions.conditions import Condition, ConditionError, Conditions
from serveaudit.expressions.frames import Closure, Frame, Result
from serveaudit.finding import Severity
from serveaudit.shipped import own_cards
from serveaudit.suggest import hint
from serveaudit.templates import Template, template
from serveaudit.words import Question, Vocabulary

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that a fix does: what it does it to, as the card says it, and the text that it puts there (none to remove)."""

    verb: str
    target: Condition
    text: Template | None


@dataclass(frozen=True, slots=True)
class Mend:
    """How a card's fix would mend what the rule finds."""

    title: Template
    safe: bool
    because: str
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Compiled:
    """A card's conditions and texts as closures.

    cases    severities with their conditions, the first YES wins; the last one has none
    labels   by the text of what was read; `phrases` of the vocabulary for what has no label
    """

    lets: Mapping[str, Closure]
    when: Closure
    guards: tuple[tuple[str, Closure], ...]
    cases: tuple[tuple[Severity, Closure | None], ...]
    at: Closure | None
    message: Template
    labels: Mapping[str, Template]
    phrases: Mapping[str, str]
    help: tuple[Template, ...]
    mend: Mend | None

    def look_up(self, frame: Frame, name: str) -> Result:
        """One of the card's own names, computed in the frame's world when it is first said."""
        return self.lets[name](frame)


class Rule:
    """A rule: its card, and, once it is asked, what the card's conditions compute."""

    def __init__(self, card: Card, vocabulary: Vocabulary) -> None:
        self.card = card
        self.vocabulary = vocabulary
        self.name = card.name
        self.category = card.category
        self.replaces = frozenset(card.fields.get("replaces", ()))
        self.needs_edge = "needs" in card.fields

    @cached_property
    def question(self) -> Question:
        """What the rule is asked of. Raises CardError where the vocabulary has nothing like it."""
        return _question(self.card, self.vocabulary)

    @cached_property
    def compiled(self) -> Compiled:
        """Raises CardError for a condition that can't be asked."""
        return _Compiler(self.card, self.vocabulary, self.question).compile()

    def __repr__(self) -> str:
        return f"<rule {self.category}/{self.name}>"


def load_rules(vocabulary: Vocabulary, extra_dirs: Iterable[Path] = ()) -> list[Rule]:
    """serveaudit's own rules, and those of the directories that the user names, whose cards are checked at once.

    Raises CardError, with file and line: for a card that can't be read, for a condition that can't be asked, and for a rule
    with a name that is taken.
    """
    rules = [Rule(card, vocabulary) for card in own_cards()]
    taken = {rule.name: rule.card for rule in rules}
    for directory in extra_dirs:
        for path in card_files(directory):
            card = read_card(path)
            if card.name in taken:
                raise CardError(path, 1, f"there is a rule '{card.name}' already: {taken[card.name].path}")
            taken[card.name] = card
            rules.append(Rule(card, vocabulary))
            rules[-1].compiled  # noqa: B018 - its errors are wanted now
    return rules


def _cases(card: Card) -> list[Mapping[str, str]]:
    """The cases of a card's severity; the last one's condition is empty."""
    given = card.fields["severity"]
    return [{case: ""} if isinstance(case, str) else case for case in ([given] if isinstance(given, str) else given)]


def _question(card: Card, vocabulary: Vocabulary) -> Question:
    text = card.fields["for"]
    try:
        question = vocabulary.question(text)
    except KeyError:
        question = None
    if question is None:
        raise card.error(("for",), f"there is nothing called '{text}'{hint(text, vocabulary.relations)}")
    words = {word for kind in question.kinds for word in vocabulary.kinds[kind]}
    if "needs" in card.fields and "faces_clients" not in words:
        raise card.error(("needs",), f"'{text}' has no word 'faces_clients'")
    return question


class _Compiler:
    """Compiles one card; errors are told with the place in the card."""

    def __init__(self, card: Card, vocabulary: Vocabulary, question: Question) -> None:
        self.card = card
        names = {"deployment": "deployment"} if "deployment" in vocabulary.kinds else {}
        for kind, spelled in zip(question.kinds, question.names, strict=True):
            names |= dict.fromkeys(spelled, kind)
        self.conditions = Conditions(vocabulary, names)

    def compile(self) -> Compiled:
        lets = {name: self._let(name, text) for name, text in self.card.fields.get("let", {}).items()}
        when = [self.condition(("when", index), text).run for index, text in enumerate(self.card.texts("when"))]
        guards = tuple((reason, self.condition(("unless", reason), text).run) for reason, text in self._mapping("unless"))
        at = self.card.fields.get("at")
        return Compiled(
            lets=lets,
            when=when[0] if len(when) == 1 else kleene(when, stop=False),
            guards=guards,
            cases=tuple(self._cases()),
            at=self.condition(("at",), at).run if at else None,
            message=self.template(("message",), self.card.fields["message"]),
            labels=dict(self._label(text, label) for text, label in self._mapping("labels")),
            phrases=self.conditions.phrases,
            help=tuple(self.template(("help", index), text) for index, text in enumerate(self.card.texts("help"))),
            mend=self._mend(self.card.fields.get("fix", {})),
        )

    def condition(self, keys: Keys, text: str) -> Condition:
        return self._told(keys, lambda: self.conditions.compile(text))

    def template(self, keys: Keys, text: str) -> Template:
        return self._told(keys, lambda: template(text, self.conditions))

    def _told(self, keys: Keys, compile_text: Callable[[], T]) -> T:
        try:
            return compile_text()
        except ConditionError as error:
            raise self.card.error(keys, str(error)) from None

    def _mapping(self, field: str) -> list[tuple[str, str]]:
        return list(self.card.fields.get(field, {}).items())

    def _let(self, name: str, text: str) -> Closure:
        found = self.condition(("let", name), text)
        if name in self.conditions.names or not name.isidentifier():
            raise self.card.error(("let", name), f"'{name}' is taken or is no name")
        self.conditions.names[name] = found.type
        return found.run

    def _cases(self) -> Iterable[tuple[Severity, Closure | None]]:
        for index, case in enumerate(_cases(self.card)):
            for name, text in case.items():
                yield Severity[name.upper()], self.condition(("severity", index), text).run if text else None

    def _label(self, text: str, label: str) -> tuple[str, Template]:
        """A label by the text of what it is put to: a word, or a list's member by the name that the card gives it."""
        keys: Keys = ("labels", text)
        root = text.split(".")[0].split("[")[0]
        kind = "object" if root in self.conditions.loop_names else self.condition(keys, text).type
        self.conditions.names["it"] = kind
        try:
            return self._told(keys, lambda: ast.unparse(ast.parse(text, mode="eval"))), self.template(keys, label)
        finally:
            del self.conditions.names["it"]

    def _mend(self, fix: Mapping[str, Any]) -> Mend | None:
        if not fix:
            return None
        changes = []
        for verb in VERBS:
            given = fix.get(verb, {})
            for target, text in [(one, None) for one in self._listed(given)] if verb == "remove" else given.items():
                keys: Keys = ("fix", verb, target)
                new = None if text is None else self.template(keys, text)
                changes.append(Change(verb, self.condition(keys, target), new))
        return Mend(
            self.template(("fix", "title"), fix["title"]), fix["safety"] == "safe", fix.get("because", ""), tuple(changes)
        )

    @staticmethod
    def _listed(given: Any) -> list[str]:
        return [given] if isinstance(given, str) else list(given)
