"""What an expression of a configuration may name, as the file that it stands in tells it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from serveaudit.values import Branch, Items, Partial, Place, Range, Table, Unknown, Value

LONGEST_SHOWN = 80
"""Characters of an expression's text in a reason or a choice."""
PLAIN = (str, int, float, bytes, complex, Items, Table, Partial, Range, Unknown)
"""What Python's own operators are known for; anything else was given by the scope, which is asked what to do with it."""


class Scope:
    """What an expression may name. Every method returns None for what it can't tell: the evaluator then tries Python's own
    pure functions, and after them the result is unknown, with the source text as its reason.

    Derive from it and override what the file at hand needs. Dotted names are as written: aliases are the scope's business.
    What it gives may be of a kind of Unknown of its own: it is unknown to every operator, and has the attributes and methods
    that the scope tells.
    """

    at: ast.expr | None = None
    """The call or subscript that `call` or `method` is being asked for."""

    def __init__(self, names: Mapping[str, Value[Any]] | None = None) -> None:
        self.names = names or {}

    def name(self, name: str) -> Value[Any] | None:
        """The value that a name is bound to; None where it stands for a module, function or class, or for nothing."""
        return self.names.get(name)

    def dotted(self, dotted: str) -> Value[Any] | None:
        """`os.environ`, `settings.DEBUG`, `MyWorker`: a chain of names whose first one has no value, read as a value."""
        return None

    def call(self, dotted: str, args: tuple[Value[Any], ...], keywords: Mapping[str, Value[Any]]) -> Value[Any] | None:
        """`os.environ.get("PORT", 80)`, `cpu_count()`: a call through such a chain, or of a name that has no value."""
        return None

    def attribute(self, base: Value[Any], name: str) -> Value[Any] | None:
        """`.name` of a value."""
        return None

    def method(
        self, base: Value[Any], name: str, args: tuple[Value[Any], ...], keywords: Mapping[str, Value[Any]]
    ) -> Value[Any] | None:
        """A method of a value that is no text, number, Items or Table, such as an object that the scope itself gave.
        `base[key]` is `__getitem__`, `key in base` is `__contains__`, `base(…)` is `__call__`."""
        return None

    def function(self, node: ast.Lambda) -> Value[Any] | None:
        """`lambda x: …`"""
        return None

    def spelled(self, dotted: str) -> str:
        """The name that Python itself has for what is called: `cast` where that is `int`."""
        return dotted

    def same(self, a: Any, b: Any) -> bool | None:
        """`a is b`, where one of them stands for a module, function or class."""
        return None

    def mapping(self, x: Any) -> Table | None:
        """An object as a dictionary: `**locals()`."""
        return x if isinstance(x, Table) else None

    def place(self, node: ast.expr) -> Place | None:
        """Where the expression stands: the place of what has none of its own (literals, members of a list)."""
        return None


def is_strange(x: Any) -> bool:
    """Whether it is an object that the scope gave."""
    return x is not None and not isinstance(x, PLAIN)


def placed(value: Value[Any], node: ast.expr, scope: Scope) -> Value[Any]:
    """The value with the node's own place, if nothing that was read has one."""
    place = None if value.places else scope.place(node)
    return value if place is None else replace(value, places=(place,))


def choose(test: ast.expr, why: Value[Any], yes: Value[Any], no: Value[Any], given: str = "") -> Value[Any]:
    """One of two values by a test whose value `why` is not known: a Branch on the test's text. The same test, or its negation,
    gives a branch on the same choice, as long as the names in it that are known have the same values: `given` tells them, by
    `known_names`. Use it for `if` statements, as conditional expressions do here."""
    if yes == no:
        return yes.also(no, replace(why, places=()))
    while isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        test, yes, no = test.operand, no, yes
    label, otherwise = shown(test), shown(ast.UnaryOp(ast.Not(), test))
    on = f"{label if len(label) < LONGEST_SHOWN else ast.unparse(test)}: {why.why}"
    return replace(why, x=Branch(f"{on} ({given})" if given else on, ((label, yes), (otherwise, no))))


def known_names(values: Iterable[tuple[str, Any]]) -> str:
    """The names that are known, with their values: a test in a loop is another choice in each round."""
    plain = {
        name: value.x for name, value in values if isinstance(value, Value) and isinstance(value.x, str | int | float | None)
    }
    return ", ".join(f"{name} = {plain[name]!r:.40}" for name in sorted(plain) if name.isidentifier())


def shown(node: ast.expr) -> str:
    """The expression's text, shortened: for reasons, and the names of choices."""
    try:
        source = ast.unparse(node)
    except RecursionError:
        return "a deeply nested expression"
    return source if len(source) <= LONGEST_SHOWN else source[: LONGEST_SHOWN - 3] + "…"
