"""What a Python file's text alone says, whatever environment it runs in: every program that has the file shares it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cached_property

from serveaudit.formats.python.parsing import Spans, parse, walk, walk_here
from serveaudit.formats.python.uses import names_read
from serveaudit.source import Problem, SourceFile


class Syntax:
    """A file's statements, and what was found in them. Nobody changes the nodes."""

    def __init__(self, source: SourceFile, tree: ast.Module) -> None:
        self.tree = tree
        self.spans = Spans(source)
        self._calls: dict[ast.stmt, tuple[ast.Call, ...]] = {}
        self._yields: dict[ast.AST, bool] = {}

    @cached_property
    def names_read(self) -> set[str]:
        """The names that are read anywhere in it."""
        return names_read(self.tree)

    @cached_property
    def imports(self) -> tuple[ast.Import | ast.ImportFrom, ...]:
        """Every import, those inside of functions too."""
        return tuple(node for node in walk(self.tree) if isinstance(node, ast.Import | ast.ImportFrom))

    def calls_in(self, statement: ast.stmt) -> tuple[ast.Call, ...]:
        """The calls in a statement's own expressions; not those of a text's methods."""
        found = self._calls.get(statement)
        if found is None:
            inside = (inner for each in _own_expressions(statement) for inner in walk(each))
            found = tuple(each for each in inside if isinstance(each, ast.Call) and not _of_a_text(each))
            self._calls[statement] = found
        return found

    def yields(self, function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
        """Whether the function is a generator."""
        if function not in self._yields:
            self._yields[function] = any(isinstance(each, ast.Yield | ast.YieldFrom) for each in walk_here(function.body))
        return self._yields[function]


def syntax(source: SourceFile) -> Syntax | Problem:
    """The file's syntax; or the problem that keeps the text from being read as Python."""
    tree = source.once(parse)
    return tree if isinstance(tree, Problem) else Syntax(source, tree)


def _own_expressions(node: ast.stmt) -> Iterator[ast.AST]:
    """What stands in a statement, without the statements inside of it and the bodies of lambdas."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr) and not isinstance(child, ast.Lambda):
            yield child
        elif isinstance(child, ast.withitem):
            yield child.context_expr


def _of_a_text(node: ast.Call) -> bool:
    return isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Constant | ast.JoinedStr)
