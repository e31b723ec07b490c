"""Attributes, subscripts and calls of Python configurations: Python's own where they are pure, else the scope's."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any

from serveaudit.expressions.closures import COMPARISONS, applied, comparison, constant, inverted, kleene, membership, subscript
from serveaudit.expressions.comparisons import ORDERINGS
from serveaudit.expressions.displays import Displays
from serveaudit.expressions.frames import Closure, Frame, Result, read, value_of
from serveaudit.expressions.pure import call_pure
from serveaudit.expressions.scope import is_strange, placed, shown
from serveaudit.expressions.texts import call_method, format_text
from serveaudit.values import Items, Partial, Table, Unknown, Value

_Args = tuple[Value[Any], ...]
_Named = Mapping[str, Value[Any]]
_Call = Callable[[Frame, _Args, _Named], Result]


class Reader(Displays):
    """Its reads have no names: nobody asks how a configuration calls what its values rest on, and to write an expression out
    takes longer than to evaluate it."""

    def read_compare(self, node: ast.Compare) -> Closure:
        sides = [node.left, *node.comparators]
        parts = [self._comparison(left, how, right) for left, how, right in zip(sides, node.ops, sides[1:], strict=False)]
        return parts[0] if len(parts) == 1 else kleene(parts, stop=False)

    def _comparison(self, left: ast.expr, how: ast.cmpop, right: ast.expr) -> Closure:
        if isinstance(how, ast.In | ast.NotIn):
            return self._membership(left, right, isinstance(how, ast.NotIn))
        operator = COMPARISONS[type(how)]
        if isinstance(how, ast.Is | ast.IsNot):
            return self._identity(operator, self.closure(left), self.closure(right), isinstance(how, ast.IsNot))
        side = self.present if operator in ORDERINGS else self.closure
        return comparison(operator, side(left), side(right))

    def _identity(self, operator: Any, left: Closure, right: Closure, negative: bool) -> Closure:
        """`is`: of modules, functions and classes the scope knows whether they are the same."""

        def run(frame: Frame) -> Result:
            (a, ra), (b, rb) = held = left(frame), right(frame)
            same = self.scope.same(a, b)
            if same is None:
                return comparison(operator, lambda _: held[0], lambda _: held[1])(frame)
            return same is not negative, ra + rb

        return run

    def _membership(self, left: ast.expr, right: ast.expr, negative: bool) -> Closure:
        key, container = self.closure(left), self.present(right)

        def run(frame: Frame) -> Result:
            inside, reads = held = container(frame)
            if not is_strange(inside):
                return membership(key, lambda _: held, negative)(frame)
            x, more = self._ask(frame, value_of(inside, reads), "__contains__", (value_of(*key(frame)),), {}, right)
            return (applied(lambda y: y, inverted(constant(x)))(frame)[0] if negative else x), more

        return run

    def read_subscript(self, node: ast.Subscript) -> Closure:
        base, key = self.present(node.value), self.closure(node.slice)

        def missing() -> Unknown:
            return Unknown(f"{shown(node)}: there is no such member")

        def run(frame: Frame) -> Result:
            x, reads = held = base(frame)
            if not is_strange(x):
                return subscript(lambda _: held, key, missing=missing)(frame)
            return self._ask(frame, value_of(x, reads), "__getitem__", (value_of(*key(frame)),), {}, node)

        return run

    def dotted(self, node: ast.expr) -> str:
        """`os.environ` for a chain of names whose first one has no value; else nothing."""
        names: list[str] = []
        while isinstance(node, ast.Attribute):
            names.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name) or node.id in self.variables or self.scope.name(node.id) is not None:
            return ""
        return ".".join([node.id, *reversed(names)])

    def read_attribute(self, node: ast.Attribute) -> Closure:
        if dotted := self.dotted(node):
            found = self.scope.dotted(dotted)
            value = found if found is not None else Value(Unknown(f"{dotted} is not known here", dotted))
            return lambda frame: read(value, dotted, frame)
        base = self.closure(node.value)

        def run(frame: Frame) -> Result:
            x, reads = base(frame)
            found = self.scope.attribute(value_of(x, reads), node.attr)
            if found is not None:
                return read(found, "", frame)
            return x if isinstance(x, Unknown) else Unknown(f"{shown(node)} is not known"), reads

        return run

    def read_call(self, node: ast.Call) -> Closure:
        if dotted := self.dotted(node.func):
            return self._called(node, lambda frame, args, named: self._call(frame, dotted, args, named, node))
        target = node.func.value if isinstance(node.func, ast.Attribute) else node.func
        name = node.func.attr if isinstance(node.func, ast.Attribute) else "__call__"
        base = self.closure(target)
        return self._called(node, lambda frame, args, named: self._ask(frame, value_of(*base(frame)), name, args, named, node))

    def _called(self, node: ast.Call, call: _Call) -> Closure:
        """A call with its arguments read; unknown where it is not known how many there are."""
        positional = [(arg, self._element(arg)) for arg in node.args]
        named = [(keyword.arg, keyword.value, self.closure(keyword.value)) for keyword in node.keywords]

        def run(frame: Frame) -> Result:
            args: list[Value[Any]] = []
            for arg, closure in positional:
                value = placed(value_of(*closure(frame)), arg, self.scope)
                if not isinstance(arg, ast.Starred):
                    args.append(value)
                elif isinstance(value.x, Items) and value.x.complete is True:
                    args += value.x.members
                else:
                    return Unknown(f"{shown(arg)} is not known"), (("*", value),)
            keywords: dict[str, Value[Any]] = {}
            for name, value_node, closure in named:
                value = placed(value_of(*closure(frame)), value_node, self.scope)
                if name is not None:
                    keywords[name] = value
                elif (table := self.scope.mapping(value.x)) is not None and table.complete is True:
                    keywords |= {str(key): entry for key, entry in table.entries}
                else:
                    return Unknown(f"{shown(node)}: its arguments are not known"), (("**", value),)
            return call(frame, tuple(args), keywords)

        return run

    def _call(self, frame: Frame, dotted: str, args: _Args, named: _Named, node: ast.Call) -> Result:
        self.scope.at = node
        found = self.scope.call(dotted, args, named)
        if found is not None:
            return read(found, "", frame)
        path, _, method = dotted.rpartition(".")
        base = self.scope.dotted(path) if path else None
        if base is not None and not isinstance(base.x, Unknown):
            return self._ask(frame, value_of(*read(base, "", frame)), method, args, named, node)
        plain = [frame.plain(arg) for arg in args]
        x = call_pure(self.scope.spelled(dotted), plain, {name: frame.plain(v) for name, v in named.items()}, frame.plain)
        if x is NotImplemented:
            return Unknown(f"{shown(node)} is not evaluated", dotted), ()
        return x, tuple(("", arg) for arg in (*args, *named.values()))

    def _ask(self, frame: Frame, base: Value[Any], name: str, args: _Args, named: _Named, node: ast.expr) -> Result:
        """A method of a value: Python's own where it is text or a dictionary, else the scope's."""
        reads = tuple(("", value) for value in (base, *args, *named.values()))
        x: Any = NotImplemented
        if isinstance(base.x, Table):
            x = _of_table(base.x, name, args)
        elif isinstance(base.x, str | Partial):
            x = self._of_text(frame, base.x, name, args, named)
        if isinstance(x, Value):
            return read(x, "", frame, reads)
        if x is not NotImplemented:
            return x, reads
        self.scope.at = node
        found = self.scope.method(base, name, args, named)
        if found is not None:
            return read(found, "", frame)
        return base.x if isinstance(base.x, Unknown) else Unknown(f"{shown(node)} is not evaluated"), reads

    def _of_text(self, frame: Frame, x: str | Partial, name: str, args: _Args, named: _Named) -> Any:
        plain = [frame.plain(arg) for arg in args]
        table = self.scope.mapping(plain[0]) if name == "format_map" and plain else None
        if table is not None and isinstance(x, str):
            return format_text(x, [], lambda key: frame.plain(table.get(key)))
        if name == "format" and isinstance(x, str):
            return format_text(x, plain, lambda key: frame.plain(named[key]) if key in named else Unknown("no such name"))
        return call_method(name, x, plain, frame.plain) if not named else NotImplemented


def _of_table(table: Table, name: str, args: _Args) -> Any:
    """A pure method of a dictionary: a Value, Items or a Table."""
    if name == "get" and 0 < len(args) < 3:
        if not args[0].known:
            return Unknown(args[0].why or "the key is not known")
        if any(key == args[0].x for key, _ in table.entries) or table.complete is not True:
            return table.get(args[0].x)
        return args[1] if len(args) == 2 else Value(None)
    keys = dict.fromkeys(key for key, _ in table.entries)
    if name == "keys":
        return Items(tuple(map(Value, keys)), table.complete)
    if name == "values":
        return Items(tuple(map(table.get, keys)), table.complete)
    if name == "items":
        return Items(tuple(Value(Items((Value(key), table.get(key)))) for key in keys), table.complete)
    return table if name == "copy" else NotImplemented
