"""What a shell knows at one point of a script, and what it knows after its ways have met again."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Literal

from serveaudit.command import Environment
from serveaudit.following.texts import chosen, leaves
from serveaudit.formats.shell.tree import Statement
from serveaudit.values import MOST_WORLDS, Branch, Items, Unknown, Value, unique

Leaving = Literal["", "exit", "return", "break", "continue"]


@dataclass(slots=True)
class State:
    """A shell's variables and all else that its commands change.

    env         variables that are exported; `variables`: those that are not; `arrays`: lists
    name        `$0`; `arguments`: the positional parameters, an unknown one of which may stand for several or none
    conditions  what must hold to come here, in words; `choices`: the same as outcomes of choices
    assumes     what is taken for granted to come here
    traps       signals that have a handler
    hidden      in a function: what its local variables hide, a shell variable and an exported one for each name
    leaving     why the statements that follow are not reached; `failed`: by `exit 1`
    """

    env: Environment
    name: Value[Any]
    arguments: tuple[Value[Any], ...] = ()
    cwd: Value[Any] = field(default_factory=lambda: Value(""))
    variables: dict[str, Value[Any]] = field(default_factory=dict)
    arrays: dict[str, tuple[Value[Any], ...]] = field(default_factory=dict)
    functions: dict[str, tuple[Statement, ...]] = field(default_factory=dict)
    conditions: tuple[str, ...] = ()
    choices: dict[str, str] = field(default_factory=dict)
    assumes: tuple[str, ...] = ()
    traps: tuple[str, ...] = ()
    umask: Value[Any] | None = None
    exports_all: bool = False
    hidden: dict[str, tuple[Value[Any] | None, Value[Any] | None]] | None = None
    leaving: Leaving = ""
    failed: bool = False

    def copy(self) -> State:
        return replace(
            self,
            variables=dict(self.variables),
            arrays=dict(self.arrays),
            functions=dict(self.functions),
            choices=dict(self.choices),
            hidden=None if self.hidden is None else dict(self.hidden),
        )

    def on(self, choice: str, label: str) -> State:
        """A copy for the way that is taken if the choice comes out like that."""
        state = self.copy()
        state.conditions = unique(state.conditions, (label,))
        state.choices[choice] = label
        return state

    def doubting(self, assumes: tuple[str, ...]) -> State:
        """On the way on which what is assumed elsewhere is wrong: what rests on it is not known."""
        if not assumes:
            return self
        for name, value in [*self.variables.items(), *self.env.variables.items()]:
            if any(each in value.assumes for each in assumes):
                self.assign(name, Value(Unknown(f"${name} is something else here", f"${name}"), value.places))
        for name in re.findall(r"\$(\w+) is not set", " ".join(assumes)):
            if self.get(name).x is None:
                self.variables[name] = Value(Unknown(f"${name} is set to something here", f"${name}"), depends=(f"env:{name}",))
        return self

    def forget(self, failed: State) -> None:
        """Takes back the condition that keeps this way from one that fails."""
        asked = next(
            (on for on in reversed(failed.choices) if self.choices.get(on, failed.choices[on]) != failed.choices[on]), ""
        )
        self.conditions = tuple(each for each in self.conditions if each != self.choices.get(asked))

    def assuming(self, assumes: tuple[str, ...]) -> State:
        state = self.copy()
        state.assumes = unique(state.assumes, assumes)
        return state

    def get(self, name: str) -> Value[Any]:
        """A variable: of the script, or of the environment."""
        return self.variables[name] if name in self.variables else self.env.get(name)

    def environment(self) -> Environment:
        """The environment of what is started here."""
        if not self.choices:
            return self.env
        return replace(self.env, variables={name: chosen(value, self.choices) for name, value in self.env.variables.items()})

    def assign(self, name: str, value: Value[Any], export: bool = False) -> None:
        value = replace(value, assumes=unique(value.assumes, self.assumes))
        self.arrays.pop(name, None)
        self.reopen(rf"\$\{{?{name}\b")
        if export or self.exports_all or name in self.env.variables:
            self.variables.pop(name, None)
            self.env = self.env.over({name: value})
        else:
            self.variables[name] = value

    def hide(self, name: str) -> None:
        """Makes a variable local to the function that is gone through."""
        if self.hidden is not None and name not in self.hidden:
            self.hidden[name] = self.variables.pop(name, None), self.env.variables.get(name)

    def unhide(self) -> None:
        """Forgets the function's local variables."""
        for name, (variable, exported) in (self.hidden or {}).items():
            self.unset(name)
            others = {other: value for other, value in self.env.variables.items() if other != name}
            self.env = replace(self.env, variables=others if exported is None else {**others, name: exported})
            if variable is not None:
                self.variables[name] = variable

    def reopen(self, pattern: str) -> None:
        """What has been found out about a variable does not hold any more."""
        if self.choices:
            self.choices = {on: label for on, label in self.choices.items() if not re.search(pattern, on)}

    def set_arguments(self, arguments: Sequence[Value[Any]]) -> None:
        self.arguments = tuple(arguments)
        self.reopen(r"\$\{?[\d@*#]")

    def export(self, name: str) -> None:
        if name in self.variables:
            self.env = self.env.over({name: self.variables.pop(name)})

    def unset(self, name: str) -> None:
        self.variables.pop(name, None)
        self.arrays.pop(name, None)
        self.env = self.env.over({name: Value(None)})

    def forget_environment(self, why: Unknown) -> None:
        """Something that can't be read may set any variable that is not known to be set."""
        self.env = self.env.over({}, why)


def merged(live: Sequence[State]) -> State:
    """The state after the ways have met again: what differs is a branch on the choices that led them apart."""
    first = live[0]
    if len(live) == 1:
        return first
    shared = tuple(condition for condition in first.conditions if all(condition in way.conditions for way in live))
    labels = [" and ".join(c for c in way.conditions if c not in shared) or "otherwise" for way in live]
    merge = _Merge(live, labels)
    state = first.copy()
    state.conditions = shared
    state.choices = {on: label for on, label in first.choices.items() if all(way.choices.get(on) == label for way in live)}
    state.assumes = tuple(each for each in first.assumes if all(each in way.assumes for way in live))
    state.traps = tuple(each for each in first.traps if all(each in way.traps for way in live))
    state.functions = {name: body for way in live for name, body in way.functions.items()}
    state.cwd = merge.values(lambda way: way.cwd)
    state.variables = merge.named(lambda way: way.variables, State.get)
    complete = next((way.env.complete for way in live if isinstance(way.env.complete, Unknown)), first.env.complete)
    exported = merge.named(lambda way: way.env.variables, lambda way, name: way.env.get(name))
    state.env = Environment(exported, complete)
    state.arrays = {name: merge.array(name) for name in first.arrays if all(name in way.arrays for way in live)}
    if any(way.arguments != first.arguments for way in live):
        state.arguments = (merge.values(lambda way: Value(Items(way.arguments))),)
    return state


@dataclass(frozen=True, slots=True)
class _Merge:
    ways: Sequence[State]
    labels: list[str]

    def values(self, get: Callable[[State], Value[Any]]) -> Value[Any]:
        found = [(way, get(way)) for way in self.ways]
        value = self.tree(found) if len(found) <= MOST_WORLDS else found[0][1]
        if leaves(value) > MOST_WORLDS or (len(found) > MOST_WORLDS and any(each != value for _, each in found)):
            return Value(Unknown("it depends on too many choices"), value.places)
        return value

    def array(self, name: str) -> tuple[Value[Any], ...]:
        """A list: where the ways differ, one member that stands for all of them."""
        arrays = [way.arrays[name] for way in self.ways]
        if all(array == arrays[0] for array in arrays):
            return arrays[0]
        return (self.values(lambda way: Value(Items(way.arrays[name]))),)

    def tree(self, found: Sequence[tuple[State, Value[Any]]]) -> Value[Any]:
        """One value: a branch on the first choice that tells the ways apart, of branches on the others."""
        values = [value for _, value in found]
        if all(value == values[0] for value in values):
            return values[0].also(*values[1:])
        for on in found[0][0].choices:
            cases: dict[str, list[tuple[State, Value[Any]]]] = {}
            for way, value in found:
                cases.setdefault(way.choices.get(on, ""), []).append((way, value))
            if len(cases) > 1 and "" not in cases:
                return Value(Branch(on, tuple((label, self.tree(group)) for label, group in cases.items())))
        labels = [next(label for way, label in zip(self.ways, self.labels, strict=True) if way is each) for each, _ in found]
        return Value(Branch(" or ".join(labels), tuple(zip(labels, values, strict=True))))

    def named(self, names: Callable[[State], Iterable[str]], get: Callable[[State, str], Value[Any]]) -> dict[str, Value[Any]]:
        """The variables that any of the ways has. On one where the script does not set it, a variable is empty, unless the
        environment has it."""

        def own(name: str, way: State) -> Value[Any]:
            value = get(way, name)
            return replace(value, x="") if value.x is None else value

        every = dict.fromkeys(name for way in self.ways for name in names(way))
        return {name: self.values(partial(own, name)) for name in every}


def widened(before: State, after: State) -> State:
    """The state after a body that runs no one knows how often: what it changes is not known."""
    state = after.copy()
    state.conditions, state.choices, state.assumes = before.conditions, before.choices, before.assumes
    state.variables = {name: _widened(name, before.variables.get(name), value) for name, value in after.variables.items()}
    known = before.env.variables
    exported = {name: _widened(name, known.get(name), value) for name, value in after.env.variables.items()}
    state.env = Environment(exported, after.env.complete)
    if after.arguments != before.arguments:
        state.arguments = (Value(Unknown("the arguments are taken one by one in a loop", "$@")),)
    if after.cwd != before.cwd:
        state.cwd = Value(Unknown("the directory is changed in a loop"))
    return state


def _widened(name: str, before: Value[Any] | None, after: Value[Any]) -> Value[Any]:
    return after if before == after else Value(Unknown(f"${name} is set in a loop", f"${name}"), after.places)
