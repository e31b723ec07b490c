"""supervisord's table: the keys of `[program:x]` and its like, as supervisor/options.py asks for them.

`integer(get(section, "startsecs", 1))` tells name, type and default.
"""

from __future__ import annotations

import ast
import inspect
import sys
import textwrap
from collections.abc import Iterator
from typing import Any

import tablefile

TYPES = {"boolean": "bool", "integer": "int", "byte_size": "size", "octal_type": "octal", "signal_number": "signal"}
TYPES |= {"auto_restart": "choice"}
"""What the function that takes a key's value makes of it (supervisor/datatypes.py)."""
STREAMS = ("stdout", "stderr")
METHODS = ("process_groups_from_parser", "_processes_from_section")


def ask() -> tuple[str, tablefile.Rows]:
    import importlib.metadata

    from supervisor import datatypes
    from supervisor.options import ServerOptions

    rows: tablefile.Rows = {}
    for method in METHODS:
        tree = ast.parse(textwrap.dedent(inspect.getsource(getattr(ServerOptions, method))))
        for name, kind, default in asked(tree):
            old = rows.setdefault(name, {"type": "str"})
            rows[name] = old if kind == "str" and default is None else {"type": kind, "default": default}
    words = (*datatypes.TRUTHY_STRINGS, *datatypes.FALSY_STRINGS)
    for row in rows.values():
        if row["type"] == "choice":
            row["choices"] = sorted({*words, "unexpected"})
        if row["type"] == "bool":
            row["default"] = str(row["default"]).lower() in datatypes.TRUTHY_STRINGS
    return importlib.metadata.version("supervisor"), rows


def asked(tree: ast.AST) -> Iterator[tuple[str, str, Any]]:
    """Each key that is asked for, the type that its value is turned into, and its default."""
    computed = {names.id: value for names, value in assignments(tree) if isinstance(value, ast.BinOp)}
    conversions = {id(call.args[0]): name for call, name in calls(tree) if call.args and name in TYPES}
    later = {call.args[0].id: name for call, name in calls(tree) if name in TYPES and isinstance(call.args[0], ast.Name)}
    names = {id(value): name.id for name, value in assignments(tree)}
    for call, called in calls(tree):
        if called == "get" and len(call.args) > 1:
            converter = conversions.get(id(call)) or later.get(names.get(id(call), ""), "")
            default = call.args[2].value if len(call.args) > 2 and isinstance(call.args[2], ast.Constant) else None
            for key in keys(call.args[1], computed):
                yield key, TYPES.get(converter, "str"), default


def keys(node: ast.expr, computed: dict[str, ast.expr]) -> list[str]:
    """`'startsecs'`, or a variable that was made of `'%s_logfile' % k`."""
    if isinstance(node, ast.Constant):
        return [node.value]
    pattern = computed.get(node.id) if isinstance(node, ast.Name) else None
    made = isinstance(pattern, ast.BinOp) and isinstance(pattern.left, ast.Constant)
    return [pattern.left.value % stream for stream in STREAMS] if made else []  # type: ignore[union-attr]


def calls(tree: ast.AST) -> Iterator[tuple[ast.Call, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield node, node.func.id


def assignments(tree: ast.AST) -> Iterator[tuple[ast.Name, ast.expr]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            yield node.targets[0], node.value


if __name__ == "__main__":
    sys.exit(tablefile.main("supervisor", ask))
