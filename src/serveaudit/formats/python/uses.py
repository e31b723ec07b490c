"""Which names of a module its own text reads."""

from __future__ import annotations

import ast

from serveaudit.formats.python.parsing import bound_names, walk_here

_Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


def names_read(module: ast.Module) -> set[str]:
    """The names that are read anywhere, without those that a function binds for itself. However deep, without recursion."""
    found: set[str] = set()
    waiting: list[tuple[ast.AST, frozenset[str]]] = [(module, frozenset())]
    while waiting:
        node, own = waiting.pop()
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id not in own:
            found.add(node.id)
        if not isinstance(node, _Function):
            waiting += [(child, own) for child in ast.iter_child_nodes(node)]
            continue
        body: list[ast.stmt] = [ast.Expr(node.body)] if isinstance(node, ast.Lambda) else node.body
        outside = [node.args] if isinstance(node, ast.Lambda) else [node.args, *node.decorator_list]
        waiting += [(child, own) for child in outside]
        inner = own | _own_names(node.args, body)
        waiting += [(child, inner) for child in body]
    return found


def _own_names(parameters: ast.arguments, body: list[ast.stmt]) -> frozenset[str]:
    """A function's parameters, and what it binds without saying `global`; what a comprehension in it binds is not the
    function's."""
    elsewhere: set[str] = set()
    for node in walk_here(body):
        if isinstance(node, ast.Global | ast.Nonlocal):
            elsewhere.update(node.names)
        elif isinstance(node, ast.comprehension):
            elsewhere.update(each.id for each in ast.walk(node.target) if isinstance(each, ast.Name))
    given = (*parameters.posonlyargs, *parameters.args, *parameters.kwonlyargs, parameters.vararg, parameters.kwarg)
    return frozenset({*bound_names(body)} - elsewhere | {each.arg for each in given if each is not None})
