"""How the vocabulary of rule cards is declared: subjects, their words, the relations between them.

A subject is a class; its words are properties or methods decorated with `@word("phrase with {it}")`. What a word gives is told
by its annotation, so that a card can be checked when it is loaded:

    class Route(Subject):
        @word("nginx answers 504 after {it} without a byte")
        def read_timeout(self) -> Value[Seconds]: ...

        @word("nginx sends {it} here")
        def sends(self, header: str) -> Value[str]: ...      # in a card: route.sends("Host")

    @relation("route to server")
    def answered_by(deployment: Deployment) -> Iterator[Pair]: ...
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from inspect import signature
from types import ModuleType
from typing import Any, ClassVar, Concatenate, Generic, ParamSpec, TypeVar, overload

from serveaudit.values import Place, Value

T = TypeVar("T")
S = TypeVar("S")
P = ParamSpec("P")


class Subject:
    """Something that a card may ask about. Its kind is the class's name in lower case (`TlsFile`: tls_file), or `kind`.

    symbol   its symbolic place, which survives moved lines: `http/server[example.com]/location[/]`
    place    its head: the line of the block or the command, pointed at where nothing nearer can be
    A class with a `__getitem__` that gives a Value can be subscripted in cards: route.handshake["Upgrade"].
    """

    kind: ClassVar[str] = ""
    symbol: str = ""
    place: Place | None = None


class Word:
    """A word of a subject. `phrase` labels its places in reports; `type` is that of its value where no annotation tells it."""

    def __init__(self, function: Callable[..., Any], phrase: str = "", type: str = "") -> None:
        self.function = function
        self.phrase = phrase
        self.type = type
        self.name = function.__name__
        self.__doc__ = function.__doc__

    @property
    def gives(self) -> str:
        """The type of what the word gives, as cards are checked with: seconds, str, list[route], …"""
        return self.type or type_name(self.function.__annotations__.get("return", "object"))

    @property
    def parameters(self) -> tuple[str, ...]:
        """The types of what a card passes to it; empty for a word that is read without parentheses."""
        names = list(signature(self.function).parameters)[1:]
        return tuple(type_name(self.function.__annotations__.get(name, "object")) for name in names)


class PropertyWord(Word, Generic[T]):
    """A word that is read: computed once for each subject, when it is first asked for."""

    @overload
    def __get__(self, subject: None, owner: type) -> PropertyWord[T]: ...
    @overload
    def __get__(self, subject: object, owner: type) -> T: ...
    def __get__(self, subject: object, owner: type | None = None) -> Any:
        if subject is None:
            return self
        value = subject.__dict__[self.name] = self.function(subject)
        return value


class MethodWord(Word, Generic[P, T]):
    """A word that a card calls: each combination of arguments is computed once."""

    @overload
    def __get__(self, subject: None, owner: type) -> MethodWord[P, T]: ...
    @overload
    def __get__(self, subject: object, owner: type) -> Callable[P, T]: ...
    def __get__(self, subject: object, owner: type | None = None) -> Any:
        if subject is None:
            return self
        answers: dict[tuple[Any, ...], T] = {}

        def ask(*args: Any) -> T:
            if args not in answers:
                answers[args] = self.function(subject, *args)
            return answers[args]

        subject.__dict__[self.name] = ask
        return ask


class _Decorator:
    """What `@word(…)` gives: typed so that the checker sees a property or a method."""

    def __init__(self, phrase: str, gives: str) -> None:
        self.phrase = phrase
        self.gives = gives

    @overload
    def __call__(self, function: Callable[[S], T]) -> PropertyWord[T]: ...
    @overload
    def __call__(self, function: Callable[Concatenate[S, P], T]) -> MethodWord[P, T]: ...
    def __call__(self, function: Callable[..., Any]) -> Any:
        kind = MethodWord if len(signature(function).parameters) > 1 else PropertyWord
        return kind(function, self.phrase, self.gives)


def word(phrase: str = "", gives: str = "") -> _Decorator:
    """Makes a property (no arguments) or a method a word that cards may say. The phrase labels its places in reports; `{it}`
    stands for the value. `gives` tells the type where the annotation can't name it: another module's subject, `list[route]`."""
    return _Decorator(phrase, gives)


@dataclass(frozen=True, slots=True)
class Pair:
    """Subjects that a rule is asked of together, in the order of the relation's name, and what proves that they belong
    together: its places are shown with every finding, its assumptions become conditions, an unknown proof makes a MAYBE."""

    subjects: tuple[Any, ...]
    proof: Value[Any] = field(default_factory=lambda: Value(True))


@dataclass(frozen=True, slots=True)
class Relation:
    """`route to server`, or a kind alone: what lists its pairs (or subjects) in a deployment."""

    name: str
    find: Callable[[Any], Iterable[Any]]

    @property
    def kinds(self) -> tuple[str, ...]:
        return kinds_of(self.name)

    def pairs(self, deployment: Any) -> Iterator[Pair]:
        for found in self.find(deployment):
            yield found if isinstance(found, Pair) else Pair(found if isinstance(found, tuple) else (found,))


def relation(name: str) -> Callable[[Callable[[Any], Iterable[Any]]], Relation]:
    """Declares what `for:` may name. The function takes the Deployment subject and gives Pairs, tuples or subjects."""
    return lambda find: Relation(name, find)


@dataclass(frozen=True, slots=True)
class Function:
    """A function that cards may call: takes what it is given as plain values and subjects (Items for lists), gives a Value."""

    name: str
    call: Callable[..., Value[Any]]
    type: str
    parameters: tuple[str, ...]


def function(call: Callable[..., Value[Any]]) -> Function:
    """Makes a function callable in cards by its own name."""
    types = {name: type_name(text) for name, text in call.__annotations__.items()}
    returned = types.pop("return", "object")
    return Function(call.__name__, call, returned, tuple(types.get(name, "object") for name in signature(call).parameters))


@dataclass(frozen=True, slots=True)
class Question:
    """What `for:` asks: the names that the card may say, with their kinds, and what lists the subjects."""

    names: tuple[tuple[str, ...], ...]
    kinds: tuple[str, ...]
    classes: tuple[type, ...]
    relation: Relation

    def pairs(self, deployment: Any) -> Iterator[Pair]:
        for pair in self.relation.pairs(deployment):
            if all(map(isinstance, pair.subjects, self.classes)):
                yield pair


class Vocabulary:
    """All words by kind, with what relates the kinds: {kind: {word: Word}}."""

    def __init__(
        self,
        subjects: Iterable[type[Subject]],
        relations: Iterable[Relation] = (),
        functions: Iterable[Function] = (),
        names: Mapping[str, tuple[Any, ...]] | None = None,
    ) -> None:
        self.classes: dict[str, type[Subject]] = {kind_name(subject): subject for subject in subjects}
        self.kinds: dict[str, dict[str, Word]] = {kind: words_of(subject) for kind, subject in self.classes.items()}
        self.relations = {relation.name: relation for relation in relations}
        self.functions = {function.name: function for function in functions}
        self.names = dict(names or {})

    @classmethod
    def of(cls, *modules: ModuleType) -> Vocabulary:
        """Everything that the modules declare: subjects, relations, functions, and constants in a mapping called NAMES."""
        found = [thing for module in modules for thing in vars(module).values()]
        names: dict[str, tuple[Any, ...]] = {}
        for module in modules:
            names |= getattr(module, "NAMES", {})
        return cls(
            dict.fromkeys(
                thing for thing in found if isinstance(thing, type) and issubclass(thing, Subject) and thing is not Subject
            ),
            [thing for thing in found if isinstance(thing, Relation)],
            [thing for thing in found if isinstance(thing, Function)],
            names,
        )

    def is_a(self, kind: str, other: str) -> bool:
        """Whether a kind is another one, or one of its special forms: gunicorn is a server."""
        if kind == other or kind not in self.classes or other not in self.classes:
            return kind == other
        return issubclass(self.classes[kind], self.classes[other])

    def question(self, text: str) -> Question | None:
        """What `for:` names: a declared relation, or one whose kinds are special forms of a declared one's."""
        wanted = kinds_of(text)
        for relation in self._candidates(text):
            if len(relation.kinds) == len(wanted) and all(map(self.is_a, wanted, relation.kinds)):
                names = tuple(tuple(dict.fromkeys(pair)) for pair in zip(wanted, relation.kinds, strict=True))
                return Question(names, wanted, tuple(self.classes[kind] for kind in wanted), relation)
        return None

    def _candidates(self, text: str) -> list[Relation]:
        """The relation of that name, else those that join with the same words, in the order declared."""
        if text in self.relations:
            return [self.relations[text]]
        return [relation for name, relation in self.relations.items() if _JOIN.findall(name) == _JOIN.findall(text)]

    def item(self, kind: str) -> str | None:
        """What subscripting a kind gives; None for a kind that can't be subscripted."""
        getter = getattr(self.classes.get(kind), "__getitem__", None)
        return type_name(getter.__annotations__.get("return", "object")) if getter else None


_JOIN = re.compile(r" (to|of|in|on|behind|beside) ")


def kinds_of(text: str) -> tuple[str, ...]:
    """`route to server`: route, server."""
    return tuple(_JOIN.split(text)[::2])


def kind_name(subject: type[Subject]) -> str:
    """A class's kind: its own `kind`, else its name in snake case."""
    return vars(subject).get("kind", "") or re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", subject.__name__).lower()


def words_of(subject: type[Subject]) -> dict[str, Word]:
    """A class's words, those of its bases included. Raises TypeError where one is overridden without `@word`."""
    found: dict[str, Word] = {}
    for base in reversed(subject.__mro__):
        for name, attribute in vars(base).items():
            if isinstance(attribute, Word):
                found[name] = attribute
            elif name in found:
                raise TypeError(f"{base.__name__}.{name} hides a word; decorate it with @word")
    return found


def type_name(annotation: Any) -> str:
    """An annotation as a card's type: `Value[list[Route]]` is list[route], `Value[Seconds]` is seconds, `Any` is object."""
    text = annotation if isinstance(annotation, str) else getattr(annotation, "__name__", "")
    if not isinstance(annotation, str) and "[" in str(annotation):
        text = str(annotation)
    text = re.sub(r"\b\w+\.", "", text.replace(" ", "")).removesuffix("|None")
    if inner := re.fullmatch(r"Value\[(.*)\]", text):
        text = inner[1].removesuffix("|None")
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", text).lower()
    text = re.sub(r"\b(tuple|iterable|iterator|sequence)\[(.*?),\.\.\.\]", r"list[\2]", text)
    return {"any": "object", "items": "list[object]", "table": "dict[object,object]", "none": "object"}.get(text, text)
