"""Lists, dictionaries and comprehensions of Python configurations."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import Any

from serveaudit.expressions.closures import collected, constant, loop
from serveaudit.expressions.frames import Closure, Frame, Read, Result, value_of
from serveaudit.expressions.operators import Operators
from serveaudit.expressions.scope import placed, shown
from serveaudit.values import Items, Table, Unknown, Value


class Displays(Operators):
    """Turns displays and comprehensions into closures."""

    def read_list(self, node: ast.List | ast.Tuple | ast.Set) -> Closure:
        elements = [(element, self._element(element)) for element in node.elts]

        def run(frame: Frame) -> Result:
            members: list[Value[Any]] = []
            complete: bool | Unknown = True
            gathered: list[Read] = []
            for element, closure in elements:
                x, reads = closure(frame)
                gathered += reads
                if not isinstance(element, ast.Starred):
                    members.append(placed(value_of(x, reads), element, self.scope))
                elif isinstance(x, Items):
                    members += x.members
                    complete = x.complete if complete is True else complete
                else:
                    complete = x if isinstance(x, Unknown) else Unknown(f"{shown(element)} is not evaluated")
            return Items(tuple(members), complete), tuple(gathered)

        return run

    read_tuple = read_set = read_list

    def _element(self, node: ast.expr) -> Closure:
        return self.closure(node.value if isinstance(node, ast.Starred) else node)

    def read_dict(self, node: ast.Dict) -> Closure:
        pairs = [
            (value, self.closure(key) if key is not None else None, self.closure(value))
            for key, value in zip(node.keys, node.values, strict=True)
        ]

        def run(frame: Frame) -> Result:
            table = Table(())
            gathered: list[Read] = []
            for value_node, key, value in pairs:
                x, reads = value(frame)
                k, more = key(frame) if key else (None, ())
                gathered += reads + more
                table = _with(table, k, x if key is None else placed(value_of(x, reads), value_node, self.scope), key is None)
            return table, tuple(gathered)

        return run

    def read_listcomp(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp) -> Closure:
        return self._loop(node, node.elt)

    read_setcomp = read_generatorexp = read_listcomp

    def read_dictcomp(self, node: ast.DictComp) -> Closure:
        pairs = self._loop(node, ast.Tuple([node.key, node.value], ast.Load()))

        def run(frame: Frame) -> Result:
            x, reads = pairs(frame)
            if not isinstance(x, Items):
                return x, reads
            table = Table(())
            for member in x.members:
                key, value = frame.plain(member).members
                table = _with(table, key.x, value, splat=False)
            return (replace(table, complete=x.complete) if table.complete is True else table), reads

        return run

    def _loop(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp, body: ast.expr) -> Closure:
        generator = node.generators[0]
        target = generator.target
        variables = [part.id for part in getattr(target, "elts", [target]) if isinstance(part, ast.Name)]
        if len(node.generators) > 1 or generator.is_async or len(variables) != len(getattr(target, "elts", [target])):
            return constant(Unknown(f"{shown(node)} is not evaluated"))
        source = self.present(generator.iter)
        self.variables += variables
        each = loop(source, variables, [self.test(test) for test in generator.ifs], self.closure(body))
        del self.variables[-len(variables) :]
        return collected(each)


def _with(table: Table, key: Any, value: Any, splat: bool) -> Table:
    """The table with an entry, or with another one's entries. What an unknown key may have replaced is forgotten."""
    if splat:
        if isinstance(value, Table):
            return Table(table.entries + value.entries, value.complete if table.complete is True else table.complete)
        return Table((), value if isinstance(value, Unknown) else Unknown("what is spread in the dictionary is not known"))
    if isinstance(key, str | int | float | None):
        return Table((*table.entries, (key, value)), table.complete)
    return Table((), key if isinstance(key, Unknown) else Unknown("a key of the dictionary is not known"))
