"""Where the reading of a Python program stands: its names, what was assumed on the way, and what is left to spend."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from typing import Any

from serveaudit.command import Environment
from serveaudit.formats.python.frames import Fork, Frame, Names, chosen
from serveaudit.formats.python.module import NAMES, Assigned, By, Call, Function, Module
from serveaudit.formats.python.parsing import Spans, bound_names, changed_names
from serveaudit.formats.python.provenance import bounded, may_raise
from serveaudit.formats.python.syntax import Syntax
from serveaudit.source import SourceFile
from serveaudit.values import Branch, Items, Place, Table, Unknown, Value, unique, unknown

FindModule = Callable[[str], SourceFile | Unknown | None]

STEPS = 4_000
"""Statements and expressions that are followed in one module, those of the functions that it calls counted; a settings
module of a large site takes some two thousand."""
DEEPEST_CALL = 6


class Outcome(Enum):
    """How a statement ends; where it ends with an exception, Escaped is raised instead."""

    GOES_ON = auto()
    RETURNS = auto()
    BREAKS = auto()
    CONTINUES = auto()


class Lost(Exception):
    """What happens here can't be followed; whoever holds the names says which of them are unknown now."""


class Escaped(Exception):
    """The program surely raises here; `Session.raised` says what."""


@dataclass(frozen=True, slots=True)
class Raised:
    """An exception that is surely raised, given what `because` assumes."""

    kind: str
    because: Value[Any]


@dataclass(slots=True, eq=False)
class Session:
    """What all modules of one program share: its environment, and the modules that were read.

    argv       the words behind the program's own name; None where nothing starts it
    environ    what the program itself puts into its environment, as a frame, so that choices treat it as they treat names
    live       the frames that a choice may change
    choices    undecided choices within which we are: their name and the outcome at hand
    because    values that decided by which way we got here
    trying     for each `try` around us, whether it handles an exception of this name
    doubts     counts what could not be known; a `try` without new doubts raises nothing
    """

    env: Environment
    find: FindModule
    reader: Callable[[Session, str, SourceFile], Module]
    cpus: int | None = None
    argv: tuple[Value[Any], ...] | None = None
    environ: Frame = field(default_factory=lambda: Frame("module"))
    live: list[Frame] = field(default_factory=list)
    choices: dict[str, str] = field(default_factory=dict)
    because: tuple[Value[Any], ...] = ()
    raised: Raised | None = None
    trying: tuple[Callable[[str], bool], ...] = ()
    doubts: int = 0
    followed: list[tuple[Call, Value[Any]]] = field(default_factory=list)
    """Calls that were followed for the expression at hand: in each world of it they give the same, and are made once."""
    steps: int = STEPS
    exhausted: bool = False
    following: tuple[ast.AST, ...] = ()
    """The functions that we are in, the outermost first."""
    modules: dict[str, Module | Unknown | None] = field(default_factory=dict)
    """By full name."""
    files: dict[str, Module] = field(default_factory=dict)
    """By path: one file may be known under two names."""
    running: dict[str, State] = field(default_factory=dict)
    """By path, the modules that have not run to their end: whoever imports them gets what they have bound so far."""

    def open(self, dotted: str) -> Module | Unknown | None:
        """A module of the repository by its full name; None where there surely is none, unknown where it can't be read."""
        if dotted not in self.modules:
            source = self.find(dotted)
            if isinstance(source, SourceFile):
                self.modules[dotted] = self.files.get(source.path) or self.reader(self, dotted, source)
            else:
                self.modules[dotted] = source
        return self.modules[dotted]

    def spend(self) -> bool:
        """Whether there is something left to spend; takes one step of it."""
        self.steps -= 1
        self.exhausted = self.exhausted or self.steps <= 0
        return self.steps > 0

    def raises(self, kind: str, because: Value[Any], why: str) -> Value[Any]:
        """What an expression gives that raises: unknown, and a `try` around it takes its handler."""
        if any(handles(kind) for handles in self.trying):
            self.raised = Raised(kind, because)
        return Value(Unknown(why), (), because.assumes, because.depends)

    @contextmanager
    def within(self, fork: Fork, way: bool) -> Iterator[None]:
        saved = self.choices
        self.choices = {**saved, **fork.choices(way)}
        try:
            yield
        finally:
            self.choices = saved

    @contextmanager
    def resting_on(self, *values: Value[Any]) -> Iterator[None]:
        """What is bound inside rests on what these values rest on."""
        saved = self.because
        self.because = (*saved, *(value for value in values if value.assumes or value.depends))
        try:
            yield
        finally:
            self.because = saved

    @contextmanager
    def apart(self) -> Iterator[None]:
        """Another module runs: under no choice of ours, and its names are its own."""
        saved = self.choices, self.because, self.trying, self.raised, self.doubts, self.live
        self.choices, self.because, self.trying, self.live = {}, (), (), [self.environ]
        try:
            yield
        finally:
            self.choices, self.because, self.trying, self.raised, self.doubts, self.live = saved

    def rests(self, value: Value[Any]) -> Value[Any]:
        """The value, resting on what brought us here."""
        if not self.because:
            return value
        assumes = unique(value.assumes, *(each.assumes for each in self.because))
        return replace(value, assumes=assumes, depends=unique(value.depends, *(each.depends for each in self.because)))


@dataclass(slots=True, eq=False)
class State:
    """The reading of one module. `evaluate`, `test` and `run` are how expressions, conditions and statements are followed: they
    are given from above, because following a call leads back to statements."""

    session: Session
    source: SourceFile
    syntax: Syntax
    module: Module
    evaluate: Callable[[State, ast.expr], Value[Any]]
    test: Callable[[State, ast.expr], Value[bool]]
    run: Callable[[State, list[ast.stmt]], Outcome]
    is_package: bool = False
    frame: Frame = field(default_factory=lambda: Frame("module"))
    conditions: tuple[str, ...] = ()
    under_main: bool = False
    reachable: bool = True
    assigned: dict[str, list[Assigned]] = field(default_factory=dict)
    calls: dict[ast.expr, list[Call]] = field(default_factory=dict)
    recording: bool = True
    waiting: list[Function] = field(default_factory=list)
    followed: set[ast.AST] = field(default_factory=set)
    """Functions that were called; a function that never is gets followed at the end, for its calls."""
    at: ast.expr | None = None
    """The call that is being evaluated."""

    @property
    def spans(self) -> Spans:
        return self.syntax.spans

    @property
    def package(self) -> str:
        """The full name of the package that the module is in, or is."""
        return self.module.name if self.is_package else self.module.name.rpartition(".")[0]

    def place(self, node: ast.AST) -> Place:
        return Place(self.spans.of(node))

    def value(self, node: ast.expr) -> Value[Any]:
        """What an expression gives. Raises Escaped where it surely raises what a `try` around it handles."""
        session = self.session
        if not session.spend():
            return unknown("too much to compute", self.place(node))
        followed, session.followed, doubts = session.followed, [], session.doubts
        try:
            value = bounded(self.evaluate(self, node))
        finally:
            session.followed = followed
        if session.raised is not None and not isinstance(value.x, Branch):
            session.doubts = doubts
            raise Escaped
        if session.raised is not None or (session.trying and may_raise(value)):
            session.raised = None
            session.doubts += 1
        return value

    def look_up(self, name: str) -> Value[Any] | None:
        """A name's value here, under the choices that are made."""
        found = self.frame.find(name)
        return chosen(found, self.session.choices) if found is not None else None

    def bind(self, name: str, value: Value[Any], place: Place, by: By = "assign") -> None:
        value = self.session.rests(value)
        home = self.frame.home_of(name)
        home.names[name] = value
        if home is self.frame.module and not self.under_main:
            self.assigned.setdefault(name, []).append(Assigned(value, place, by, self.conditions))

    def lose(self, body: list[ast.stmt], why: str, place: Place) -> None:
        """What these statements bind or change is no longer known; of a list or dictionary, under none of its names."""
        lost, held = unknown(why, place), []
        for name in dict.fromkeys((*bound_names(body), *changed_names(body))):
            found = self.frame.find(name)
            if found is not None and isinstance(found.x, Items | Table | Branch):
                held.append(found.x)
        for name in dict.fromkeys(bound_names(body)):
            self.bind(name, lost, place)
        for frame in self.session.live if held else ():
            same = {name for name, value in frame.names.items() if any(value.x is x for x in held)}
            frame.names = {name: lost if name in same else value for name, value in frame.names.items()}

    def forget(self, before: Names, why: str, place: Place) -> None:
        """What was bound since then, in whatever frame, is no longer known."""
        lost = unknown(why, place)
        for frame, names in zip(self.session.live, before, strict=True):
            frame.names = {name: value if names.get(name) is value else lost for name, value in frame.names.items()}

    def taint(self, why: str, about: str, place: Place, optional: bool = False) -> None:
        """Any name of the module may be bound anew here; `optional`: if something is there, which can't be known."""
        lost = Unknown(why, about)
        fork = Fork.between(f"{about} is there", f"{about} is there", f"{about} is not there")
        names = self.frame.module.names
        for name, value in names.items():
            if not isinstance(value.x, NAMES):
                names[name] = fork.join(Value(lost, (place,)), value) if optional else Value(lost, (place,))
        self.module.complete = lost

    @contextmanager
    def inside(self, frame: Frame) -> Iterator[None]:
        """A frame of our own text becomes the innermost one."""
        saved = self.frame, self.conditions
        self.frame = frame
        self.session.live.append(frame)
        try:
            yield
        finally:
            self.session.live.remove(frame)
            self.frame, self.conditions = saved

    @contextmanager
    def under(self, *conditions: str) -> Iterator[None]:
        saved = self.conditions
        self.conditions = unique(saved, tuple(each for each in conditions if each))
        try:
            yield
        finally:
            self.conditions = saved
