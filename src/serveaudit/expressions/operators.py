"""Operators of Python configurations: what Python does, with its own `and` and `or`, and an error where it stops."""

from __future__ import annotations

import ast
import operator as op

from serveaudit.expressions.closures import CALCULATIONS, applied, calculation, constant, inverted, kleene, negated
from serveaudit.expressions.comparisons import truth
from serveaudit.expressions.frames import Closure, Frame, Read, Reads, Result, value_of
from serveaudit.expressions.scope import Scope, choose, is_strange, known_names, shown
from serveaudit.expressions.texts import Text, formatted, percent, text
from serveaudit.values import Items, Range, Unknown, Value

DEEPEST = 150
"""Nodes inside one another that are followed."""


def _refuse_none(operand: Closure, node: ast.expr) -> Closure:
    """The operand, where Python would stop with a TypeError if it were None."""
    return applied(lambda x: Unknown(f"{shown(node)} is None here") if x is None else x, operand)


class Operators:
    """Turns nodes into closures. What a method does not know how to read is unknown."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.depth = 0
        self.variables: list[str] = []

    def closure(self, node: ast.expr) -> Closure:
        read_node = getattr(self, f"read_{type(node).__name__.lower()}", None)
        if read_node is None or self.depth > DEEPEST:
            return constant(Unknown(f"{shown(node)} is not evaluated" if read_node is None else "nested too deeply"))
        self.depth += 1
        try:
            return read_node(node)  # type: ignore[no-any-return]
        finally:
            self.depth -= 1

    def present(self, node: ast.expr) -> Closure:
        return _refuse_none(self.closure(node), node)

    def test(self, node: ast.expr) -> Closure:
        """The node as a question: `and` and `or` are answered as soon as one part decides, however unknown the others are."""
        if isinstance(node, ast.BoolOp):
            return kleene([self.test(part) for part in node.values], isinstance(node.op, ast.Or))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return inverted(self.test(node.operand))
        return self.closure(node)

    def read_constant(self, node: ast.Constant) -> Closure:
        return constant(node.value)

    def read_name(self, node: ast.Name) -> Closure:
        name = node.id
        return lambda frame: frame[name]

    def read_lambda(self, node: ast.Lambda) -> Closure:
        value = self.scope.function(node) or Value(Unknown(f"{shown(node)} is not evaluated"))
        return lambda frame: (value.x, (("lambda", value),))

    def read_binop(self, node: ast.BinOp) -> Closure:
        left, right = self.present(node.left), self.present(node.right)
        plain = calculation(CALCULATIONS.get(type(node.op), op.matmul), left, right)
        return self._percent(node, left, right) if isinstance(node.op, ast.Mod) else plain

    def _percent(self, node: ast.BinOp, left: Closure, number: Closure) -> Closure:
        """`%`: a format where the left side is text."""
        right = self.closure(node.right)

        def run(frame: Frame) -> Result:
            x, reads = held = left(frame)
            if not isinstance(x, str):
                return calculation(op.mod, lambda _: held, number)(frame)
            y, more = right(frame)
            several = isinstance(node.right, ast.Tuple) and isinstance(y, Items)
            args = [frame.plain(member) for member in y.members] if several else [y]
            table = self.scope.mapping(y)
            named = (lambda key: frame.plain(table.get(key))) if table else lambda key: Unknown("no such name")
            return percent(x, args, named), reads + more

        return run

    def read_unaryop(self, node: ast.UnaryOp) -> Closure:
        if isinstance(node.op, ast.Not):
            return self.test(node)
        operand = self.present(node.operand)
        if isinstance(node.op, ast.USub):
            return negated(operand)
        return operand if isinstance(node.op, ast.UAdd) else constant(Unknown(f"{shown(node)} is not evaluated"))

    def read_boolop(self, node: ast.BoolOp) -> Closure:
        """`a or b` gives the first part that is true, else the last one; every part up to it decided."""
        parts, stop = [self.closure(part) for part in node.values], isinstance(node.op, ast.Or)

        def run(frame: Frame) -> Result:
            reads: Reads = ()
            for part in parts:
                x, more = part(frame)
                reads += more
                true = True if is_strange(x) else truth(x)
                if true is stop or part is parts[-1]:
                    return x, reads
                if isinstance(true, Unknown):
                    return true, reads
            raise AssertionError("a BoolOp has parts")

        return run

    def read_ifexp(self, node: ast.IfExp) -> Closure:
        """An unknown test is a choice: both cases are read, each in its own worlds."""
        test, yes, no = self.test(node.test), self.closure(node.body), self.closure(node.orelse)

        def run(frame: Frame) -> Result:
            x, reads = test(frame)
            true = True if is_strange(x) else truth(x)
            if isinstance(true, Unknown):
                choice = choose(node.test, value_of(true, reads), Value(True), Value(False), known_names(reads))
                true = frame.settle(choice).x
            y, more = (yes if true else no)(frame)
            return y, reads + more

        return run

    def read_joinedstr(self, node: ast.JoinedStr) -> Closure:
        parts = [self.closure(part) for part in node.values]

        def run(frame: Frame) -> Result:
            texts: list[Text] = []
            gathered: list[Read] = []
            for part in parts:
                x, reads = part(frame)
                texts.append(x)
                gathered += reads
            return text(texts), tuple(gathered)

        return run

    def read_formattedvalue(self, node: ast.FormattedValue) -> Closure:
        value = self.closure(node.value)
        spec = self.closure(node.format_spec) if node.format_spec else constant("")
        conversion = chr(node.conversion) if node.conversion > 0 else ""

        def run(frame: Frame) -> Result:
            x, reads = value(frame)
            wanted, more = spec(frame)
            return (formatted(x, wanted, conversion) if isinstance(wanted, str) else Unknown("an unknown format")), reads + more

        return run

    def read_slice(self, node: ast.Slice) -> Closure:
        parts = [self.closure(part) if part else constant(None) for part in (node.lower, node.upper, node.step)]

        def run(frame: Frame) -> Result:
            (low, a), (high, b), (step, c) = (part(frame) for part in parts)
            unknown = next((x for x in (low, high, step) if isinstance(x, Unknown | Range)), None)
            return (slice(low, high, step) if unknown is None else Unknown("it is sliced by what is not known")), a + b + c

        return run
