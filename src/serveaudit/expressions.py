"""Reads the expressions of Python configurations into values, without running anything.

Of each expression only what it must be is told: what can't be known stays unknown, with its reason, and what is known in part
stays a range, a text with gaps, a list that may be longer, or one value for each outside choice.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from serveaudit.values import Place, Value


class Scope:
    """What an expression may name. Every method returns None for what it can't tell: the evaluator then tries Python's own
    pure functions, and after them the result is unknown, with the source text as its reason.

    Derive from it and override what the file at hand needs. Dotted names are as written: aliases are the scope's business.
    """

    def __init__(self, names: Mapping[str, Value[Any]] | None = None) -> None:
        self.names = names or {}

    def name(self, name: str) -> Value[Any] | None:
        """The value that a name is bound to; None where it stands for a module, function or class, or for nothing."""
        return self.names.get(name)

    def dotted(self, dotted: str) -> Value[Any] | None:
        """`os.environ`, `settings.DEBUG`: a chain of names whose first one has no value."""
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

    def place(self, node: ast.expr) -> Place | None:
        """Where the expression stands: the place of what has none of its own (literals, members of a list)."""
        return None


def evaluate(node: ast.expr, scope: Scope) -> Value[Any]:
    """What the expression gives: never raises, takes bounded time and memory. Lists, tuples and sets are Items of Values,
    dictionaries are Tables; provenance (places, assumes, depends) is that of everything that was read for it."""
    raise NotImplementedError


def evaluate_test(node: ast.expr, scope: Scope) -> Value[bool]:
    """Whether the expression is true: True, False, Unknown, or a Branch of these. `unknown or True` is true."""
    raise NotImplementedError


def choose(test: ast.expr, why: Value[Any], yes: Value[Any], no: Value[Any]) -> Value[Any]:
    """One of two values by a test whose value `why` is not known: a Branch on the test's text. The same test, or its negation,
    gives a branch on the same choice. Use it for `if` statements, as conditional expressions do here."""
    raise NotImplementedError
