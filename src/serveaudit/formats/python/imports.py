"""`import`: modules of the repository are read, all others are names."""

from __future__ import annotations

import ast
import re
import sys
from typing import Any

from serveaudit.formats.python.attributes import member, named
from serveaudit.formats.python.module import Binding, External, Module, ModuleRef
from serveaudit.formats.python.state import State
from serveaudit.values import Items, Place, Unknown, Value, unique

_DROPPED = ("asynchat", "asyncore", "distutils", "imp", "smtpd", "cgi", "telnetlib")
_SETS_NAMES = re.compile(r"settings|local|conf|secret|env|override|prod|dev", re.IGNORECASE)


def run_import(state: State, node: ast.Import) -> None:
    for alias in node.names:
        _opened(state, alias.name)
        bound = alias.asname or alias.name.partition(".")[0]
        value = named(state.session, alias.name if alias.asname else bound)
        state.session.doubts += _may_fail(value)
        place = state.place(alias)
        state.bind(bound, value.at(place), place, "import")


def run_import_from(state: State, node: ast.ImportFrom) -> None:
    dotted = absolute(state, node)
    module = _opened(state, dotted)
    for alias in node.names:
        place = state.place(alias)
        if alias.name == "*":
            _import_star(state, node, dotted, module, place)
            continue
        value = member(state.session, module, alias.name) if isinstance(module, Module) else _outside(state, dotted, alias.name)
        if value is not None:
            if isinstance(value.x, ModuleRef):
                state.module.siblings[value.x.module.name] = value.x.module
            state.bind(alias.asname or alias.name, value if value.places else value.at(place), place, "import")


def absolute(state: State, node: ast.ImportFrom) -> str:
    """The full name of the module that is imported from."""
    if not node.level:
        return node.module or ""
    parts = state.package.split(".") if state.package else []
    parts = parts[: len(parts) - node.level + 1]
    return ".".join([*parts, *([node.module] if node.module else [])])


def _opened(state: State, dotted: str) -> Module | Unknown | None:
    """Reads a module and, as Python does, the packages that it is in."""
    parts = dotted.split(".")
    module: Module | Unknown | None = None
    for count in range(1, len(parts) + 1):
        module = state.session.open(".".join(parts[:count])) if dotted else None
        if isinstance(module, Module):
            state.module.siblings[module.name] = module
    return module


def _outside(state: State, dotted: str, name: str) -> Value[Any]:
    """A name from a module that is not in the repository, or could not be read; or a module in a package without a file."""
    full = f"{dotted}.{name}".lstrip(".")
    inside = state.session.open(full)
    if isinstance(inside, Module):
        return Value(ModuleRef(f"{full} is a module", full, module=inside))
    value = named(state.session, full)
    state.session.doubts += _may_fail(value)
    return value


def _may_fail(value: Value[Any]) -> bool:
    """Whether an import may find nothing: of the standard library it finds all but what newer versions have dropped."""
    if not isinstance(value.x, External):
        return False
    top = value.x.dotted.partition(".")[0]
    return top not in sys.stdlib_module_names or top in _DROPPED


def _import_star(state: State, node: ast.ImportFrom, dotted: str, module: Module | Unknown | None, place: Place) -> None:
    if isinstance(module, Module):
        for name, binding in _public(state, module):
            state.bind(name, binding.value, place, "import")
        if isinstance(module.complete, Unknown):
            state.module.complete = module.complete
        state.module.unbound |= {name: value for name, value in module.unbound.items() if name not in state.frame.names}
        return
    state.session.doubts += 1
    why = module.why if isinstance(module, Unknown) else f"{dotted} was not found, and may set it"
    top = dotted.partition(".")[0]
    local = node.level > 0 or isinstance(module, Unknown) or isinstance(state.session.open(top), Module)
    if local or _SETS_NAMES.search(dotted):
        state.taint(why, dotted, place)
    else:
        state.module.complete = Unknown(why, dotted)


def _public(state: State, module: Module) -> list[tuple[str, Binding]]:
    """What `import *` takes: `__all__` where it is known, else every name without an underscore."""
    running = state.session.running.get(module.source.path)
    if running is not None:
        names = running.frame.module.names
        return [
            (name, Binding(name, value, value.places[0] if value.places else Place(module.source.whole())))
            for name, value in names.items()
            if name[:1] != "_"
        ]
    listed = module.bindings.get("__all__")
    if listed is not None and isinstance(listed.value.x, Items) and listed.value.x.complete is True:
        wanted = unique(tuple(str(each.x) for each in listed.value.x.members))
        return [(name, module.bindings[name]) for name in wanted if name in module.bindings]
    return [(name, binding) for name, binding in module.bindings.items() if not name.startswith("_")]
