"""Conditions of rule cards: a small part of Python's expressions, checked against the vocabulary when a card is loaded.

Comparisons (not chained), `and`, `or`, `not`, `+ - * / //`, `if`-`else`, constant subscripts, one-`for` comprehensions, `any`,
`all`, `sum`, `len`, `min`, `max`, `written(x)`, methods of text, and the words of the subjects.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from serveaudit.expressions import types
from serveaudit.expressions.arithmetic import greatest, least
from serveaudit.expressions.closures import (
    CALCULATIONS,
    COMPARISONS,
    Loop,
    added_up,
    applied,
    calculation,
    collected,
    comparison,
    conditional,
    constant,
    each_member,
    inverted,
    kleene,
    loop,
    membership,
    method,
    negated,
    quantified,
    subscript,
)
from serveaudit.expressions.comparisons import ORDERINGS
from serveaudit.expressions.frames import Closure
from serveaudit.expressions.lookups import asked, attribute, bound, entry, picked, written
from serveaudit.expressions.pure import size
from serveaudit.expressions.texts import METHODS, TESTS
from serveaudit.suggest import hint
from serveaudit.words import Vocabulary

BUILT_IN = ("any", "all", "sum", "len", "min", "max", "written")
_OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv)

Typed = tuple[Closure, str]


class ConditionError(ValueError):
    """A condition that no rule can ask, with the reason in words for the card's author."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A compiled condition: its text, what computes it, and the type of what that gives."""

    text: str
    run: Closure
    type: str


class Conditions:
    """Compiles conditions that may say `names` (each with its type) and the words of these.

    phrases      of the words that were said, by the text that said them: `route.read_timeout`
    loop_names   what the members of lists were called
    """

    def __init__(self, vocabulary: Vocabulary, names: Mapping[str, str]) -> None:
        self.vocabulary = vocabulary
        self.names = dict(names)
        self.text = ""
        self.phrases: dict[str, str] = {}
        self.loop_names: set[str] = set()

    def compile(self, text: str) -> Condition:
        """The condition. Raises ConditionError for unknown names and words, types that don't fit, and what is no condition."""
        self.text = text = text.strip()
        try:
            node = ast.parse(f"({text}\n)", mode="eval").body
            run, kind = self.visit(node)
        except SyntaxError as error:
            raise ConditionError(f"{error.msg}: {text}") from None
        except (RecursionError, MemoryError):
            raise ConditionError(f"nested too deeply: {text[:60]}") from None
        return Condition(text, run, kind)

    def visit(self, node: ast.expr) -> Typed:
        visitor = getattr(self, f"visit_{type(node).__name__.lower()}", None)
        if visitor is None:
            raise ConditionError(f"{type(node).__name__} is not part of a condition: {ast.unparse(node)}")
        return visitor(node)  # type: ignore[no-any-return]

    def visit_constant(self, node: ast.Constant) -> Typed:
        kind = "none" if node.value is None else type(node.value).__name__
        if kind not in types.PLAIN or isinstance(node.value, bytes):
            raise ConditionError(f"{ast.unparse(node)} is not part of a condition")
        return constant(node.value), kind

    def visit_tuple(self, node: ast.Tuple | ast.List | ast.Set) -> Typed:
        """A list of constants."""
        try:
            members = tuple(ast.literal_eval(element) for element in node.elts)
        except ValueError:
            raise ConditionError(f"only constants can be listed: {ast.unparse(node)}") from None
        kinds = [self.visit(element)[1] for element in node.elts]
        return constant(members), f"list[{types.joined(kinds)}]"

    visit_list = visit_set = visit_tuple

    def visit_name(self, node: ast.Name) -> Typed:
        name = node.id
        if name in self.names:
            return (lambda frame: frame[name]), self.names[name]
        if name in self.vocabulary.names:
            listed = self.vocabulary.names[name]
            return constant(listed), f"list[{types.joined([type(member).__name__ for member in listed])}]"
        raise self.unknown(name, [*self.names, *self.vocabulary.names])

    def unknown(self, name: str, known: list[str]) -> ConditionError:
        return ConditionError(f"unknown name '{name}' in: {self.text}{hint(name, known)}")

    def words(self, node: ast.expr, kind: str, name: str) -> Any:
        """A kind's word of that name."""
        words = self.vocabulary.kinds.get(kind)
        if words is None:
            raise ConditionError(f"{ast.unparse(node)} is {kind} and has no words, so not '{name}', in: {self.text}")
        if name not in words:
            raise self.unknown(name, list(words))
        return words[name]

    def visit_attribute(self, node: ast.Attribute) -> Typed:
        base, kind = self.visit(node.value)
        word = self.words(node.value, kind, node.attr)
        if word.parameters:
            raise ConditionError(f"{ast.unparse(node)} takes {len(word.parameters)} in parentheses, in: {self.text}")
        path = ast.unparse(node)
        self.phrases[path] = word.phrase
        return attribute(base, node.attr, path), word.gives

    def visit_subscript(self, node: ast.Subscript) -> Typed:
        base, kind = self.visit(node.value)
        path = ast.unparse(node)
        try:
            key = ast.literal_eval(node.slice)
        except ValueError:
            raise ConditionError(f"only a constant can stand in brackets: {path}") from None
        own = self.vocabulary.item(kind)
        gives = own or types.entry(kind)
        if gives is None:
            raise ConditionError(f"{ast.unparse(node.value)} is {kind} and has no members: {path}")
        return (entry(base, key, path) if own else subscript(base, constant(key), path)), gives

    def visit_compare(self, node: ast.Compare) -> Typed:
        if len(node.ops) > 1:
            raise ConditionError(f"write a < b < c as a < b and b < c: {ast.unparse(node)}")
        (left, one), (right, other), how = self.visit(node.left), self.visit(node.comparators[0]), node.ops[0]
        if isinstance(how, ast.In | ast.NotIn):
            self._check_membership(node, one, other)
            return membership(left, right, isinstance(how, ast.NotIn)), "bool"
        operator = COMPARISONS[type(how)]
        if isinstance(how, ast.Is | ast.IsNot) and "none" not in (one, other):
            raise ConditionError(f"`is` is for None only: {ast.unparse(node)}")
        if operator in ORDERINGS and not types.orderable(one, other):
            raise ConditionError(f"{one} and {other} can't be ordered: {ast.unparse(node)}")
        if not types.comparable(one, other):
            raise ConditionError(f"{one} is never equal to {other}: {ast.unparse(node)}")
        return comparison(operator, left, right), "bool"

    def _check_membership(self, node: ast.Compare, one: str, other: str) -> None:
        inside = "str" if other == "str" else types.element(other)
        if inside is None:
            raise ConditionError(f"{ast.unparse(node.comparators[0])} is {other}, nothing can be in it: {ast.unparse(node)}")
        if not types.comparable(one, inside):
            raise ConditionError(f"{one} is never in {other}: {ast.unparse(node)}")

    def visit_binop(self, node: ast.BinOp) -> Typed:
        (left, one), (right, other) = self.visit(node.left), self.visit(node.right)
        if not isinstance(node.op, _OPERATORS):
            raise ConditionError(f"{type(node.op).__name__} is not part of a condition: {ast.unparse(node)}")
        kind = types.computed(one, other, isinstance(node.op, ast.Add))
        if kind is None:
            raise ConditionError(f"{one} and {other} don't go together: {ast.unparse(node)}")
        return calculation(CALCULATIONS[type(node.op)], left, right), kind

    def visit_unaryop(self, node: ast.UnaryOp) -> Typed:
        operand, kind = self.visit(node.operand)
        if isinstance(node.op, ast.USub) and kind in types.NUMBERS:
            return negated(operand), kind
        if not isinstance(node.op, ast.Not):
            raise ConditionError(f"{ast.unparse(node)} is not part of a condition")
        if isinstance(node.operand, ast.Compare) and COMPARISONS.get(type(node.operand.ops[0])) in ORDERINGS:
            raise ConditionError(f"write the opposite comparison instead of: {ast.unparse(node)}")
        return inverted(operand), "bool"

    def visit_boolop(self, node: ast.BoolOp) -> Typed:
        return kleene([self.visit(part)[0] for part in node.values], isinstance(node.op, ast.Or)), "bool"

    def visit_ifexp(self, node: ast.IfExp) -> Typed:
        (test, _), (yes, one), (no, other) = self.visit(node.test), self.visit(node.body), self.visit(node.orelse)
        return conditional(test, yes, no), types.joined([one, other])

    def visit_listcomp(self, node: ast.ListComp) -> Typed:
        each, kind = self._loop(node)
        return collected(each), f"list[{kind}]"

    def _loop(self, node: ast.ListComp | ast.GeneratorExp) -> tuple[Loop, str]:
        generator = node.generators[0]
        if len(node.generators) > 1 or not isinstance(generator.target, ast.Name):
            raise ConditionError(f"one `for` with one name: {ast.unparse(node)}")
        source, kind = self.visit(generator.iter)
        inside = types.element(kind)
        if inside is None:
            raise ConditionError(f"{ast.unparse(generator.iter)} is {kind}, no list: {ast.unparse(node)}")
        name = generator.target.id
        if name in self.names:
            raise ConditionError(f"'{name}' is taken, give the member another name: {ast.unparse(node)}")
        self.names[name] = inside
        self.loop_names.add(name)
        try:
            conditions = [self.visit(test)[0] for test in generator.ifs]
            body, gives = self.visit(node.elt)
        finally:
            del self.names[name]
        return loop(source, [name], conditions, body), gives

    def visit_call(self, node: ast.Call) -> Typed:
        if node.keywords:
            raise ConditionError(f"arguments have no names here: {ast.unparse(node)}")
        if isinstance(node.func, ast.Attribute):
            return self._method(node, node.func)
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name in BUILT_IN:
            return self._built_in(node, name)
        if name not in self.vocabulary.functions:
            raise self.unknown(name, [*BUILT_IN, *self.vocabulary.functions])
        function = self.vocabulary.functions[name]
        args = self._arguments(node, function.parameters)
        return asked(lambda frame: (function.call, ()), args, ast.unparse(node)), function.type

    def _arguments(self, node: ast.Call, wanted: tuple[str, ...]) -> list[Closure]:
        given = [self.visit(arg) for arg in node.args]
        if len(given) != len(wanted):
            raise ConditionError(f"it takes {len(wanted)} in parentheses: {ast.unparse(node)}")
        for (_, kind), parameter in zip(given, wanted, strict=True):
            if not types.fits(kind, parameter):
                raise ConditionError(f"it takes {parameter}, not {kind}: {ast.unparse(node)}")
        return [closure for closure, _ in given]

    def _method(self, node: ast.Call, func: ast.Attribute) -> Typed:
        """A word with arguments, or a method of text."""
        base, kind = self.visit(func.value)
        if kind in (types.ANY, "str") and func.attr in METHODS:
            args = [self.visit(arg)[0] for arg in node.args]
            lists = func.attr.endswith(("split", "splitlines", "partition"))
            gives = "bool" if func.attr in TESTS else "list[str]" if lists else "int" if func.attr in _COUNTS else "str"
            return method(func.attr, base, args), gives
        word = self.words(func.value, kind, func.attr)
        if not word.parameters:
            raise ConditionError(f"{ast.unparse(func)} is read without parentheses, in: {self.text}")
        args, path = self._arguments(node, word.parameters), ast.unparse(node)
        self.phrases[path] = word.phrase
        return asked(bound(base, func.attr), args, path), word.gives

    def _built_in(self, node: ast.Call, name: str) -> Typed:
        if name in ("min", "max"):
            args = [self.visit(arg) for arg in node.args]
            return picked(least if name == "min" else greatest, [run for run, _ in args]), types.joined(
                [kind for _, kind in args]
            )
        if len(node.args) != 1:
            raise ConditionError(f"{name}() takes one argument: {ast.unparse(node)}")
        arg = node.args[0]
        if name == "written":
            return written(self.visit(arg)[0]), "bool"
        if name == "len":
            return applied(size, self.visit(arg)[0]), "int"
        each, kind = self._loop(arg) if isinstance(arg, ast.GeneratorExp | ast.ListComp) else self._members(arg)
        return (added_up(each), kind) if name == "sum" else (quantified(each, name == "any"), "bool")

    def _members(self, node: ast.expr) -> tuple[Loop, str]:
        source, kind = self.visit(node)
        inside = types.element(kind)
        if inside is None:
            raise ConditionError(f"{ast.unparse(node)} is {kind}, no list, in: {self.text}")
        return each_member(source), inside


_COUNTS = frozenset({"find", "rfind", "index", "count"})
